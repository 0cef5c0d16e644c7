#include "pipeline/text/code_points.h"

#include <algorithm>

namespace tocsin {
namespace {

constexpr std::size_t kBlock = 64;

// Bytes as counters, which a block cannot overflow: compilers make vector instructions of it.
std::uint8_t count_block(const char* bytes) noexcept {
  std::uint8_t count = 0;
  for (std::size_t i = 0; i < kBlock; ++i) {
    count = static_cast<std::uint8_t>(count + (starts_code_point(bytes[i]) ? 1 : 0));
  }
  return count;
}

// Each byte of the block is a code point.
bool is_plain(const std::vector<std::uint32_t>& counts, std::size_t block) noexcept {
  return block + 1 < counts.size() && counts[block + 1] - counts[block] == kBlock;
}

}  // namespace

std::size_t count_code_points(std::string_view text) noexcept {
  std::size_t count = 0;
  for (; text.size() >= kBlock; text.remove_prefix(kBlock)) count += count_block(text.data());
  for (const char byte : text) count += starts_code_point(byte) ? 1U : 0U;
  return count;
}

CodePoints::CodePoints(std::string_view text) {
  counts_.resize(text.size() / kBlock + 1);
  std::uint32_t count = 0;
  for (std::size_t block = 0; block + 1 < counts_.size(); ++block) {
    counts_[block] = count;
    count += count_block(text.data() + block * kBlock);
  }
  counts_.back() = count;
}

std::uint32_t CodePoints::before(std::string_view text, std::size_t byte) const noexcept {
  const std::size_t block = byte / kBlock;
  std::uint32_t count = counts_[block];
  if (is_plain(counts_, block)) return count + static_cast<std::uint32_t>(byte - block * kBlock);
  for (std::size_t i = block * kBlock; i < byte; ++i) count += starts_code_point(text[i]) ? 1U : 0U;
  return count;
}

std::size_t CodePoints::byte_of(std::string_view text, std::uint32_t point) const noexcept {
  const auto next = std::upper_bound(counts_.begin() + 1, counts_.end(), point);
  const auto block = static_cast<std::size_t>(next - counts_.begin()) - 1;
  std::uint32_t count = counts_[block];
  if (is_plain(counts_, block)) return block * kBlock + (point - count);
  for (std::size_t byte = block * kBlock; byte < text.size(); ++byte) {
    if (starts_code_point(text[byte]) && count++ == point) return byte;
  }
  return text.size();
}

}  // namespace tocsin
