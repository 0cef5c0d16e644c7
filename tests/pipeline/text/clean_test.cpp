// The clean-up of HTML, and the way from clean bytes back to the article's own fields.
#include "pipeline/text/clean.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "pipeline/text/text.h"
#include "tests/english.h"

namespace tocsin {
namespace {

std::string clean(std::string_view raw) {
  std::string out;
  std::vector<Text::Run> runs;
  append_clean(raw, shipped_languages(), out, runs);
  return out;
}

TEST(Clean, takes_markup_out) {
  struct Row {
    std::string_view raw;
    std::string_view clean;
  };
  constexpr Row kRows[] = {
      {"plain", "plain"},
      {"<p>One</p><p>Two</p>", "\n\nOne\n\n\n\nTwo\n\n"},
      {"One<br>Two<BR/>Three<br />", "One\nTwo\nThree\n"},
      {"<b>Rus</b>sia", "Russia"},
      {"<a href=\"x?a>b\" title='c'>link</a>", "link"},
      {"a<script>var x = \"<p>\";</script>b", "ab"},
      {"a<style type=\"t\">p { }</STYLE >b", "ap { }b"},
      {"a<style>p { }</STYLE>b", "ab"},
      {"a<!-- <p> note -->b", "ab"},
      {"a<![CDATA[b]]>c]]>", "abc]]>"},
      {"<!DOCTYPE html>a", "a"},
      {"<?xml version=\"1\"?>a", "a"},
      // What only looks like markup.
      {"a < b", "a < b"},
      {"a <b", "a <b"},
      {"<Seedco Inc> rose", "<Seedco Inc> rose"},
      {"<p", "<p"},
      {"<p <b>x", "<p x"},
      {"a <!-- open", "a <!-- open"},
      {"<", "<"},
      {"</", "</"},
      {"<3", "<3"},
      {"<script>never closed", "never closed"},
      // Entities.
      {"R&amp;D &lt;x&gt; &quot;q&quot; &apos;", "R&D <x> \"q\" '"},
      {"&#39;&#x2019;&#X41;&#146;", "'’A’"},
      {"caf&eacute;&nbsp;x&hellip;", "café\u00A0x…"},
      {"&amp;amp; &amp;#39;", "& '"},
      {"&bogus; AT&T & &; &#; &#x; &#99999999999;", "&bogus; AT&T & &; &#; &#x; &#99999999999;"},
      {"&#0;&#xD800;&#x110000;", "\uFFFD\uFFFD\uFFFD"},
  };
  for (const Row& row : kRows) EXPECT_EQ(clean(row.raw), row.clean) << row.raw;
}

// A field is looked through in blocks: what asks for a cleaner is seen wherever it stands.
TEST(Clean, sees_signs_at_every_place) {
  struct Row {
    std::string_view raw;
    std::string_view clean;
  };
  constexpr Row kRows[] = {{"&lt;", "<"},           {"co-\nop", "coop"},  {"co- \nop", "coop"},
                           {"a\u00AD\nb", "ab"},    {"a\u200Bb", "ab"},   {"<b>a</b>", "a"},
                           {"co-op", "co-op"},      {"co- op", "co- op"}, {"a\u2019b", "a\u2019b"},
                           {"\u00A3\n", "\u00A3\n"}};
  for (const Row& row : kRows) {
    for (std::size_t before = 0; before < 140; ++before) {
      const std::string filler(before, 'x');
      EXPECT_EQ(clean(filler + std::string(row.raw)), filler + std::string(row.clean)) << before;
      EXPECT_EQ(clean(filler + std::string(row.raw) + filler),
                filler + std::string(row.clean) + filler)
          << before;
    }
  }
}

TEST(Clean, mends_what_was_encoded_twice) {
  struct Row {
    std::string_view raw;
    std::string_view clean;
  };
  constexpr Row kRows[] = {
      {"Oslo&amp;nbsp;and&amp;amp;nbsp;Lund", "Oslo\u00A0and\u00A0Lund"},
      {"Mali&amp;rsquo;s &amp;#8220;plan&amp;#8221;", "Mali\u2019s \u201Cplan\u201D"},
      {"AT&amp;T, R&amp;D; &amp;c", "AT&T, R&D; &c"},
      {"&lt;p&gt;One&lt;/p&gt;&lt;br /&gt;", "\n\nOne\n\n\n"},
      {"&amp;lt;a href=&quot;x&quot;&amp;gt;link&amp;lt;/a&amp;gt;", "link"},
      {"5 &lt; 6 &gt; 4, &lt;Seedco Inc&gt;", "5 < 6 > 4, <Seedco Inc>"},
      {"&lt;b never closed", "<b never closed"},
  };
  for (const Row& row : kRows) EXPECT_EQ(clean(row.raw), row.clean) << row.raw;
}

TEST(Clean, mends_utf8_that_was_read_otherwise) {
  struct Row {
    std::string_view raw;
    std::string_view clean;
  };
  constexpr Row kRows[] = {
      {"T\u00C3\u00BCrkiye", "T\u00FCrkiye"},
      {"C\u00C3\u00B4te d\u00E2\u20AC\u2122Ivoire", "C\u00F4te d\u2019Ivoire"},
      {"\u00E2\u20AC\u0153Peru\u00E2\u20AC says", "\u201CPeru\u201D says"},      // lost a byte
      {"Chad\u00E2\u0080\u0099s", "Chad\u2019s"},                                // Latin-1
      {"Chad\u00C3\u00A2\u00E2\u201A\u00AC\u00E2\u201E\u00A2s", "Chad\u2019s"},  // twice
      {"Erdo\u00C4\u0178an in Eski\u00C5\u0178ehir", "Erdo\u011Fan in Eski\u015Fehir"},
      {"Laos\u00C2\u00A0and", "Laos\u00A0and"},
      // What is right, or may be.
      {"caf\u00E9 \u00C3 S\u00C3O", "caf\u00E9 \u00C3 S\u00C3O"},
      {"\u201CAMANH\u00C3\u201D", "\u201CAMANH\u00C3\u201D"},
      {"\u00C2ngela, \u00E2ge, \u00C9t\u00E9", "\u00C2ngela, \u00E2ge, \u00C9t\u00E9"},
      {"\u00C3", "\u00C3"},
      {"\u00E2\u20AC", "\u00E2\u20AC"},
  };
  for (const Row& row : kRows) EXPECT_EQ(clean(row.raw), row.clean) << row.raw;
  EXPECT_EQ(count_repaired("Lom\u00C3\u00A9 and Lom\u00C3\u00A9, caf\u00E9"), 2U);
}

TEST(Clean, joins_words_broken_at_line_ends) {
  EXPECT_EQ(clean("hit by mis-\nsiles"), "hit by missiles");
  EXPECT_EQ(clean("hit by mis- \r\n  siles"), "hit by missiles");
  EXPECT_EQ(clean("pre-\nand post-war"), "pre-\nand post-war");
  EXPECT_EQ(clean("Guinea-\nBissau, 1990-\n1994, -\nx"), "Guinea-\nBissau, 1990-\n1994, -\nx");
  EXPECT_EQ(clean("hit by mis\u2010\nsiles"), "hit by missiles");
  EXPECT_EQ(clean("hit by mis\u00AD\r\nsiles"), "hit by missiles");
  EXPECT_EQ(clean("LE\u00AD\nSOTHO and Bot&shy;\nswana"), "LESOTHO and Botswana");
  EXPECT_EQ(clean("IRAN-\nIRAQ WAR"), "IRAN-\nIRAQ WAR");
}

// Where a word may break it is nothing, between two words it is a space.
TEST(Clean, tells_what_a_zero_width_space_parts) {
  EXPECT_EQ(clean("Bot\u200Bswana mis\u200Bsiles, LE\u200BSOTHO"), "Botswana missiles, LESOTHO");
  EXPECT_EQ(clean("Bot&#8203;swana mis&#x200B;siles"), "Botswana missiles");
  EXPECT_EQ(clean("wi\u200Bthin an\u200Bother in\u200Bspector"), "within another inspector");
  EXPECT_EQ(clean("the\u200BUnited\u200BStates"), "the United States");
  EXPECT_EQ(clean("Oman\u200Bon\u200BMonday and\u200Bagain"), "Oman on Monday and again");
  EXPECT_EQ(clean("\u200BOman\u200B,\u200B2\u200B"), " Oman , 2 ");
  EXPECT_EQ(clean("\u0E01\u200B\u0E02"), "\u0E01 \u0E02");
}

TEST(Clean, narrows_letters_as_wide_as_ideographs) {
  EXPECT_EQ(clean("\uFF29\uFF32\uFF21\uFF2E\uFF07\uFF53 \uFF11\uFF12\uFF0C"), "IRAN's 12\uFF0C");
}

// What the two say is the same, so copies are.
TEST(Clean, gives_the_same_tokens_whatever_breaks_the_words) {
  const std::string_view plain = "The harbour council of Osmar will close the northern quay.";
  const Text whole = make_text("", plain, "");
  for (const std::string_view sign : {"\u200B", "\u00AD", "<wbr>", "&shy;", "&#8203;", "\u2060"}) {
    std::string broken;
    for (std::size_t i = 0; i < plain.size(); ++i) {
      const bool inside = i > 1 && plain[i - 1] != ' ' && plain[i - 2] != ' ' && plain[i] != ' ' &&
                          plain[i] != '.' && i + 1 < plain.size() && plain[i + 1] != ' ';
      if (inside && i % 3 == 0) broken += sign;
      broken += plain[i];
    }
    const Text text = make_text("", broken, "");
    ASSERT_EQ(text.tokens.size(), whole.tokens.size()) << broken;
    for (std::size_t i = 0; i < text.tokens.size(); ++i) {
      EXPECT_EQ(text.tokens[i].hash, whole.tokens[i].hash) << broken;
    }
  }
}

// Slice of `field` by code points.
std::string slice(std::string_view field, std::uint32_t begin, std::uint32_t end) {
  std::string out;
  std::uint32_t point = 0;
  for (const char c : field) {
    if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) ++point;
    if (point > begin && point <= end) out += c;
  }
  return out;
}

TEST(Offsets, lead_back_to_the_field) {
  const std::string title = "Caf&eacute; <i>Kiew</i>";
  const std::string body = "<p>Der „Fluß“ &amp; die <b>Ukra</b>ine&#39;s Łódź</p>";
  const Text text = make_text(title, body, "de");
  std::vector<std::string> found;
  for (const Token& token : text.tokens) {
    const std::string& field = text.field_of(token.begin) == Field::title ? title : body;
    found.push_back(slice(field, text.original_offset(token.begin, false),
                          text.original_offset(token.end, true)));
  }
  EXPECT_EQ(found, (std::vector<std::string>{"Caf&eacute;", "Kiew", "Der", "Fluß", "die",
                                             "Ukra</b>ine", "Łódź"}));
}

rc::Gen<std::string> joined(std::vector<std::string> parts) {
  return rc::gen::map(
      rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(std::move(parts))),
      [](const std::vector<std::string>& chosen) {
        std::string all;
        for (const std::string& part : chosen) all += part;
        return all;
      });
}

TEST(CodePoints, are_what_a_walk_counts) {
  EXPECT_TRUE(rc::check("both ways, at every byte", [] {
    const std::string text = *joined({"a", "é", "京", "😀", "seventeen letters", "\x80", "\xff"});
    const CodePoints points(text);
    std::uint32_t count = 0;
    for (std::size_t byte = 0; byte < text.size(); ++byte) {
      RC_ASSERT(points.before(text, byte) == count);
      if (!starts_code_point(text[byte])) continue;
      RC_ASSERT(points.byte_of(text, count) == byte);
      ++count;
    }
    RC_ASSERT(points.before(text, text.size()) == count);
    RC_ASSERT(points.byte_of(text, count) == text.size());
    RC_ASSERT(count_code_points(text) == count);
  }));
}

TEST(Offsets, are_exact_without_markup) {
  EXPECT_TRUE(rc::check("original slice equals clean slice", [] {
    const std::vector<std::string> parts = {"a", "Bc", "é",    "京", "😀",
                                            " ", ". ", "\n\n", "’s", "-"};
    const std::string title = *joined(parts);
    const std::string body = *joined(parts);
    const Text text = make_text(title, body, "en");
    RC_ASSERT(text.bytes == title + "\n" + body);
    for (const Token& token : text.tokens) {
      const std::string& field = text.field_of(token.begin) == Field::title ? title : body;
      RC_ASSERT(slice(field, text.original_offset(token.begin, false),
                      text.original_offset(token.end, true)) == text.slice(token));
    }
  }));
}

TEST(Offsets, hold_each_token_with_markup) {
  EXPECT_TRUE(rc::check("the cleaned original slice is the token", [] {
    const std::string body = *joined({"a", "Bc", "é", "京", " ", ". ", "<b>", "</b>", "<p>",
                                      "<br/>", "&amp;", "&eacute;", "&#39;", "&nbsp;", "<", "&",
                                      "<x>", "<!-- c -->", "<script>x</script>"});
    const Text text = make_text("", body, "en");
    for (const Token& token : text.tokens) {
      const std::string original = slice(body, text.original_offset(token.begin, false),
                                         text.original_offset(token.end, true));
      RC_ASSERT(clean(original) == text.slice(token));
    }
  }));
}

// Far from the start, at every place within a block, with code points of every length.
TEST(Offsets, are_exact_in_long_texts) {
  std::string body;
  std::vector<std::uint32_t> starts;
  for (std::uint32_t point = 0; body.size() < 10'000;) {
    for (const std::string_view word : {"a", "é", "京", "😀", "Kiew", "Łódź"}) {
      starts.push_back(point);
      body += word;
      body += ' ';
      for (const char c : word) point += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1U : 0U;
      ++point;
    }
  }
  const Text text = make_text("Ein Título", body, "en");
  std::vector<std::uint32_t> found;
  for (std::size_t i = text.body_token; i < text.tokens.size(); ++i) {
    found.push_back(text.original_offset(text.tokens[i].begin, false));
  }
  std::erase_if(starts, [point = 0](std::uint32_t) mutable { return point++ % 6 == 3; });  // no 😀
  EXPECT_EQ(found, starts);
  EXPECT_EQ(text.original_offset(static_cast<std::uint32_t>(text.bytes.size()), true),
            starts.back() + 5);
}

}  // namespace
}  // namespace tocsin
