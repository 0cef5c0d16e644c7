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

constexpr std::size_t kBlock = 16;
using Minima = std::array<std::uint32_t, kBlock>;

// A block of minima stays in registers while the hashes stream by.
void lower(Minima& minima, std::size_t first, std::span<const std::uint64_t> hashes) {
  const std::uint32_t* multiplier = kFunctionTable.multiplier.data() + first;
  const std::uint32_t* addend = kFunctionTable.addend.data() + first;
  for (const std::uint64_t hash : hashes) {
    const auto value = static_cast<std::uint32_t>(hash >> 32);
    for (std::size_t k = 0; k < kBlock; ++k) {
      minima[k] = std::min(minima[k], value * multiplier[k] + addend[k]);
    }
  }
}

}  // namespace

void sketch_of(std::span<const std::uint64_t> hashes, std::size_t lead,
               std::span<std::uint8_t> sketch) {
  assert(sketch.size() <= kMinhashMax && sketch.size() % kBlock == 0 && lead <= hashes.size());
  std::fill(sketch.begin(), sketch.end(), std::uint8_t{0});
  if (hashes.empty()) return;
  for (std::size_t first = 0; first < sketch.size(); first += kBlock) {
    Minima minima;
    minima.fill(~0U);
    lower(minima, first, hashes.first(lead));
    const Minima of_lead = minima;
    lower(minima, first, hashes.subspan(lead));
    for (std::size_t k = 0; k < kBlock; ++k) {
      const auto bits =
          static_cast<std::uint8_t>(mix32(minima[k]) & ~std::uint32_t{kSketchLeadBit});
      const bool in_lead = lead > 0 && minima[k] == of_lead[k];
      sketch[first + k] = in_lead ? bits | kSketchLeadBit : bits;
    }
  }
}

void sketch_of(std::span<const std::uint64_t> hashes, std::span<std::uint16_t> sketch) {
  assert(sketch.size() <= kMinhashMax && sketch.size() % kBlock == 0);
  std::fill(sketch.begin(), sketch.end(), std::uint16_t{0});
  if (hashes.empty()) return;
  for (std::size_t first = 0; first < sketch.size(); first += kBlock) {
    Minima minima;
    minima.fill(~0U);
    lower(minima, first, hashes);
    for (std::size_t k = 0; k < kBlock; ++k) {
      sketch[first + k] = static_cast<std::uint16_t>(mix32(minima[k]));
    }
  }
}

std::uint64_t shingle_hash(std::span<const std::uint64_t> tokens) {
  std::uint64_t hash = 0x6a09e667f3bcc909ULL;
  for (const std::uint64_t token : tokens) hash = mix64(hash ^ token) + 0x9e3779b97f4a7c15ULL;
  return mix64(hash);
}

}  // namespace tocsin
