#include "pipeline/dedupe/sketch.h"

#include <algorithm>
#include <array>
#include <cassert>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

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

// A block of minima stays in registers while the hashes stream by.
void lower_plainly(std::span<const std::uint64_t> hashes, const std::uint32_t* multipliers,
                   const std::uint32_t* addends, std::size_t count,
                   std::uint32_t* minima) noexcept {
  for (std::size_t first = 0; first < count; first += kMinhashStep) {
    std::array<std::uint32_t, kMinhashStep> least;
    std::copy_n(minima + first, kMinhashStep, least.begin());
    for (const std::uint64_t hash : hashes) {
      const auto value = static_cast<std::uint32_t>(hash >> 32);
      for (std::size_t k = 0; k < kMinhashStep; ++k) {
        least[k] = std::min(least[k], value * multipliers[first + k] + addends[first + k]);
      }
    }
    std::copy_n(least.begin(), kMinhashStep, minima + first);
  }
}

#if defined(__x86_64__)
[[gnu::target("avx2"), gnu::always_inline]] inline __m256i load(
    const std::uint32_t* from) noexcept {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
}

template <std::size_t Vectors>
[[gnu::target("avx2")]] void lower_eights(std::span<const std::uint64_t> hashes,
                                          const std::uint32_t* multipliers,
                                          const std::uint32_t* addends,
                                          std::uint32_t* minima) noexcept {
  __m256i least[Vectors];
  for (std::size_t v = 0; v < Vectors; ++v) least[v] = load(minima + 8 * v);
  for (const std::uint64_t hash : hashes) {
    const __m256i value = _mm256_set1_epi32(static_cast<int>(hash >> 32));
    for (std::size_t v = 0; v < Vectors; ++v) {
      const __m256i drawn = _mm256_add_epi32(_mm256_mullo_epi32(value, load(multipliers + 8 * v)),
                                             load(addends + 8 * v));
      least[v] = _mm256_min_epu32(least[v], drawn);
    }
  }
  for (std::size_t v = 0; v < Vectors; ++v) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(minima + 8 * v), least[v]);
  }
}

[[gnu::target("avx2")]] void lower_by_eights(std::span<const std::uint64_t> hashes,
                                             const std::uint32_t* multipliers,
                                             const std::uint32_t* addends, std::size_t count,
                                             std::uint32_t* minima) noexcept {
  std::size_t at = 0;
  for (; at + 64 <= count; at += 64) {
    lower_eights<8>(hashes, multipliers + at, addends + at, minima + at);
  }
  for (; at < count; at += 16) {
    lower_eights<2>(hashes, multipliers + at, addends + at, minima + at);
  }
}

// GCC 12 warns of the form without a mask; it comes out the same.
constexpr __mmask16 kAll = 0xFFFF;

template <std::size_t Vectors>
[[gnu::target("avx512f")]] void lower_sixteens(std::span<const std::uint64_t> hashes,
                                               const std::uint32_t* multipliers,
                                               const std::uint32_t* addends,
                                               std::uint32_t* minima) noexcept {
  __m512i least[Vectors];
  for (std::size_t v = 0; v < Vectors; ++v) least[v] = _mm512_loadu_si512(minima + 16 * v);
  for (const std::uint64_t hash : hashes) {
    const __m512i value = _mm512_set1_epi32(static_cast<int>(hash >> 32));
    for (std::size_t v = 0; v < Vectors; ++v) {
      const __m512i drawn =
          _mm512_add_epi32(_mm512_mullo_epi32(value, _mm512_loadu_si512(multipliers + 16 * v)),
                           _mm512_loadu_si512(addends + 16 * v));
      least[v] = _mm512_maskz_min_epu32(kAll, least[v], drawn);
    }
  }
  for (std::size_t v = 0; v < Vectors; ++v) _mm512_storeu_si512(minima + 16 * v, least[v]);
}

[[gnu::target("avx512f")]] void lower_by_sixteens(std::span<const std::uint64_t> hashes,
                                                  const std::uint32_t* multipliers,
                                                  const std::uint32_t* addends, std::size_t count,
                                                  std::uint32_t* minima) noexcept {
  std::size_t at = 0;
  for (; at + 128 <= count; at += 128) {
    lower_sixteens<8>(hashes, multipliers + at, addends + at, minima + at);
  }
  for (; at < count; at += 16) {
    lower_sixteens<1>(hashes, multipliers + at, addends + at, minima + at);
  }
}
#endif

void lower(std::span<const std::uint64_t> hashes, std::span<std::uint32_t> minima) noexcept {
  static const LowerMinima kWidest = all_lower_minima().front();
  kWidest(hashes, kFunctionTable.multiplier.data(), kFunctionTable.addend.data(), minima.size(),
          minima.data());
}

}  // namespace

std::vector<LowerMinima> all_lower_minima() {
  std::vector<LowerMinima> all;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") != 0) all.push_back(lower_by_sixteens);
  if (__builtin_cpu_supports("avx2") != 0) all.push_back(lower_by_eights);
#endif
  all.push_back(lower_plainly);
  return all;
}

void sketch_of(std::span<const std::uint64_t> hashes, std::size_t lead,
               std::span<std::uint8_t> sketch) {
  assert(sketch.size() <= kMinhashMax && sketch.size() % kMinhashStep == 0 &&
         lead <= hashes.size());
  std::fill(sketch.begin(), sketch.end(), std::uint8_t{0});
  if (hashes.empty()) return;
  std::array<std::uint32_t, kMinhashMax> minima;
  minima.fill(~0U);
  const std::span kept = std::span(minima).first(sketch.size());
  lower(hashes.first(lead), kept);
  const std::array<std::uint32_t, kMinhashMax> of_lead = minima;
  lower(hashes.subspan(lead), kept);
  for (std::size_t k = 0; k < sketch.size(); ++k) {
    const auto bits = static_cast<std::uint8_t>(mix32(minima[k]) & ~std::uint32_t{kSketchLeadBit});
    const bool in_lead = lead > 0 && minima[k] == of_lead[k];
    sketch[k] = in_lead ? bits | kSketchLeadBit : bits;
  }
}

void sketch_of(std::span<const std::uint64_t> hashes, std::span<std::uint16_t> sketch) {
  assert(sketch.size() <= kMinhashMax && sketch.size() % kMinhashStep == 0);
  std::fill(sketch.begin(), sketch.end(), std::uint16_t{0});
  if (hashes.empty()) return;
  std::array<std::uint32_t, kMinhashMax> minima;
  minima.fill(~0U);
  lower(hashes, std::span(minima).first(sketch.size()));
  for (std::size_t k = 0; k < sketch.size(); ++k) {
    sketch[k] = static_cast<std::uint16_t>(mix32(minima[k]));
  }
}

std::uint64_t shingle_hash(std::span<const std::uint64_t> tokens) {
  std::uint64_t hash = 0x6a09e667f3bcc909ULL;
  for (const std::uint64_t token : tokens) hash = mix64(hash ^ token) + 0x9e3779b97f4a7c15ULL;
  return mix64(hash);
}

}  // namespace tocsin
