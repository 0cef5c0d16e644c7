// The arithmetic of a layer: products and sums of integers, the same in every build.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "pipeline/syntax/cache_lines.h"

namespace tocsin {

// Weights of a layer lie by pairs of inputs: [inputs / 2][outputs][2]. Outputs are a multiple
// of 16.
inline constexpr std::size_t kOutputsStep = 16;

constexpr std::size_t padded(std::size_t outputs) noexcept {
  return (outputs + kOutputsStep - 1) / kOutputsStep * kOutputsStep;
}

// Inputs of several tokens: those of one begin `stride` numbers behind those of the one before.
struct TokenInputs {
  const std::int16_t* first = nullptr;
  std::size_t stride = 0;
  std::size_t count = 0;
};

// What is added to the products of each token: row row_of[token] of a table; without row_of the
// first.
struct TokenAddends {
  const std::int16_t* rows = nullptr;
  const std::uint16_t* row_of = nullptr;
};

// Weights of a layer as the kernels read them.
struct LayerWeights {
  const std::int16_t* packed = nullptr;
  std::size_t pairs = 0;
  std::size_t outputs = 0;
};

// The sums of one kind of instructions. All kinds give the same numbers.
struct LayerCode {
  // sums[o] = sum of inputs[i] * weight of i and o, for all outputs.
  void (*multiply)(const std::int16_t* inputs, const LayerWeights& weights,
                   std::int32_t* sums) noexcept;
  // For each token: out[o] = the same sum / 2^bits, rounded, + addend[o], at most `limit` either
  // way. `out` of one token lies `stride` behind that of the one before. Outputs are a multiple of
  // kWideStep.
  void (*multiply_onto)(const TokenInputs& inputs, const LayerWeights& weights, int bits,
                        const TokenAddends& addends, std::int16_t limit, std::int16_t* out,
                        std::size_t stride) noexcept;
  // For each token: out[o] = own[o] + ReLU of ((the same sum + bias[o]) / 2^bits, rounded), the
  // latter at most `limit`. `own` and `out` lie as the inputs do. kRowSize outputs.
  void (*mix)(const TokenInputs& inputs, const LayerWeights& weights, const std::int32_t* bias,
              int bits, std::int16_t limit, const std::int16_t* own, std::int16_t* out) noexcept;
  // sums[o] = sum of inputs[i] * weights[o][i] for few outputs; inputs are a multiple of kWideStep.
  void (*multiply_few)(const std::int16_t* inputs, std::size_t count, const std::int16_t* weights,
                       std::size_t outputs, std::int32_t* sums) noexcept;
  // out = ReLU of the sum of all rows, of `size` numbers each, a multiple of kWideStep.
  void (*add_and_rectify)(const std::int16_t* const* rows, std::size_t count, std::size_t size,
                          std::int16_t* out) noexcept;
  // The sum of rows of a table of 2 * kRowSize numbers each: its first half and its second.
  void (*sum_of_rows)(const std::int8_t* table, const std::uint16_t* rows, std::size_t count,
                      std::int16_t* first, std::int16_t* second) noexcept;
  // Adds the biases to `count` sums, a multiple of kOutputsStep. Returns the first of the largest.
  std::size_t (*add_and_choose)(std::int32_t* sums, const std::int32_t* biases,
                                std::size_t count) noexcept;
};
inline constexpr std::int32_t kNever = std::numeric_limits<std::int32_t>::min();
inline constexpr std::size_t kWideStep = 64;
inline constexpr std::size_t kRowSize = 32;

// What the machine has, the widest first; plain loops come last. For tests.
[[nodiscard]] std::vector<LayerCode> all_layer_codes();
// The widest.
[[nodiscard]] const LayerCode& layer_code() noexcept;

// Weights of one layer, packed for multiply(). Outputs are padded with weights of zero.
class PackedLayer {
 public:
  PackedLayer() = default;
  // `weights`: [inputs][outputs]; inputs is even.
  PackedLayer(std::size_t inputs, std::size_t outputs, std::span<const std::int8_t> weights)
      : inputs_(inputs), outputs_(outputs), packed_(inputs * padded(outputs)) {
    for (std::size_t i = 0; i < inputs; ++i) {
      for (std::size_t o = 0; o < outputs; ++o) packed_[at(i, o)] = weights[i * outputs + o];
    }
  }
  [[nodiscard]] std::size_t inputs() const noexcept { return inputs_; }
  [[nodiscard]] std::size_t outputs() const noexcept { return outputs_; }
  [[nodiscard]] std::int16_t weight(std::size_t input, std::size_t output) const noexcept {
    return packed_[at(input, output)];
  }
  // `sums`: room for padded(outputs()).
  void multiply(const std::int16_t* inputs, std::int32_t* sums) const noexcept {
    layer_code().multiply(inputs, weights(), sums);
  }
  [[nodiscard]] LayerWeights weights() const noexcept {
    return {packed_.data(), inputs_ / 2, padded(outputs_)};
  }

 private:
  [[nodiscard]] std::size_t at(std::size_t input, std::size_t output) const noexcept {
    return (input / 2 * padded(outputs_) + output) * 2 + input % 2;
  }
  std::size_t inputs_ = 0;
  std::size_t outputs_ = 0;
  LineVector<std::int16_t> packed_;
};

// Weights of a layer of few outputs: those of one lie side by side.
class FewOutputs {
 public:
  FewOutputs() = default;
  // `weights`: [inputs][outputs]; inputs are a multiple of kWideStep.
  FewOutputs(std::size_t inputs, std::size_t outputs, std::span<const std::int8_t> weights)
      : inputs_(inputs), outputs_(outputs), rows_(inputs * outputs) {
    for (std::size_t i = 0; i < inputs; ++i) {
      for (std::size_t o = 0; o < outputs; ++o) rows_[o * inputs + i] = weights[i * outputs + o];
    }
  }
  [[nodiscard]] std::size_t inputs() const noexcept { return inputs_; }
  [[nodiscard]] std::size_t outputs() const noexcept { return outputs_; }
  [[nodiscard]] std::int16_t weight(std::size_t input, std::size_t output) const noexcept {
    return rows_[output * inputs_ + input];
  }
  void multiply(const std::int16_t* inputs, std::int32_t* sums) const noexcept {
    layer_code().multiply_few(inputs, inputs_, rows_.data(), outputs_, sums);
  }

 private:
  std::size_t inputs_ = 0;
  std::size_t outputs_ = 0;
  LineVector<std::int16_t> rows_;
};

}  // namespace tocsin
