#include "pipeline/syntax/layers.h"

#include <algorithm>
#include <cstring>

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

void multiply_onto_plainly(const std::int16_t* inputs, std::size_t pairs,
                           const std::int16_t* weights, std::size_t outputs, int bits,
                           const std::int16_t* row, std::int16_t limit,
                           std::int16_t* out) noexcept {
  for (std::size_t o = 0; o < outputs; ++o) {
    std::int32_t sum = 1 << (bits - 1);
    for (std::size_t pair = 0; pair < pairs; ++pair) {
      const std::int16_t* both = weights + 2 * (pair * outputs + o);
      sum += inputs[2 * pair] * both[0] + inputs[2 * pair + 1] * both[1];
    }
    const std::int32_t moved = (sum >> bits) + row[o];
    out[o] = static_cast<std::int16_t>(std::clamp<std::int32_t>(moved, -limit, limit));
  }
}

void add_and_rectify_plainly(const std::int16_t* const* rows, std::size_t count, std::size_t size,
                             std::int16_t* out) noexcept {
  for (std::size_t i = 0; i < size; ++i) {
    std::int16_t sum = 0;
    for (std::size_t r = 0; r < count; ++r) sum = static_cast<std::int16_t>(sum + rows[r][i]);
    out[i] = std::max<std::int16_t>(sum, 0);
  }
}

void sum_of_rows_plainly(const std::int8_t* table, const std::uint16_t* rows, std::size_t count,
                         std::int16_t* out) noexcept {
  std::fill_n(out, kRowSize, std::int16_t{0});
  for (std::size_t r = 0; r < count; ++r) {
    const std::int8_t* row = table + rows[r] * kRowSize;
    for (std::size_t i = 0; i < kRowSize; ++i) out[i] = static_cast<std::int16_t>(out[i] + row[i]);
  }
}

constexpr LayerCode kPlain = {multiply_plainly, multiply_onto_plainly, add_and_rectify_plainly,
                              sum_of_rows_plainly};

#if defined(__x86_64__)
// Both inputs of a pair as one number; 0 for half of what a ReLU lets through.
std::int32_t pair_at(const std::int16_t* inputs, std::size_t pair) noexcept {
  std::int32_t both = 0;
  std::memcpy(&both, inputs + 2 * pair, sizeof both);
  return both;
}

// Of multiply_onto: what is done with the sums.
struct Onto {
  int bits;
  const std::int16_t* row;
  std::int16_t limit;
  std::int16_t* out;
};

// Totals of 4 x Vectors outputs over all pairs. `stride`: int16 from a pair to the next.
template <std::size_t Vectors>
struct Fours {
  __m128i totals[Vectors];

  Fours(const std::int16_t* inputs, std::size_t pairs, const std::int16_t* weights,
        std::size_t stride) noexcept {
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
  }
  void store(std::int32_t* sums) const noexcept {
    for (std::size_t v = 0; v < Vectors; ++v) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(sums) + v, totals[v]);
    }
  }
  void store_onto(const Onto& onto, std::size_t at) const noexcept {
    const __m128i half = _mm_set1_epi32(1 << (onto.bits - 1));
    const __m128i bits = _mm_cvtsi32_si128(onto.bits);
    const __m128i limit = _mm_set1_epi16(onto.limit);
    const __m128i least = _mm_set1_epi16(static_cast<std::int16_t>(-onto.limit));
    for (std::size_t v = 0; v + 1 < Vectors; v += 2) {
      const auto* row = reinterpret_cast<const __m128i*>(onto.row + at + 4 * v);
      const __m128i rows = _mm_loadu_si128(row);
      const __m128i low = _mm_add_epi32(_mm_sra_epi32(_mm_add_epi32(totals[v], half), bits),
                                        _mm_cvtepi16_epi32(rows));
      const __m128i high = _mm_add_epi32(_mm_sra_epi32(_mm_add_epi32(totals[v + 1], half), bits),
                                         _mm_cvtepi16_epi32(_mm_srli_si128(rows, 8)));
      // What does not fit is beyond the limit either way.
      const __m128i packed = _mm_packs_epi32(low, high);
      const __m128i kept = _mm_max_epi16(_mm_min_epi16(packed, limit), least);
      _mm_storeu_si128(reinterpret_cast<__m128i*>(onto.out + at + 4 * v), kept);
    }
  }
};

void multiply_by_fours(const std::int16_t* inputs, std::size_t pairs, const std::int16_t* weights,
                       std::size_t outputs, std::int32_t* sums) noexcept {
  const std::size_t stride = 2 * outputs;
  std::size_t at = 0;
  for (; at + 32 <= outputs; at += 32) {
    Fours<8>(inputs, pairs, weights + 2 * at, stride).store(sums + at);
  }
  for (; at + 8 <= outputs; at += 8) {
    Fours<2>(inputs, pairs, weights + 2 * at, stride).store(sums + at);
  }
}

void multiply_onto_by_fours(const std::int16_t* inputs, std::size_t pairs,
                            const std::int16_t* weights, std::size_t outputs, int bits,
                            const std::int16_t* row, std::int16_t limit,
                            std::int16_t* out) noexcept {
  const Onto onto{bits, row, limit, out};
  for (std::size_t at = 0; at < outputs; at += 32) {
    Fours<8>(inputs, pairs, weights + 2 * at, 2 * outputs).store_onto(onto, at);
  }
}

void add_and_rectify_by_eights(const std::int16_t* const* rows, std::size_t count, std::size_t size,
                               std::int16_t* out) noexcept {
  constexpr std::size_t kVectors = kWideStep / 8;
  for (std::size_t at = 0; at < size; at += kWideStep) {
    __m128i totals[kVectors];
    for (__m128i& total : totals) total = _mm_setzero_si128();
    for (std::size_t r = 0; r < count; ++r) {
      const auto* row = reinterpret_cast<const __m128i*>(rows[r] + at);
      for (std::size_t v = 0; v < kVectors; ++v) {
        totals[v] = _mm_add_epi16(totals[v], _mm_loadu_si128(row + v));
      }
    }
    for (std::size_t v = 0; v < kVectors; ++v) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(out + at) + v,
                       _mm_max_epi16(totals[v], _mm_setzero_si128()));
    }
  }
}

void sum_of_rows_by_eights(const std::int8_t* table, const std::uint16_t* rows, std::size_t count,
                           std::int16_t* out) noexcept {
  constexpr std::size_t kVectors = kRowSize / 8;
  __m128i totals[kVectors];
  for (__m128i& total : totals) total = _mm_setzero_si128();
  for (std::size_t r = 0; r < count; ++r) {
    const std::int8_t* row = table + rows[r] * kRowSize;
    for (std::size_t v = 0; v < kVectors; ++v) {
      const __m128i part = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(row + 8 * v));
      totals[v] = _mm_add_epi16(totals[v], _mm_cvtepi8_epi16(part));
    }
  }
  for (std::size_t v = 0; v < kVectors; ++v) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out) + v, totals[v]);
  }
}

constexpr LayerCode kSse = {multiply_by_fours, multiply_onto_by_fours, add_and_rectify_by_eights,
                            sum_of_rows_by_eights};

// 8 x Vectors sums.
template <std::size_t Vectors>
[[gnu::target("avx2"), gnu::always_inline]] inline void sum_eights(
    const std::int16_t* inputs, std::size_t pairs, const std::int16_t* weights, std::size_t stride,
    __m256i (&totals)[Vectors]) noexcept {
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
}

template <std::size_t Vectors>
[[gnu::target("avx2")]] void block_of_eight(const std::int16_t* inputs, std::size_t pairs,
                                            const std::int16_t* weights, std::size_t stride,
                                            std::int32_t* sums) noexcept {
  __m256i totals[Vectors];
  sum_eights<Vectors>(inputs, pairs, weights, stride, totals);
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

[[gnu::target("avx2")]] void multiply_onto_by_eights(const std::int16_t* inputs, std::size_t pairs,
                                                     const std::int16_t* weights,
                                                     std::size_t outputs, int bits,
                                                     const std::int16_t* row, std::int16_t limit,
                                                     std::int16_t* out) noexcept {
  const __m256i half = _mm256_set1_epi32(1 << (bits - 1));
  const __m128i shift = _mm_cvtsi32_si128(bits);
  const __m256i most = _mm256_set1_epi16(limit);
  const __m256i least = _mm256_set1_epi16(static_cast<std::int16_t>(-limit));
  for (std::size_t at = 0; at < outputs; at += kWideStep) {
    __m256i totals[8];
    sum_eights<8>(inputs, pairs, weights + 2 * at, 2 * outputs, totals);
    for (std::size_t v = 0; v < 8; v += 2) {
      const auto* rows = reinterpret_cast<const __m128i*>(row + at + 8 * v);
      const __m256i low =
          _mm256_add_epi32(_mm256_sra_epi32(_mm256_add_epi32(totals[v], half), shift),
                           _mm256_cvtepi16_epi32(_mm_loadu_si128(rows)));
      const __m256i high =
          _mm256_add_epi32(_mm256_sra_epi32(_mm256_add_epi32(totals[v + 1], half), shift),
                           _mm256_cvtepi16_epi32(_mm_loadu_si128(rows + 1)));
      // Packs within halves of 128 bits: the middle quarters change places.
      const __m256i packed = _mm256_permute4x64_epi64(_mm256_packs_epi32(low, high), 0xD8);
      const __m256i kept = _mm256_max_epi16(_mm256_min_epi16(packed, most), least);
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + at + 8 * v), kept);
    }
  }
}

[[gnu::target("avx2")]] void add_and_rectify_by_sixteens(const std::int16_t* const* rows,
                                                         std::size_t count, std::size_t size,
                                                         std::int16_t* out) noexcept {
  constexpr std::size_t kVectors = kWideStep / 16;
  for (std::size_t at = 0; at < size; at += kWideStep) {
    __m256i totals[kVectors];
    for (__m256i& total : totals) total = _mm256_setzero_si256();
    for (std::size_t r = 0; r < count; ++r) {
      const auto* row = reinterpret_cast<const __m256i*>(rows[r] + at);
      for (std::size_t v = 0; v < kVectors; ++v) {
        totals[v] = _mm256_add_epi16(totals[v], _mm256_loadu_si256(row + v));
      }
    }
    for (std::size_t v = 0; v < kVectors; ++v) {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + at) + v,
                          _mm256_max_epi16(totals[v], _mm256_setzero_si256()));
    }
  }
}

[[gnu::target("avx2")]] void sum_of_rows_by_sixteens(const std::int8_t* table,
                                                     const std::uint16_t* rows, std::size_t count,
                                                     std::int16_t* out) noexcept {
  __m256i low = _mm256_setzero_si256();
  __m256i high = _mm256_setzero_si256();
  for (std::size_t r = 0; r < count; ++r) {
    const auto* row = reinterpret_cast<const __m128i*>(table + rows[r] * kRowSize);
    low = _mm256_add_epi16(low, _mm256_cvtepi8_epi16(_mm_loadu_si128(row)));
    high = _mm256_add_epi16(high, _mm256_cvtepi8_epi16(_mm_loadu_si128(row + 1)));
  }
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), low);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(out) + 1, high);
}

constexpr LayerCode kAvx2 = {multiply_by_eights, multiply_onto_by_eights,
                             add_and_rectify_by_sixteens, sum_of_rows_by_sixteens};

// GCC 12 warns of the forms without a mask; they come out the same.
constexpr __mmask16 kAll = 0xFFFF;
constexpr __mmask32 kAll16 = 0xFFFFFFFF;

// 16 x Vectors sums. A product waits five cycles for the one before it in its total, so there are
// Strands totals of each output.
template <std::size_t Vectors, std::size_t Strands>
[[gnu::target("avx512f,avx512bw,avx512vnni"), gnu::always_inline]] inline void sum_sixteens(
    const std::int16_t* inputs, std::size_t pairs, const std::int16_t* weights, std::size_t stride,
    __m512i (&totals)[Vectors]) noexcept {
  __m512i strands[Strands][Vectors];
  for (auto& strand : strands) {
    for (__m512i& total : strand) total = _mm512_setzero_si512();
  }
  std::size_t pair = 0;
  for (; pair + Strands <= pairs; pair += Strands) {
    for (std::size_t s = 0; s < Strands; ++s) {
      const __m512i input = _mm512_set1_epi32(pair_at(inputs, pair + s));
      const std::int16_t* row = weights + (pair + s) * stride;
      for (std::size_t v = 0; v < Vectors; ++v) {
        strands[s][v] = _mm512_dpwssd_epi32(strands[s][v], input, _mm512_loadu_si512(row + 32 * v));
      }
    }
  }
  for (; pair < pairs; ++pair) {
    const __m512i input = _mm512_set1_epi32(pair_at(inputs, pair));
    const std::int16_t* row = weights + pair * stride;
    for (std::size_t v = 0; v < Vectors; ++v) {
      strands[0][v] = _mm512_dpwssd_epi32(strands[0][v], input, _mm512_loadu_si512(row + 32 * v));
    }
  }
  for (std::size_t v = 0; v < Vectors; ++v) {
    totals[v] = strands[0][v];
    for (std::size_t s = 1; s < Strands; ++s)
      totals[v] = _mm512_add_epi32(totals[v], strands[s][v]);
  }
}

template <std::size_t Vectors, std::size_t Strands>
[[gnu::target("avx512f,avx512bw,avx512vnni")]] void block_of_sixteen(const std::int16_t* inputs,
                                                                     std::size_t pairs,
                                                                     const std::int16_t* weights,
                                                                     std::size_t stride,
                                                                     std::int32_t* sums) noexcept {
  __m512i totals[Vectors];
  sum_sixteens<Vectors, Strands>(inputs, pairs, weights, stride, totals);
  for (std::size_t v = 0; v < Vectors; ++v) _mm512_storeu_si512(sums + 16 * v, totals[v]);
}

[[gnu::target("avx512f,avx512bw,avx512vnni")]] void multiply_by_sixteens(
    const std::int16_t* inputs, std::size_t pairs, const std::int16_t* weights, std::size_t outputs,
    std::int32_t* sums) noexcept {
  const std::size_t stride = 2 * outputs;
  std::size_t at = 0;
  for (; at + 128 <= outputs; at += 128) {
    block_of_sixteen<8, 1>(inputs, pairs, weights + 2 * at, stride, sums + at);
  }
  for (; at + 64 <= outputs; at += 64) {
    block_of_sixteen<4, 2>(inputs, pairs, weights + 2 * at, stride, sums + at);
  }
  for (; at + 32 <= outputs; at += 32) {
    block_of_sixteen<2, 4>(inputs, pairs, weights + 2 * at, stride, sums + at);
  }
  for (; at + 8 <= outputs; at += 8) {
    block_of_eight<1>(inputs, pairs, weights + 2 * at, stride, sums + at);
  }
}

template <std::size_t Vectors, std::size_t Strands>
[[gnu::target("avx512f,avx512bw,avx512vnni")]] void block_onto(const std::int16_t* inputs,
                                                               std::size_t pairs,
                                                               const std::int16_t* weights,
                                                               std::size_t stride,
                                                               const Onto& onto) noexcept {
  __m512i totals[Vectors];
  sum_sixteens<Vectors, Strands>(inputs, pairs, weights, stride, totals);
  const __m512i half = _mm512_set1_epi32(1 << (onto.bits - 1));
  const __m128i shift = _mm_cvtsi32_si128(onto.bits);
  const __m512i most = _mm512_set1_epi32(onto.limit);
  const __m512i least = _mm512_set1_epi32(-onto.limit);
  for (std::size_t v = 0; v < Vectors; ++v) {
    const auto* row = reinterpret_cast<const __m256i*>(onto.row + 16 * v);
    const __m512i moved = _mm512_maskz_sra_epi32(kAll, _mm512_add_epi32(totals[v], half), shift);
    const __m512i sum =
        _mm512_add_epi32(moved, _mm512_maskz_cvtepi16_epi32(kAll, _mm256_loadu_si256(row)));
    const __m512i kept =
        _mm512_maskz_max_epi32(kAll, _mm512_maskz_min_epi32(kAll, sum, most), least);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(onto.out + 16 * v),
                        _mm512_maskz_cvtepi32_epi16(kAll, kept));
  }
}

[[gnu::target("avx512f,avx512bw,avx512vnni")]] void multiply_onto_by_sixteens(
    const std::int16_t* inputs, std::size_t pairs, const std::int16_t* weights, std::size_t outputs,
    int bits, const std::int16_t* row, std::int16_t limit, std::int16_t* out) noexcept {
  const std::size_t stride = 2 * outputs;
  std::size_t at = 0;
  for (; at + 128 <= outputs; at += 128) {
    block_onto<8, 1>(inputs, pairs, weights + 2 * at, stride, {bits, row + at, limit, out + at});
  }
  for (; at < outputs; at += 64) {
    block_onto<4, 2>(inputs, pairs, weights + 2 * at, stride, {bits, row + at, limit, out + at});
  }
}

[[gnu::target("avx512f,avx512bw")]] void add_and_rectify_by_thirties(
    const std::int16_t* const* rows, std::size_t count, std::size_t size,
    std::int16_t* out) noexcept {
  constexpr std::size_t kVectors = 2 * kWideStep / 32;
  std::size_t at = 0;
  for (; at + 2 * kWideStep <= size; at += 2 * kWideStep) {
    __m512i totals[kVectors];
    for (__m512i& total : totals) total = _mm512_setzero_si512();
    for (std::size_t r = 0; r < count; ++r) {
      const std::int16_t* row = rows[r] + at;
      for (std::size_t v = 0; v < kVectors; ++v) {
        totals[v] = _mm512_add_epi16(totals[v], _mm512_loadu_si512(row + 32 * v));
      }
    }
    for (std::size_t v = 0; v < kVectors; ++v) {
      _mm512_storeu_si512(out + at + 32 * v,
                          _mm512_maskz_max_epi16(kAll16, totals[v], _mm512_setzero_si512()));
    }
  }
  if (at == size) return;
  for (std::size_t v = 0; v < kVectors / 2; ++v) {
    __m512i total = _mm512_setzero_si512();
    for (std::size_t r = 0; r < count; ++r) {
      total = _mm512_add_epi16(total, _mm512_loadu_si512(rows[r] + at + 32 * v));
    }
    _mm512_storeu_si512(out + at + 32 * v,
                        _mm512_maskz_max_epi16(kAll16, total, _mm512_setzero_si512()));
  }
}

constexpr LayerCode kAvx512 = {multiply_by_sixteens, multiply_onto_by_sixteens,
                               add_and_rectify_by_thirties, sum_of_rows_by_sixteens};
#endif

}  // namespace

std::vector<LayerCode> all_layer_codes() {
  std::vector<LayerCode> all;
#if defined(__x86_64__)
  const bool has_wide = __builtin_cpu_supports("avx512bw") != 0;
  const bool has_avx2 = __builtin_cpu_supports("avx2") != 0;
  if (has_avx2 && has_wide && __builtin_cpu_supports("avx512vnni") != 0) all.push_back(kAvx512);
  if (has_avx2) all.push_back(kAvx2);
  all.push_back(kSse);
#endif
  all.push_back(kPlain);
  return all;
}

const LayerCode& layer_code() noexcept {
  static const LayerCode kWidest = all_layer_codes().front();
  return kWidest;
}

}  // namespace tocsin
