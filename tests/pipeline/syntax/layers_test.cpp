// The layers beside plain loops.
#include "pipeline/syntax/layers.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace tocsin {
namespace {

RC_GTEST_PROP(LayersProperty, multiply_is_the_sum_of_products, ()) {
  const std::size_t inputs = 2 * *rc::gen::inRange<std::size_t>(1, 20);
  const std::size_t outputs = *rc::gen::inRange<std::size_t>(1, 100);
  const auto weights = *rc::gen::container<std::vector<std::int8_t>>(
      inputs * outputs, rc::gen::inRange<std::int8_t>(-127, 127));
  const auto values = *rc::gen::container<std::vector<std::int16_t>>(
      inputs, rc::gen::inRange<std::int16_t>(-32'000, 32'000));
  const PackedLayer layer(inputs, outputs, weights);
  std::vector<std::int32_t> sums(padded(outputs), 1);
  layer.multiply(values.data(), sums.data());
  for (std::size_t o = 0; o < sums.size(); ++o) {
    std::int32_t sum = 0;
    for (std::size_t i = 0; i < inputs && o < outputs; ++i) {
      sum += values[i] * weights[i * outputs + o];
    }
    RC_ASSERT(sums[o] == sum);
  }
  RC_ASSERT(layer.weight(inputs - 1, outputs - 1) == weights.back());
}

std::vector<std::int16_t> numbers(std::size_t count, std::int16_t limit) {
  return *rc::gen::container<std::vector<std::int16_t>>(
      count, rc::gen::inRange<std::int16_t>(static_cast<std::int16_t>(-limit), limit));
}

RC_GTEST_PROP(LayersProperty, all_instructions_give_the_same, ()) {
  const std::size_t pairs = *rc::gen::inRange<std::size_t>(1, 80);
  const std::size_t outputs = kOutputsStep * *rc::gen::inRange<std::size_t>(1, 20);
  const std::vector<std::int16_t> weights = numbers(2 * pairs * outputs, 127);
  const std::vector<std::int16_t> values = numbers(2 * pairs, 32'000);
  const std::vector<LayerCode> all = all_layer_codes();
  std::vector<std::int32_t> plain(outputs);
  all.back().multiply(values.data(), pairs, weights.data(), outputs, plain.data());
  for (const LayerCode& each : all) {
    std::vector<std::int32_t> sums(outputs, 1);
    each.multiply(values.data(), pairs, weights.data(), outputs, sums.data());
    RC_ASSERT(sums == plain);
  }
}

RC_GTEST_PROP(LayersProperty, multiply_onto_adds_a_row_to_the_rounded_sum, ()) {
  const std::size_t pairs = *rc::gen::inRange<std::size_t>(1, 40);
  const std::size_t outputs = kWideStep * *rc::gen::inRange<std::size_t>(1, 5);
  const int bits = *rc::gen::inRange(1, 14);
  const auto limit = *rc::gen::inRange<std::int16_t>(1, 7'000);
  const std::vector<std::int16_t> weights = numbers(2 * pairs * outputs, 127);
  const std::vector<std::int16_t> values = numbers(2 * pairs, 9'000);
  const std::vector<std::int16_t> row = numbers(outputs, 900);
  std::vector<std::int32_t> sums(outputs);
  const std::vector<LayerCode> all = all_layer_codes();
  all.back().multiply(values.data(), pairs, weights.data(), outputs, sums.data());
  for (const LayerCode& each : all) {
    std::vector<std::int16_t> out(outputs);
    each.multiply_onto(values.data(), pairs, weights.data(), outputs, bits, row.data(), limit,
                       out.data());
    for (std::size_t o = 0; o < outputs; ++o) {
      const std::int32_t sum = ((sums[o] + (1 << (bits - 1))) >> bits) + row[o];
      RC_ASSERT(out[o] == std::clamp<std::int32_t>(sum, -limit, limit));
    }
  }
}

RC_GTEST_PROP(LayersProperty, add_and_rectify_is_the_sum_without_what_is_negative, ()) {
  const std::size_t size = kWideStep * *rc::gen::inRange<std::size_t>(1, 6);
  std::vector<std::vector<std::int16_t>> rows(*rc::gen::inRange<std::size_t>(0, 40));
  std::vector<const std::int16_t*> pointers;
  for (auto& row : rows) {
    row = numbers(size, 800);
    pointers.push_back(row.data());
  }
  for (const LayerCode& each : all_layer_codes()) {
    std::vector<std::int16_t> out(size, 7);
    each.add_and_rectify(pointers.data(), pointers.size(), size, out.data());
    for (std::size_t i = 0; i < size; ++i) {
      int sum = 0;
      for (const auto& row : rows) sum += row[i];
      RC_ASSERT(out[i] == std::max(sum, 0));
    }
  }
}

RC_GTEST_PROP(LayersProperty, sum_of_rows_is_their_sum, ()) {
  constexpr std::size_t kRows = 40;
  const auto table = *rc::gen::container<std::vector<std::int8_t>>(
      kRows * kRowSize, rc::gen::inRange<std::int8_t>(-127, 127));
  const auto rows =
      *rc::gen::container<std::vector<std::uint16_t>>(rc::gen::inRange<std::uint16_t>(0, kRows));
  for (const LayerCode& each : all_layer_codes()) {
    std::vector<std::int16_t> out(kRowSize, 7);
    each.sum_of_rows(table.data(), rows.data(), rows.size(), out.data());
    for (std::size_t i = 0; i < kRowSize; ++i) {
      int sum = 0;
      for (const std::uint16_t row : rows) sum += table[row * kRowSize + i];
      RC_ASSERT(out[i] == sum);
    }
  }
}

}  // namespace
}  // namespace tocsin
