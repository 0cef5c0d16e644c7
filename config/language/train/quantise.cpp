#include "config/language/train/quantise.h"

#include <algorithm>
#include <cmath>

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

// `columns` and `rows` of the floats; turned: [columns][rows] of the result.
template <class Integer>
void store(const Weights& from, int scale, std::int32_t limit, bool turned,
           std::vector<Integer>& to) {
  to.resize(from.rows() * from.columns());
  for (std::size_t r = 0; r < from.rows(); ++r) {
    for (std::size_t c = 0; c < from.columns(); ++c) {
      const float value = std::ldexp(from.row(r)[c], scale);
      const auto whole = static_cast<std::int32_t>(
          std::lrint(std::clamp(value, static_cast<float>(-limit), static_cast<float>(limit))));
      to[turned ? c * from.rows() + r : r * from.columns() + c] = static_cast<Integer>(whole);
    }
  }
}

constexpr std::int32_t kByteMax = 127;
constexpr std::int32_t kBiasMax = 1 << 27;

}  // namespace

void quantise_tagger(const TaggerNetwork& network, SyntaxModel& model) {
  LayerScales& scales = model.tagger_scales;
  scales.rows = scale_of(network.rows.values(), 8);
  scales.window = scales.slots = scale_of(network.window.values(), 8);
  scales.outputs = scale_of(network.outputs.values(), 8);
  store(network.rows, scales.rows, kByteMax, false, model.tagger_rows);
  store(network.window, scales.window, kByteMax, true, model.tagger_window);
  store(network.bias, kSumBits, kAddendMax, false, model.tagger_bias);
  store(network.history, kSumBits, kAddendMax, false, model.tagger_history);
  store(network.outputs, scales.outputs, kByteMax, true, model.tagger_outputs);
  store(network.out_bias, kSumBits + scales.outputs, kBiasMax, false, model.tagger_out_bias);
}

void quantise_parser(const ParserNetwork& network, SyntaxModel& model) {
  LayerScales& scales = model.parser_scales;
  std::vector<float> rows = network.rows.values();
  rows.insert(rows.end(), network.tag_rows.values().begin(), network.tag_rows.values().end());
  scales.rows = scale_of(rows, 8);
  scales.window = scale_of(network.window.values(), 8);
  scales.slots = scale_of(network.slots.values(), 8);
  std::vector<float> outputs = network.actions.values();
  outputs.insert(outputs.end(), network.labels.values().begin(), network.labels.values().end());
  scales.outputs = scale_of(outputs, 8);
  store(network.rows, scales.rows, kByteMax, false, model.parser_rows);
  store(network.tag_rows, scales.rows, kByteMax, false, model.parser_tag_rows);
  store(network.window, scales.window, kByteMax, true, model.parser_window);
  store(network.window_bias, scales.rows + scales.window, kBiasMax, false,
        model.parser_window_bias);
  std::vector<std::int16_t> slots;  // [kSlots * kWordSize][kParserHidden]
  store(network.slots, scales.slots, kByteMax, false, slots);
  model.parser_slots.resize(slots.size());
  for (std::size_t slot = 0; slot < kSlots; ++slot) {
    for (std::size_t i = 0; i < kWordSize; ++i) {
      for (std::size_t h = 0; h < kParserHidden; ++h) {
        model.parser_slots[(slot * kParserHidden + h) * kWordSize + i] =
            slots[(slot * kWordSize + i) * kParserHidden + h];
      }
    }
  }
  store(network.slot_tags, kSumBits, kAddendMax, false, model.parser_slot_tags);
  store(network.states, kSumBits, kAddendMax, false, model.parser_states);
  store(network.bias, kSumBits, kAddendMax, false, model.parser_bias);
  std::vector<std::int16_t> actions;
  std::vector<std::int16_t> labels;
  store(network.actions, scales.outputs, kByteMax, true, actions);
  store(network.labels, scales.outputs, kByteMax, true, labels);  // [relation][2 * hidden]
  model.parser_outputs = actions;
  for (std::size_t block = 0; block < 2; ++block) {
    for (std::size_t i = 0; i < kRelationCount; ++i) {
      const auto first =
          labels.begin() + static_cast<std::ptrdiff_t>((i * 2 + block) * kParserHidden);
      model.parser_outputs.insert(model.parser_outputs.end(), first,
                                  first + static_cast<std::ptrdiff_t>(kParserHidden));
    }
  }
  store(network.out_bias, kSumBits + scales.outputs, kBiasMax, false, model.parser_out_bias);
}

}  // namespace tocsin
