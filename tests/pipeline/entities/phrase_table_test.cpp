// The table against a slow and obvious matcher, then the rules one by one.
#include "pipeline/text/phrase_table.h"
#include "tests/english.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace tocsin {
namespace {

struct Phrase {
  std::string text;
  CaseRule rule = CaseRule::title_or_upper;
};

struct Known {
  Phrase phrase;
  std::vector<Token> tokens;
};

// Letters of scripts without case count as capitals: nothing speaks against a name.
bool is_capital(const Token& token) {
  return (token.shape & shape::kLower) == 0 || (token.shape & shape::kNoCase) != 0;
}

bool begins_with_capital(const Token& token) {
  return (token.shape & (shape::kTitle | shape::kUpper | shape::kMixed)) != 0;
}

std::string without_points(std::string_view token) {
  std::string result;
  std::copy_if(token.begin(), token.end(), std::back_inserter(result),
               [](char c) { return c != '.'; });
  return result;
}

constexpr std::uint16_t kBreaks = before::kComma | before::kStop | before::kColon |
                                  before::kSemicolon | before::kDash | before::kQuoteOpen |
                                  before::kQuoteClose | before::kParenOpen | before::kParenClose |
                                  before::kParagraph | before::kOther;

// Every phrase at every place, token by token.
bool matches_at(const Text& text, std::size_t at, const Known& known) {
  const auto& [phrase, tokens] = known;
  std::uint16_t found = 0;
  std::uint16_t allowed = 0;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const Token& in_text = text.tokens[at + i];
    const std::string_view own =
        std::string_view(phrase.text).substr(tokens[i].begin, tokens[i].end - tokens[i].begin);
    if (phrase.rule == CaseRule::exact) {
      if (without_points(own) != without_points(text.slice(in_text))) {
        return false;
      }
    } else if (fold(own) != fold(text.slice(in_text))) {
      return false;
    }
    if (phrase.rule == CaseRule::title_or_upper && begins_with_capital(tokens[i]) &&
        !is_capital(in_text)) {
      return false;
    }
    if (i > 0) {
      allowed = static_cast<std::uint16_t>(allowed | (tokens[i].before & kBreaks));
      std::uint16_t marks = in_text.before & kBreaks;
      const Token& last = text.tokens[at + i - 1];
      const bool is_abbreviation =
          (last.shape & shape::kPointed) != 0 ||
          ((last.shape & (shape::kTitle | shape::kUpper)) != 0 && last.end - last.begin <= 3);
      if (is_abbreviation) {
        marks = static_cast<std::uint16_t>(marks & ~before::kStop);
      }
      found = static_cast<std::uint16_t>(found | marks);
    }
  }
  return (found & ~allowed) == 0;
}

// By start, longer first, payloads in their order; no match leaves the span.
std::vector<PhraseMatch> naive(const Text& text, TokenSpan span, MatchDepth depth,
                               const std::vector<Phrase>& phrases) {
  std::vector<Known> all;
  for (const Phrase& phrase : phrases) all.push_back({phrase, tokenize(phrase.text)});
  std::vector<PhraseMatch> matches;
  for (std::uint32_t at = span.begin; at < span.end; ++at) {
    bool is_found = false;
    for (std::size_t size = kPhraseTokensMax; size > 0; --size) {
      if (at + size > span.end || (is_found && depth == MatchDepth::longest)) continue;
      for (std::size_t i = 0; i < all.size(); ++i) {
        if (all[i].tokens.size() != size || !matches_at(text, at, all[i])) continue;
        is_found = true;
        matches.push_back(
            {{at, at + static_cast<std::uint32_t>(size)}, static_cast<std::uint32_t>(i)});
      }
    }
  }
  return matches;
}

PhraseTable table_of(const std::vector<Phrase>& phrases) {
  PhraseTable::Builder builder;
  for (std::size_t i = 0; i < phrases.size(); ++i) {
    builder.add(phrases[i].text, static_cast<std::uint32_t>(i), phrases[i].rule);
  }
  return builder.freeze();
}

// The same table as another process maps it.
PhraseTable mapped(const PhraseTable& table) {
  std::string image;
  table.append_image(image);
  auto words = std::make_shared<std::vector<std::uint64_t>>(image.size() / 8);
  std::memcpy(words->data(), image.data(), image.size());
  std::span<const std::byte> rest = std::as_bytes(std::span(*words));
  return PhraseTable::from_image(rest, words).value();
}

std::vector<PhraseMatch> all_matches(const PhraseTable& table, const Text& text) {
  std::vector<PhraseMatch> matches;
  table.match(text, MatchDepth::all, matches);
  return matches;
}

rc::Gen<std::string> words(int words_max, bool has_marks) {
  const std::vector<std::string> vocabulary = {"Iran", "iran", "IRAN",  "air",   "Air",     "of",
                                               "U.S.", "US",   "Süd",   "Sud",   "new",     "New",
                                               "York", "al",   "Qaeda", "Gen",   "O'Neill", "Киев",
                                               "киев", "北京", "F-16",  "1,000", "YORK"};
  std::vector<std::string> joints = {" ", " ", " ", "-", "\n", "'s ", "’s ", "/"};
  if (has_marks) {
    for (const char* mark : {", ", ". ", " (", ") ", ": ", " \"", "\n\n", " - "}) {
      joints.emplace_back(mark);
    }
  }
  return rc::gen::exec([vocabulary, joints, words_max] {
    const int count = *rc::gen::inRange(1, words_max + 1);
    std::string text;
    for (int i = 0; i < count; ++i) {
      text += i == 0 ? "" : *rc::gen::elementOf(joints);
      text += *rc::gen::elementOf(vocabulary);
    }
    return text;
  });
}

// Built and mapped, in whole texts of several blocks and in spans, all lengths and the longest.
TEST(PhraseTable, FindsWhatTheNaiveMatcherFinds) {
  EXPECT_TRUE(rc::check([] {
    const auto texts =
        *rc::gen::container<std::vector<std::string>>(words(5, *rc::gen::arbitrary<bool>()));
    std::vector<Phrase> phrases;
    for (const std::string& text : texts) {
      phrases.push_back(
          {text, *rc::gen::element(CaseRule::title_or_upper, CaseRule::exact, CaseRule::any)});
    }
    const Text text = make_text("", *words(200, true), "en");
    const auto tokens = static_cast<std::uint32_t>(text.tokens.size());
    const std::uint32_t begin = *rc::gen::inRange<std::uint32_t>(0, tokens + 1);
    const std::uint32_t end = *rc::gen::inRange<std::uint32_t>(begin, tokens + 1);
    const PhraseTable built = table_of(phrases);
    for (const PhraseTable& table : {built, mapped(built)}) {
      for (const MatchDepth depth : {MatchDepth::all, MatchDepth::longest}) {
        std::vector<PhraseMatch> whole;
        table.match(text, depth, whole);
        RC_ASSERT(whole == naive(text, {0, tokens}, depth, phrases));
        std::vector<PhraseMatch> part;
        table.match(text, {begin, end}, depth, part);
        RC_ASSERT(part == naive(text, {begin, end}, depth, phrases));
      }
    }
  }));
}

struct Row {
  const char* what;
  const char* phrase;
  CaseRule rule;
  const char* text;
  bool is_found;
};

class PhraseRule : public testing::TestWithParam<Row> {};

TEST_P(PhraseRule, Holds) {
  const Row& row = GetParam();
  const PhraseTable table = table_of({{row.phrase, row.rule}});
  EXPECT_EQ(!all_matches(table, make_text("", row.text, "en")).empty(), row.is_found) << row.what;
}

INSTANTIATE_TEST_SUITE_P(
    Rules, PhraseRule,
    testing::Values(
        Row{"capital needed", "Turkey", CaseRule::title_or_upper, "We roast turkey", false},
        Row{"all capitals fit", "Turkey", CaseRule::title_or_upper, "the TURKEY talks", true},
        Row{"function words are free", "Bank of Canada", CaseRule::title_or_upper, "BANK OF CANADA",
            true},
        Row{"exact keeps us apart", "US", CaseRule::exact, "it gave us hope", false},
        Row{"points fold away", "US", CaseRule::exact, "the U.S. envoy", true},
        Row{"exact refuses Title", "WHO", CaseRule::exact, "Who knows", false},
        Row{"any case", "fire on", CaseRule::any, "they Fire on ships", true},
        Row{"diacritics fold", "Côte d'Ivoire", CaseRule::title_or_upper, "in Cote d'Ivoire", true},
        Row{"possessive", "Hong Kong", CaseRule::title_or_upper, "Hong Kong's port", true},
        Row{"hyphen is a joint", "Al Qaeda", CaseRule::title_or_upper, "the Al-Qaeda cell", true},
        Row{"comma breaks", "New York", CaseRule::title_or_upper, "something New, York said",
            false},
        Row{"sentence breaks", "South Sudan", CaseRule::title_or_upper,
            "They went South. Sudan waits.", false},
        Row{"paragraph breaks", "South Sudan", CaseRule::title_or_upper, "the South\n\nSudan",
            false},
        Row{"line break joins", "South Sudan", CaseRule::title_or_upper, "in South\nSudan", true},
        Row{"abbreviation joins", "Gen Haftar", CaseRule::title_or_upper, "Gen. Haftar spoke",
            true},
        Row{"whole tokens only", "Oman", CaseRule::title_or_upper, "a Romanian and a Woman",
            false}));

TEST(PhraseTable, RefusesEmptyAndOverlongPhrases) {
  PhraseTable::Builder builder;
  EXPECT_FALSE(builder.add("", 0, CaseRule::any));
  EXPECT_FALSE(builder.add(" -- ", 0, CaseRule::any));
  std::string long_phrase;
  for (std::size_t i = 0; i <= kPhraseTokensMax; ++i) {
    long_phrase += "word ";
  }
  EXPECT_FALSE(builder.add(long_phrase, 0, CaseRule::any));
  EXPECT_EQ(builder.freeze().size(), 0U);
}

TEST(PhraseTable, EmptyTableMatchesNothing) {
  EXPECT_TRUE(all_matches(PhraseTable(), make_text("", "Any text at all.", "en")).empty());
}

TEST(PhraseTable, StaysInsideASpan) {
  const PhraseTable table = table_of({{"new york", CaseRule::any}});
  const Text text = make_text("", "new york new york", "en");
  std::vector<PhraseMatch> matches;
  table.match(text, {1, 3}, MatchDepth::all, matches);
  EXPECT_TRUE(matches.empty());
  table.match(text, {2, 4}, MatchDepth::all, matches);
  EXPECT_EQ(matches, (std::vector<PhraseMatch>{{{2, 4}, 0}}));
}

TEST(PhraseTable, KeepsAllPayloadsOfOnePhraseInOrder) {
  const PhraseTable table = table_of(
      {{"Georgia", CaseRule::any}, {"Georgia", CaseRule::any}, {"GEORGIA", CaseRule::exact}});
  const std::vector<PhraseMatch> matches = all_matches(table, make_text("", "in Georgia", "en"));
  EXPECT_EQ(matches, (std::vector<PhraseMatch>{{{1, 2}, 0}, {{1, 2}, 1}}));
}

}  // namespace
}  // namespace tocsin
