#include "pipeline/dedupe/sketch.h"

#include <algorithm>
#include <array>
#include <cassert>

namespace tocsin {
namespace {

constexpr std::size_t kFunctions = 128;

struct Functions {
  std::array<std::uint32_t, kFunctions> multiplier{};
  std::array<std::uint32_t, kFunctions> addend{};
};

constexpr Functions make_functions() {
  Functions functions;
  std::uint64_t state = 0x746f6373696e0001ULL;
  for (std::size_t k = 0; k < kFunctions; ++k) {
    state += 0x9e3779b97f4a7c15ULL;
    const std::uint64_t drawn = mix64(state);
    functions.multiplier[k] = static_cast<std::uint32_t>(drawn) | 1U;
    functions.addend[k] = static_cast<std::uint32_t>(drawn >> 32);
  }
  return functions;
}

constexpr Functions kFunctionTable = make_functions();

// Murmur3's finaliser: spreads the minimum over all bits before eight of them are kept.
constexpr std::uint32_t mix32(std::uint32_t value) {
  value ^= value >> 16;
  value *= 0x85ebca6bU;
  value ^= value >> 13;
  value *= 0xc2b2ae35U;
  return value ^ (value >> 16);
}

}  // namespace

void sketch_of(std::span<const std::uint64_t> hashes, std::span<std::uint8_t> sketch) {
  assert(sketch.size() <= kFunctions);
  if (hashes.empty()) {
    std::fill(sketch.begin(), sketch.end(), std::uint8_t{0});
    return;
  }
  // Blocks of 32 minima stay in registers while the hashes stream by.
  constexpr std::size_t kBlock = 32;
  for (std::size_t first = 0; first < sketch.size(); first += kBlock) {
    std::array<std::uint32_t, kBlock> minimum;
    minimum.fill(~0U);
    const std::uint32_t* multiplier = kFunctionTable.multiplier.data() + first;
    const std::uint32_t* addend = kFunctionTable.addend.data() + first;
    for (const std::uint64_t hash : hashes) {
      const auto value = static_cast<std::uint32_t>(hash >> 32);
      for (std::size_t k = 0; k < kBlock; ++k) {
        minimum[k] = std::min(minimum[k], value * multiplier[k] + addend[k]);
      }
    }
    const std::size_t last = std::min(kBlock, sketch.size() - first);
    for (std::size_t k = 0; k < last; ++k) {
      sketch[first + k] = static_cast<std::uint8_t>(mix32(minimum[k]));
    }
  }
}

std::uint64_t shingle_hash(std::span<const std::uint64_t> tokens) {
  std::uint64_t hash = 0x6a09e667f3bcc909ULL;
  for (const std::uint64_t token : tokens) hash = mix64(hash ^ token) + 0x9e3779b97f4a7c15ULL;
  return mix64(hash);
}

}  // namespace tocsin
