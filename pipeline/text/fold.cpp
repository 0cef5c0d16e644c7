#include "pipeline/text/fold.h"

#include <bit>
#include <cstring>

#include "pipeline/text/text.h"

namespace tocsin {

namespace {

constexpr std::uint64_t kPrime0 = 0x9E3779B97F4A7C15;
constexpr std::uint64_t kPrime1 = 0xD6E8FEB86659FD93;
constexpr std::uint64_t kPrime2 = 0xA0761D6478BD642F;

// Little-endian on every machine, so that hashes travel.
template <class Word>
std::uint64_t load(const char* bytes) noexcept {
  Word word;
  std::memcpy(&word, bytes, sizeof word);
  if constexpr (std::endian::native == std::endian::big) {
    Word swapped = 0;
    for (std::size_t i = 0; i < sizeof word; ++i) {
      swapped = static_cast<Word>(swapped << 8 | ((word >> (8 * i)) & 0xFF));
    }
    word = swapped;
  }
  return word;
}

// A to Z of eight ASCII bytes to lower case: bytes >= 'A' and not > 'Z' get bit 5.
constexpr std::uint64_t lower_ascii(std::uint64_t word) noexcept {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  const std::uint64_t from_a = word + kOnes * (0x80 - 'A');
  const std::uint64_t above_z = word + kOnes * (0x7F - 'Z');
  return word | (((from_a & ~above_z) & (kOnes * 0x80)) >> 2);
}

// Folds the 128-bit product (the mixing step of Wang Yi's wyhash).
std::uint64_t mix(std::uint64_t a, std::uint64_t b) noexcept {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

// Up to eight bytes, the rest zero.
std::uint64_t load_first(const char* bytes, std::size_t size) noexcept {
  std::array<char, 8> room{};
  std::memcpy(room.data(), bytes, size < 8 ? size : 8);
  return load<std::uint64_t>(room.data());
}

// `first_word` is load_first of the same bytes.
template <bool kLower>
std::uint64_t hash_bytes(const char* bytes, std::size_t size, std::uint64_t first_word) noexcept {
  const auto word = [](std::uint64_t raw) { return kLower ? lower_ascii(raw) : raw; };
  std::uint64_t state = kPrime0 ^ (size * kPrime1);
  const char* const last = bytes + size;
  std::uint64_t a = 0;
  std::uint64_t b = 0;
  if (size <= 8) {
    a = word(first_word);
  } else {
    for (; last - bytes > 16; bytes += 16) {
      state = mix(word(load<std::uint64_t>(bytes)) ^ kPrime1,
                  word(load<std::uint64_t>(bytes + 8)) ^ state);
    }
    // The rest is 1 to 16 bytes; where it is short it overlaps bytes that were already mixed.
    a = word(load<std::uint64_t>(last - bytes >= 8 ? bytes : last - 8));
    b = word(load<std::uint64_t>(last - 8));
  }
  return mix(mix(a ^ kPrime2, b ^ state), kPrime1 ^ state);
}

bool is_ascii_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

}  // namespace

CodePoint code_point(std::string_view text, std::size_t at) noexcept {
  const auto byte = [&](std::size_t i) -> std::uint32_t {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0;
  };
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const std::uint32_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  if (lead >= 0xC2 && lead < 0xE0 && follows(1)) {
    return {(lead & 0x1F) << 6 | (byte(1) & 0x3F), 2};
  }
  if ((lead & 0xF0) == 0xE0 && follows(1) && follows(2)) {
    const char32_t code = (lead & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
    if (code >= 0x800 && (code < 0xD800 || code >= 0xE000)) return {code, 3};
  }
  if (lead >= 0xF0 && lead < 0xF5 && follows(1) && follows(2) && follows(3)) {
    const char32_t code =
        (lead & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 | (byte(3) & 0x3F);
    if (code >= 0x10000 && code < 0x110000) return {code, 4};
  }
  return {0xFFFD, 1};
}

void append_utf8(std::string& out, char32_t code) {
  if (code >= 0x110000 || (code >= 0xD800 && code < 0xE000)) code = 0xFFFD;
  if (code < 0x80) {
    out += static_cast<char>(code);
    return;
  }
  if (code < 0x800) {
    out += static_cast<char>(0xC0 | code >> 6);
  } else {
    if (code < 0x10000) {
      out += static_cast<char>(0xE0 | code >> 12);
    } else {
      out += static_cast<char>(0xF0 | code >> 18);
      out += static_cast<char>(0x80 | (code >> 12 & 0x3F));
    }
    out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
  }
  out += static_cast<char>(0x80 | (code & 0x3F));
}

std::uint64_t hash_ascii(std::string_view text, std::size_t at, std::size_t size) noexcept {
  const char* const bytes = text.data() + at;
  if (text.size() - at >=
      8) {  // eight bytes may be read: cheaper than to copy as many as there are
    const std::uint64_t word = load<std::uint64_t>(bytes);
    const std::uint64_t kept = size >= 8 ? word : word & ((std::uint64_t{1} << (8 * size)) - 1);
    return hash_bytes<true>(bytes, size, kept);
  }
  return hash_bytes<true>(bytes, size, load_first(bytes, size));
}

std::string fold(std::string_view token) {
  std::string out;
  out.reserve(token.size());
  for (std::size_t at = 0; at < token.size();) {
    const CodePoint point = code_point(token, at);
    const std::size_t next = at + point.bytes;
    const CharClass c = char_class(point.code);
    if (is_word(c)) {
      const std::string_view form = folded(point.code);
      out += form.empty() ? token.substr(at, point.bytes) : form;
    } else if (c == CharClass::apostrophe) {
      out += '\'';
    } else if (point.code == '.') {  // inside a number it counts, inside an abbreviation not
      const bool in_number = !out.empty() && is_ascii_digit(out.back()) && next < token.size() &&
                             is_ascii_digit(token[next]);
      if (in_number) out += '.';
    } else if (c != CharClass::ignored && point.code != ',') {
      out += token.substr(at, point.bytes);
    }
    at = next;
  }
  return out;
}

std::uint64_t fold_hash(std::string_view token) {
  const std::string form = fold(token);
  return hash_bytes<false>(form.data(), form.size(), load_first(form.data(), form.size()));
}

}  // namespace tocsin
