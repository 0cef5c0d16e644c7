#include "pipeline/syntax/parser.h"

#include <algorithm>
#include <limits>
#include <span>
#include <utility>

namespace tocsin {
namespace {

constexpr std::size_t kReach = kWindow / 2;
constexpr std::int16_t kWindowMax = 8 * kAddendMax;  // of the tagger: a sum of four fits int16
constexpr std::int32_t kMixMax = 4095;  // of the parser's windows, so that sums stay below 2^31

std::int32_t shifted(std::int32_t value, int bits) noexcept {
  return (value + (1 << (bits - 1))) >> bits;
}

// The first of the best.
std::size_t best_of(std::span<const std::int32_t> scores, std::size_t first) noexcept {
  return static_cast<std::size_t>(
      std::max_element(scores.begin() + static_cast<std::ptrdiff_t>(first), scores.end()) -
      scores.begin());
}

// Sums of the tokens' rows, with room for the window on both sides.
void sum_rows(const std::vector<std::int8_t>& table, ParserScratch& scratch) {
  static_assert(kWordSize == kRowSize);
  const LayerCode& code = layer_code();
  const std::size_t size = scratch.rows.size();
  scratch.inputs.resize((size + kWindow - 1) * kWordSize);
  constexpr auto kPad = static_cast<std::uint16_t>(token_row::kPad);
  for (std::size_t i = 0; i < kReach; ++i) {
    code.sum_of_rows(table.data(), &kPad, 1, &scratch.inputs[i * kWordSize]);
    code.sum_of_rows(table.data(), &kPad, 1, &scratch.inputs[(size + kReach + i) * kWordSize]);
  }
  for (std::size_t i = 0; i < size; ++i) {
    const TokenRows& rows = scratch.rows[i];
    code.sum_of_rows(table.data(), rows.rows.data(), rows.count,
                     &scratch.inputs[(i + kReach) * kWordSize]);
  }
}

void tag_tokens(const SyntaxModel& model, ParserScratch& scratch) {
  sum_rows(model.tagger_rows, scratch);
  const std::size_t size = scratch.rows.size();
  const std::size_t tags = model.tags.size();
  const int bits = model.tagger_scales.rows + model.tagger_scales.window - kSumBits;
  scratch.tags.resize(size);
  std::size_t last = tags;  // stands for "before the first token"
  std::size_t last_but_one = tags;
  static constexpr std::array<std::int16_t, kTagHidden> kNothing{};
  alignas(16) std::array<std::int32_t, padded(kTagsMax)> sums;
  alignas(16) std::array<std::int16_t, kTagHidden> window;
  alignas(16) std::array<std::int16_t, kTagHidden> hidden;
  const LayerCode& code = layer_code();
  for (std::size_t i = 0; i < size; ++i) {
    model.tagger_window.multiply_onto(&scratch.inputs[i * kWordSize], bits, kNothing.data(),
                                      kWindowMax, window.data());
    const std::array<const std::int16_t*, 4> rows = {
        window.data(), model.tagger_bias.data(), &model.tagger_history[last * kTagHidden],
        &model.tagger_history[(tags + 1 + last_but_one) * kTagHidden]};
    code.add_and_rectify(rows.data(), rows.size(), kTagHidden, hidden.data());
    model.tagger_outputs.multiply(hidden.data(), sums.data());
    for (std::size_t tag = 0; tag < tags; ++tag) sums[tag] += model.tagger_out_bias[tag];
    last_but_one = last;
    last = best_of({sums.data(), tags}, 0);
    scratch.tags[i] = static_cast<std::uint16_t>(last);
  }
}

// Each token with its neighbours: its rows plus, twice, a ReLU of the window around it.
void encode_tokens(const SyntaxModel& model, ParserScratch& scratch) {
  sum_rows(model.parser_rows, scratch);
  const std::size_t size = scratch.rows.size();
  for (std::size_t i = 0; i < size; ++i) {
    const std::int8_t* row = &model.parser_tag_rows[scratch.tags[i] * kWordSize];
    std::int16_t* to = &scratch.inputs[(i + kReach) * kWordSize];
    for (std::size_t j = 0; j < kWordSize; ++j) to[j] = static_cast<std::int16_t>(to[j] + row[j]);
  }
  alignas(16) std::array<std::int32_t, kWordSize> sums;
  for (std::size_t mix = 0; mix < kMixes; ++mix) {
    const std::vector<std::int32_t>& bias = model.parser_mix_biases[mix];
    scratch.mixed.assign(scratch.inputs.size(), 0);
    for (std::size_t i = 0; i < size; ++i) {
      model.parser_mixes[mix].multiply(&scratch.inputs[i * kWordSize], sums.data());
      const std::int16_t* own = &scratch.inputs[(i + kReach) * kWordSize];
      std::int16_t* to = &scratch.mixed[(i + kReach) * kWordSize];
      for (std::size_t j = 0; j < kWordSize; ++j) {
        const std::int32_t sum = shifted(sums[j] + bias[j], model.parser_scales.window);
        to[j] = static_cast<std::int16_t>(own[j] + std::clamp(sum, 0, kMixMax));
      }
    }
    std::swap(scratch.inputs, scratch.mixed);
  }
}

// One piece of a sentence; its state is left in the scratch.
class PieceParser {
 public:
  PieceParser(const SyntaxModel& model, ParserScratch& scratch)
      : model_(model), scratch_(scratch), state_(scratch.state) {}

  void run() {
    fill_tops();
    while (!state_.done()) {
      // With the root alone ahead there is no choice, but a label to find.
      const bool last = state_.next() == state_.size();
      if (last && state_.stack().size() == 1) {
        state_.apply(ParserAction::left, Deprel::root);
        continue;
      }
      if (state_.stack().empty()) {
        state_.apply(ParserAction::shift, Deprel::root);
        continue;
      }
      look();
      const ParserAction action = last ? ParserAction::right : choose();
      state_.apply(action, action == ParserAction::shift ? Deprel::root : label(action));
    }
  }

 private:
  // Nearly every token comes to the top of the stack and of the rest. Slot by slot, so that the
  // weights of one stay in the nearest cache.
  void fill_tops() {
    for (std::size_t slot = 0; slot < kTopSlots; ++slot) {
      for (std::size_t node = 0; node < state_.size(); ++node) fill(slot, node);
    }
    const auto tops = static_cast<std::uint16_t>((1U << kTopSlots) - 1);
    scratch_.is_filled.assign(state_.size(), tops);
  }

  // What a node adds in a slot.
  void fill(std::size_t slot, std::size_t node) {
    const std::size_t row = slot * (model_.tags.size() + 2) + scratch_.tags[node];
    const int bits = model_.parser_scales.rows + model_.parser_scales.slots - kSumBits;
    model_.parser_slots[slot].multiply_onto(&scratch_.inputs[(node + kReach) * kWordSize], bits,
                                            &model_.parser_slot_tags[row * kParserHidden],
                                            kAddendMax, filled(slot, node));
  }
  [[nodiscard]] std::int16_t* filled(std::size_t slot, std::size_t node) {
    return &scratch_.filled[(node * kSlots + slot) * kParserHidden];
  }

  // The hidden layer of the state.
  void look() {
    std::array<std::uint16_t, kSlots> slots;
    std::array<std::uint16_t, kStateRows> rows;
    state_.slots(slots);
    state_.rows(slots, rows);
    std::array<const std::int16_t*, kSlots + kStateRows + 1> addends;
    std::size_t at = 0;
    addends[at++] = model_.parser_bias.data();
    for (std::size_t slot = 0; slot < kSlots; ++slot) addends[at++] = word_of(slot, slots[slot]);
    for (const std::uint16_t row : rows) {
      addends[at++] = &model_.parser_states[row * kParserHidden];
    }
    code_.add_and_rectify(addends.data(), addends.size(), kParserHidden, hidden_.data());
  }

  // The same, computed once for each pair.
  const std::int16_t* word_of(std::size_t slot, std::uint16_t node) {
    const std::size_t tags = model_.tags.size();
    const std::int16_t* tag_rows = &model_.parser_slot_tags[slot * (tags + 2) * kParserHidden];
    if (node == kNoNode) return tag_rows + tags * kParserHidden;
    if (node == state_.size()) return tag_rows + (tags + 1) * kParserHidden;
    const auto bit = static_cast<std::uint16_t>(1U << slot);
    if ((scratch_.is_filled[node] & bit) == 0) {
      scratch_.is_filled[node] = static_cast<std::uint16_t>(scratch_.is_filled[node] | bit);
      fill(slot, node);
    }
    return filled(slot, node);
  }

  // The best action that is allowed; of equal ones the first.
  [[nodiscard]] ParserAction choose() noexcept {
    model_.parser_actions.multiply(hidden_.data(), sums_.data());
    for (std::size_t i = 0; i < kActionCount; ++i) {
      sums_[i] += model_.parser_out_bias[i];
      if (!state_.may(static_cast<ParserAction>(i))) sums_[i] = kNever;
    }
    return static_cast<ParserAction>(best_of({sums_.data(), kActionCount}, 0));
  }

  // The best relation but root.
  [[nodiscard]] Deprel label(ParserAction action) noexcept {
    const std::size_t side = action == ParserAction::right ? 1 : 0;
    model_.parser_labels[side].multiply(hidden_.data(), sums_.data());
    const std::int32_t* bias = &model_.parser_out_bias[kActionCount + side * kDeprelCount];
    for (std::size_t i = 0; i < kDeprelCount; ++i) sums_[i] += bias[i];
    return static_cast<Deprel>(best_of({sums_.data(), kDeprelCount}, 1));
  }

  const SyntaxModel& model_;
  ParserScratch& scratch_;
  ArcHybrid& state_;
  const LayerCode& code_ = layer_code();
  static constexpr std::int32_t kNever = std::numeric_limits<std::int32_t>::min();
  alignas(16) std::array<std::int16_t, kParserHidden> hidden_{};
  alignas(16) std::array<std::int32_t, padded(kDeprelCount)> sums_{};
};

void parse_piece(const SyntaxModel& model, const Text& text, TokenSpan piece,
                 ParserScratch& scratch) {
  const std::size_t size = piece.size();
  rows_of_tokens(model.words, text, piece, scratch.rows);
  tag_tokens(model, scratch);
  encode_tokens(model, scratch);
  scratch.state.start(size);
  for (std::size_t i = 0; i < size; ++i) {
    scratch.state.set_marks(i, text.tokens[piece.begin + i].before);
  }
  // Grows only: what is not filled is not read.
  const std::size_t filled = size * kSlots * kParserHidden;
  if (scratch.filled.size() < filled) scratch.filled.resize(filled);
  PieceParser(model, scratch).run();
}

// Where the piece that begins at `begin` ends.
std::uint32_t end_of_piece(const Text& text, std::uint32_t begin, std::uint32_t end) {
  if (end - begin <= kPieceTokensMax) return end;
  const auto limit = static_cast<std::uint32_t>(begin + kPieceTokensMax);
  constexpr std::uint16_t kBreaks = before::kSemicolon | before::kColon | before::kDash |
                                    before::kParenOpen | before::kParenClose | before::kStop;
  for (const std::uint16_t marks : {kBreaks, before::kComma}) {
    for (std::uint32_t i = limit; i > begin + kPieceTokensMax / 2; --i) {
      if ((text.tokens[i].before & marks) != 0) return i;
    }
  }
  return limit;
}

}  // namespace

void parse(const SyntaxModel& model, const Text& text, TokenSpan sentence, ParserScratch& scratch,
           Tree& out) {
  out.tokens = sentence;
  out.nodes.resize(sentence.size());
  std::uint16_t first_root = kRootHead;
  const std::uint32_t limit = sentence.begin + static_cast<std::uint32_t>(std::min<std::size_t>(
                                                   sentence.size(), kSentenceTokensMax));
  for (std::uint32_t begin = sentence.begin; begin < limit;) {
    const std::uint32_t end = end_of_piece(text, begin, limit);
    parse_piece(model, text, {begin, end}, scratch);
    const std::uint32_t offset = begin - sentence.begin;
    for (std::uint32_t i = 0; i < end - begin; ++i) {
      Node& node = out.nodes[offset + i];
      const SyntaxTag& tag = model.tags[scratch.tags[i]];
      const std::uint16_t head = scratch.state.head(i);
      node = {static_cast<std::uint16_t>(offset + head), scratch.state.relation(i), tag.upos,
              tag.form};
      if (head < end - begin) continue;
      node.head = first_root;
      node.relation = first_root == kRootHead ? Deprel::root : Deprel::parataxis;
      if (first_root == kRootHead) first_root = static_cast<std::uint16_t>(offset + i);
    }
    begin = end;
  }
  for (std::size_t i = limit - sentence.begin; i < out.nodes.size(); ++i) {
    out.nodes[i] = {first_root, Deprel::dep, Upos::x, WordForm::other};
  }
}

Tree parse(const SyntaxModel& model, const Text& text, TokenSpan sentence, ParserScratch& scratch) {
  Tree tree;
  parse(model, text, sentence, scratch, tree);
  return tree;
}

}  // namespace tocsin
