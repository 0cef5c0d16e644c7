#include "pipeline/syntax/layers.h"

#include <algorithm>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace tocsin {
namespace {

void multiply_plainly(const std::int16_t* inputs, std::size_t pairs, const std::int16_t* weights,
                      std::size_t outputs, std::int32_t* sums) noexcept {
  std::fill_n(sums, outputs, 0);
  for (std::size_t pair = 0; pair < pairs; ++pair) {
    const std::int32_t a = inputs[2 * pair];
    const std::int32_t b = inputs[2 * pair + 1];
    const std::int16_t* row = weights + pair * 2 * outputs;
    for (std::size_t o = 0; o < outputs; ++o) sums[o] += a * row[2 * o] + b * row[2 * o + 1];
  }
}

#if defined(__x86_64__)
// Both inputs of a pair as one number; 0 for half of what a ReLU lets through.
std::int32_t pair_at(const std::int16_t* inputs, std::size_t pair) noexcept {
  std::int32_t both = 0;
  std::memcpy(&both, inputs + 2 * pair, sizeof both);
  return both;
}

// 4 x Vectors sums over all pairs. `stride`: int16 from a pair to the next.
template <std::size_t Vectors>
void block_of_four(const std::int16_t* inputs, std::size_t pairs, const std::int16_t* weights,
                   std::size_t stride, std::int32_t* sums) noexcept {
  __m128i totals[Vectors];
  for (__m128i& total : totals) total = _mm_setzero_si128();
  for (std::size_t pair = 0; pair < pairs; ++pair) {
    const std::int32_t both = pair_at(inputs, pair);
    if (both == 0) continue;
    const __m128i input = _mm_set1_epi32(both);
    const auto* row = reinterpret_cast<const __m128i*>(weights + pair * stride);
    for (std::size_t v = 0; v < Vectors; ++v) {
      const __m128i products = _mm_madd_epi16(input, _mm_loadu_si128(row + v));
      totals[v] = _mm_add_epi32(totals[v], products);
    }
  }
  for (std::size_t v = 0; v < Vectors; ++v) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(sums) + v, totals[v]);
  }
}

// 8 x Vectors sums.
template <std::size_t Vectors>
[[gnu::target("avx2")]] void block_of_eight(const std::int16_t* inputs, std::size_t pairs,
                                            const std::int16_t* weights, std::size_t stride,
                                            std::int32_t* sums) noexcept {
  __m256i totals[Vectors];
  for (__m256i& total : totals) total = _mm256_setzero_si256();
  for (std::size_t pair = 0; pair < pairs; ++pair) {
    const std::int32_t both = pair_at(inputs, pair);
    if (Vectors > 1 && both == 0) continue;  // one product costs less than a wrong guess
    const __m256i input = _mm256_set1_epi32(both);
    const auto* row = reinterpret_cast<const __m256i*>(weights + pair * stride);
    for (std::size_t v = 0; v < Vectors; ++v) {
      const __m256i products = _mm256_madd_epi16(input, _mm256_loadu_si256(row + v));
      totals[v] = _mm256_add_epi32(totals[v], products);
    }
  }
  for (std::size_t v = 0; v < Vectors; ++v) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(sums) + v, totals[v]);
  }
}

[[gnu::target("avx2")]] void multiply_by_eights(const std::int16_t* inputs, std::size_t pairs,
                                                const std::int16_t* weights, std::size_t outputs,
                                                std::int32_t* sums) noexcept {
  const std::size_t stride = 2 * outputs;
  std::size_t at = 0;
  for (; at + 64 <= outputs; at += 64) {
    block_of_eight<8>(inputs, pairs, weights + 2 * at, stride, sums + at);
  }
  for (; at + 32 <= outputs; at += 32) {
    block_of_eight<4>(inputs, pairs, weights + 2 * at, stride, sums + at);
  }
  for (; at + 8 <= outputs; at += 8) {
    block_of_eight<1>(inputs, pairs, weights + 2 * at, stride, sums + at);
  }
}

// 16 x Vectors sums.
template <std::size_t Vectors>
[[gnu::target("avx512f,avx512bw")]] void block_of_sixteen(const std::int16_t* inputs,
                                                          std::size_t pairs,
                                                          const std::int16_t* weights,
                                                          std::size_t stride,
                                                          std::int32_t* sums) noexcept {
  __m512i totals[Vectors];
  for (__m512i& total : totals) total = _mm512_setzero_si512();
  for (std::size_t pair = 0; pair < pairs; ++pair) {
    const __m512i input = _mm512_set1_epi32(pair_at(inputs, pair));
    const std::int16_t* row = weights + pair * stride;
    for (std::size_t v = 0; v < Vectors; ++v) {
      const __m512i products = _mm512_madd_epi16(input, _mm512_loadu_si512(row + 32 * v));
      totals[v] = _mm512_add_epi32(totals[v], products);
    }
  }
  for (std::size_t v = 0; v < Vectors; ++v) _mm512_storeu_si512(sums + 16 * v, totals[v]);
}

[[gnu::target("avx512f,avx512bw")]] void multiply_by_sixteens(const std::int16_t* inputs,
                                                              std::size_t pairs,
                                                              const std::int16_t* weights,
                                                              std::size_t outputs,
                                                              std::int32_t* sums) noexcept {
  const std::size_t stride = 2 * outputs;
  std::size_t at = 0;
  for (; at + 128 <= outputs; at += 128) {
    block_of_sixteen<8>(inputs, pairs, weights + 2 * at, stride, sums + at);
  }
  for (; at + 32 <= outputs; at += 32) {
    block_of_sixteen<2>(inputs, pairs, weights + 2 * at, stride, sums + at);
  }
  for (; at + 8 <= outputs; at += 8) {
    block_of_eight<1>(inputs, pairs, weights + 2 * at, stride, sums + at);
  }
}

void multiply_by_fours(const std::int16_t* inputs, std::size_t pairs, const std::int16_t* weights,
                       std::size_t outputs, std::int32_t* sums) noexcept {
  const std::size_t stride = 2 * outputs;
  std::size_t at = 0;
  for (; at + 32 <= outputs; at += 32) {
    block_of_four<8>(inputs, pairs, weights + 2 * at, stride, sums + at);
  }
  for (; at + 8 <= outputs; at += 8) {
    block_of_four<2>(inputs, pairs, weights + 2 * at, stride, sums + at);
  }
}

}  // namespace

std::vector<Multiply> all_multiplies() {
  std::vector<Multiply> all;
  if (__builtin_cpu_supports("avx512bw") != 0) all.push_back(multiply_by_sixteens);
  if (__builtin_cpu_supports("avx2") != 0) all.push_back(multiply_by_eights);
  all.insert(all.end(), {multiply_by_fours, multiply_plainly});
  return all;
}
#else
}  // namespace

std::vector<Multiply> all_multiplies() {
  return {multiply_plainly};
}
#endif

void multiply(const std::int16_t* inputs, std::size_t pairs, const std::int16_t* weights,
              std::size_t outputs, std::int32_t* sums) noexcept {
  static const Multiply kWidest = all_multiplies().front();
  kWidest(inputs, pairs, weights, outputs, sums);
}

}  // namespace tocsin
