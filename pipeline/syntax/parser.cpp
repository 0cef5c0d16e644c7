#include "pipeline/syntax/parser.h"

#include <algorithm>

namespace tocsin {
namespace {

constexpr std::size_t kReach = kWindow / 2;
constexpr std::size_t kWindowSize = kWindow * kWordSize;
constexpr std::int32_t kMixMax = 4095;  // of the parser's window, so that sums stay far from 2^31

// Written so that compilers turn it into multiply-add of pairs.
template <std::size_t Size>
std::int32_t dot(const std::int16_t* a, const std::int16_t* b) noexcept {
  std::int32_t sum = 0;
  for (std::size_t i = 0; i < Size; ++i) sum += std::int32_t{a[i]} * std::int32_t{b[i]};
  return sum;
}

std::int32_t shifted(std::int32_t value, int bits) noexcept {
  return (value + (1 << (bits - 1))) >> bits;
}

std::int16_t addend(std::int32_t value) noexcept {
  return static_cast<std::int16_t>(std::clamp(value, -kAddendMax, kAddendMax));
}

template <std::size_t Size>
void add(std::int16_t* to, const std::int16_t* from) noexcept {
  for (std::size_t i = 0; i < Size; ++i) to[i] = static_cast<std::int16_t>(to[i] + from[i]);
}

template <std::size_t Size>
void rectify(std::int16_t* values) noexcept {
  for (std::size_t i = 0; i < Size; ++i) values[i] = std::max<std::int16_t>(values[i], 0);
}

void add_row(std::int16_t* to, const std::int8_t* row) noexcept {
  for (std::size_t i = 0; i < kWordSize; ++i) to[i] = static_cast<std::int16_t>(to[i] + row[i]);
}

// Sums of the tokens' rows, with room for the window on both sides.
void sum_rows(const std::vector<std::int8_t>& table, ParserScratch& scratch) {
  const std::size_t size = scratch.rows.size();
  scratch.inputs.assign((size + kWindow - 1) * kWordSize, 0);
  for (std::size_t i = 0; i < size + kWindow - 1; ++i) {
    std::int16_t* to = &scratch.inputs[i * kWordSize];
    if (i < kReach || i >= size + kReach) {
      add_row(to, &table[token_row::kPad * kWordSize]);
      continue;
    }
    const TokenRows& rows = scratch.rows[i - kReach];
    for (std::size_t r = 0; r < rows.count; ++r) {
      add_row(to, &table[std::size_t{rows.rows[r]} * kWordSize]);
    }
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
  alignas(16) std::array<std::int16_t, kTagHidden> hidden;
  for (std::size_t i = 0; i < size; ++i) {
    const std::int16_t* window = &scratch.inputs[i * kWordSize];
    for (std::size_t h = 0; h < kTagHidden; ++h) {
      const auto sum = dot<kWindowSize>(window, &model.tagger_window[h * kWindowSize]);
      hidden[h] = static_cast<std::int16_t>(
          std::clamp(shifted(sum, bits), -8 * kAddendMax, 8 * kAddendMax));
    }
    add<kTagHidden>(hidden.data(), model.tagger_bias.data());
    add<kTagHidden>(hidden.data(), &model.tagger_history[last * kTagHidden]);
    add<kTagHidden>(hidden.data(), &model.tagger_history[(tags + 1 + last_but_one) * kTagHidden]);
    rectify<kTagHidden>(hidden.data());
    std::size_t best = 0;
    std::int32_t best_score = 0;
    for (std::size_t tag = 0; tag < tags; ++tag) {
      const std::int32_t score =
          model.tagger_out_bias[tag] +
          dot<kTagHidden>(hidden.data(), &model.tagger_outputs[tag * kTagHidden]);
      if (tag == 0 || score > best_score) {
        best = tag;
        best_score = score;
      }
    }
    scratch.tags[i] = static_cast<std::uint16_t>(best);
    last_but_one = last;
    last = best;
  }
}

// Each token with its neighbours: its rows plus a ReLU of the window.
void encode_tokens(const SyntaxModel& model, ParserScratch& scratch) {
  sum_rows(model.parser_rows, scratch);
  const std::size_t size = scratch.rows.size();
  for (std::size_t i = 0; i < size; ++i) {
    add_row(&scratch.inputs[(i + kReach) * kWordSize],
            &model.parser_tag_rows[scratch.tags[i] * kWordSize]);
  }
  scratch.encoded.resize(size * kWordSize);
  for (std::size_t i = 0; i < size; ++i) {
    const std::int16_t* window = &scratch.inputs[i * kWordSize];
    const std::int16_t* own = window + kReach * kWordSize;
    std::int16_t* to = &scratch.encoded[i * kWordSize];
    for (std::size_t j = 0; j < kWordSize; ++j) {
      const std::int32_t sum = model.parser_window_bias[j] +
                               dot<kWindowSize>(window, &model.parser_window[j * kWindowSize]);
      const std::int32_t mixed = std::clamp(shifted(sum, model.parser_scales.window), 0, kMixMax);
      to[j] = static_cast<std::int16_t>(own[j] + mixed);
    }
  }
}

// One piece of a sentence; its state is left in the scratch.
class PieceParser {
 public:
  PieceParser(const SyntaxModel& model, ParserScratch& scratch)
      : model_(model), scratch_(scratch), state_(scratch.state) {}

  void run() {
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
  // The hidden layer of the state.
  void look() {
    std::array<std::uint16_t, kSlots> slots;
    std::array<std::uint16_t, kStateRows> rows;
    state_.slots(slots);
    state_.rows(slots, rows);
    std::copy(model_.parser_bias.begin(), model_.parser_bias.end(), hidden_.begin());
    for (std::size_t slot = 0; slot < kSlots; ++slot) {
      add<kParserHidden>(hidden_.data(), word_of(slot, slots[slot]));
    }
    for (const std::uint16_t row : rows) {
      add<kParserHidden>(hidden_.data(), &model_.parser_states[row * kParserHidden]);
    }
    rectify<kParserHidden>(hidden_.data());
  }

  // What a node adds in a slot: computed once for each pair, then kept.
  const std::int16_t* word_of(std::size_t slot, std::uint16_t node) {
    const std::size_t tags = model_.tags.size();
    const std::int16_t* tag_rows = &model_.parser_slot_tags[slot * (tags + 2) * kParserHidden];
    if (node == kNoNode) return tag_rows + tags * kParserHidden;
    if (node == state_.size()) return tag_rows + (tags + 1) * kParserHidden;
    std::int16_t* to = &scratch_.filled[(node * kSlots + slot) * kParserHidden];
    const auto bit = static_cast<std::uint16_t>(1U << slot);
    if ((scratch_.is_filled[node] & bit) != 0) return to;
    scratch_.is_filled[node] = static_cast<std::uint16_t>(scratch_.is_filled[node] | bit);
    const std::int16_t* word = &scratch_.encoded[node * kWordSize];
    const std::int16_t* weights = &model_.parser_slots[slot * kParserHidden * kWordSize];
    const std::int16_t* tag_row = tag_rows + scratch_.tags[node] * kParserHidden;
    const int bits = model_.parser_scales.rows + model_.parser_scales.slots - kSumBits;
    for (std::size_t h = 0; h < kParserHidden; ++h) {
      const std::int32_t sum = dot<kWordSize>(word, weights + h * kWordSize);
      to[h] = addend(shifted(sum, bits) + tag_row[h]);
    }
    return to;
  }

  [[nodiscard]] std::int32_t output(std::size_t index) const noexcept {
    return model_.parser_out_bias[index] +
           dot<kParserHidden>(hidden_.data(), &model_.parser_outputs[index * kParserHidden]);
  }

  // The best action that is allowed; of equal ones the first.
  [[nodiscard]] ParserAction choose() const noexcept {
    ParserAction best = ParserAction::shift;
    std::int32_t best_score = 0;
    bool any = false;
    for (std::size_t i = 0; i < kActionCount; ++i) {
      const auto action = static_cast<ParserAction>(i);
      if (!state_.may(action)) continue;
      const std::int32_t score = output(i);
      if (!any || score > best_score) {
        best = action;
        best_score = score;
      }
      any = true;
    }
    return best;
  }

  // The best relation but root.
  [[nodiscard]] Deprel label(ParserAction action) const noexcept {
    const std::size_t block =
        kActionCount + (action == ParserAction::right ? kRelationCount : std::size_t{0});
    std::size_t best = 1;
    std::int32_t best_score = output(block + 1);
    for (std::size_t i = 2; i < kRelationCount; ++i) {
      const std::int32_t score = output(block + i);
      if (score > best_score) {
        best = i;
        best_score = score;
      }
    }
    return static_cast<Deprel>(best);
  }

  const SyntaxModel& model_;
  ParserScratch& scratch_;
  ArcHybrid& state_;
  alignas(16) std::array<std::int16_t, kParserHidden> hidden_{};
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
  scratch.filled.resize(size * kSlots * kParserHidden);
  scratch.is_filled.assign(size, 0);
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
