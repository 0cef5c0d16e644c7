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
  all.back().multiply(values.data(), {weights.data(), pairs, outputs}, plain.data());
  for (const LayerCode& each : all) {
    std::vector<std::int32_t> sums(outputs, 1);
    each.multiply(values.data(), {weights.data(), pairs, outputs}, sums.data());
    RC_ASSERT(sums == plain);
  }
}

// Tokens whose inputs overlap, as windows do.
struct SomeTokens {
  std::size_t pairs = *rc::gen::inRange<std::size_t>(1, 40);
  std::size_t count = *rc::gen::inRange<std::size_t>(1, 20);
  std::size_t stride = kRowSize;
  int bits = *rc::gen::inRange(1, 14);
  std::int16_t limit = *rc::gen::inRange<std::int16_t>(1, 7'000);
  std::vector<std::int16_t> values = numbers(count * stride + 2 * pairs, 9'000);

  [[nodiscard]] TokenInputs inputs() const { return {values.data(), stride, count}; }
  [[nodiscard]] std::vector<std::int32_t> sums_of(std::size_t token,
                                                  const LayerWeights& weights) const {
    std::vector<std::int32_t> sums(weights.outputs);
    all_layer_codes().back().multiply(values.data() + token * stride, weights, sums.data());
    return sums;
  }
};

RC_GTEST_PROP(LayersProperty, multiply_onto_adds_a_row_to_the_rounded_sum, ()) {
  const SomeTokens some;
  const std::size_t outputs = kWideStep * *rc::gen::inRange<std::size_t>(1, 4);
  const std::vector<std::int16_t> packed = numbers(2 * some.pairs * outputs, 127);
  const LayerWeights weights{packed.data(), some.pairs, outputs};
  constexpr std::uint16_t kRows = 3;
  const std::vector<std::int16_t> rows = numbers(kRows * outputs, 900);
  const auto row_of = *rc::gen::container<std::vector<std::uint16_t>>(
      some.count, rc::gen::inRange<std::uint16_t>(0, kRows));
  const bool has_rows = *rc::gen::arbitrary<bool>();
  const std::size_t step = outputs + 64;
  for (const LayerCode& each : all_layer_codes()) {
    std::vector<std::int16_t> out(some.count * step, 7);
    each.multiply_onto(some.inputs(), weights, some.bits,
                       {rows.data(), has_rows ? row_of.data() : nullptr}, some.limit, out.data(),
                       step);
    for (std::size_t t = 0; t < some.count; ++t) {
      const std::vector<std::int32_t> sums = some.sums_of(t, weights);
      const std::int16_t* row = &rows[(has_rows ? row_of[t] : 0U) * outputs];
      for (std::size_t o = 0; o < outputs; ++o) {
        const std::int32_t sum = ((sums[o] + (1 << (some.bits - 1))) >> some.bits) + row[o];
        RC_ASSERT(out[t * step + o] == std::clamp<std::int32_t>(sum, -some.limit, some.limit));
      }
      RC_ASSERT(out[t * step + outputs] == 7);
    }
  }
}

RC_GTEST_PROP(LayersProperty, mix_adds_what_is_positive_of_the_rounded_sum, ()) {
  const SomeTokens some;
  const std::vector<std::int16_t> packed = numbers(2 * some.pairs * kRowSize, 127);
  const LayerWeights weights{packed.data(), some.pairs, kRowSize};
  const auto bias = *rc::gen::container<std::vector<std::int32_t>>(
      kRowSize, rc::gen::inRange<std::int32_t>(-100'000, 100'000));
  const std::vector<std::int16_t> own = numbers(some.count * some.stride, 9'000);
  for (const LayerCode& each : all_layer_codes()) {
    std::vector<std::int16_t> out(own.size(), 7);
    each.mix(some.inputs(), weights, bias.data(), some.bits, some.limit, own.data(), out.data());
    for (std::size_t t = 0; t < some.count; ++t) {
      const std::vector<std::int32_t> sums = some.sums_of(t, weights);
      for (std::size_t o = 0; o < kRowSize; ++o) {
        const std::int32_t sum = (sums[o] + bias[o] + (1 << (some.bits - 1))) >> some.bits;
        RC_ASSERT(out[t * some.stride + o] ==
                  own[t * some.stride + o] + std::clamp<std::int32_t>(sum, 0, some.limit));
      }
    }
  }
}

RC_GTEST_PROP(LayersProperty, few_outputs_are_sums_of_products, ()) {
  const std::size_t inputs = kWideStep * *rc::gen::inRange<std::size_t>(1, 4);
  const std::size_t outputs = *rc::gen::inRange<std::size_t>(1, 6);
  const auto weights = *rc::gen::container<std::vector<std::int8_t>>(
      inputs * outputs, rc::gen::inRange<std::int8_t>(-127, 127));
  const std::vector<std::int16_t> values = numbers(inputs, 32'000);
  const FewOutputs layer(inputs, outputs, weights);
  const PackedLayer packed(inputs, outputs, weights);
  std::vector<std::int32_t> expected(padded(outputs));
  packed.multiply(values.data(), expected.data());
  expected.resize(outputs);
  std::vector<std::int16_t> rows;
  for (std::size_t o = 0; o < outputs; ++o) {
    for (std::size_t i = 0; i < inputs; ++i) rows.push_back(layer.weight(i, o));
  }
  for (const LayerCode& each : all_layer_codes()) {
    std::vector<std::int32_t> sums(outputs, 1);
    each.multiply_few(values.data(), inputs, rows.data(), outputs, sums.data());
    RC_ASSERT(sums == expected);
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
      2 * kRows * kRowSize, rc::gen::inRange<std::int8_t>(-127, 127));
  const auto rows =
      *rc::gen::container<std::vector<std::uint16_t>>(rc::gen::inRange<std::uint16_t>(0, kRows));
  for (const LayerCode& each : all_layer_codes()) {
    std::vector<std::int16_t> first(kRowSize, 7);
    std::vector<std::int16_t> second(kRowSize, 7);
    each.sum_of_rows(table.data(), rows.data(), rows.size(), first.data(), second.data());
    for (std::size_t i = 0; i < kRowSize; ++i) {
      int one = 0;
      int other = 0;
      for (const auto& row : rows) {
        one += table[row * 2 * kRowSize + i];
        other += table[row * 2 * kRowSize + kRowSize + i];
      }
      RC_ASSERT(first[i] == one);
      RC_ASSERT(second[i] == other);
    }
  }
}

RC_GTEST_PROP(LayersProperty, the_first_of_the_largest_is_chosen, ()) {
  const std::size_t count = kOutputsStep * *rc::gen::inRange<std::size_t>(1, 6);
  const auto some = [count] {  // few different ones: several are the largest
    return *rc::gen::container<std::vector<std::int32_t>>(count,
                                                          rc::gen::inRange<std::int32_t>(-3, 3));
  };
  std::vector<std::int32_t> expected = some();
  std::vector<std::int32_t> biases = some();
  const std::size_t never = *rc::gen::inRange<std::size_t>(0, count);
  expected[never] = 0;
  biases[never] = kNever;
  const std::vector<std::int32_t> given = expected;
  for (std::size_t i = 0; i < count; ++i) expected[i] += biases[i];
  const auto largest = std::max_element(expected.begin(), expected.end());
  for (const LayerCode& each : all_layer_codes()) {
    std::vector<std::int32_t> sums = given;
    const std::size_t chosen = each.add_and_choose(sums.data(), biases.data(), count);
    RC_ASSERT(chosen == static_cast<std::size_t>(largest - expected.begin()));
    RC_ASSERT(sums == expected);
  }
}

}  // namespace
}  // namespace tocsin
