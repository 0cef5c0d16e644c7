// Where sentences end: bodies cut by hand, one '|' at each end.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "pipeline/text/text.h"
#include "tests/english.h"

namespace tocsin {
namespace {

// Cuts the body where make_text does and marks each cut with '|'.
std::string cut(std::string_view marked) {
  std::string body;
  for (const char c : marked) {
    if (c != '|') body += c;
  }
  const Text text = make_text("", body, "en");
  std::string out;
  std::size_t at = text.body_begin;
  for (std::size_t i = 1; i < text.sentences.size(); ++i) {
    // The cut is shown after the white space before the sentence's first token, quotes included.
    std::size_t begin = text.tokens[text.sentences[i].tokens.begin].begin;
    while (text.bytes[begin - 1] != ' ' && text.bytes[begin - 1] != '\n' &&
           text.bytes[begin - 1] != '.') {
      --begin;
    }
    out += text.bytes.substr(at, begin - at) + '|';
    at = begin;
  }
  return out + text.bytes.substr(at);
}

TEST(Sentences, end_where_a_reader_ends_them) {
  constexpr std::string_view kRows[] = {
      "One sentence only",
      "The army moved. |The talks failed! |Who knows? |Nobody… |They left.",
      "Mr. Hale met Dr. Osei, Gen. Brandt and Sen. Ito at St. Mary's. |They talked.",
      "The U.S. President spoke. |He left for the U.S. |The army stayed in the U.S. capital.",
      "It began at 5 p.m. on Monday. |It ended at 6 a.m. |The talks went on.",
      "J. K. Moran and George W. Pell agreed. |All smiled.",
      "It was signed on Jan. 5 in Geneva. |It failed in Feb. |But nobody noticed.",
      "Fuel maker Ardo Inc. Chairman Lee quit. |He had led Ardo Inc. |The board thanked him.",
      "See No. 5 and fig. 3 there. |He said no. |They left.",
      "He likes fruit, e.g. Apples, i.e. Pomes. |She does not.",
      "KYIV (Wire) - The army moved. |It stopped.",
      "“We will not attack.” |The minister left.",
      "“We will not attack!” he said. |She nodded.",
      "\"Stop!\" |Nobody did.",
      "\"Stop!\", said Hale.",
      "(He said so.) |She did not.",
      "They asked ... and waited... |Nobody came.",
      "Prices rose 3.5 percent. |12 people died. |1,000 fled.",
      "Read more at example.com today. |It is free.",
      "The troops left.|The talks began.",
      "A line that is wrapped by\nhand goes on here. |And\nends there.",
      "A heading\n\n|The first paragraph",
      "MINISTER RESIGNS\n\n|ALL IS LOST. |THE ARMY MOVES.",
      "В Киеве тихо. |Это правда.",
      "He rose to lt. col. in 1990. |Good.",
      "The brigade (Lt. Col. Orr) lost. |It was Oct. 3.",
  };
  for (const std::string_view row : kRows) EXPECT_EQ(cut(row), row);
}

TEST(Sentences, need_no_space_after_a_wide_stop) {
  const Text text = make_text("", "東京。大阪！京都", "ja");
  ASSERT_EQ(text.sentences.size(), 3U);
  EXPECT_EQ(text.slice(text.bytes_of(text.sentences[1].tokens)), "大阪");
}

TEST(Sentences, take_long_lines_for_paragraphs) {
  const std::string line = "A line without an end " + std::string(120, 'x');
  const Text text = make_text("", line + "\nAnother heading\n" + line, "en");
  ASSERT_EQ(text.sentences.size(), 3U);
  EXPECT_TRUE(text.sentences[1].paragraph_start);
}

TEST(Sentences, know_their_field_and_number) {
  const Text text = make_text("A title. With a stop", "One. Two.\n\nThree.", "en");
  ASSERT_EQ(text.sentences.size(), 4U);
  EXPECT_EQ(text.sentences[0].field, Field::title);
  EXPECT_EQ(text.sentences[0].tokens, (TokenSpan{0, 5}));
  EXPECT_EQ(text.body_token, 5U);
  EXPECT_EQ(text.sentences[1].index, 0);
  EXPECT_EQ(text.sentences[3].index, 2);
  EXPECT_TRUE(text.sentences[1].paragraph_start);
  EXPECT_FALSE(text.sentences[2].paragraph_start);
  EXPECT_TRUE(text.sentences[3].paragraph_start);
  EXPECT_EQ(text.sentence_of(4), 0U);
  EXPECT_EQ(text.sentence_of(5), 1U);
  EXPECT_EQ(text.sentence_of(7), 3U);
}

TEST(Sentences, mark_the_stop_an_abbreviation_swallowed) {
  const Text text = make_text("", "He left the U.S. The army stayed.", "en");
  ASSERT_EQ(text.sentences.size(), 2U);
  EXPECT_NE(text.tokens[4].before & before::kStop, 0);
}

TEST(Sentences, cover_every_token_once) {
  EXPECT_TRUE(rc::check("cover", [] {
    const auto parts = *rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
        "a", "The", "U.S.", "Mr", ".", "!", " ", "\n", "\n\n", "\"", "5", "…", "。", "京", "<p>"));
    std::string body;
    for (const std::string& part : parts) body += part;
    const std::string title = *rc::gen::element<std::string>("", "A title", "...");
    const Text text = make_text(title, body, "en");
    std::uint32_t next = 0;
    for (std::size_t i = 0; i < text.sentences.size(); ++i) {
      const Sentence& sentence = text.sentences[i];
      RC_ASSERT(sentence.tokens.begin == next);
      RC_ASSERT(sentence.tokens.size() > 0U);
      next = sentence.tokens.end;
      RC_ASSERT(text.sentence_of(sentence.tokens.begin) == i);
      RC_ASSERT(text.sentence_of(next - 1) == i);
    }
    RC_ASSERT(next == text.tokens.size());
  }));
}

}  // namespace
}  // namespace tocsin
