// Whole numbers in three, four, six and eight bytes without alignment, for what is kept of millions
// of articles. Values beyond the range are kept as the largest.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace tocsin {

// 0 .. 2^24 - 1.
class Number24 {
 public:
  static constexpr std::uint32_t kMax = (1U << 24) - 1;
  Number24() = default;
  explicit Number24(std::uint32_t value) {
    value = std::min(value, kMax);
    for (std::uint8_t& byte : bytes_) {
      byte = static_cast<std::uint8_t>(value);
      value >>= 8;
    }
  }
  [[nodiscard]] std::uint32_t get() const {
    return bytes_[0] | static_cast<std::uint32_t>(bytes_[1]) << 8 |
           static_cast<std::uint32_t>(bytes_[2]) << 16;
  }

 private:
  std::uint8_t bytes_[3] = {};
};

// 0 .. 2^32 - 1.
class Number32 {
 public:
  static constexpr std::uint32_t kMax = ~0U;
  Number32() = default;
  explicit Number32(std::uint32_t value) { std::memcpy(bytes_, &value, sizeof value); }
  [[nodiscard]] std::uint32_t get() const {
    std::uint32_t value;
    std::memcpy(&value, bytes_, sizeof value);
    return value;
  }

 private:
  std::uint8_t bytes_[4] = {};
};

// 0 .. 2^48 - 1: offsets and Unix milliseconds (until the year 10889).
class Number48 {
 public:
  static constexpr std::uint64_t kMax = (1ULL << 48) - 1;
  Number48() = default;
  explicit Number48(std::uint64_t value) {
    value = std::min(value, kMax);
    for (std::uint16_t& part : parts_) {
      part = static_cast<std::uint16_t>(value);
      value >>= 16;
    }
  }
  [[nodiscard]] std::uint64_t get() const {
    return parts_[0] | static_cast<std::uint64_t>(parts_[1]) << 16 |
           static_cast<std::uint64_t>(parts_[2]) << 32;
  }

 private:
  std::uint16_t parts_[3] = {};
};

// 0 .. 2^64 - 1.
class Number64 {
 public:
  Number64() = default;
  explicit Number64(std::uint64_t value) { std::memcpy(bytes_, &value, sizeof value); }
  [[nodiscard]] std::uint64_t get() const {
    std::uint64_t value;
    std::memcpy(&value, bytes_, sizeof value);
    return value;
  }
  friend bool operator==(const Number64& first, const Number64& second) = default;

 private:
  std::uint8_t bytes_[8] = {};
};

}  // namespace tocsin
