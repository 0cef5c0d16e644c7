// Confluent's wire format: a zero byte, the id of the record's schema in a registry (four bytes,
// big endian), then the record. JSON never begins with a zero byte, so a prefix is told from it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tocsin {

inline constexpr std::size_t kWirePrefixBytes = 5;

// nullopt: there is no such prefix.
[[nodiscard]] inline std::optional<std::uint32_t> schema_id_of(std::string_view bytes) {
  if (bytes.size() < kWirePrefixBytes || bytes.front() != '\0') return std::nullopt;
  std::uint32_t id = 0;
  for (const char c : bytes.substr(1, kWirePrefixBytes - 1)) {
    id = id << 8U | static_cast<unsigned char>(c);
  }
  return id;
}

// The record without its prefix; all of it where there is none.
[[nodiscard]] inline std::string_view without_schema_id(std::string_view bytes) {
  return schema_id_of(bytes) ? bytes.substr(kWirePrefixBytes) : bytes;
}

[[nodiscard]] inline std::string with_schema_id(std::uint32_t id, std::string_view record) {
  std::string bytes(1, '\0');
  for (const unsigned shift : {24U, 16U, 8U, 0U}) bytes += static_cast<char>(id >> shift & 0xFFU);
  return bytes.append(record);
}

}  // namespace tocsin
