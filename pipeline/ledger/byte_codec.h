// Bytes of what is kept in Kafka: little-endian integers, LEB128 lengths, a checksum at the end.
// Promises: a reader never trusts a length; after the first field that does not fit all are zero.
#pragma once

#include <xxhash.h>

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "pipeline/article.h"
#include "pipeline/dedupe/signature.h"

namespace tocsin {

inline constexpr std::size_t kChecksumBytes = 8;
static_assert(std::endian::native == std::endian::little, "fields are copied as they stand");

class ByteWriter {
 public:
  template <class T>
  void integer(T value) {
    static_assert(std::is_integral_v<T>);
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void length(std::size_t value) {
    while (value >= 0x80) {
      integer(static_cast<std::uint8_t>(value | 0x80U));
      value >>= 7;
    }
    integer(static_cast<std::uint8_t>(value));
  }
  void text(std::string_view value) {
    length(value.size());
    bytes_.append(value);
  }
  template <class T, std::size_t N>
  void block(const std::array<T, N>& values) {
    bytes_.append(reinterpret_cast<const char*>(values.data()), sizeof values);
  }
  void hash(const Hash128& value) {
    integer(value.high);
    integer(value.low);
  }
  void position(const Position& value) {
    text(value.topic);
    integer(value.partition);
    integer(value.offset);
  }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }
  [[nodiscard]] std::string take_with_checksum() {
    integer(XXH3_64bits(bytes_.data(), bytes_.size()));
    return std::move(bytes_);
  }

 private:
  std::string bytes_;
};

// Reads fields one after another; after the first that does not fit, every read gives zeros and
// ok() is false. Lengths are bounded by what is left of the record.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  template <class T>
  T integer() {
    if (rest_.size() < sizeof(T)) {
      fail();
      return 0;
    }
    T value;
    std::memcpy(&value, rest_.data(), sizeof value);
    rest_.remove_prefix(sizeof value);
    return value;
  }
  std::size_t length() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
      const auto byte = integer<std::uint8_t>();
      value |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
      if ((byte & 0x80U) == 0) {
        if (value > rest_.size()) break;
        return static_cast<std::size_t>(value);
      }
    }
    fail();
    return 0;
  }
  std::string_view view() {
    const std::size_t size = length();
    const std::string_view value = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return value;
  }
  std::string text() { return std::string(view()); }
  template <class T, std::size_t N>
  void block(std::array<T, N>& values) {
    if (rest_.size() < sizeof values) return fail();
    std::memcpy(values.data(), rest_.data(), sizeof values);
    rest_.remove_prefix(sizeof values);
  }
  Hash128 hash() {
    const auto high = integer<std::uint64_t>();
    return {high, integer<std::uint64_t>()};
  }
  Position position() {
    Position value;
    value.topic = text();
    value.partition = integer<std::int32_t>();
    value.offset = integer<std::int64_t>();
    return value;
  }
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] std::size_t left() const { return rest_.size(); }

 private:
  void fail() {
    ok_ = false;
    rest_ = {};
  }
  std::string_view rest_;
  bool ok_ = true;
};

// What stands before a good checksum; nothing when it is bad.
[[nodiscard]] inline std::string_view without_checksum(std::string_view bytes) {
  if (bytes.size() < kChecksumBytes) return {};
  const std::string_view body = bytes.substr(0, bytes.size() - kChecksumBytes);
  ByteReader checksum(bytes.substr(body.size()));
  return checksum.integer<std::uint64_t>() == XXH3_64bits(body.data(), body.size())
             ? body
             : std::string_view();
}

}  // namespace tocsin
