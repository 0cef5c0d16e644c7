// The way between bytes and code points of a UTF-8 text: both directions without a walk from the
// start. Promises: one pass to build, then O(log length); any bytes, valid or not, give an answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace tocsin {

// Whether a byte of UTF-8 begins a code point.
[[nodiscard]] constexpr bool starts_code_point(char byte) noexcept {
  return static_cast<signed char>(byte) > -65;  // not 10xxxxxx
}
// The longest beginning of at most `bytes_max` bytes that ends between code points.
[[nodiscard]] constexpr std::string_view beginning_of(std::string_view text,
                                                      std::size_t bytes_max) noexcept {
  if (text.size() <= bytes_max) return text;
  while (bytes_max > 0 && !starts_code_point(text[bytes_max])) --bytes_max;
  return text.substr(0, bytes_max);
}
[[nodiscard]] std::size_t count_code_points(std::string_view text) noexcept;

// The text itself is the caller's and the same at every call.
class CodePoints {
 public:
  CodePoints() = default;
  explicit CodePoints(std::string_view text);

  // How many code points begin before the byte.
  [[nodiscard]] std::uint32_t before(std::string_view text, std::size_t byte) const noexcept;
  // Where the code point begins, counted from 0; text.size() when there are not so many.
  [[nodiscard]] std::size_t byte_of(std::string_view text, std::uint32_t point) const noexcept;

 private:
  std::vector<std::uint32_t> counts_;  // code points before every kBlock-th byte
};

}  // namespace tocsin
