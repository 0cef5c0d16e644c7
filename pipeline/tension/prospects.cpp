#include "pipeline/tension/prospects.h"

#include <algorithm>

#include "pipeline/tension/gate.h"
#include "pipeline/tension/parties.h"

namespace tocsin {
namespace {

bool holds(const Page& page, TokenSpan tokens, std::uint32_t set) {
  for (std::uint32_t t = tokens.begin; t < tokens.end; ++t) {
    if (page.word[t] != kNoWord && page.lexicon.forms_in(page.word[t], set) != 0) return true;
  }
  return false;
}

// Between whom an act of this sentence could be, at best: as dyad_factor says.
double best_dyad(const Cast& cast) {
  if (cast.powers >= 2) return 1;
  if (cast.powers == 1) return cast.has_armed ? 0.85 : 0.7;
  if (cast.has_armed) return 0.65;
  return cast.has_anybody ? 0.4 : 0.3;
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

bool may_fill(const Page& page, TokenSpan tokens, const Cast& cast, const Pattern& pattern) {
  return std::all_of(pattern.slots.begin(), pattern.slots.end(), [&](const SlotWord& slot) {
    if (slot.is_open() && (cast.has_mention || cast.has_armed)) return true;
    if (slot.set == kNoSet || !holds(page, tokens, slot.set)) return false;
    return slot.prepositions == kNoSet || holds(page, tokens, slot.prepositions);
  });
}

double most_told(const Page& page, TokenSpan tokens, std::span<const Match> matches,
                 const TopicShares& of_page, const TopicShares& topics) {
  const Cast cast = cast_of(page, tokens);
  const bool has_power = cast.powers > 0 || cast.has_armed;
  double most = 0;
  for (const Match& match : matches) {
    const Pattern& pattern = page.lexicon.patterns[match.pattern];
    if (pattern.use != Use::rule || page.mention[match.head] != kNoMention) continue;
    const RuleSpec& spec = page.lexicon.rules[pattern.owner].spec;
    double weight = std::max(spec.scale, -spec.scale);
    if (weight <= most) continue;
    double gate = power_gate(spec, has_power, has_power, cast.has_official);
    if (spec.type >= EventType::request) gate = lifted(gate, 1, of_page, topics);
    double dyad = best_dyad(cast);
    if (spec.scale < 0) dyad = lifted(dyad, 0.65, of_page, topics);
    if (spec.needs_both && cast.powers < 2) gate = kOnePartyOfTwo;
    weight *= gate * dyad * topic_gate(of_page, topics, spec.type, {has_power, cast.powers >= 2});
    if (weight > most && may_fill(page, tokens, cast, pattern)) most = weight;
  }
  return most;
}

}  // namespace tocsin
