#include "pipeline/ledger/packed_id.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace tocsin {
namespace {

enum class Form : char { plain = 'p', even_digits = 'e', odd_digits = 'o', uuid = 'u' };

constexpr std::string_view kDigits = "0123456789abcdef";  // capitals stay plain
constexpr std::size_t kDigitsMin = 4;
constexpr std::size_t kUuidSize = 36;
constexpr std::array<std::size_t, 4> kUuidDashes{8, 13, 18, 23};  // RFC 9562, section 4

bool is_digits(std::string_view id) {
  return id.find_first_not_of(kDigits) == std::string_view::npos;
}

// Its 32 digits; empty for other ids.
std::string uuid_digits(std::string_view id) {
  std::string digits(id);
  if (id.size() != kUuidSize) return {};
  for (std::size_t i = kUuidDashes.size(); i-- > 0;) {
    if (id[kUuidDashes[i]] != '-') return {};
    digits.erase(kUuidDashes[i], 1);
  }
  return is_digits(digits) ? digits : std::string();
}

std::string packed(Form form, std::string_view digits) {
  std::string bytes(1, static_cast<char>(form));
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    const std::size_t high = kDigits.find(digits[i]);
    const std::size_t low = i + 1 < digits.size() ? kDigits.find(digits[i + 1]) : 0;
    bytes += static_cast<char>(high << 4 | low);
  }
  return bytes;
}

std::string digits_of(std::string_view bytes) {
  std::string digits;
  digits.reserve(2 * bytes.size());
  for (const char byte : bytes) {
    digits += kDigits[static_cast<std::uint8_t>(byte) >> 4];
    digits += kDigits[static_cast<std::uint8_t>(byte) & 0xfU];
  }
  return digits;
}

std::string pack(std::string_view id) {
  if (id.empty()) return {};
  if (id.size() >= kDigitsMin && is_digits(id)) {
    return packed(id.size() % 2 == 0 ? Form::even_digits : Form::odd_digits, id);
  }
  if (const std::string digits = uuid_digits(id); !digits.empty()) {
    return packed(Form::uuid, digits);
  }
  return static_cast<char>(Form::plain) + std::string(id);
}

}  // namespace

PackedId::PackedId(std::string_view id) : bytes_(pack(id)) {}

std::string PackedId::text() const {
  if (bytes_.empty()) return {};
  const std::string_view kept = std::string_view(bytes_).substr(1);
  const auto form = static_cast<Form>(bytes_.front());
  if (form == Form::plain) return std::string(kept);
  std::string digits = digits_of(kept);
  if (form == Form::odd_digits) digits.pop_back();
  if (form == Form::uuid) {
    for (const std::size_t dash : kUuidDashes) digits.insert(dash, 1, '-');
  }
  return digits;
}

}  // namespace tocsin
