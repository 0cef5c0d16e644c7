// The arithmetic of a layer: products and sums of integers, the same in every build.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace tocsin {

// Weights of a layer lie by pairs of inputs: [inputs / 2][outputs][2]. Outputs are a multiple of 8.
inline constexpr std::size_t kOutputsStep = 8;

constexpr std::size_t padded(std::size_t outputs) noexcept {
  return (outputs + kOutputsStep - 1) / kOutputsStep * kOutputsStep;
}

// sums[o] = sum of inputs[i] * weight of i and o, for all outputs. By the widest instructions that
// the machine has; all give the same numbers.
void multiply(const std::int16_t* inputs, std::size_t pairs, const std::int16_t* weights,
              std::size_t outputs, std::int32_t* sums) noexcept;
using Multiply = void (*)(const std::int16_t* inputs, std::size_t pairs,
                          const std::int16_t* weights, std::size_t outputs,
                          std::int32_t* sums) noexcept;
// What multiply() may be on this machine, the widest first; plain loops come last. For tests.
[[nodiscard]] std::vector<Multiply> all_multiplies();

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
    tocsin::multiply(inputs, inputs_ / 2, packed_.data(), padded(outputs_), sums);
  }

 private:
  [[nodiscard]] std::size_t at(std::size_t input, std::size_t output) const noexcept {
    return (input / 2 * padded(outputs_) + output) * 2 + input % 2;
  }
  std::size_t inputs_ = 0;
  std::size_t outputs_ = 0;
  std::vector<std::int16_t> packed_;
};

// GCC's and Clang's vectors of eight, on any machine.
using Eight [[gnu::vector_size(16)]] = std::int16_t;

// out = ReLU of the sum of all rows, of Size numbers each.
template <std::size_t Size>
void add_and_rectify(std::span<const std::int16_t* const> rows, std::int16_t* out) noexcept {
  constexpr std::size_t kVectors = 8;
  static_assert(Size % (kVectors * 8) == 0);
  for (std::size_t at = 0; at < Size; at += kVectors * 8) {
    Eight totals[kVectors] = {};
    for (const std::int16_t* row : rows) {
      for (std::size_t v = 0; v < kVectors; ++v) {
        Eight part;
        std::memcpy(&part, row + at + 8 * v, sizeof part);
        totals[v] += part;
      }
    }
    for (std::size_t v = 0; v < kVectors; ++v) {
      const Eight zero = {};
      const Eight kept = totals[v] > zero ? totals[v] : zero;
      std::memcpy(out + at + 8 * v, &kept, sizeof kept);
    }
  }
}

}  // namespace tocsin
