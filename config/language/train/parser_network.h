// The parser while it learns: floats of the layers that SyntaxModel has as integers.
#pragma once

#include <array>
#include <vector>

#include "config/language/train/corpus.h"
#include "config/language/train/tagger_network.h"
#include "config/language/train/weights.h"
#include "pipeline/syntax/arc_hybrid.h"
#include "pipeline/syntax/model.h"

namespace tocsin {

class ParserNetwork {
 public:
  ParserNetwork(std::size_t token_rows, std::size_t tags, Random& random);

  // Adds the gradients of one sentence, with its `tags`. With `explore` the parser mostly follows
  // its own actions, and learns what is best after them (Goldberg and Nivre's dynamic oracle).
  void learn(const TrainingSentence& sentence, WordDropout& dropout, bool explore, Random& random);
  template <class Visit>
  void each(Visit visit) {
    for (Weights* weights : {&rows, &tag_rows, &mixes[0], &mixes[1], &mix_biases[0], &mix_biases[1],
                             &slots, &slot_tags, &states, &bias, &actions, &labels, &out_bias}) {
      visit(*weights);
    }
  }

  Weights rows;                            // [token rows][kWordSize]
  Weights tag_rows;                        // [tags][kWordSize]
  std::array<Weights, kMixes> mixes;       // [kWindow * kWordSize][kWordSize]
  std::array<Weights, kMixes> mix_biases;  // [1][kWordSize]
  Weights slots;                           // [kSlots * kWordSize][kParserHidden]
  Weights slot_tags;                       // [kSlots * (tags + 2)][kParserHidden]
  Weights states;                          // [state_row::kCount][kParserHidden]
  Weights bias;                            // [1][kParserHidden]
  Weights actions;                         // [kParserHidden][kActionCount]
  Weights labels;                          // [kParserHidden * 2][kDeprelCount]: left, right
  Weights out_bias;                        // [1][kParserOutputs]

 private:
  void encode(const std::vector<TokenRows>& tokens, const std::vector<std::uint16_t>& tags);
  void mix(std::size_t layer, std::size_t size);
  void mix_back(std::size_t layer, std::size_t size);
  void encode_back(const std::vector<TokenRows>& tokens, const std::vector<std::uint16_t>& tags);
  float* word_of(std::size_t slot, std::uint16_t node, const std::vector<std::uint16_t>& tags);
  void fill_back(const std::vector<std::uint16_t>& tags);
  void drop_units(Random& random);
  void look(const std::vector<std::uint16_t>& tags);
  void look_back();
  void one_state(const TrainingSentence& sentence, bool explore, Random& random);
  void learn_label(const TrainingSentence& sentence, ParserAction action, float weight);
  [[nodiscard]] Deprel label(ParserAction action);
  [[nodiscard]] std::array<int, kActionCount> costs(const TrainingSentence& sentence) const;

  std::size_t tags_;
  ArcHybrid state_;
  std::vector<std::vector<std::uint16_t>> children_;  // gold
  std::vector<bool> on_stack_;
  // Tokens before any mix, and after each; [tokens + window - 1][kWordSize].
  std::array<std::vector<float>, kMixes + 1> encoded_, encoded_gradients_;
  std::array<std::vector<float>, kMixes> mixed_;  // what a mix adds: [tokens][kWordSize]
  std::vector<float> filled_, filled_gradients_;  // [tokens * kSlots][kParserHidden]
  std::vector<std::uint32_t> fills_;
  std::vector<bool> is_filled_;
  std::array<std::uint16_t, kSlots> at_{};
  std::array<std::uint16_t, kStateRows> at_rows_{};
  std::vector<float> hidden_, hidden_gradient_;
  std::vector<float> dropped_;  // hidden units left out of this state: 0, else 1 / kept share
};

}  // namespace tocsin
