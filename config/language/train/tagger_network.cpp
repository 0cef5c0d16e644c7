#include "config/language/train/tagger_network.h"

#include <algorithm>

namespace tocsin {
namespace {

constexpr std::size_t kReach = kWindow / 2;
constexpr float kPartsDropped = 0.1F;

}  // namespace

TokenRows WordDropout::apply(const TokenRows& rows) {
  TokenRows kept = rows;
  const std::size_t word = rows.rows[0] - token_row::kWord;
  if (word >= WordIds::kFirstWord) {
    const auto count = static_cast<float>(counts_[word - WordIds::kFirstWord]);
    if (random_.unit() * (2 + count) < 2) kept.rows[0] = token_row::kWord;
  }
  kept.count = 0;
  for (std::size_t r = 0; r < rows.count; ++r) {
    const std::uint16_t row = r == 0 ? kept.rows[0] : rows.rows[r];
    if (r > 0 && random_.unit() < kPartsDropped) continue;
    kept.rows[kept.count++] = row;
  }
  return kept;
}

TaggerNetwork::TaggerNetwork(std::size_t token_rows, std::size_t tags, Random& random)
    : rows(token_rows, kWordSize, 0.1F, random),
      window(kWindow * kWordSize, kTagHidden, 0.15F, random),
      bias(1, kTagHidden, 0.05F, random),
      history(2 * (tags + 1), kTagHidden, 0.1F, random),
      outputs(kTagHidden, tags, 0.15F, random),
      out_bias(1, tags, 0.0F, random),
      tags_(tags),
      hidden_(kTagHidden),
      hidden_gradient_(kTagHidden),
      scores_(tags) {}

void TaggerNetwork::sum_rows(const std::vector<TokenRows>& tokens) {
  const std::size_t size = tokens.size();
  inputs_.assign((size + kWindow - 1) * kWordSize, 0.0F);
  for (std::size_t i = 0; i < size + kWindow - 1; ++i) {
    float* to = &inputs_[i * kWordSize];
    if (i < kReach || i >= size + kReach) {
      add_all(to, rows.row(token_row::kPad), kWordSize);
      continue;
    }
    const TokenRows& token = tokens[i - kReach];
    for (std::size_t r = 0; r < token.count; ++r) add_all(to, rows.row(token.rows[r]), kWordSize);
  }
}

void TaggerNetwork::look(std::size_t token, std::size_t last, std::size_t last_but_one) {
  std::copy_n(bias.row(0), kTagHidden, hidden_.begin());
  add_all(hidden_.data(), history.row(last), kTagHidden);
  add_all(hidden_.data(), history.row(tags_ + 1 + last_but_one), kTagHidden);
  const float* input = &inputs_[token * kWordSize];
  for (std::size_t i = 0; i < kWindow * kWordSize; ++i) {
    add_scaled(hidden_.data(), window.row(i), input[i], kTagHidden);
  }
  std::copy_n(out_bias.row(0), tags_, scores_.begin());
  for (std::size_t h = 0; h < kTagHidden; ++h) {
    hidden_[h] = std::max(hidden_[h], 0.0F);
    if (hidden_[h] > 0) add_scaled(scores_.data(), outputs.row(h), hidden_[h], tags_);
  }
}

// `scores_` holds the gradient of the scores.
void TaggerNetwork::go_back(std::size_t token, std::size_t last, std::size_t last_but_one) {
  add_all(out_bias.gradient(0), scores_.data(), tags_);
  for (std::size_t h = 0; h < kTagHidden; ++h) {
    hidden_gradient_[h] = 0;
    if (hidden_[h] <= 0) continue;
    const float* row = outputs.row(h);
    float sum = 0;
    for (std::size_t t = 0; t < tags_; ++t) sum += row[t] * scores_[t];
    hidden_gradient_[h] = sum;
    add_scaled(outputs.gradient(h), scores_.data(), hidden_[h], tags_);
  }
  add_all(bias.gradient(0), hidden_gradient_.data(), kTagHidden);
  add_all(history.gradient(last), hidden_gradient_.data(), kTagHidden);
  add_all(history.gradient(tags_ + 1 + last_but_one), hidden_gradient_.data(), kTagHidden);
  const float* input = &inputs_[token * kWordSize];
  float* input_gradient = &input_gradients_[token * kWordSize];
  for (std::size_t i = 0; i < kWindow * kWordSize; ++i) {
    add_scaled(window.gradient(i), hidden_gradient_.data(), input[i], kTagHidden);
    input_gradient[i] += inner(window.row(i), hidden_gradient_.data(), kTagHidden);
  }
}

void TaggerNetwork::learn(const TrainingSentence& sentence, WordDropout& dropout) {
  std::vector<TokenRows> tokens(sentence.rows.size());
  for (std::size_t i = 0; i < tokens.size(); ++i) tokens[i] = dropout.apply(sentence.rows[i]);
  sum_rows(tokens);
  input_gradients_.assign(inputs_.size(), 0.0F);
  std::size_t last = tags_;
  std::size_t last_but_one = tags_;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    look(i, last, last_but_one);
    const auto best = static_cast<std::size_t>(std::max_element(scores_.begin(), scores_.end()) -
                                               scores_.begin());
    if (sentence.gold[i].known) {
      softmax(scores_.data(), tags_);
      scores_[sentence.gold[i].tag] -= 1;
      go_back(i, last, last_but_one);
    }
    last_but_one = last;
    last = best;
  }
  for (std::size_t i = 0; i < tokens.size() + kWindow - 1; ++i) {
    const float* from = &input_gradients_[i * kWordSize];
    if (i < kReach || i >= tokens.size() + kReach) {
      add_all(rows.gradient(token_row::kPad), from, kWordSize);
      continue;
    }
    const TokenRows& token = tokens[i - kReach];
    for (std::size_t r = 0; r < token.count; ++r) {
      add_all(rows.gradient(token.rows[r]), from, kWordSize);
    }
  }
}

std::vector<std::uint16_t> TaggerNetwork::tag(const TrainingSentence& sentence) {
  sum_rows(sentence.rows);
  std::vector<std::uint16_t> found;
  std::size_t last = tags_;
  std::size_t last_but_one = tags_;
  for (std::size_t i = 0; i < sentence.rows.size(); ++i) {
    look(i, last, last_but_one);
    last_but_one = last;
    last = static_cast<std::size_t>(std::max_element(scores_.begin(), scores_.end()) -
                                    scores_.begin());
    found.push_back(static_cast<std::uint16_t>(last));
  }
  return found;
}

}  // namespace tocsin
