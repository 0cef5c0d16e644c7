#include "pipeline/syntax/token_rows.h"

#include <algorithm>
#include <string_view>

namespace tocsin {
namespace {

// The marks that have a row, in the order of their rows.
constexpr std::array<std::uint16_t, token_row::kMarks> kMarkBits = {
    before::kComma,      before::kStop,        before::kColon,        before::kSemicolon,
    before::kDash,       before::kQuoteOpen,   before::kQuoteClose,   before::kParenOpen,
    before::kParenClose, before::kJoinedSlash, before::kJoinedHyphen, before::kApostrophe};

// A sentence of this many words, this share of them in capitals, says nothing by a capital.
constexpr std::size_t kShoutedWordsMin = 4;
constexpr std::size_t kShoutedPercent = 65;

std::uint32_t lower(char byte) noexcept {
  const auto value = static_cast<unsigned char>(byte);
  return value >= 'A' && value <= 'Z' ? value | 0x20U : value;
}

std::uint16_t row(std::size_t group, std::size_t rows, std::uint32_t value) noexcept {
  const std::uint32_t mixed = value * 0x9E3779B1U;
  return static_cast<std::uint16_t>(group + (mixed >> 16) % rows);
}

std::size_t shape_of(const Token& token, bool first, bool shouted, bool in_title) noexcept {
  std::size_t kind = 0;
  if ((token.shape & shape::kTitle) != 0) kind = 1;
  if ((token.shape & shape::kUpper) != 0) kind = 2;
  if ((token.shape & shape::kMixed) != 0) kind = 3;
  if ((token.shape & shape::kNumber) != 0) kind = 4;
  std::size_t owner = (token.shape & shape::kPossessive) != 0 ? 1 : 0;
  if ((token.shape & shape::kContraction) != 0) owner = 2;
  const std::size_t pointed = (token.shape & shape::kPointed) != 0 ? 1 : 0;
  const std::size_t own = (kind * 3 + owner) * 2 + pointed;
  return ((own * 2 + (first ? 1 : 0)) * 2 + (shouted ? 1 : 0)) * 2 + (in_title ? 1 : 0);
}

bool is_shouted(const Text& text, TokenSpan span) noexcept {
  std::size_t words = 0;
  std::size_t capital = 0;
  for (std::uint32_t i = span.begin; i < span.end; ++i) {
    const std::uint16_t bits = text.tokens[i].shape;
    if ((bits & shape::kNumber) != 0) continue;
    ++words;
    if ((bits & (shape::kTitle | shape::kUpper)) != 0) ++capital;
  }
  return words >= kShoutedWordsMin && capital * 100 >= words * kShoutedPercent;
}

}  // namespace

void WordIds::join(Vocabulary& vocabulary) {
  ids_.clear();
  for (std::size_t i = 0; i < hashes_.size(); ++i) {
    const WordId word = vocabulary.add(hashes_[i]);
    if (word >= ids_.size()) ids_.resize(word + std::size_t{1}, 0);
    ids_[word] = static_cast<std::uint16_t>(kFirstWord + i);
  }
}

std::uint16_t WordIds::id(const Text& text, const Token& token) const noexcept {
  if ((token.shape & shape::kNumber) != 0) {
    const std::string_view digits = text.slice(token);
    const bool plain =
        std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
    return static_cast<std::uint16_t>(std::min<std::size_t>(digits.size(), 8) + (plain ? 0 : 8));
  }
  return token.word < ids_.size() ? ids_[token.word] : std::uint16_t{0};
}

void rows_of_tokens(const WordIds& words, const Text& text, TokenSpan span, Field field,
                    std::vector<TokenRows>& out) {
  out.resize(span.size());
  const bool shouted = is_shouted(text, span);
  const bool in_title = field == Field::title;
  for (std::uint32_t i = span.begin; i < span.end; ++i) {
    const Token& token = text.tokens[i];
    const std::string_view bytes = text.slice(token);
    TokenRows& rows = out[i - span.begin];
    rows.count = 0;
    const auto add = [&](std::size_t value) {
      rows.rows[rows.count++] = static_cast<std::uint16_t>(value);
    };
    const std::size_t size = bytes.size();
    const std::uint32_t last = size > 0 ? lower(bytes[size - 1]) : 0;
    const std::uint32_t last2 = size > 1 ? last << 8 | lower(bytes[size - 2]) : last;
    const std::uint32_t last3 = size > 2 ? last2 << 8 | lower(bytes[size - 3]) : last2;
    const std::uint32_t first2 = size > 1 ? lower(bytes[0]) << 8 | lower(bytes[1]) : last;
    add(token_row::kWord + words.id(text, token));
    add(token_row::kShape + shape_of(token, i == span.begin, shouted, in_title));
    add(token_row::kLast + last);
    add(row(token_row::kLast2, token_row::kLast2s, last2));
    add(row(token_row::kLast3, token_row::kLast3s, last3));
    add(row(token_row::kFirst2, token_row::kFirst2s, first2));
    if (i == span.begin) continue;  // what stands before a sentence is no part of it
    for (std::size_t mark = 0; mark < kMarkBits.size(); ++mark) {
      if ((token.before & kMarkBits[mark]) != 0) add(token_row::kMark + mark);
    }
  }
}

}  // namespace tocsin
