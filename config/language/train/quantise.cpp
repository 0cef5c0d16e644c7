#include "config/language/train/quantise.h"

#include <algorithm>
#include <cmath>
#include <span>

namespace tocsin {
namespace {

// The largest power of two by which 99.95 % of the weights stay within a byte.
std::uint8_t scale_of(const std::vector<float>& values, std::uint8_t most) {
  std::vector<float> sizes;
  for (const float value : values) sizes.push_back(std::abs(value));
  const std::size_t at = sizes.size() - 1 - sizes.size() / 2000;
  std::nth_element(sizes.begin(), sizes.begin() + static_cast<std::ptrdiff_t>(at), sizes.end());
  std::uint8_t scale = 3;
  while (scale < most && sizes[at] * static_cast<float>(1 << (scale + 1)) <= 127) ++scale;
  return scale;
}

template <class Values>
void store(const Weights& from, int scale, std::int32_t limit, Values& to) {
  to.clear();
  for (const float weight : from.values()) {
    const float scaled = std::ldexp(weight, scale);
    const auto most = static_cast<float>(limit);
    to.push_back(
        static_cast<typename Values::value_type>(std::lrint(std::clamp(scaled, -most, most))));
  }
}

constexpr std::int32_t kByteMax = 127;
constexpr std::int32_t kBiasMax = 1 << 27;

// Rows [first, first + inputs) of the floats.
template <class Layer = PackedLayer>
Layer packed(const Weights& from, std::size_t first, std::size_t inputs, int scale) {
  std::vector<std::int8_t> bytes;
  store(from, scale, kByteMax, bytes);
  return {inputs, from.columns(),
          std::span(bytes).subspan(first * from.columns(), inputs * from.columns())};
}

// The part of the tokens' rows that one of the two networks has.
template <class Part>
void store_rows(const Weights& from, int scale, Part part, std::vector<TokenWeights>& to) {
  std::vector<std::int8_t> bytes;
  store(from, scale, kByteMax, bytes);
  to.resize(bytes.size() / kWordSize);
  for (std::size_t row = 0; row < to.size(); ++row) {
    std::copy_n(&bytes[row * kWordSize], kWordSize, (to[row].*part).begin());
  }
}

std::vector<float> joined(const std::vector<float>& a, const std::vector<float>& b) {
  std::vector<float> all = a;
  all.insert(all.end(), b.begin(), b.end());
  return all;
}

}  // namespace

void quantise_tagger(const TaggerNetwork& network, SyntaxModel& model) {
  LayerScales& scales = model.tagger_scales;
  scales.rows = scale_of(network.rows.values(), 8);
  scales.window = scales.slots = scale_of(network.window.values(), 8);
  scales.outputs = scale_of(network.outputs.values(), 8);
  store_rows(network.rows, scales.rows, &TokenWeights::tagger, model.token_weights);
  model.tagger_window = packed(network.window, 0, kWindow * kWordSize, scales.window);
  store(network.bias, kSumBits, kAddendMax, model.tagger_bias);
  store(network.history, kSumBits, kAddendMax, model.tagger_history);
  model.tagger_outputs = packed(network.outputs, 0, kTagHidden, scales.outputs);
  store(network.out_bias, kSumBits + scales.outputs, kBiasMax, model.tagger_out_bias);
}

void quantise_parser(const ParserNetwork& network, SyntaxModel& model) {
  LayerScales& scales = model.parser_scales;
  scales.rows = scale_of(joined(network.rows.values(), network.tag_rows.values()), 8);
  scales.window = scale_of(joined(network.mixes[0].values(), network.mixes[1].values()), 8);
  scales.slots = scale_of(network.slots.values(), 8);
  scales.outputs = scale_of(joined(network.actions.values(), network.labels.values()), 8);
  store_rows(network.rows, scales.rows, &TokenWeights::parser, model.token_weights);
  store(network.tag_rows, scales.rows, kByteMax, model.parser_tag_rows);
  for (std::size_t mix = 0; mix < kMixes; ++mix) {
    model.parser_mixes[mix] = packed(network.mixes[mix], 0, kWindow * kWordSize, scales.window);
    store(network.mix_biases[mix], scales.rows + scales.window, kBiasMax,
          model.parser_mix_biases[mix]);
  }
  for (std::size_t slot = 0; slot < kSlots; ++slot) {
    model.parser_slots[slot] = packed(network.slots, slot * kWordSize, kWordSize, scales.slots);
  }
  store(network.slot_tags, kSumBits, kAddendMax, model.parser_slot_tags);
  store(network.states, kSumBits, kAddendMax, model.parser_states);
  store(network.bias, kSumBits, kAddendMax, model.parser_bias);
  model.parser_actions = packed<FewOutputs>(network.actions, 0, kParserHidden, scales.outputs);
  for (std::size_t side = 0; side < 2; ++side) {
    model.parser_labels[side] =
        packed(network.labels, side * kParserHidden, kParserHidden, scales.outputs);
  }
  store(network.out_bias, kSumBits + scales.outputs, kBiasMax, model.parser_out_bias);
}

}  // namespace tocsin
