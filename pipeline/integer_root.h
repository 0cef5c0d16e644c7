// The square root without floating point, so that it is the same on every machine.
#pragma once

#include <bit>
#include <cstdint>

namespace tocsin {

// The largest number whose square is at most `value`, for values below 2^62. Bit by bit, without a
// branch that goes by the value.
[[nodiscard]] constexpr std::uint64_t integer_root(std::uint64_t value) noexcept {
  std::uint64_t root = 0;
  for (auto bit = (std::bit_width(value) + 1) / 2; bit-- > 0;) {
    const std::uint64_t more = root | std::uint64_t{1} << bit;
    root = more * more <= value ? more : root;
  }
  return root;
}

}  // namespace tocsin
