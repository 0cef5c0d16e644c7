// The arithmetic of a layer: products and sums of integers, the same in every build.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace tocsin {

// Weights of a layer lie by pairs of inputs: [inputs / 2][outputs][2]. Outputs are a multiple of 8.
inline constexpr std::size_t kOutputsStep = 8;

constexpr std::size_t padded(std::size_t outputs) noexcept {
  return (outputs + kOutputsStep - 1) / kOutputsStep * kOutputsStep;
}

// The sums of one kind of instructions. All kinds give the same numbers.
struct LayerCode {
  // sums[o] = sum of inputs[i] * weight of i and o, for all outputs.
  void (*multiply)(const std::int16_t* inputs, std::size_t pairs, const std::int16_t* weights,
                   std::size_t outputs, std::int32_t* sums) noexcept;
  // out[o] = the same sum / 2^bits, rounded, + row[o], at most `limit` either way. Outputs are a
  // multiple of kWideStep.
  void (*multiply_onto)(const std::int16_t* inputs, std::size_t pairs, const std::int16_t* weights,
                        std::size_t outputs, int bits, const std::int16_t* row, std::int16_t limit,
                        std::int16_t* out) noexcept;
  // out = ReLU of the sum of all rows, of `size` numbers each, a multiple of kWideStep.
  void (*add_and_rectify)(const std::int16_t* const* rows, std::size_t count, std::size_t size,
                          std::int16_t* out) noexcept;
  // out = sum of the rows of a table, of kRowSize numbers each.
  void (*sum_of_rows)(const std::int8_t* table, const std::uint16_t* rows, std::size_t count,
                      std::int16_t* out) noexcept;
};
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
    layer_code().multiply(inputs, inputs_ / 2, packed_.data(), padded(outputs_), sums);
  }
  // As LayerCode::multiply_onto.
  void multiply_onto(const std::int16_t* inputs, int bits, const std::int16_t* row,
                     std::int16_t limit, std::int16_t* out) const noexcept {
    layer_code().multiply_onto(inputs, inputs_ / 2, packed_.data(), outputs_, bits, row, limit,
                               out);
  }

 private:
  [[nodiscard]] std::size_t at(std::size_t input, std::size_t output) const noexcept {
    return (input / 2 * padded(outputs_) + output) * 2 + input % 2;
  }
  std::size_t inputs_ = 0;
  std::size_t outputs_ = 0;
  std::vector<std::int16_t> packed_;
};

}  // namespace tocsin
