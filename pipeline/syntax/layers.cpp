#include "pipeline/syntax/layers.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace tocsin {
namespace {

void multiply_plainly(const std::int16_t* inputs, const LayerWeights& weights,
                      std::int32_t* sums) noexcept {
  std::fill_n(sums, weights.outputs, 0);
  for (std::size_t pair = 0; pair < weights.pairs; ++pair) {
    const std::int32_t a = inputs[2 * pair];
    const std::int32_t b = inputs[2 * pair + 1];
    const std::int16_t* row = weights.packed + pair * 2 * weights.outputs;
    for (std::size_t o = 0; o < weights.outputs; ++o) {
      sums[o] += a * row[2 * o] + b * row[2 * o + 1];
    }
  }
}

// What multiply_onto does with the sums of one token.
struct Onto {
  int bits;
  const std::int16_t* row;
  std::int16_t limit;
  std::int16_t* out;
};

void onto_plainly(const std::int16_t* inputs, const LayerWeights& weights,
                  const Onto& onto) noexcept {
  for (std::size_t o = 0; o < weights.outputs; ++o) {
    std::int32_t sum = 1 << (onto.bits - 1);
    for (std::size_t pair = 0; pair < weights.pairs; ++pair) {
      const std::int16_t* both = weights.packed + 2 * (pair * weights.outputs + o);
      sum += inputs[2 * pair] * both[0] + inputs[2 * pair + 1] * both[1];
    }
    const std::int32_t moved = (sum >> onto.bits) + onto.row[o];
    onto.out[o] =
        static_cast<std::int16_t>(std::clamp<std::int32_t>(moved, -onto.limit, onto.limit));
  }
}

const std::int16_t* addend_of(const TokenAddends& addends, std::size_t token,
                              std::size_t outputs) noexcept {
  return addends.row_of == nullptr ? addends.rows : addends.rows + addends.row_of[token] * outputs;
}

// Token by token.
template <void (*one)(const std::int16_t*, const LayerWeights&, const Onto&) noexcept>
void multiply_each_onto(const TokenInputs& inputs, const LayerWeights& weights, int bits,
                        const TokenAddends& addends, std::int16_t limit, std::int16_t* out,
                        std::size_t stride) noexcept {
  for (std::size_t i = 0; i < inputs.count; ++i) {
    one(inputs.first + i * inputs.stride, weights,
        {bits, addend_of(addends, i, weights.outputs), limit, out + i * stride});
  }
}

// The same of mix: `own` and `out` of one token.
void mix_sums(const std::int32_t* sums, const std::int32_t* bias, int bits, std::int16_t limit,
              const std::int16_t* own, std::int16_t* out) noexcept {
  const std::int32_t half = 1 << (bits - 1);
  for (std::size_t o = 0; o < kRowSize; ++o) {
    const std::int32_t sum = (sums[o] + bias[o] + half) >> bits;
    out[o] = static_cast<std::int16_t>(own[o] + std::clamp<std::int32_t>(sum, 0, limit));
  }
}

template <void (*multiply)(const std::int16_t*, const LayerWeights&, std::int32_t*) noexcept>
void mix_each(const TokenInputs& inputs, const LayerWeights& weights, const std::int32_t* bias,
              int bits, std::int16_t limit, const std::int16_t* own, std::int16_t* out) noexcept {
  alignas(kCacheLine) std::int32_t sums[kRowSize];
  for (std::size_t i = 0; i < inputs.count; ++i) {
    const std::size_t at = i * inputs.stride;
    multiply(inputs.first + at, weights, sums);
    mix_sums(sums, bias, bits, limit, own + at, out + at);
  }
}

void multiply_few_plainly(const std::int16_t* inputs, std::size_t count,
                          const std::int16_t* weights, std::size_t outputs,
                          std::int32_t* sums) noexcept {
  for (std::size_t o = 0; o < outputs; ++o) {
    std::int32_t sum = 0;
    for (std::size_t i = 0; i < count; ++i) sum += inputs[i] * weights[o * count + i];
    sums[o] = sum;
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
                         std::int16_t* first, std::int16_t* second) noexcept {
  std::fill_n(first, kRowSize, std::int16_t{0});
  std::fill_n(second, kRowSize, std::int16_t{0});
  for (std::size_t r = 0; r < count; ++r) {
    const std::int8_t* row = table + rows[r] * 2 * kRowSize;
    for (std::size_t i = 0; i < kRowSize; ++i) {
      first[i] = static_cast<std::int16_t>(first[i] + row[i]);
      second[i] = static_cast<std::int16_t>(second[i] + row[kRowSize + i]);
    }
  }
}

// In passes of whole vectors, none of which waits for what it found before.
std::size_t add_and_choose_plainly(std::int32_t* sums, const std::int32_t* biases,
                                   std::size_t count) noexcept {
  std::array<std::int32_t, kOutputsStep> lanes;
  lanes.fill(kNever);
  for (std::size_t at = 0; at < count; at += kOutputsStep) {
    for (std::size_t i = 0; i < kOutputsStep; ++i) {
      sums[at + i] += biases[at + i];
      lanes[i] = std::max(lanes[i], sums[at + i]);
    }
  }
  const std::int32_t most = *std::max_element(lanes.begin(), lanes.end());
  const auto none = static_cast<std::int32_t>(count);
  lanes.fill(none);
  for (std::size_t at = 0; at < count; at += kOutputsStep) {
    for (std::size_t i = 0; i < kOutputsStep; ++i) {
      const std::int32_t place = sums[at + i] == most ? static_cast<std::int32_t>(at + i) : none;
      lanes[i] = std::min(lanes[i], place);
    }
  }
  return static_cast<std::size_t>(*std::min_element(lanes.begin(), lanes.end()));
}

constexpr LayerCode kPlain = {multiply_plainly,           multiply_each_onto<onto_plainly>,
                              mix_each<multiply_plainly>, multiply_few_plainly,
                              add_and_rectify_plainly,    sum_of_rows_plainly,
                              add_and_choose_plainly};

#if defined(__x86_64__)
// Both inputs of a pair as one number; 0 for half of what a ReLU lets through.
std::int32_t pair_at(const std::int16_t* inputs, std::size_t pair) noexcept {
  std::int32_t both = 0;
  std::memcpy(&both, inputs + 2 * pair, sizeof both);
  return both;
}

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

void multiply_by_fours(const std::int16_t* inputs, const LayerWeights& weights,
                       std::int32_t* sums) noexcept {
  const std::size_t stride = 2 * weights.outputs;
  std::size_t at = 0;
  for (; at + 32 <= weights.outputs; at += 32) {
    Fours<8>(inputs, weights.pairs, weights.packed + 2 * at, stride).store(sums + at);
  }
  for (; at + 8 <= weights.outputs; at += 8) {
    Fours<2>(inputs, weights.pairs, weights.packed + 2 * at, stride).store(sums + at);
  }
}

void onto_by_fours(const std::int16_t* inputs, const LayerWeights& weights,
                   const Onto& onto) noexcept {
  for (std::size_t at = 0; at < weights.outputs; at += 32) {
    Fours<8>(inputs, weights.pairs, weights.packed + 2 * at, 2 * weights.outputs)
        .store_onto(onto, at);
  }
}

std::int32_t sum_of(__m128i totals) noexcept {
  const __m128i halves = _mm_add_epi32(totals, _mm_shuffle_epi32(totals, 0x4E));
  return _mm_cvtsi128_si32(_mm_add_epi32(halves, _mm_shuffle_epi32(halves, 0xB1)));
}

void multiply_few_by_eights(const std::int16_t* inputs, std::size_t count,
                            const std::int16_t* weights, std::size_t outputs,
                            std::int32_t* sums) noexcept {
  for (std::size_t o = 0; o < outputs; ++o) {
    __m128i total = _mm_setzero_si128();
    for (std::size_t i = 0; i < count; i += 8) {
      const auto* input = reinterpret_cast<const __m128i*>(inputs + i);
      const auto* row = reinterpret_cast<const __m128i*>(weights + o * count + i);
      total = _mm_add_epi32(total, _mm_madd_epi16(_mm_loadu_si128(input), _mm_loadu_si128(row)));
    }
    sums[o] = sum_of(total);
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
                           std::int16_t* first, std::int16_t* second) noexcept {
  constexpr std::size_t kVectors = 2 * kRowSize / 8;
  __m128i totals[kVectors];
  for (__m128i& total : totals) total = _mm_setzero_si128();
  for (std::size_t r = 0; r < count; ++r) {
    const std::int8_t* row = table + rows[r] * 2 * kRowSize;
    for (std::size_t v = 0; v < kVectors; ++v) {
      const __m128i part = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(row + 8 * v));
      totals[v] = _mm_add_epi16(totals[v], _mm_cvtepi8_epi16(part));
    }
  }
  for (std::size_t v = 0; v < kVectors / 2; ++v) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(first) + v, totals[v]);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(second) + v, totals[kVectors / 2 + v]);
  }
}

constexpr LayerCode kSse = {multiply_by_fours,           multiply_each_onto<onto_by_fours>,
                            mix_each<multiply_by_fours>, multiply_few_by_eights,
                            add_and_rectify_by_eights,   sum_of_rows_by_eights,
                            add_and_choose_plainly};

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

[[gnu::target("avx2")]] void multiply_by_eights(const std::int16_t* inputs,
                                                const LayerWeights& weights,
                                                std::int32_t* sums) noexcept {
  const std::size_t stride = 2 * weights.outputs;
  std::size_t at = 0;
  for (; at + 64 <= weights.outputs; at += 64) {
    block_of_eight<8>(inputs, weights.pairs, weights.packed + 2 * at, stride, sums + at);
  }
  for (; at + 32 <= weights.outputs; at += 32) {
    block_of_eight<4>(inputs, weights.pairs, weights.packed + 2 * at, stride, sums + at);
  }
  for (; at + 8 <= weights.outputs; at += 8) {
    block_of_eight<1>(inputs, weights.pairs, weights.packed + 2 * at, stride, sums + at);
  }
}

[[gnu::target("avx2")]] void onto_by_eights(const std::int16_t* inputs, const LayerWeights& weights,
                                            const Onto& onto) noexcept {
  const __m256i half = _mm256_set1_epi32(1 << (onto.bits - 1));
  const __m128i shift = _mm_cvtsi32_si128(onto.bits);
  const __m256i most = _mm256_set1_epi16(onto.limit);
  const __m256i least = _mm256_set1_epi16(static_cast<std::int16_t>(-onto.limit));
  for (std::size_t at = 0; at < weights.outputs; at += kWideStep) {
    __m256i totals[8];
    sum_eights<8>(inputs, weights.pairs, weights.packed + 2 * at, 2 * weights.outputs, totals);
    for (std::size_t v = 0; v < 8; v += 2) {
      const auto* rows = reinterpret_cast<const __m128i*>(onto.row + at + 8 * v);
      const __m256i low =
          _mm256_add_epi32(_mm256_sra_epi32(_mm256_add_epi32(totals[v], half), shift),
                           _mm256_cvtepi16_epi32(_mm_loadu_si128(rows)));
      const __m256i high =
          _mm256_add_epi32(_mm256_sra_epi32(_mm256_add_epi32(totals[v + 1], half), shift),
                           _mm256_cvtepi16_epi32(_mm_loadu_si128(rows + 1)));
      // Packs within halves of 128 bits: the middle quarters change places.
      const __m256i packed = _mm256_permute4x64_epi64(_mm256_packs_epi32(low, high), 0xD8);
      const __m256i kept = _mm256_max_epi16(_mm256_min_epi16(packed, most), least);
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(onto.out + at + 8 * v), kept);
    }
  }
}

[[gnu::target("avx2")]] void multiply_few_by_sixteens(const std::int16_t* inputs, std::size_t count,
                                                      const std::int16_t* weights,
                                                      std::size_t outputs,
                                                      std::int32_t* sums) noexcept {
  for (std::size_t o = 0; o < outputs; ++o) {
    __m256i total = _mm256_setzero_si256();
    for (std::size_t i = 0; i < count; i += 16) {
      const auto* input = reinterpret_cast<const __m256i*>(inputs + i);
      const auto* row = reinterpret_cast<const __m256i*>(weights + o * count + i);
      total = _mm256_add_epi32(
          total, _mm256_madd_epi16(_mm256_loadu_si256(input), _mm256_loadu_si256(row)));
    }
    sums[o] =
        sum_of(_mm_add_epi32(_mm256_castsi256_si128(total), _mm256_extracti128_si256(total, 1)));
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
                                                     std::int16_t* first,
                                                     std::int16_t* second) noexcept {
  constexpr std::size_t kVectors = 2 * kRowSize / 16;
  __m256i totals[kVectors];
  for (__m256i& total : totals) total = _mm256_setzero_si256();
  for (std::size_t r = 0; r < count; ++r) {
    const auto* row = reinterpret_cast<const __m128i*>(table + rows[r] * 2 * kRowSize);
    for (std::size_t v = 0; v < kVectors; ++v) {
      totals[v] = _mm256_add_epi16(totals[v], _mm256_cvtepi8_epi16(_mm_loadu_si128(row + v)));
    }
  }
  for (std::size_t v = 0; v < kVectors / 2; ++v) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(first) + v, totals[v]);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(second) + v, totals[kVectors / 2 + v]);
  }
}

// The largest of four in each of them.
__m128i largest(__m128i values) noexcept {
  const __m128i pairs = _mm_max_epi32(values, _mm_shuffle_epi32(values, 0x4E));
  return _mm_max_epi32(pairs, _mm_shuffle_epi32(pairs, 0xB1));
}

[[gnu::target("avx2")]] std::size_t add_and_choose_by_eights(std::int32_t* sums,
                                                             const std::int32_t* biases,
                                                             std::size_t count) noexcept {
  __m256i most = _mm256_set1_epi32(kNever);
  for (std::size_t at = 0; at < count; at += 8) {
    auto* const to = reinterpret_cast<__m256i*>(sums + at);
    const auto* const bias = reinterpret_cast<const __m256i*>(biases + at);
    const __m256i sum = _mm256_add_epi32(_mm256_loadu_si256(to), _mm256_loadu_si256(bias));
    _mm256_storeu_si256(to, sum);
    most = _mm256_max_epi32(most, sum);
  }
  const __m256i wanted = _mm256_broadcastd_epi32(
      largest(_mm_max_epi32(_mm256_castsi256_si128(most), _mm256_extracti128_si256(most, 1))));
  for (std::size_t at = 0; at < count; at += 8) {
    const __m256i sum = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(sums + at));
    const __m256i same = _mm256_cmpeq_epi32(sum, wanted);
    const auto lanes = static_cast<unsigned>(_mm256_movemask_ps(_mm256_castsi256_ps(same)));
    if (lanes != 0) return at + static_cast<std::size_t>(std::countr_zero(lanes));
  }
  return 0;
}

constexpr LayerCode kAvx2 = {multiply_by_eights,           multiply_each_onto<onto_by_eights>,
                             mix_each<multiply_by_eights>, multiply_few_by_sixteens,
                             add_and_rectify_by_sixteens,  sum_of_rows_by_sixteens,
                             add_and_choose_by_eights};

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
    const std::int16_t* inputs, const LayerWeights& weights, std::int32_t* sums) noexcept {
  const std::size_t stride = 2 * weights.outputs;
  std::size_t at = 0;
  for (; at + 128 <= weights.outputs; at += 128) {
    block_of_sixteen<8, 1>(inputs, weights.pairs, weights.packed + 2 * at, stride, sums + at);
  }
  for (; at + 64 <= weights.outputs; at += 64) {
    block_of_sixteen<4, 2>(inputs, weights.pairs, weights.packed + 2 * at, stride, sums + at);
  }
  for (; at + 48 <= weights.outputs; at += 48) {
    block_of_sixteen<3, 4>(inputs, weights.pairs, weights.packed + 2 * at, stride, sums + at);
  }
  for (; at < weights.outputs; at += 16) {
    block_of_sixteen<1, 4>(inputs, weights.pairs, weights.packed + 2 * at, stride, sums + at);
  }
}

// 16 x Vectors sums of each of some tokens: a weight is fetched once for all of them, and no
// product waits for the one before it.
template <std::size_t Vectors, std::size_t Tokens>
[[gnu::target("avx512f,avx512bw,avx512vnni"), gnu::always_inline]] inline void sum_tile(
    const std::int16_t* inputs, std::size_t input_stride, std::size_t pairs,
    const std::int16_t* weights, std::size_t stride, __m512i start,
    __m512i (&totals)[Tokens][Vectors]) noexcept {
  for (auto& token : totals) {
    for (__m512i& total : token) total = start;
  }
  for (std::size_t pair = 0; pair < pairs; ++pair) {
    __m512i row[Vectors];
    for (std::size_t v = 0; v < Vectors; ++v) {
      row[v] = _mm512_loadu_si512(weights + pair * stride + 32 * v);
    }
    for (std::size_t t = 0; t < Tokens; ++t) {
      const __m512i input = _mm512_set1_epi32(pair_at(inputs + t * input_stride, pair));
      for (std::size_t v = 0; v < Vectors; ++v) {
        // In place: with so many totals GCC copies each there and back, as long as a product takes.
        if constexpr (Vectors == 8) {
          asm("vpdpwssd %2, %1, %0" : "+v"(totals[t][v]) : "v"(input), "v"(row[v]));
        } else {
          totals[t][v] = _mm512_dpwssd_epi32(totals[t][v], input, row[v]);
        }
      }
    }
  }
}

// The totals hold the half already that rounds them. What does not fit into 16 bits is beyond the
// limit either way.
template <std::size_t Vectors>
[[gnu::target("avx512f,avx512bw,avx512vnni"), gnu::always_inline]] inline void store_onto(
    const __m512i (&totals)[Vectors], const Onto& onto) noexcept {
  const __m512i bits = _mm512_set1_epi32(onto.bits);
  const __m512i most = _mm512_set1_epi16(onto.limit);
  const __m512i least = _mm512_set1_epi16(static_cast<std::int16_t>(-onto.limit));
  const __m512i order = _mm512_set_epi64(7, 5, 3, 1, 6, 4, 2, 0);
  for (std::size_t v = 0; v < Vectors; v += 2) {
    const __m512i low = _mm512_maskz_srav_epi32(kAll, totals[v], bits);
    const __m512i high = _mm512_maskz_srav_epi32(kAll, totals[v + 1], bits);
    const __m512i packed =
        _mm512_maskz_permutexvar_epi64(0xFF, order, _mm512_packs_epi32(low, high));
    const __m512i sum = _mm512_adds_epi16(packed, _mm512_loadu_si512(onto.row + 16 * v));
    const __m512i kept =
        _mm512_maskz_max_epi16(kAll16, _mm512_maskz_min_epi16(kAll16, sum, most), least);
    _mm512_storeu_si512(onto.out + 16 * v, kept);
  }
}

// multiply_onto for 16 x Vectors outputs from `at` on, Tokens at a time; the last ones overlap.
struct OntoAll {
  TokenInputs inputs;
  LayerWeights weights;
  int bits;
  TokenAddends addends;
  std::int16_t limit;
  std::int16_t* out;
  std::size_t stride;
};

template <std::size_t Vectors, std::size_t Tokens>
[[gnu::target("avx512f,avx512bw,avx512vnni"), gnu::always_inline]] inline void onto_tile(
    const OntoAll& all, std::size_t at, std::size_t token) noexcept {
  __m512i totals[Tokens][Vectors];
  const __m512i half = _mm512_set1_epi32(1 << (all.bits - 1));
  sum_tile<Vectors, Tokens>(all.inputs.first + token * all.inputs.stride, all.inputs.stride,
                            all.weights.pairs, all.weights.packed + 2 * at, 2 * all.weights.outputs,
                            half, totals);
  for (std::size_t t = 0; t < Tokens; ++t) {
    store_onto(totals[t], {all.bits, addend_of(all.addends, token + t, all.weights.outputs) + at,
                           all.limit, all.out + (token + t) * all.stride + at});
  }
}

template <std::size_t Vectors, std::size_t Tokens>
[[gnu::target("avx512f,avx512bw,avx512vnni")]] void onto_tiles(const OntoAll& all,
                                                               std::size_t at) noexcept {
  const std::size_t count = all.inputs.count;
  if (count < Tokens) {
    for (std::size_t token = 0; token < count; ++token) onto_tile<Vectors, 1>(all, at, token);
    return;
  }
  for (std::size_t token = 0; token + Tokens < count; token += Tokens) {
    onto_tile<Vectors, Tokens>(all, at, token);
  }
  onto_tile<Vectors, Tokens>(all, at, count - Tokens);
}

[[gnu::target("avx512f,avx512bw,avx512vnni")]] void multiply_onto_by_sixteens(
    const TokenInputs& inputs, const LayerWeights& weights, int bits, const TokenAddends& addends,
    std::int16_t limit, std::int16_t* out, std::size_t stride) noexcept {
  const OntoAll all{inputs, weights, bits, addends, limit, out, stride};
  std::size_t at = 0;
  for (; at + 128 <= weights.outputs; at += 128) onto_tiles<8, 2>(all, at);
  for (; at < weights.outputs; at += 64) onto_tiles<4, 4>(all, at);
}

// mix for Tokens of them.
template <std::size_t Tokens>
[[gnu::target("avx512f,avx512bw,avx512vnni"), gnu::always_inline]] inline void mix_tile(
    const std::int16_t* inputs, std::size_t stride, const LayerWeights& weights,
    const std::int32_t* bias, int bits, std::int16_t limit, const std::int16_t* own,
    std::int16_t* out) noexcept {
  constexpr std::size_t kVectors = kRowSize / 16;
  __m512i totals[Tokens][kVectors];
  sum_tile<kVectors, Tokens>(inputs, stride, weights.pairs, weights.packed, 2 * weights.outputs,
                             _mm512_setzero_si512(), totals);
  const __m512i half = _mm512_set1_epi32(1 << (bits - 1));
  const __m128i shift = _mm_cvtsi32_si128(bits);
  const __m512i most = _mm512_set1_epi32(limit);
  for (std::size_t v = 0; v < kVectors; ++v) {
    const __m512i more = _mm512_add_epi32(_mm512_loadu_si512(bias + 16 * v), half);
    for (std::size_t t = 0; t < Tokens; ++t) {
      const __m512i sum = _mm512_maskz_sra_epi32(kAll, _mm512_add_epi32(totals[t][v], more), shift);
      const __m512i kept = _mm512_maskz_min_epi32(
          kAll, _mm512_maskz_max_epi32(kAll, sum, _mm512_setzero_si512()), most);
      const auto* from = reinterpret_cast<const __m256i*>(own + t * stride + 16 * v);
      _mm256_storeu_si256(
          reinterpret_cast<__m256i*>(out + t * stride + 16 * v),
          _mm256_add_epi16(_mm256_loadu_si256(from), _mm512_maskz_cvtepi32_epi16(kAll, kept)));
    }
  }
}

[[gnu::target("avx512f,avx512bw,avx512vnni")]] void mix_by_sixteens(
    const TokenInputs& inputs, const LayerWeights& weights, const std::int32_t* bias, int bits,
    std::int16_t limit, const std::int16_t* own, std::int16_t* out) noexcept {
  const std::size_t stride = inputs.stride;
  const std::size_t count = inputs.count;
  const std::size_t step = count >= 8 ? 8 : count >= 3 ? 3 : 1;
  for (std::size_t token = 0; token < count; token += step) {
    const std::size_t at = std::min(token, count - step) * stride;  // the last ones overlap
    const std::int16_t* from = inputs.first + at;
    if (step == 8) mix_tile<8>(from, stride, weights, bias, bits, limit, own + at, out + at);
    if (step == 3) mix_tile<3>(from, stride, weights, bias, bits, limit, own + at, out + at);
    if (step == 1) mix_tile<1>(from, stride, weights, bias, bits, limit, own + at, out + at);
  }
}

[[gnu::target("avx512f,avx512bw,avx512vnni")]] void multiply_few_by_thirties(
    const std::int16_t* inputs, std::size_t count, const std::int16_t* weights, std::size_t outputs,
    std::int32_t* sums) noexcept {
  for (std::size_t o = 0; o < outputs; ++o) {
    __m512i total = _mm512_setzero_si512();
    for (std::size_t i = 0; i < count; i += 32) {
      total = _mm512_dpwssd_epi32(total, _mm512_loadu_si512(inputs + i),
                                  _mm512_loadu_si512(weights + o * count + i));
    }
    const __m256i halves = _mm256_add_epi32(_mm512_maskz_extracti64x4_epi64(0xFF, total, 0),
                                            _mm512_maskz_extracti64x4_epi64(0xFF, total, 1));
    sums[o] =
        sum_of(_mm_add_epi32(_mm256_castsi256_si128(halves), _mm256_extracti128_si256(halves, 1)));
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

[[gnu::target("avx512f,avx512bw")]] std::size_t add_and_choose_by_sixteens(
    std::int32_t* sums, const std::int32_t* biases, std::size_t count) noexcept {
  __m512i most = _mm512_set1_epi32(kNever);
  for (std::size_t at = 0; at < count; at += 16) {
    const __m512i sum =
        _mm512_add_epi32(_mm512_loadu_si512(sums + at), _mm512_loadu_si512(biases + at));
    _mm512_storeu_si512(sums + at, sum);
    most = _mm512_maskz_max_epi32(kAll, most, sum);
  }
  const __m256i halves = _mm256_max_epi32(_mm512_maskz_extracti64x4_epi64(0xFF, most, 0),
                                          _mm512_maskz_extracti64x4_epi64(0xFF, most, 1));
  const __m512i wanted = _mm512_maskz_broadcastd_epi32(
      kAll,
      largest(_mm_max_epi32(_mm256_castsi256_si128(halves), _mm256_extracti128_si256(halves, 1))));
  for (std::size_t at = 0; at < count; at += 16) {
    const unsigned lanes = _mm512_cmpeq_epi32_mask(_mm512_loadu_si512(sums + at), wanted);
    if (lanes != 0) return at + static_cast<std::size_t>(std::countr_zero(lanes));
  }
  return 0;
}

constexpr LayerCode kAvx512 = {
    multiply_by_sixteens,      multiply_onto_by_sixteens,   mix_by_sixteens,
    multiply_few_by_thirties,  add_and_rectify_by_thirties, sum_of_rows_by_sixteens,
    add_and_choose_by_sixteens};
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
