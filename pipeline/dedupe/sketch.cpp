#include "pipeline/dedupe/sketch.h"

#include <algorithm>
#include <array>
#include <cassert>

namespace tocsin {
namespace {

struct Functions {
  std::array<std::uint32_t, kMinhashMax> multiplier{};
  std::array<std::uint32_t, kMinhashMax> addend{};
};

constexpr Functions make_functions() {
  Functions functions;
  std::uint64_t state = 0x746f6373696e0001ULL;
  for (std::size_t k = 0; k < kMinhashMax; ++k) {
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

// Blocks of minima stay in registers while the hashes stream by.
template <std::size_t kBlock, class Value>
void fill_sketch(std::span<const std::uint64_t> hashes, std::span<Value> sketch) {
  assert(sketch.size() <= kMinhashMax && sketch.size() % kBlock == 0);
  if (hashes.empty()) {
    std::fill(sketch.begin(), sketch.end(), Value{0});
    return;
  }
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
    for (std::size_t k = 0; k < kBlock; ++k) {
      sketch[first + k] = static_cast<Value>(mix32(minimum[k]));
    }
  }
}

}  // namespace

void sketch_of(std::span<const std::uint64_t> hashes, std::span<std::uint8_t> sketch) {
  fill_sketch<16>(hashes, sketch);
}

void sketch_of(std::span<const std::uint64_t> hashes, std::span<std::uint16_t> sketch) {
  fill_sketch<16>(hashes, sketch);
}

std::uint64_t shingle_hash(std::span<const std::uint64_t> tokens) {
  std::uint64_t hash = 0x6a09e667f3bcc909ULL;
  for (const std::uint64_t token : tokens) hash = mix64(hash ^ token) + 0x9e3779b97f4a7c15ULL;
  return mix64(hash);
}

}  // namespace tocsin
