// The weights of tagger and parser: immutable, integers only, from a file that
// config/language/train makes. Loading checks every size and index, so parsing need not.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/syntax/arc_hybrid.h"
#include "pipeline/syntax/layers.h"
#include "pipeline/syntax/token_rows.h"
#include "pipeline/syntax/tree.h"

namespace tocsin {

// Sizes of the layers; a model file must have these.
inline constexpr std::size_t kWordSize = 32;       // numbers a token is made of, before context
inline constexpr std::size_t kWindow = 5;          // tokens: two before, two behind
inline constexpr std::size_t kMixes = 2;           // windows of the parser, one over the other
inline constexpr std::size_t kTagHidden = 64;      // of the tagger
inline constexpr std::size_t kParserHidden = 128;  // of the parser
inline constexpr std::size_t kTagsMax = 96;

// First layers are summed in int16 at 2^kSumBits. Each addend is at most kAddendMax and there are
// fewer than 40, so no sum wraps.
inline constexpr int kSumBits = 7;
inline constexpr std::int16_t kAddendMax = 819;
static_assert(kSlots + kStateRows + 1 <= 40);
static_assert(kTagHidden % kWideStep == 0 && kParserHidden % kWideStep == 0);
static_assert(kWordSize == kRowSize);

// Tags of a model: what they mean, in the order of its outputs.
struct SyntaxTag {
  Upos upos = Upos::x;
  WordForm form = WordForm::other;
};

// What a row of a token adds, for the tagger and for the parser: a line of the cache.
struct alignas(2 * kWordSize) TokenWeights {
  std::array<std::int8_t, kWordSize> tagger{};
  std::array<std::int8_t, kWordSize> parser{};
};

// Powers of two by which the weights of a layer were multiplied.
struct LayerScales {
  std::uint8_t rows = 0;    // embedding
  std::uint8_t window = 0;  // its mix with its neighbours
  std::uint8_t slots = 0;   // parser: from words to the hidden layer
  std::uint8_t outputs = 0;
};

struct SyntaxModel {
  WordIds words;
  std::vector<SyntaxTag> tags;
  std::vector<TokenWeights> token_weights;  // [token rows]

  // Tagger: rows of tokens, summed -> window of five + the two tags before -> ReLU -> tags.
  LayerScales tagger_scales;
  PackedLayer tagger_window;                  // kWindow * kWordSize -> kTagHidden
  LineVector<std::int16_t> tagger_bias;       // [kTagHidden] at 2^kSumBits
  LineVector<std::int16_t> tagger_history;    // [2][tags + 1][kTagHidden] at 2^kSumBits
  PackedLayer tagger_outputs;                 // kTagHidden -> tags
  std::vector<std::int32_t> tagger_out_bias;  // [tags]

  // Parser: rows of tokens and of their tags, summed; twice the ReLU of a window of five is added
  // -> slots + rows of the state -> ReLU -> actions, and labels of left and of right arcs.
  LayerScales parser_scales;
  std::vector<std::int8_t> parser_tag_rows;      // [tags][kWordSize]
  std::array<PackedLayer, kMixes> parser_mixes;  // kWindow * kWordSize -> kWordSize
  std::array<LineVector<std::int32_t>, kMixes> parser_mix_biases;  // [kWordSize]
  std::array<PackedLayer, kSlots> parser_slots;                    // kWordSize -> kParserHidden
  LineVector<std::int16_t> parser_slot_tags;  // [kSlots][tags + 2][kParserHidden]: none, root last
  LineVector<std::int16_t> parser_states;     // [state_row::kCount][kParserHidden]
  LineVector<std::int16_t> parser_bias;       // [kParserHidden]
  FewOutputs parser_actions;                  // kParserHidden -> kActionCount
  std::array<PackedLayer, 2> parser_labels;   // kParserHidden -> kDeprelCount: left, right
  std::vector<std::int32_t> parser_out_bias;  // [kParserOutputs]: actions, labels

  // Made from the above by read_model. Sums of rows, so that a state adds few:
  LineVector<std::int16_t> state_sums;   // [state_sum::kCount][kParserHidden]
  LineVector<std::int16_t> absent_sums;  // [2^kChildSlots][kParserHidden]: a bit, a child less
  // Of the outputs as they are padded: kNever for what must not be chosen.
  LineVector<std::int32_t> tag_biases;
  std::array<LineVector<std::int32_t>, 2> label_biases;

  [[nodiscard]] std::size_t token_rows() const noexcept {
    return token_row::kWord + WordIds::kFirstWord + words.hashes().size();
  }
};
inline constexpr std::size_t kParserOutputs = kActionCount + 2 * kDeprelCount;

// What read_model found: the model, or what is wrong with the file.
struct LoadedSyntaxModel {
  SyntaxModel model;
  std::string fault;  // empty: good
};

// Bytes of a model file -> model. Any bytes may come; whatever is wrong ends in `fault`.
[[nodiscard]] LoadedSyntaxModel read_model(std::string_view bytes);
// The file of a model. Precondition: its vectors have the sizes that stand beside them.
[[nodiscard]] std::string write_model(const SyntaxModel&);

}  // namespace tocsin
