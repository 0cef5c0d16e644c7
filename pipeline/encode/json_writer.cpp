#include "pipeline/encode/json_writer.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace tocsin {
namespace {

constexpr std::size_t kBlock = 64;  // bytes that are looked at together

// 0 where one of the bytes needs an escape. Minima without a branch, which GCC makes vectors of,
// but not within another loop.
[[gnu::noinline]] std::uint8_t least_of_block(const char* bytes) {
  std::uint8_t least = 0xFF;
  for (std::size_t i = 0; i < kBlock; ++i) {
    const auto byte = static_cast<std::uint8_t>(bytes[i]);
    const auto quote = static_cast<std::uint8_t>(byte ^ '"');
    const auto stroke = static_cast<std::uint8_t>(byte ^ '\\');
    const auto control = static_cast<std::uint8_t>(byte & 0xE0);  // 0 below 0x20
    least = least < quote ? least : quote;
    least = least < stroke ? least : stroke;
    least = least < control ? least : control;
  }
  return least;
}

// Where the next byte from `at` on stands that needs an escape; text.size().
std::size_t next_escaped(std::string_view text, std::size_t at) {
  while (at + kBlock <= text.size() && least_of_block(text.data() + at) != 0) at += kBlock;
  const auto needs = [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
  };
  while (at < text.size() && !needs(text[at])) ++at;
  return at;
}

}  // namespace

void append_escaped(std::string_view text, std::string& out) {
  constexpr const char* kHex = "0123456789abcdef";
  std::size_t copied = 0;
  for (std::size_t i = next_escaped(text, 0); i < text.size(); i = next_escaped(text, i + 1)) {
    const auto byte = static_cast<unsigned char>(text[i]);
    out.append(text, copied, i - copied);
    copied = i + 1;
    out.push_back('\\');
    switch (byte) {
      case '"':
        out.push_back('"');
        break;
      case '\\':
        out.push_back('\\');
        break;
      case '\n':
        out.push_back('n');
        break;
      case '\r':
        out.push_back('r');
        break;
      case '\t':
        out.push_back('t');
        break;
      case '\b':
        out.push_back('b');
        break;
      case '\f':
        out.push_back('f');
        break;
      default:
        out += "u00";
        out.push_back(kHex[byte >> 4]);
        out.push_back(kHex[byte & 15]);
    }
  }
  out.append(text, copied, text.size() - copied);
}

bool JsonWriter::is_behind_value() const {
  if (out_.empty()) return false;
  const char last = out_.back();
  return last != '{' && last != '[' && last != ':' && last != ',';
}

void JsonWriter::separate() {
  if (is_behind_value()) out_.push_back(',');
}

JsonWriter& JsonWriter::key(std::string_view name) {
  constexpr std::size_t kUsual = 28;  // with it comma, quotes and colon are appended at once
  if (name.size() > kUsual) {
    separate();
    out_.append(1, '"').append(name).append("\":");
    return *this;
  }
  std::array<char, kUsual + 4> all;
  char* to = all.data();
  if (is_behind_value()) *to++ = ',';
  *to++ = '"';
  to = std::copy(name.begin(), name.end(), to);
  *to++ = '"';
  *to++ = ':';
  out_.append(all.data(), static_cast<std::size_t>(to - all.data()));
  return *this;
}

void JsonWriter::string(std::string_view text) {
  separate();
  out_.push_back('"');
  append_escaped(text, out_);
  out_.push_back('"');
}

void JsonWriter::integer(std::int64_t number) {
  separate();
  std::array<char, 24> digits;
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  out_.append(digits.data(), end);
}

void JsonWriter::boolean(bool value) {
  separate();
  out_ += value ? "true" : "false";
}

void JsonWriter::null() {
  separate();
  out_ += "null";
}

void JsonWriter::fixed(double number, int decimals) {
  std::int64_t unit = 1;
  for (int i = 0; i < decimals; ++i) unit *= 10;
  const double scaled = number * static_cast<double>(unit);
  const auto rounded = static_cast<std::int64_t>(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
  separate();
  if (rounded < 0) out_.push_back('-');
  const std::int64_t magnitude = rounded < 0 ? -rounded : rounded;
  std::array<char, 24> digits;
  const auto whole = std::to_chars(digits.data(), digits.data() + digits.size(), magnitude / unit);
  out_.append(digits.data(), whole.ptr);
  if (decimals == 0) return;
  out_.push_back('.');
  for (std::int64_t place = unit / 10; place > 0; place /= 10) {
    out_.push_back(static_cast<char>('0' + magnitude / place % 10));
  }
}

void JsonWriter::open_object() {
  separate();
  out_.push_back('{');
}
void JsonWriter::close_object() {
  out_.push_back('}');
}
void JsonWriter::open_array() {
  separate();
  out_.push_back('[');
}
void JsonWriter::close_array() {
  out_.push_back(']');
}

}  // namespace tocsin
