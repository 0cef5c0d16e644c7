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

// Room for so many numbers. It grows only: what is not filled is not read, and need not be cleared.
void make_room(LineVector<std::int16_t>& numbers, std::size_t count) {
  if (numbers.size() < count) numbers.resize(count);
}

// Numbers of so many tokens, with room for the window on both sides.
constexpr std::size_t with_margins(std::size_t tokens) {
  return (tokens + kWindow - 1) * kWordSize;
}

// Sums of the tokens' rows, with room for the window on both sides.
void sum_rows(const SyntaxModel& model, ParserScratch& scratch) {
  const LayerCode& code = layer_code();
  const std::int8_t* table = model.token_weights.front().tagger.data();
  const std::size_t size = scratch.rows.size();
  make_room(scratch.tagged, with_margins(size));
  make_room(scratch.inputs, with_margins(size));
  const auto sum = [&](std::size_t at, const std::uint16_t* rows, std::size_t count) {
    code.sum_of_rows(table, rows, count, &scratch.tagged[at * kWordSize],
                     &scratch.inputs[at * kWordSize]);
  };
  constexpr auto kPad = static_cast<std::uint16_t>(token_row::kPad);
  for (std::size_t i = 0; i < kReach; ++i) {
    sum(i, &kPad, 1);
    sum(size + kReach + i, &kPad, 1);
  }
  // The table is larger than the near caches: rows are fetched some tokens ahead.
  constexpr std::size_t kAhead = 4;
  const auto fetch = [&](const TokenRows& token) {
    for (std::size_t r = 0; r < token.count; ++r) {
      __builtin_prefetch(&model.token_weights[token.rows[r]]);
    }
  };
  for (std::size_t i = 0; i < std::min(kAhead, size); ++i) fetch(scratch.rows[i]);
  for (std::size_t i = 0; i < size; ++i) {
    if (i + kAhead < size) fetch(scratch.rows[i + kAhead]);
    sum(i + kReach, scratch.rows[i].rows.data(), scratch.rows[i].count);
  }
}

// How much less than the best tag's sum that of a verb may be where a sentence has none: of any
// word, and of a verb of what the reader looks for. Tried on treebanks and on titles of news.
constexpr std::int32_t kLackMax = 8000;
constexpr std::int32_t kLackKnownMax = 30000;

// What a token lacks to be a verb with a tense: the tag that is nearest, and by how much its sum is
// less than the best one's.
struct NearVerb {
  std::size_t at = 0;
  std::uint16_t tag = 0;
  std::int32_t lack = std::numeric_limits<std::int32_t>::max();
};

// Tags are chosen from left to right, each by its window and the two before it. A sentence has a
// verb: where none was seen, what is nearest to one is read as one, and what follows again.
class Tagger {
 public:
  // `first`: the piece's first token; `verbs` as of parse().
  Tagger(const SyntaxModel& model, ParserScratch& scratch, std::uint32_t first,
         std::span<const std::uint32_t> verbs)
      : model_(model), scratch_(scratch), first_(first), verbs_(verbs) {
    for (std::size_t tag = 0; tag < model.tags.size(); ++tag) {
      const SyntaxTag& its = model.tags[tag];
      const bool has_tense = its.form == WordForm::present || its.form == WordForm::past;
      if (its.upos == Upos::verb && has_tense)
        tensed_[tensed_count_++] = static_cast<std::uint16_t>(tag);
    }
  }

  void run() {
    const std::size_t size = scratch_.rows.size();
    static constexpr std::array<std::int16_t, kTagHidden> kNothing{};
    make_room(scratch_.windows, size * kTagHidden);
    layer_code().multiply_onto(
        {scratch_.tagged.data(), kWordSize, size}, model_.tagger_window.weights(),
        model_.tagger_scales.rows + model_.tagger_scales.window - kSumBits,
        {kNothing.data(), nullptr}, kWindowMax, scratch_.windows.data(), kTagHidden);
    scratch_.tags.resize(size);
    run_from(0);
    NearVerb chosen;
    const bool is_known_there = known_.lack != NearVerb{}.lack;
    if (!has_tense_ && known_.lack <= kLackKnownMax) {
      chosen = known_;
    } else if (!has_verb_ && !is_known_there && any_.lack <= kLackMax) {
      chosen = any_;
    } else {
      return;
    }
    scratch_.tags[chosen.at] = chosen.tag;
    run_from(chosen.at + 1);
  }

 private:
  [[nodiscard]] std::size_t tag_before(std::size_t at, std::size_t back) const {
    return at < back ? model_.tags.size() : scratch_.tags[at - back];
  }

  void run_from(std::size_t begin) {
    const std::size_t tags = model_.tags.size();
    for (std::size_t i = begin; i < scratch_.rows.size(); ++i) {
      const std::array<const std::int16_t*, 4> rows = {
          &scratch_.windows[i * kTagHidden], model_.tagger_bias.data(),
          &model_.tagger_history[tag_before(i, 1) * kTagHidden],
          &model_.tagger_history[(tags + 1 + tag_before(i, 2)) * kTagHidden]};
      layer_code().add_and_rectify(rows.data(), rows.size(), kTagHidden, hidden_.data());
      model_.tagger_outputs.multiply(hidden_.data(), sums_.data());
      const std::size_t best =
          layer_code().add_and_choose(sums_.data(), model_.tag_biases.data(), padded(tags));
      scratch_.tags[i] = static_cast<std::uint16_t>(best);
      note(i, best);
    }
  }

  void note(std::size_t at, std::size_t best) {
    const SyntaxTag& own = model_.tags[best];
    const bool is_verb = own.upos == Upos::verb || own.upos == Upos::aux;
    has_verb_ = has_verb_ || is_verb;
    has_tense_ =
        has_tense_ || (is_verb && own.form != WordForm::participle && own.form != WordForm::gerund);
    if (at == 0 || has_tense_) return;  // a verb stands behind its subject
    NearVerb here{at, 0, std::numeric_limits<std::int32_t>::max()};
    for (std::size_t i = 0; i < tensed_count_; ++i) {
      const std::uint16_t tag = tensed_[i];
      const std::int32_t lack = sums_[best] - sums_[tag];
      if (lack < here.lack) {
        here.tag = tag;
        here.lack = lack;
      }
    }
    if (here.lack < any_.lack) any_ = here;
    const bool is_known = std::binary_search(verbs_.begin(), verbs_.end(), first_ + at);
    if (is_known && here.lack < known_.lack) known_ = here;
  }

  const SyntaxModel& model_;
  ParserScratch& scratch_;
  std::uint32_t first_;
  std::span<const std::uint32_t> verbs_;
  std::array<std::uint16_t, kTagsMax> tensed_{};  // tags of verbs with a tense
  std::size_t tensed_count_ = 0;
  bool has_verb_ = false;   // of any form
  bool has_tense_ = false;  // or is an infinitive
  NearVerb any_;
  NearVerb known_;
  alignas(kCacheLine) std::array<std::int32_t, padded(kTagsMax)> sums_{};
  alignas(kCacheLine) std::array<std::int16_t, kTagHidden> hidden_{};
};

// Each token with its neighbours: its rows plus, twice, a ReLU of the window around it.
void encode_tokens(const SyntaxModel& model, ParserScratch& scratch) {
  const std::size_t size = scratch.rows.size();
  for (std::size_t i = 0; i < size; ++i) {
    const std::int8_t* row = &model.parser_tag_rows[scratch.tags[i] * kWordSize];
    std::int16_t* to = &scratch.inputs[(i + kReach) * kWordSize];
    for (std::size_t j = 0; j < kWordSize; ++j) to[j] = static_cast<std::int16_t>(to[j] + row[j]);
  }
  make_room(scratch.mixed, with_margins(size));
  const auto clear = [&](std::size_t token) {
    std::fill_n(&scratch.mixed[token * kWordSize], kReach * kWordSize, std::int16_t{0});
  };
  for (std::size_t mix = 0; mix < kMixes; ++mix) {
    clear(0);
    clear(size + kReach);
    layer_code().mix({scratch.inputs.data(), kWordSize, size}, model.parser_mixes[mix].weights(),
                     model.parser_mix_biases[mix].data(), model.parser_scales.window, kMixMax,
                     &scratch.inputs[kReach * kWordSize], &scratch.mixed[kReach * kWordSize]);
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
    for (std::size_t slot = 0; slot < kTopSlots; ++slot) fill(slot, 0, state_.size());
    scratch_.is_filled.assign(state_.size(), 0);
  }

  // What nodes add in a slot.
  void fill(std::size_t slot, std::size_t node, std::size_t count) {
    const std::size_t tag_rows = slot * (model_.tags.size() + 2);
    const int bits = model_.parser_scales.rows + model_.parser_scales.slots - kSumBits;
    code_.multiply_onto({&scratch_.inputs[(node + kReach) * kWordSize], kWordSize, count},
                        model_.parser_slots[slot].weights(), bits,
                        {&model_.parser_slot_tags[tag_rows * kParserHidden], &scratch_.tags[node]},
                        kAddendMax, filled(slot, node), kSlots * kParserHidden);
  }
  [[nodiscard]] std::int16_t* filled(std::size_t slot, std::size_t node) {
    return &scratch_.filled[(node * kSlots + slot) * kParserHidden];
  }

  // The hidden layer of the state.
  void look() {
    std::array<std::uint16_t, kSlots> slots;
    state_.slots(slots);
    std::array<const std::int16_t*, kSlots + 1 + kStateSums> addends;
    std::size_t at = 0;
    for (std::size_t slot = 0; slot < kTopSlots; ++slot) addends[at++] = top(slot, slots[slot]);
    std::size_t absent = 0;
    for (std::size_t slot = kTopSlots; slot < kSlots; ++slot) {
      if (slots[slot] == kNoNode) {
        absent |= std::size_t{1} << (slot - kTopSlots);
      } else {
        addends[at++] = child(slot, slots[slot]);
      }
    }
    addends[at++] = &model_.absent_sums[absent * kParserHidden];
    for (const std::uint16_t row : sums_of(state_.traits(slots))) {
      addends[at++] = &model_.state_sums[row * kParserHidden];
    }
    code_.add_and_rectify(addends.data(), at, kParserHidden, hidden_.data());
  }

  [[nodiscard]] const std::int16_t* top(std::size_t slot, std::uint16_t node) {
    if (node < state_.size()) return filled(slot, node);
    const std::size_t tags = model_.tags.size();
    const std::size_t row = slot * (tags + 2) + tags + (node == kNoNode ? 0 : 1);
    return &model_.parser_slot_tags[row * kParserHidden];
  }

  // With its label, which it has for good; computed once for each pair.
  [[nodiscard]] const std::int16_t* child(std::size_t slot, std::uint16_t node) {
    std::int16_t* const to = filled(slot, node);
    const auto bit = static_cast<std::uint16_t>(1U << slot);
    if ((scratch_.is_filled[node] & bit) != 0) return to;
    scratch_.is_filled[node] = static_cast<std::uint16_t>(scratch_.is_filled[node] | bit);
    fill(slot, node, 1);
    const std::size_t label = state_row::kLabel + (slot - kTopSlots) * (kDeprelCount + 1) +
                              static_cast<std::size_t>(state_.relation(node));
    const std::int16_t* row = &model_.parser_states[label * kParserHidden];
    for (std::size_t i = 0; i < kParserHidden; ++i)
      to[i] = static_cast<std::int16_t>(to[i] + row[i]);
    return to;
  }

  // The best action that is allowed; of equal ones the first.
  [[nodiscard]] ParserAction choose() noexcept {
    model_.parser_actions.multiply(hidden_.data(), sums_.data());
    std::int32_t most = kNever;
    std::size_t best = 0;
    for (std::size_t i = 0; i < kActionCount; ++i) {
      const std::int32_t score = sums_[i] + model_.parser_out_bias[i];
      if (score <= most || !state_.may(static_cast<ParserAction>(i))) continue;
      most = score;
      best = i;
    }
    return static_cast<ParserAction>(best);
  }

  // The best relation but root.
  [[nodiscard]] Deprel label(ParserAction action) noexcept {
    const std::size_t side = action == ParserAction::right ? 1 : 0;
    model_.parser_labels[side].multiply(hidden_.data(), sums_.data());
    sums_[static_cast<std::size_t>(Deprel::root)] = 0;  // its bias is kNever
    return static_cast<Deprel>(
        code_.add_and_choose(sums_.data(), model_.label_biases[side].data(), sums_.size()));
  }

  const SyntaxModel& model_;
  ParserScratch& scratch_;
  ArcHybrid& state_;
  const LayerCode& code_ = layer_code();
  alignas(kCacheLine) std::array<std::int16_t, kParserHidden> hidden_{};
  alignas(kCacheLine) std::array<std::int32_t, padded(kDeprelCount)> sums_{};
};

void parse_piece(const SyntaxModel& model, const Text& text, TokenSpan piece,
                 std::span<const std::uint32_t> verbs, ParserScratch& scratch) {
  const std::size_t size = piece.size();
  const Field field = text.sentences[text.sentence_of(piece.begin)].field;
  rows_of_tokens(model.words, text, piece, field, scratch.rows);
  sum_rows(model, scratch);
  Tagger(model, scratch, piece.begin, verbs).run();
  encode_tokens(model, scratch);
  scratch.state.start(size);
  for (std::size_t i = 0; i < size; ++i) {
    scratch.state.set_marks(i, text.tokens[piece.begin + i].before);
  }
  make_room(scratch.filled, size * kSlots * kParserHidden);
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
           Tree& out, std::span<const std::uint32_t> verbs) {
  out.tokens = sentence;
  out.nodes.resize(sentence.size());
  std::uint16_t first_root = kRootHead;
  const std::uint32_t limit = sentence.begin + static_cast<std::uint32_t>(std::min<std::size_t>(
                                                   sentence.size(), kSentenceTokensMax));
  for (std::uint32_t begin = sentence.begin; begin < limit;) {
    const std::uint32_t end = end_of_piece(text, begin, limit);
    parse_piece(model, text, {begin, end}, verbs, scratch);
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

Tree parse(const SyntaxModel& model, const Text& text, TokenSpan sentence, ParserScratch& scratch,
           std::span<const std::uint32_t> verbs) {
  Tree tree;
  parse(model, text, sentence, scratch, tree, verbs);
  return tree;
}

}  // namespace tocsin
