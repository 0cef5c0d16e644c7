#include "config/language/train/parser_network.h"

#include <algorithm>

namespace tocsin {
namespace {

constexpr std::size_t kReach = kWindow / 2;
constexpr float kExplored = 0.9F;        // share of steps that follow the parser's own action
constexpr float kWrongArcWeight = 0.3F;  // of a label on an arc that is not gold

}  // namespace

ParserNetwork::ParserNetwork(std::size_t token_rows, std::size_t tags, Random& random)
    : rows(token_rows, kWordSize, 0.1F, random),
      tag_rows(tags, kWordSize, 0.1F, random),
      mixes{Weights(kWindow * kWordSize, kWordSize, 0.12F, random),
            Weights(kWindow * kWordSize, kWordSize, 0.12F, random)},
      mix_biases{Weights(1, kWordSize, 0.0F, random), Weights(1, kWordSize, 0.0F, random)},
      slots(kSlots * kWordSize, kParserHidden, 0.1F, random),
      slot_tags(kSlots * (tags + 2), kParserHidden, 0.1F, random),
      states(state_row::kCount, kParserHidden, 0.1F, random),
      bias(1, kParserHidden, 0.05F, random),
      actions(kParserHidden, kActionCount, 0.1F, random),
      labels(kParserHidden * 2, kDeprelCount, 0.1F, random),
      out_bias(1, kParserOutputs, 0.0F, random),
      tags_(tags),
      hidden_(kParserHidden),
      hidden_gradient_(kParserHidden) {}

void ParserNetwork::encode(const std::vector<TokenRows>& tokens,
                           const std::vector<std::uint16_t>& tags) {
  const std::size_t size = tokens.size();
  std::vector<float>& inputs = encoded_[0];
  inputs.assign((size + kWindow - 1) * kWordSize, 0.0F);
  for (std::size_t i = 0; i < size + kWindow - 1; ++i) {
    float* to = &inputs[i * kWordSize];
    if (i < kReach || i >= size + kReach) {
      add_all(to, rows.row(token_row::kPad), kWordSize);
      continue;
    }
    const TokenRows& token = tokens[i - kReach];
    for (std::size_t r = 0; r < token.count; ++r) add_all(to, rows.row(token.rows[r]), kWordSize);
    add_all(to, tag_rows.row(tags[i - kReach]), kWordSize);
  }
  for (std::size_t layer = 0; layer < kMixes; ++layer) mix(layer, size);
  for (std::vector<float>& gradients : encoded_gradients_) gradients.assign(inputs.size(), 0.0F);
}

void ParserNetwork::mix(std::size_t layer, std::size_t size) {
  std::vector<float>& to = encoded_[layer + 1];
  to.assign(encoded_[layer].size(), 0.0F);
  mixed_[layer].resize(size * kWordSize);
  for (std::size_t i = 0; i < size; ++i) {
    float* mixed = &mixed_[layer][i * kWordSize];
    const float* input = &encoded_[layer][i * kWordSize];
    std::copy_n(mix_biases[layer].row(0), kWordSize, mixed);
    for (std::size_t j = 0; j < kWindow * kWordSize; ++j) {
      add_scaled(mixed, mixes[layer].row(j), input[j], kWordSize);
    }
    for (std::size_t j = 0; j < kWordSize; ++j) {
      mixed[j] = std::max(mixed[j], 0.0F);
      to[(i + kReach) * kWordSize + j] = mixed[j] + input[kReach * kWordSize + j];
    }
  }
}

void ParserNetwork::mix_back(std::size_t layer, std::size_t size) {
  std::array<float, kWordSize> gradient{};
  for (std::size_t i = 0; i < size; ++i) {
    const float* input = &encoded_[layer][i * kWordSize];
    float* input_gradient = &encoded_gradients_[layer][i * kWordSize];
    const float* from = &encoded_gradients_[layer + 1][(i + kReach) * kWordSize];
    add_all(input_gradient + kReach * kWordSize, from, kWordSize);
    for (std::size_t j = 0; j < kWordSize; ++j) {
      gradient[j] = mixed_[layer][i * kWordSize + j] > 0 ? from[j] : 0.0F;
    }
    add_all(mix_biases[layer].gradient(0), gradient.data(), kWordSize);
    for (std::size_t j = 0; j < kWindow * kWordSize; ++j) {
      add_scaled(mixes[layer].gradient(j), gradient.data(), input[j], kWordSize);
      input_gradient[j] += inner(mixes[layer].row(j), gradient.data(), kWordSize);
    }
  }
}

void ParserNetwork::encode_back(const std::vector<TokenRows>& tokens,
                                const std::vector<std::uint16_t>& tags) {
  const std::size_t size = tokens.size();
  for (std::size_t layer = kMixes; layer-- > 0;) mix_back(layer, size);
  for (std::size_t i = 0; i < size + kWindow - 1; ++i) {
    const float* from = &encoded_gradients_[0][i * kWordSize];
    if (i < kReach || i >= size + kReach) {
      add_all(rows.gradient(token_row::kPad), from, kWordSize);
      continue;
    }
    const TokenRows& token = tokens[i - kReach];
    for (std::size_t r = 0; r < token.count; ++r) {
      add_all(rows.gradient(token.rows[r]), from, kWordSize);
    }
    add_all(tag_rows.gradient(tags[i - kReach]), from, kWordSize);
  }
}

float* ParserNetwork::word_of(std::size_t slot, std::uint16_t node,
                              const std::vector<std::uint16_t>& tags) {
  const std::size_t at = node * kSlots + slot;
  float* to = &filled_[at * kParserHidden];
  if (is_filled_[at]) return to;
  is_filled_[at] = true;
  fills_.push_back(static_cast<std::uint32_t>(at));
  std::copy_n(slot_tags.row(slot * (tags_ + 2) + tags[node]), kParserHidden, to);
  std::fill_n(&filled_gradients_[at * kParserHidden], kParserHidden, 0.0F);
  const float* word = &encoded_[kMixes][(node + kReach) * kWordSize];
  for (std::size_t i = 0; i < kWordSize; ++i) {
    add_scaled(to, slots.row(slot * kWordSize + i), word[i], kParserHidden);
  }
  return to;
}

void ParserNetwork::fill_back(const std::vector<std::uint16_t>& tags) {
  for (const std::uint32_t at : fills_) {
    const std::size_t node = at / kSlots;
    const std::size_t slot = at % kSlots;
    const float* from = &filled_gradients_[at * kParserHidden];
    add_all(slot_tags.gradient(slot * (tags_ + 2) + tags[node]), from, kParserHidden);
    const float* word = &encoded_[kMixes][(node + kReach) * kWordSize];
    float* word_gradient = &encoded_gradients_[kMixes][(node + kReach) * kWordSize];
    for (std::size_t i = 0; i < kWordSize; ++i) {
      add_scaled(slots.gradient(slot * kWordSize + i), from, word[i], kParserHidden);
      word_gradient[i] += inner(slots.row(slot * kWordSize + i), from, kParserHidden);
    }
  }
}

// Which hidden units learn from this state: seven of eight.
void ParserNetwork::drop_units(Random& random) {
  std::uint64_t bits = 0;
  for (std::size_t h = 0; h < kParserHidden; ++h, bits >>= 3) {
    if (h % 21 == 0) bits = random.bits();
    dropped_[h] = (bits & 7) == 0 ? 0.0F : 8.0F / 7.0F;
  }
}

void ParserNetwork::look(const std::vector<std::uint16_t>& tags) {
  state_.slots(at_);
  state_.rows(at_, at_rows_);
  std::copy_n(bias.row(0), kParserHidden, hidden_.begin());
  for (std::size_t slot = 0; slot < kSlots; ++slot) {
    const std::uint16_t node = at_[slot];
    const float* from = nullptr;
    if (node == kNoNode || node == state_.size()) {
      from = slot_tags.row(slot * (tags_ + 2) + tags_ + (node == kNoNode ? 0 : 1));
    } else {
      from = word_of(slot, node, tags);
    }
    add_all(hidden_.data(), from, kParserHidden);
  }
  for (const std::uint16_t row : at_rows_) {
    add_all(hidden_.data(), states.row(row), kParserHidden);
  }
  for (std::size_t h = 0; h < kParserHidden; ++h) {
    hidden_[h] = std::max(hidden_[h], 0.0F) * dropped_[h];
  }
  std::fill(hidden_gradient_.begin(), hidden_gradient_.end(), 0.0F);
}

void ParserNetwork::look_back() {
  for (std::size_t h = 0; h < kParserHidden; ++h) {
    hidden_gradient_[h] = hidden_[h] > 0 ? hidden_gradient_[h] * dropped_[h] : 0.0F;
  }
  add_all(bias.gradient(0), hidden_gradient_.data(), kParserHidden);
  for (std::size_t slot = 0; slot < kSlots; ++slot) {
    const std::uint16_t node = at_[slot];
    float* to = nullptr;
    if (node == kNoNode || node == state_.size()) {
      to = slot_tags.gradient(slot * (tags_ + 2) + tags_ + (node == kNoNode ? 0 : 1));
    } else {
      to = &filled_gradients_[(node * kSlots + slot) * kParserHidden];
    }
    add_all(to, hidden_gradient_.data(), kParserHidden);
  }
  for (const std::uint16_t row : at_rows_) {
    add_all(states.gradient(row), hidden_gradient_.data(), kParserHidden);
  }
}

// Gold arcs that each action would make impossible.
std::array<int, kActionCount> ParserNetwork::costs(const TrainingSentence& sentence) const {
  std::array<int, kActionCount> cost{};
  const std::size_t next = state_.next();
  const std::vector<std::uint16_t>& stack = state_.stack();
  if (next < state_.size()) {
    const std::uint16_t head = sentence.gold[next].head;
    cost[0] += head < state_.size() && on_stack_[head] && head != stack.back();
    for (const std::uint16_t child : children_[next]) cost[0] += on_stack_[child];
  }
  const std::uint16_t top = stack.back();
  const std::uint16_t head = sentence.gold[top].head;
  int below = 0;
  for (const std::uint16_t child : children_[top]) below += child >= next;
  cost[1] = below + (head > next || (stack.size() > 1 && head == stack[stack.size() - 2]));
  cost[2] = below + (head >= next);
  return cost;
}

Deprel ParserNetwork::label(ParserAction action) {
  const std::size_t block = action == ParserAction::right ? 1 : 0;
  std::array<float, kDeprelCount> scores{};
  std::copy_n(out_bias.row(0) + kActionCount + block * kDeprelCount, kDeprelCount, scores.begin());
  for (std::size_t h = 0; h < kParserHidden; ++h) {
    if (hidden_[h] > 0) {
      add_scaled(scores.data(), labels.row(block * kParserHidden + h), hidden_[h], kDeprelCount);
    }
  }
  return static_cast<Deprel>(std::max_element(scores.begin() + 1, scores.end()) - scores.begin());
}

void ParserNetwork::learn_label(const TrainingSentence& sentence, ParserAction action,
                                float weight) {
  const GoldToken& gold = sentence.gold[state_.top()];
  if (gold.relation == Deprel::root || !gold.known) return;
  if (gold.head != state_.head_of(action)) weight *= kWrongArcWeight;
  const std::size_t block = action == ParserAction::right ? 1 : 0;
  std::array<float, kDeprelCount> scores{};
  const std::size_t first = kActionCount + block * kDeprelCount;
  std::copy_n(out_bias.row(0) + first, kDeprelCount, scores.begin());
  for (std::size_t h = 0; h < kParserHidden; ++h) {
    if (hidden_[h] > 0) {
      add_scaled(scores.data(), labels.row(block * kParserHidden + h), hidden_[h], kDeprelCount);
    }
  }
  scores[0] = -100.0F;  // no label is root
  softmax(scores.data(), kDeprelCount);
  scores[static_cast<std::size_t>(gold.relation)] -= 1;
  for (float& score : scores) score *= weight;
  add_all(out_bias.gradient(0) + first, scores.data(), kDeprelCount);
  for (std::size_t h = 0; h < kParserHidden; ++h) {
    if (hidden_[h] <= 0) continue;
    const float* row = labels.row(block * kParserHidden + h);
    float sum = 0;
    for (std::size_t i = 0; i < kDeprelCount; ++i) sum += row[i] * scores[i];
    hidden_gradient_[h] += sum;
    add_scaled(labels.gradient(block * kParserHidden + h), scores.data(), hidden_[h], kDeprelCount);
  }
}

void ParserNetwork::one_state(const TrainingSentence& sentence, bool explore, Random& random) {
  drop_units(random);
  look(sentence.tags);
  std::array<float, kActionCount> scores{};
  for (std::size_t a = 0; a < kActionCount; ++a) {
    scores[a] = state_.may(static_cast<ParserAction>(a)) ? out_bias.row(0)[a] : -1e9F;
  }
  for (std::size_t h = 0; h < kParserHidden; ++h) {
    for (std::size_t a = 0; a < kActionCount; ++a) scores[a] += hidden_[h] * actions.row(h)[a];
  }
  const std::array<int, kActionCount> cost = costs(sentence);
  int least = 1 << 20;
  std::size_t own = kActionCount;
  std::size_t best = kActionCount;
  for (std::size_t a = 0; a < kActionCount; ++a) {
    if (!state_.may(static_cast<ParserAction>(a))) continue;
    least = std::min(least, cost[a]);
    if (own == kActionCount || scores[a] > scores[own]) own = a;
  }
  const auto is_good = [&](std::size_t a) {
    return state_.may(static_cast<ParserAction>(a)) && cost[a] == least;
  };
  for (std::size_t a = 0; a < kActionCount; ++a) {
    if (is_good(a) && (best == kActionCount || scores[a] > scores[best])) best = a;
  }
  softmax(scores.data(), kActionCount);
  float good = 1e-6F;
  for (std::size_t a = 0; a < kActionCount; ++a) good += is_good(a) ? scores[a] : 0.0F;
  for (std::size_t a = 0; a < kActionCount; ++a) {
    scores[a] -= is_good(a) ? scores[a] / good : 0.0F;
  }
  add_all(out_bias.gradient(0), scores.data(), kActionCount);
  for (std::size_t h = 0; h < kParserHidden; ++h) {
    if (hidden_[h] <= 0) continue;
    const float* row = actions.row(h);
    float* gradient = actions.gradient(h);
    for (std::size_t a = 0; a < kActionCount; ++a) {
      hidden_gradient_[h] += row[a] * scores[a];
      gradient[a] += hidden_[h] * scores[a];
    }
  }
  const std::size_t taken = explore && random.unit() < kExplored ? own : best;
  const auto action = static_cast<ParserAction>(taken);
  Deprel relation = Deprel::root;
  if (action == ParserAction::shift) {
    on_stack_[state_.next()] = true;
  } else {
    learn_label(sentence, action, 1.0F);
    relation = label(action);
    on_stack_[state_.top()] = false;
  }
  look_back();
  state_.apply(action, relation);
}

void ParserNetwork::learn(const TrainingSentence& sentence, WordDropout& dropout, bool explore,
                          Random& random) {
  const std::size_t size = sentence.rows.size();
  std::vector<TokenRows> tokens(size);
  for (std::size_t i = 0; i < size; ++i) tokens[i] = dropout.apply(sentence.rows[i]);
  encode(tokens, sentence.tags);
  filled_.resize(std::max(filled_.size(), size * kSlots * kParserHidden));
  filled_gradients_.resize(filled_.size());
  is_filled_.assign(size * kSlots, false);
  fills_.clear();
  children_.assign(size, {});
  for (std::size_t i = 0; i < size; ++i) {
    const std::uint16_t head = sentence.gold[i].head;
    if (head < size) children_[head].push_back(static_cast<std::uint16_t>(i));
  }
  on_stack_.assign(size, false);
  dropped_.assign(kParserHidden, 1.0F);
  state_.start(size);
  for (std::size_t i = 0; i < size; ++i) state_.set_marks(i, sentence.text.tokens[i].before);
  while (!state_.done()) {
    if (state_.stack().empty()) {
      on_stack_[state_.next()] = true;
      state_.apply(ParserAction::shift, Deprel::root);
    } else if (state_.next() == size && state_.stack().size() == 1) {
      state_.apply(ParserAction::left, Deprel::root);
    } else {
      one_state(sentence, explore, random);
    }
  }
  fill_back(sentence.tags);
  encode_back(tokens, sentence.tags);
}

}  // namespace tocsin
