// Tokens, shapes and marks of text.h, row by row.
#include "pipeline/text/text.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace tocsin {
namespace {

// Tokens as "bytes" joined by '|'.
std::string cut(std::string_view phrase) {
  std::string out;
  for (const Token& token : tokenize(phrase)) {
    if (!out.empty()) out += '|';
    out += phrase.substr(token.begin, token.end - token.begin);
  }
  return out;
}

TEST(Tokens, are_words_and_numbers) {
  EXPECT_EQ(cut("Russia's build-up"), "Russia|build|up");
  EXPECT_EQ(cut("the U.S. and the U.N.-led talks"), "the|U.S.|and|the|U.N.|led|talks");
  EXPECT_EQ(cut("they don't, we'll"), "they|don't|we'll");
  EXPECT_EQ(cut("O'Neill"), "O|Neill");
  EXPECT_EQ(cut("$3.5bn, 1,000 men, 24th, 1,2"), "3.5bn|1,000|men|24th|1|2");
}

TEST(Fold, joins_spellings) {
  EXPECT_EQ(fold("U.S."), "us");
  EXPECT_EQ(fold("Łódź"), "lodz");
  EXPECT_EQ(fold("STRASSE"), fold("Straße"));
  EXPECT_EQ(fold_hash("ZELENSKIY"), fold_hash("Zelenskiy"));
  EXPECT_EQ(fold("don’t"), "don't");
}

}  // namespace
}  // namespace tocsin
