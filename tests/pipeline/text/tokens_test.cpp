// Tokens, shapes and marks (text.h), row by row and against a slow oracle.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "pipeline/text/text.h"
#include "tests/english.h"

namespace tocsin {
namespace {

// Tokens as their bytes, joined by '|'.
std::string cut(std::string_view phrase) {
  std::string out;
  for (const Token& token : tokenize(phrase)) {
    if (!out.empty()) out += '|';
    out += phrase.substr(token.begin, token.end - token.begin);
  }
  return out;
}

struct Row {
  std::string_view phrase;
  std::string_view tokens;
};

TEST(Tokens, are_words_and_numbers) {
  constexpr Row kRows[] = {
      {"", ""},
      {" ,;- ", ""},
      {"Russia's build-up", "Russia|build|up"},
      {"Russia’s allies’ plan", "Russia|allies|plan"},
      {"the allies' plan", "the|allies|plan"},
      {"the U.S. and the U.N.-led talks", "the|U.S.|and|the|U.N.|led|talks"},
      {"the U.S.'s and the U.S", "the|U.S.|and|the|U.S"},
      {"at 5 p.m. on", "at|5|p.m.|on"},
      {"J.K. Roe and J. K. Roe", "J.K.|Roe|and|J|K|Roe"},
      {"they don't, we’ll, I'm", "they|don't|we’ll|I'm"},
      {"O'Neill, d'Ivoire, Sana'a", "O|Neill|d|Ivoire|Sana|a"},
      {"$3.5bn, 1,000 men, 24th, 1,2 1,0000", "3.5bn|1,000|men|24th|1|2|1|0000"},
      {"10:30 on 31.12.2021.", "10|30|on|31.12.2021"},
      {"F-16s and/or AT&T", "F|16s|and|or|AT|T"},
      {"Kyjív łódź Straße", "Kyjív|łódź|Straße"},
      {"Киев, Україна", "Киев|Україна"},
      {"北京 said", "北|京|said"},
      {"ไทย", "ไ|ท|ย"},
      {"zero\u200Bwidth soft\u00ADhyphen", "zero\u200Bwidth|soft\u00ADhyphen"},
      {"cafe\u0301 x", "cafe\u0301|x"},
      {"‘Russians’ said", "Russians|said"},
      {"'Russians' said", "Russians|said"},
      {"example.com v2.Final", "example|com|v2|Final"},
      {"\xff\xfe bad \xc3 bytes", "bad|bytes"},
      {"the '90s, 1990's", "the|90s|1990"},
  };
  for (const Row& row : kRows) EXPECT_EQ(cut(row.phrase), row.tokens) << row.phrase;
}

TEST(Tokens, have_a_shape) {
  struct Shape {
    std::string_view token;
    std::uint16_t shape;
  };
  using namespace shape;
  constexpr Shape kRows[] = {
      {"russia", kLower},
      {"Russia", kTitle},
      {"A", kTitle},
      {"RUSSIA", kUpper},
      {"G7", kUpper},
      {"iPhone", kMixed},
      {"McDonald", kMixed},
      {"1986", kNumber},
      {"3.5", kNumber},
      {"24th", kNumber},
      {"U.S.", kUpper | kPointed},
      {"a.m.", kLower | kPointed},
      {"Russia's", kTitle | kPossessive},
      {"allies'", kLower | kPossessive},
      {"it's", kLower | kPossessive | kContraction},
      {"He’s", kTitle | kPossessive | kContraction},
      {"don't", kLower},
      {"Élysée", kTitle | kNonAscii},
      {"РОССИЯ", kUpper | kNonAscii},
      {"مصر", kLower | kNoCase | kNonAscii},
      {"京", kLower | kNoCase | kNonAscii},
  };
  for (const Shape& row : kRows) {
    const std::vector<Token> tokens = tokenize(row.token);
    ASSERT_EQ(tokens.size(), 1U) << row.token;
    EXPECT_EQ(tokens[0].shape, row.shape) << row.token;
  }
}

TEST(Tokens, carry_what_stands_before_them) {
  struct Mark {
    std::string_view phrase;  // of two tokens
    std::uint16_t before;     // of the second
  };
  using namespace before;
  constexpr Mark kRows[] = {
      {"a b", kSpace},
      {"build-up", kJoinedHyphen},
      {"Russia–Ukraine", kJoinedHyphen},
      {"and/or", kJoinedSlash},
      {"AT&T", kJoinedSlash},
      {"a & b", kSpace | kOther},
      {"a, b", kComma | kSpace},
      {"a. b", kStop | kSpace},
      {"a… b", kStop | kSpace},
      {"a: b", kColon | kSpace},
      {"a; b", kSemicolon | kSpace},
      {"a - b", kSpace | kDash},
      {"a--b", kDash},
      {"a – b", kSpace | kDash},
      {"a—b", kDash},
      {"a- b", kSpace | kOther},
      {"a \"b", kSpace | kQuoteOpen},
      {"a\" b", kQuoteClose | kSpace},
      {"a “b", kSpace | kQuoteOpen},
      {"a.” b", kStop | kQuoteClose | kSpace},
      {"a ``b", kSpace | kQuoteOpen},
      {"a'' b", kQuoteClose | kSpace},
      {"a ‘b", kSpace | kQuoteOpen},
      {"a 'b", kSpace | kQuoteOpen},
      {"a (b", kSpace | kParenOpen},
      {"a) b", kParenClose | kSpace},
      {"a\nb", kSpace | kNewline},
      {"a\r\nb", kSpace | kNewline},
      {"a\n \nb", kSpace | kNewline | kParagraph},
      {"a @b", kSpace | kOther},
      {"O'Neill", kApostrophe},
  };
  for (const Mark& row : kRows) {
    const std::vector<Token> tokens = tokenize(row.phrase);
    ASSERT_EQ(tokens.size(), 2U) << row.phrase;
    EXPECT_EQ(tokens[1].before, row.before) << row.phrase;
  }
}

// Pieces that bring out the tokeniser's branches.
rc::Gen<std::string> pieces() {
  return rc::gen::map(
      rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
          "a", "Ab", "U", "S", "s", "t", "ll", ".", ",", "'", "’", "-", "--", " ", "\n", "\"", "“",
          "‘", "1", "234", "é", "Ж", "京", "ا", "\u0301", "\u200B", "&", "/", "(", "…", "\xff")),
      [](const std::vector<std::string>& parts) {
        std::string all;
        for (const std::string& part : parts) all += part;
        return all;
      });
}

TEST(Tokens, keep_their_promises_on_any_bytes) {
  EXPECT_TRUE(rc::check("sorted, whole, hashed by their fold", [] {
    const std::string phrase = *pieces();
    std::uint32_t last = 0;
    for (const Token& token : tokenize(phrase)) {
      RC_ASSERT(token.begin >= last);
      RC_ASSERT(token.begin < token.end);
      RC_ASSERT(token.end <= phrase.size());
      last = token.end;
      const std::string_view bytes =
          std::string_view(phrase).substr(token.begin, token.end - token.begin);
      RC_ASSERT(token.hash == fold_hash(bytes));
      RC_ASSERT(__builtin_popcount(token.shape & 0x1F) == 1);
    }
  }));
}

TEST(Tokens, are_the_same_in_a_title_and_a_phrase) {
  EXPECT_TRUE(rc::check("title equals phrase", [] {
    const std::string phrase = *pieces();
    const Text text = make_text(phrase, "", "en");
    // Only titles are cleaned: markup, invisible signs and mojibake go.
    if (!text.bytes.starts_with(phrase)) return;
    const std::vector<Token> tokens = tokenize(phrase);
    RC_ASSERT(text.tokens.size() == tokens.size());
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      RC_ASSERT(text.tokens[i].hash == tokens[i].hash);
      RC_ASSERT(text.tokens[i].begin == tokens[i].begin);
    }
  }));
}

}  // namespace
}  // namespace tocsin
