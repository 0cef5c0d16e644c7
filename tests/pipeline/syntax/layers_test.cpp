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

RC_GTEST_PROP(LayersProperty, all_instructions_give_the_same, ()) {
  const std::size_t pairs = *rc::gen::inRange<std::size_t>(1, 80);
  const std::size_t outputs = kOutputsStep * *rc::gen::inRange<std::size_t>(1, 20);
  const auto weights = *rc::gen::container<std::vector<std::int16_t>>(
      2 * pairs * outputs, rc::gen::inRange<std::int16_t>(-127, 127));
  const auto values = *rc::gen::container<std::vector<std::int16_t>>(
      2 * pairs, rc::gen::inRange<std::int16_t>(-32'000, 32'000));
  const std::vector<Multiply> all = all_multiplies();
  std::vector<std::int32_t> plain(outputs);
  all.back()(values.data(), pairs, weights.data(), outputs, plain.data());
  for (const Multiply each : all) {
    std::vector<std::int32_t> sums(outputs, 1);
    each(values.data(), pairs, weights.data(), outputs, sums.data());
    RC_ASSERT(sums == plain);
  }
}

RC_GTEST_PROP(LayersProperty, add_and_rectify_is_the_sum_without_what_is_negative, ()) {
  constexpr std::size_t kSize = 128;
  const auto rows = *rc::gen::container<std::vector<std::vector<std::int16_t>>>(
      rc::gen::container<std::vector<std::int16_t>>(kSize, rc::gen::inRange<std::int16_t>(-9, 9)));
  std::vector<const std::int16_t*> pointers;
  for (const auto& row : rows) pointers.push_back(row.data());
  std::vector<std::int16_t> out(kSize);
  add_and_rectify<kSize>(pointers, out.data());
  for (std::size_t i = 0; i < kSize; ++i) {
    int sum = 0;
    for (const auto& row : rows) sum += row[i];
    RC_ASSERT(out[i] == std::max(sum, 0));
  }
}

}  // namespace
}  // namespace tocsin
