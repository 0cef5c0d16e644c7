// The square root without floating point, so that it is the same on every machine.
#pragma once

#include <cstdint>

namespace tocsin {

// The largest number whose square is at most `value`, for values below 2^62.
[[nodiscard]] constexpr std::uint64_t integer_root(std::uint64_t value) noexcept {
  std::uint64_t low = 0;
  std::uint64_t high = 1ULL << 31;
  while (low < high) {
    const std::uint64_t middle = (low + high + 1) / 2;
    if (middle * middle <= value) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

}  // namespace tocsin
