// The tagger while it learns: floats of the layers that SyntaxModel has as integers.
#pragma once

#include <vector>

#include "config/language/train/corpus.h"
#include "config/language/train/weights.h"
#include "pipeline/syntax/model.h"

namespace tocsin {

// How often words are hidden in training, so that unknown ones are learned too.
class WordDropout {
 public:
  // `counts` by WordIds id - kFirstWord.
  WordDropout(std::vector<std::uint32_t> counts, std::uint64_t seed)
      : counts_(std::move(counts)), random_(seed) {}
  // Rare words become unknown; now and then a suffix or prefix is left out.
  TokenRows apply(const TokenRows& rows);

 private:
  std::vector<std::uint32_t> counts_;
  Random random_;
};

class TaggerNetwork {
 public:
  TaggerNetwork(std::size_t token_rows, std::size_t tags, Random& random);

  // Adds the gradients of one sentence; on-policy: its own tags are the history.
  void learn(const TrainingSentence& sentence, WordDropout& dropout);
  [[nodiscard]] std::vector<std::uint16_t> tag(const TrainingSentence& sentence);
  template <class Visit>
  void each(Visit visit) {
    for (Weights* weights : {&rows, &window, &bias, &history, &outputs, &out_bias}) visit(*weights);
  }

  Weights rows;      // [token rows][kWordSize]
  Weights window;    // [kWindow * kWordSize][kTagHidden]
  Weights bias;      // [1][kTagHidden]
  Weights history;   // [2 * (tags + 1)][kTagHidden]
  Weights outputs;   // [kTagHidden][tags]
  Weights out_bias;  // [1][tags]

 private:
  void sum_rows(const std::vector<TokenRows>& tokens);
  void look(std::size_t token, std::size_t last, std::size_t last_but_one);
  void go_back(std::size_t token, std::size_t last, std::size_t last_but_one);

  std::size_t tags_;
  std::vector<float> inputs_, input_gradients_, hidden_, hidden_gradient_, scores_;
};

}  // namespace tocsin
