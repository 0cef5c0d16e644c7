#include "pipeline/tension/prospects.h"

#include <algorithm>
#include <vector>

#include "pipeline/tension/gate.h"
#include "pipeline/tension/parties.h"

namespace tocsin {
namespace {

// Of the worker, by set: the number of the last sentence that had a word of it.
struct SetMemory {
  std::vector<std::uint32_t> last;
  std::uint32_t sentence = 0;
};

// Which sets a sentence has words of: all are marked when one is first asked for.
class SetsHere {
 public:
  SetsHere(const Page& page, TokenSpan tokens, SetMemory& memory)
      : page_(page), tokens_(tokens), memory_(memory) {}

  [[nodiscard]] bool has(std::uint32_t set) {
    if (!is_marked_) mark();
    return memory_.last[set] == memory_.sentence;
  }

 private:
  void mark() {
    const Lexicon::State& lexicon = page_.lexicon;
    is_marked_ = true;
    memory_.last.resize(std::max<std::size_t>(memory_.last.size(), lexicon.set_count));
    if (++memory_.sentence == 0) {  // the numbers begin anew
      std::fill(memory_.last.begin(), memory_.last.end(), 0);
      memory_.sentence = 1;
    }
    for (std::uint32_t t = tokens_.begin; t < tokens_.end; ++t) {
      if (page_.word[t] == kNoWord) continue;
      const Word& word = lexicon.words[page_.word[t]];
      const Membership* const first = lexicon.memberships.data() + word.memberships_begin;
      for (std::size_t i = 0; i < word.membership_count; ++i) {
        memory_.last[first[i].set] = memory_.sentence;
      }
    }
  }

  const Page& page_;
  TokenSpan tokens_;
  SetMemory& memory_;
  bool is_marked_ = false;
};

// False: whatever the tree is, one of the words that the pattern asks for is nowhere in the
// sentence.
bool may_fill(const Cast& cast, const Pattern& pattern, SetsHere& sets) {
  return std::all_of(pattern.slots.begin(), pattern.slots.end(), [&](const SlotWord& slot) {
    // What stands anywhere may stand before a label's colon, outside of what is read here.
    if (slot.argument == Argument::anywhere) return true;
    if (slot.argument == Argument::quoted && slot.set == kNoSet) return cast.powers > 0;
    if (slot.is_open() && (cast.has_mention || cast.has_armed)) return true;
    if (slot.set == kNoSet || !sets.has(slot.set)) return false;
    return slot.prepositions == kNoSet || sets.has(slot.prepositions);
  });
}

// Between whom an act of this sentence could be, at best.
double best_dyad(const Cast& cast) {
  if (cast.powers >= 2) return dyad::kTwoPowers;
  if (cast.powers == 1) return cast.has_armed ? dyad::kPowerAndArmed : dyad::kPower;
  if (cast.has_armed) return dyad::kArmed;
  return cast.has_anybody ? dyad::kSomebody : dyad::kNobody;
}

}  // namespace

Cast cast_of(const Page& page, TokenSpan tokens) {
  constexpr std::uint32_t kPronouns = bit(Grammar::pronoun) | bit(Grammar::pronoun_first) |
                                      bit(Grammar::stand_in) | bit(Grammar::sides);
  constexpr std::uint32_t kPeople = bit(Grammar::civil) | bit(Grammar::victim);
  Cast cast;
  EntityIndex first = kNoEntity;
  bool has_pronoun = false;
  for (std::uint32_t t = tokens.begin; t < tokens.end; ++t) {
    if (page.mention[t] != kNoMention) {
      cast.has_mention = true;
      if (cast.powers >= 2) continue;
      const Party party = page.named(page.mention[t]);
      cast.has_armed |= party.part == Part::armed;
      if (!is_power(party) || party.entity == first) continue;
      first = party.entity;
      ++cast.powers;
      continue;
    }
    const std::uint32_t grammar = page.grammar(t);
    cast.has_armed |= (grammar & (bit(Grammar::forces) | bit(Grammar::armed))) != 0;
    cast.has_official |= (grammar & bit(Grammar::government)) != 0;
    cast.has_anybody |= (grammar & kPeople) != 0;
    has_pronoun |= (grammar & kPronouns) != 0;
    cast.has_mention |= (grammar & bit(Grammar::pronoun_first)) != 0;
  }
  if (has_pronoun && cast.powers < 2) ++cast.powers;
  cast.has_anybody |= cast.has_mention || cast.has_armed || cast.has_official;
  return cast;
}

double most_told(const Page& page, TokenSpan tokens, std::span<const Match> acts,
                 const TopicShares& of_page, const TopicShares& topics) {
  const Cast cast = cast_of(page, tokens);
  const bool has_power = cast.powers > 0 || cast.has_armed;
  static thread_local SetMemory memory;
  SetsHere sets(page, tokens, memory);
  double most = 0;
  for (const Match& act : acts) {
    const Pattern& pattern = page.lexicon.patterns[act.pattern];
    if (page.mention[act.head] != kNoMention) continue;
    const RuleSpec& spec = page.lexicon.rules[pattern.owner].spec;
    double weight = std::max(spec.scale, -spec.scale);
    if (weight <= most) continue;
    double gate = power_gate(spec, has_power, has_power, cast.has_official);
    if (spec.type >= EventType::request) gate = lifted(gate, 1, of_page, topics);
    double between = best_dyad(cast);
    if (spec.scale < 0) between = lifted(between, dyad::kArmed, of_page, topics);
    if (spec.needs_both && cast.powers < 2 && !cast.has_armed) gate = kOnePartyOfTwo;
    weight *=
        gate * between *
        topic_gate(
            of_page, topics, spec.type,
            {.has_power = has_power, .are_powers = cast.powers >= 2, .is_armed = cast.has_armed});
    if (weight > most && may_fill(cast, pattern, sets)) most = weight;
  }
  return most;
}

}  // namespace tocsin
