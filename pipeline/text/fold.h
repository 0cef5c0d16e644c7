// How every code point is classed and folded: NFKD without diacritics, case folded, pinned.
// Promises: the same answer on every machine and for ever; it never asks an installed library.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tocsin {

// NOLINTNEXTLINE(bugprone-suspicious-include): a table, made by make_fold_table.py
#include "pipeline/text/fold_table.inc"

// One code point of a text and how many bytes it takes.
struct CodePoint {
  char32_t code = 0;
  std::uint32_t bytes = 1;
};

// Decodes at `at` (< text.size()). A byte that is not UTF-8 is U+FFFD of one byte.
[[nodiscard]] CodePoint code_point(std::string_view text, std::size_t at) noexcept;
// Appends `code` as UTF-8; what is no character becomes U+FFFD.
void append_utf8(std::string& out, char32_t code);

[[nodiscard]] inline CharClass char_class(char32_t code) noexcept {
  if (code < kTableLimit) {
    return static_cast<CharClass>(
        kClasses[std::size_t{kClassPages[code / kTablePage]} * kTablePage + code % kTablePage]);
  }
  if (code < 0x32000) return CharClass::single;  // the supplementary ideographs
  return code >= 0xE0000 && code < 0xE1000 ? CharClass::ignored : CharClass::other;
}

// The folded form of a letter or digit as UTF-8; empty: the code point is its own fold.
[[nodiscard]] inline std::string_view folded(char32_t code) noexcept {
  if (code >= kTableLimit) return {};
  const std::size_t at =
      kFolds[std::size_t{kFoldPages[code / kTablePage]} * kTablePage + code % kTablePage];
  if (at == 0) return {};
  return {reinterpret_cast<const char*>(kFoldBytes.data()) + at + 1, kFoldBytes[at]};
}

[[nodiscard]] constexpr bool is_letter(CharClass c) noexcept {
  return c >= CharClass::lower && c <= CharClass::extend;
}
[[nodiscard]] constexpr bool is_word(CharClass c) noexcept {
  return c >= CharClass::lower && c <= CharClass::digit;
}
[[nodiscard]] constexpr bool is_space(CharClass c) noexcept {
  return c == CharClass::space || c == CharClass::line_break;
}

// fold_hash of text[at, at + size), which must be an ASCII token without points and commas: no
// copy.
[[nodiscard]] std::uint64_t hash_ascii(std::string_view text, std::size_t at,
                                       std::size_t size) noexcept;
[[nodiscard]] inline std::uint64_t hash_ascii(std::string_view word) noexcept {
  return hash_ascii(word, 0, word.size());
}

}  // namespace tocsin
