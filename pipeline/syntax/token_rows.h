// What the tagger and the parser see of a token before any context: a few rows of an embedding
// table, to be added up. The same for the trainer and for the reader.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "pipeline/text/text.h"

namespace tocsin {

// The words that have a row of their own.
class WordIds {
 public:
  // Word ids below this are no words: 0 is an unknown one, the others are kinds of numbers.
  static constexpr std::uint16_t kFirstWord = 17;
  static constexpr std::size_t kWordsMax = 24'000;

  WordIds() = default;
  // `hashes`: of their folded forms; ascending, at most kWordsMax.
  explicit WordIds(std::vector<std::uint64_t> hashes) : hashes_(std::move(hashes)) {}

  // Adds them to the vocabulary that texts are looked up in; before that they are not known.
  void join(Vocabulary& vocabulary);

  // Precondition: the text was looked up in the vocabulary they joined.
  [[nodiscard]] std::uint16_t id(const Text& text, const Token& token) const noexcept;
  [[nodiscard]] std::span<const std::uint64_t> hashes() const noexcept { return hashes_; }

 private:
  std::vector<std::uint64_t> hashes_;
  std::vector<std::uint16_t> ids_;  // by word of the vocabulary
};

// Groups of rows, in the order of the table; words come last.
namespace token_row {
inline constexpr std::size_t kPad = 0;  // stands for what is outside the sentence
inline constexpr std::size_t kShape = 1;
// 5 kinds x 3 possessives x pointed x first of the sentence x shouted x in a title.
inline constexpr std::size_t kShapes = 240;
inline constexpr std::size_t kMark = kShape + kShapes;
inline constexpr std::size_t kMarks = 12;  // of Token::before, one row each
inline constexpr std::size_t kLast = kMark + kMarks;
inline constexpr std::size_t kLasts = 256;  // last byte
inline constexpr std::size_t kLast2 = kLast + kLasts;
inline constexpr std::size_t kLast2s = 1024;  // last two, hashed
inline constexpr std::size_t kLast3 = kLast2 + kLast2s;
inline constexpr std::size_t kLast3s = 4096;
inline constexpr std::size_t kFirst2 = kLast3 + kLast3s;
inline constexpr std::size_t kFirst2s = 1024;  // first two bytes
inline constexpr std::size_t kWord = kFirst2 + kFirst2s;
}  // namespace token_row

struct TokenRows {
  static constexpr std::size_t kMax = 6 + token_row::kMarks;
  std::array<std::uint16_t, kMax> rows{};  // the word's row is the first
  std::uint8_t count = 0;
};

// Rows of the tokens [span) of one sentence, into `out` (overwritten).
// `field`: how the span is written, as a headline or as a sentence.
void rows_of_tokens(const WordIds&, const Text&, TokenSpan span, Field field,
                    std::vector<TokenRows>& out);

}  // namespace tocsin
