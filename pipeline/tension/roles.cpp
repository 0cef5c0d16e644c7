#include "pipeline/tension/roles.h"

#include <algorithm>
#include <utility>

#include "pipeline/tension/arguments.h"

namespace tocsin {
namespace {

// Those of the parties that are known and none of `actors`.
Parties others_of(Parties parties, const Parties& actors) {
  std::erase_if(parties, [&](const Party& party) {
    return party.entity == kNoEntity ||
           std::any_of(actors.begin(), actors.end(),
                       [&](const Party& actor) { return actor.entity == party.entity; });
  });
  return parties;
}

// Recipients by the rule's slots: the first slot with someone known, else the first with anyone.
Parties recipients_of(const ParsedSentence& sentence, const Rule& rule, const Arguments& slots) {
  const KeyWords& key = sentence.page.lexicon.key;
  Parties anyone;
  const auto take = [&](const Parties* parties) {
    if (parties == nullptr) return false;
    if (is_known(*parties)) {
      anyone = *parties;
      return true;
    }
    if (anyone.empty()) anyone = *parties;
    return false;
  };
  const bool is_first = rule.takes_object && rule.is_object_first;
  if (is_known(slots.indirect) && !slots.is_passive) return slots.indirect;
  if (is_first && take(&slots.objects)) return anyone;
  const Parties& doers = slots.is_passive ? slots.agents : slots.subjects;
  for (const std::uint64_t preposition : rule.prepositions) {
    const bool is_own_place = !anyone.empty() && preposition != key.of && preposition != key.in &&
                              preposition != key.from;
    if (is_own_place && is_first) continue;
    const Parties* found = slots.find(preposition);
    // "Chad's army drove rebels out of a town in Chad": they are not its own
    const bool is_home = found != nullptr && !anyone.empty() && is_hostile(rule) &&
                         is_known(doers) && others_of(*found, doers).empty();
    if (is_home || !take(found)) continue;
    // "sent troops to Haiti": where they go says nothing of whom they are for
    const bool is_goal = preposition == key.to && rule.spec.type == EventType::mobilize;
    const bool is_place = preposition == key.in || preposition == key.near || is_goal;
    for (Party& party : anyone) party.is_place = is_place;
    break;
  }
  if (rule.takes_object && !is_first && !is_known(anyone)) take(&slots.objects);
  return anyone;
}

// "demanded that Russia withdraw", "agreed to stop holding back ships of Bahrain", "refused to let
// Tajik engineers in": whom the complement is about.
Parties complement_parties(const ParsedSentence& sentence, NodeIndex complement,
                           const Parties& actors) {
  constexpr unsigned kComplementsMax = 3;
  const EntityIndex apart = actors.empty() ? kNoEntity : actors.front().entity;
  const Clauses& clauses = sentence.clauses;
  for (unsigned depth = 0; depth < kComplementsMax && complement != kAbsent; ++depth) {
    const Clause clause = clauses.at(complement);
    Parties found;
    for (const NodeIndex node : clauses.surface_subjects(complement))
      append(found, parties_of(sentence, node, apart));
    found = others_of(std::move(found), actors);
    if (!found.empty()) return found;
    for (const NodeIndex node : clause.objects) append(found, parties_of(sentence, node, apart));
    for (const Oblique& each : clause.obliques)
      append(found, parties_of(sentence, each.node, apart));
    for (const NodeIndex node : clause.objects) {
      for (const NodeIndex child : clauses.children(node)) {
        if (clauses.relation(child) == Deprel::nmod)
          append(found, parties_of(sentence, child, apart));
      }
    }
    found = others_of(std::move(found), actors);
    if (!found.empty()) return found;
    complement = clause.complement;
  }
  return {};
}

// Where it happens: phrases of place, of the act and of what stands in its slots.
Parties place_of(const ParsedSentence& sentence, const Rule& rule, NodeIndex node, unsigned depth) {
  constexpr unsigned kPlacesMax = 2;
  const Clauses& clauses = sentence.clauses;
  for (const NodeIndex each : clauses.conjuncts(node)) {
    for (const NodeIndex child : clauses.children(each)) {
      const Deprel its = clauses.relation(child);
      if (its != Deprel::nmod && its != Deprel::obl) continue;
      const NodeIndex preposition = clauses.preposition(child);
      if (preposition == kAbsent || !sentence.is(preposition, Grammar::place_at)) continue;
      if (sentence.is(child, Grammar::blow)) continue;  // "killed in a strike": no place
      const Parties parties = parties_of(sentence, child);
      if (is_known(parties)) {
        if (is_beside_country(sentence, rule, child, parties)) continue;
        return parties;
      }
      if (depth >= kPlacesMax) continue;
      const Parties inner = place_of(sentence, rule, child, depth + 1);
      if (is_known(inner)) return inner;
    }
  }
  return {};
}

bool is_government_in(const ParsedSentence& sentence, TokenSpan tokens) {
  for (std::uint32_t t = tokens.begin; t + 1 < tokens.end; ++t) {
    if (sentence.page.is(t, Grammar::government)) return true;
  }
  return false;
}

// "killed five soldiers in Mali": the place says whose they are.
void add_place(const ParsedSentence& sentence, const Rule& rule, const Arguments& slots,
               Roles& roles) {
  if (!is_hostile(rule)) return;
  Parties place;
  for (const Phrase& phrase : slots.phrases) {
    const NodeIndex preposition = sentence.clauses.preposition(phrase.node);
    if (preposition != kAbsent && sentence.is(preposition, Grammar::place_at) &&
        phrase.preposition != sentence.page.lexicon.key.from &&
        !sentence.is(phrase.node, Grammar::blow) && is_known(phrase.parties) &&
        !is_beside_country(sentence, rule, phrase.node, phrase.parties)) {
      place = phrase.parties;
      break;
    }
  }
  if (!is_known(place)) place = place_of(sentence, rule, roles.top, 0);
  // "Soldiers in Mali ousted the president"
  const bool is_nameless =
      !is_known(roles.actors) && !roles.actors.empty() && is_armed_noun(roles.actors.front());
  if (!is_known(place) && is_nameless && slots.subject != kAbsent)
    place = place_of(sentence, rule, slots.subject, 0);
  if (!is_known(place) && slots.object != kAbsent)
    place = place_of(sentence, rule, slots.object, 0);
  for (const Phrase& phrase : slots.phrases) {
    if (!is_known(place)) place = place_of(sentence, rule, phrase.node, 0);
  }
  if (!is_known(place)) return;
  // "Troops kill bandits in Zamfara": whose troops, only the place says.
  constexpr std::uint32_t kOfState = bit(Grammar::forces) | bit(Grammar::government);
  const bool is_nameless_force = !roles.actors.empty() && !is_known(roles.actors) &&
                                 (roles.actors.front().grammar & kOfState) != 0 &&
                                 (roles.actors.front().grammar & bit(Grammar::armed)) == 0;
  Parties& recipients = roles.recipients;
  const bool is_against_armed =
      !recipients.empty() && (recipients.front().grammar & bit(Grammar::armed)) != 0;
  // "Government jets bomb a town in Mali"
  const bool is_of_government =
      is_nameless_force && is_government_in(sentence, roles.actors.front().tokens);
  if (is_of_government || (is_nameless_force && is_against_armed)) {
    roles.actors.front().entity = place.front().entity;
    roles.actors.front().part = place.front().part;
    roles.is_guessed = !is_of_government;
    const bool is_own = !recipients.empty() && is_same(recipients.front(), place.front());
    if (is_own) recipients.front().entity = kNoEntity;
  }
  if (is_known(recipients) || is_against_armed) return;
  if (!roles.actors.empty() && roles.actors.front().entity == place.front().entity) return;
  if (recipients.empty()) {
    recipients = place;
  } else {
    recipients.front().entity = place.front().entity;
    recipients.front().part = place.front().part;
  }
  for (Party& party : recipients) party.is_place = true;
}

// "threw stones at the door of the Danish embassy in Tehran": done to whoever sent it.
void add_mission(const ParsedSentence& sentence, const Arguments& slots, Roles& roles) {
  constexpr unsigned kNounsMax = 3;
  const Page& page = sentence.page;
  const auto mission_in = [&](NodeIndex node) {
    Party owner;
    for (unsigned nouns = 0; nouns < kNounsMax && node != kAbsent; ++nouns) {
      const std::uint32_t word = page.word[sentence.token(node)];
      const bool is_mission =
          word != kNoWord && page.lexicon.forms_in(word, page.lexicon.missions) != 0;
      if (is_mission) owner = owner_of(sentence, node);
      if (owner.entity != kNoEntity) return owner;
      node = sentence.clauses.child(node, Deprel::nmod);
    }
    return owner;
  };
  const bool is_told = is_known(roles.recipients) && !roles.recipients.front().is_place;
  Party owner = slots.object == kAbsent ? Party{} : mission_in(slots.object);
  for (const Phrase& phrase : slots.phrases) {
    if (owner.entity != kNoEntity) break;
    if (!is_told) owner = mission_in(phrase.node);
  }
  const bool is_own = is_known(roles.actors) && roles.actors.front().entity == owner.entity;
  if (owner.entity == kNoEntity || is_own) return;
  owner.is_owner = true;
  roles.recipients = {owner};
}

// "in a clash with Chinese troops", "in an exchange of fire with".
Parties fought_with(const ParsedSentence& sentence, NodeIndex fight) {
  const Clauses& clauses = sentence.clauses;
  const std::uint64_t with = sentence.page.lexicon.key.with;
  for (const NodeIndex child : clauses.children(fight)) {
    if (clauses.relation(child) != Deprel::nmod) continue;
    const Parties others = parties_of(sentence, child);
    if (preposition_of(sentence, child) == with && is_known(others)) return others;
    for (const NodeIndex inner : clauses.children(child)) {
      if (clauses.relation(inner) != Deprel::nmod || preposition_of(sentence, inner) != with)
        continue;
      Parties deeper = parties_of(sentence, inner);
      if (is_known(deeper)) return deeper;
    }
  }
  return {};
}

// Who did it, when a passive does not say "by": "killed in an Israeli strike", "expelled from
// Poland", "summoned to the foreign ministry in Oslo".
Parties implied_agent(const ParsedSentence& sentence, const Match& match, const Rule& rule,
                      const Arguments& slots) {
  const KeyWords& key = sentence.page.lexicon.key;
  // "dead in Chadian air strike": the blow is a word of the act's own
  for (std::uint32_t t = match.span.begin; t < match.span.end; ++t) {
    const NodeIndex node = sentence.node(t);
    if (!match.owns(t) || t == match.head || !sentence.is(node, Grammar::blow)) continue;
    const Party owner = owner_of(sentence, node);
    if (owner.entity != kNoEntity) return {owner};
  }
  // "were given three days to leave Chad"
  if (rule.spec.mode == "expel" && slots.complement != kAbsent) {
    for (const NodeIndex left : sentence.clauses.at(slots.complement).objects) {
      const Parties parties = parties_of(sentence, left);
      if (is_known(parties)) return parties;
    }
  }
  for (const Phrase& phrase : slots.phrases) {
    // "killed in, after, during an Israeli raid"
    const bool is_of_assault = rule.spec.type == EventType::assault;
    if ((phrase.preposition == key.in || is_of_assault) &&
        sentence.is(phrase.node, Grammar::blow)) {
      const Parties parties = parties_of(sentence, phrase.node);
      if (is_known(parties)) return parties;
      const Parties others = fought_with(sentence, phrase.node);
      if (is_known(others)) return others;
      for (const NodeIndex child : sentence.clauses.children(phrase.node)) {
        const Party party = party_of(sentence, child);
        if (is_armed_noun(party)) return {party};
      }
    }
    if (!is_known(phrase.parties)) continue;
    // "was hit with a tariff of 80 percent by China": the agent hangs on the last noun
    const NodeIndex noun = sentence.clauses.head(phrase.node);
    const bool is_of_act = noun != kAbsent && sentence.is(noun, Grammar::blow);
    const bool is_own_slot = std::find(rule.prepositions.begin(), rule.prepositions.end(),
                                       key.by) != rule.prepositions.end();
    if (phrase.preposition == key.by && !is_of_act && !is_own_slot) return phrase.parties;
    const bool is_where = phrase.preposition == key.from || phrase.preposition == key.in;
    if (is_where && rule.spec.type == EventType::sanction) return phrase.parties;
    // "two shells fired from Chad landed on a tea stall"
    const bool is_shot = rule.spec.mode == "heavy-weapons" || rule.spec.mode == "firearms";
    const bool is_from = phrase.preposition == key.from && is_shot &&
                         std::find(rule.prepositions.begin(), rule.prepositions.end(), key.from) ==
                             rule.prepositions.end();
    if (is_from) return phrase.parties;
    if (phrase.preposition == key.to && rule.spec.type == EventType::accuse) return phrase.parties;
  }
  return {};
}

void read_between(const Parties* between, Roles& roles) {
  if (between == nullptr || between->size() < 2) return;
  roles.is_between = true;
  if (roles.actors.empty() || roles.actors.front().entity == kNoEntity) {
    roles.actors = {between->front()};
    roles.recipients.assign(between->begin() + 1, between->end());
    return;
  }
  // "warned of a rupture between A and B", said by B: B to A.
  const EntityIndex own = roles.actors.front().entity;
  Parties others;
  for (const Party& party : *between) {
    if (party.entity != own) others.push_back(party);
  }
  if (!others.empty()) roles.recipients = others;
}

// ", killing four", "a strike killing four": what the clause before it led to.
bool is_outcome_of(const ParsedSentence& sentence, NodeIndex top) {
  const Deprel its = sentence.clauses.relation(top);
  return (its == Deprel::advcl || its == Deprel::acl || its == Deprel::conj) &&
         sentence.clauses.node(top).form == WordForm::gerund &&
         sentence.clauses.child(top, Deprel::mark) == kAbsent &&
         sentence.clauses.child(top, Deprel::aux) == kAbsent;
}

// "Chad and the rebels signed a truce in Havana"
bool is_only_place(const Roles& roles) {
  return std::all_of(roles.recipients.begin(), roles.recipients.end(),
                     [](const Party& party) { return party.is_place; });
}

// "Chad and Niger met", "... agreed to fish together": each is the other's counterpart.
void share_mutual(const Rule& rule, Roles& roles) {
  const EventType type = rule.spec.type;
  const bool is_shared = rule.spec.is_mutual || type == EventType::agree ||
                         type == EventType::cooperate || type == EventType::retreat ||
                         type == EventType::concede;
  if (roles.actors.size() < 2 || !is_shared) return;
  const bool is_reflexive =
      roles.recipients.empty() || !is_known(roles.recipients) || is_only_place(roles) ||
      std::all_of(roles.recipients.begin(), roles.recipients.end(), [&](const Party& party) {
        return std::any_of(roles.actors.begin(), roles.actors.end(),
                           [&](const Party& actor) { return is_same(party, actor); });
      });
  if (!is_reflexive || is_same(roles.actors[0], roles.actors[1])) return;
  roles.recipients.assign(roles.actors.begin() + 1, roles.actors.end());
  roles.actors.resize(1);
}

// "each other": each is the other's counterpart.
void read_reciprocal(const ParsedSentence& sentence, const Arguments& slots, Roles& roles) {
  if (roles.actors.size() < 2) return;
  const auto is_reciprocal = [&](NodeIndex node) {
    if (node == kAbsent) return false;
    const NodeIndex second = sentence.clauses.child(node, Deprel::fixed);
    const NodeIndex whose = sentence.clauses.child(node, Deprel::nmod_poss);
    return sentence.is(node, Grammar::reciprocal) ||
           (second != kAbsent && sentence.is(second, Grammar::reciprocal)) ||
           (whose != kAbsent && sentence.is(whose, Grammar::reciprocal));
  };
  const bool is_said =
      is_reciprocal(slots.object) ||  // "shot each other", "expelled each other's envoys"
      std::any_of(slots.phrases.begin(), slots.phrases.end(),
                  [&](const Phrase& phrase) { return is_reciprocal(phrase.node); });
  if (!is_said) return;
  if (!is_known(roles.actors) || is_same(roles.actors[0], roles.actors[1])) return;
  roles.recipients.assign(roles.actors.begin() + 1, roles.actors.end());
  roles.actors.resize(1);
}

// "US and Afghan forces began an offensive in Afghanistan": nobody who acts is acted upon.
void part_allies(const Rule& rule, Roles& roles) {
  if (rule.spec.is_mutual || roles.is_between || roles.actors.size() < 2) return;
  std::erase_if(roles.recipients, [&](const Party& party) {
    return std::any_of(roles.actors.begin(), roles.actors.end(),
                       [&](const Party& actor) { return is_same(party, actor); });
  });
}

// Nobody acts on whoever does it, but for those at home: "its own villages".
void part_roles(Roles& roles) {
  if (!is_known(roles.actors) || roles.recipients.size() < 2) return;
  const EntityIndex own = roles.actors.front().entity;
  Parties others;
  for (const Party& party : roles.recipients) {
    if (party.entity != own) others.push_back(party);
  }
  if (!others.empty()) roles.recipients = others;
}

// "moved tanks to its north": nobody arms against himself.
void part_own(const Rule& rule, Roles& roles) {
  if (rule.spec.type != EventType::mobilize || roles.actors.empty()) return;
  std::erase_if(roles.recipients,
                [&](const Party& party) { return is_same(party, roles.actors.front()); });
}

// "between Armenian and Azerbaijani forces": the powers named behind the word, joined by "and",
// where the tree lost one of them.
Parties named_between(const ParsedSentence& sentence, const Match& match) {
  constexpr std::uint32_t kAwayMax = 5;  // tokens from the act to "between"
  constexpr std::uint32_t kJoinedMax = 10;
  const Page& page = sentence.page;
  const KeyWords& key = page.lexicon.key;
  const std::uint32_t end = sentence.sentence.tokens.end;
  std::uint32_t t = match.span.begin;
  while (t < end && t < match.span.end + kAwayMax && page.hash(t) != key.between) ++t;
  if (t >= end || page.hash(t) != key.between) return {};
  Parties parties;
  bool is_joined = false;
  for (std::uint32_t last = std::min(end, t + kJoinedMax); ++t < last;) {
    if (sentence.is_verb(sentence.node(t)) || page.hash(t) == key.in) break;
    is_joined = is_joined || page.hash(t) == key.conj_and;
    if (page.mention[t] == kNoMention) continue;
    const Party party = page.named(page.mention[t]);
    if (!is_power(party) || party.is_team) continue;
    const bool is_known_already =
        std::any_of(parties.begin(), parties.end(),
                    [&](const Party& other) { return other.entity == party.entity; });
    if (!is_known_already) parties.push_back(party);
  }
  return is_joined && parties.size() >= 2 ? parties : Parties{};
}

// "The town is under Chadian shellfire", "troops came under fire from Chad": the noun of the act
// that stands behind "under", kAbsent.
NodeIndex what_falls_on(const ParsedSentence& sentence, const Match& match, NodeIndex top) {
  const std::uint64_t under = sentence.page.lexicon.key.under;
  if (preposition_of(sentence, top) == under) return top;
  for (const NodeIndex child : sentence.clauses.children(top)) {
    if (match.owns(sentence.token(child)) && preposition_of(sentence, child) == under) return child;
  }
  return kAbsent;
}

// Whoever is under it suffers it; it is of whoever owns it, or from there.
void turn_under(const ParsedSentence& sentence, const Match& match, const Arguments& slots,
                Roles& roles) {
  const NodeIndex act = what_falls_on(sentence, match, roles.top);
  if (act == kAbsent) return;
  const KeyWords& key = sentence.page.lexicon.key;
  const Party owner = owner_of(sentence, act);
  Parties doers;
  if (owner.entity != kNoEntity) doers = {owner};
  for (const std::uint64_t preposition : {key.from, key.by}) {
    const Parties* found = slots.find(preposition);
    if (!is_known(doers) && found != nullptr) doers = *found;
  }
  Parties sufferers;
  for (const NodeIndex subject : sentence.clauses.surface_subjects(roles.top))
    append(sufferers,
           done_to_of(sentence, subject, doers.empty() ? kNoEntity : doers.front().entity));
  if (sufferers.empty()) return;
  roles.actors = std::move(doers);
  roles.recipients = std::move(sufferers);
}

void fill(const ParsedSentence& sentence, const Match& match, const Rule& rule,
          const Arguments& slots, Roles& roles) {
  const KeyWords& key = sentence.page.lexicon.key;
  roles.recipients = recipients_of(sentence, rule, slots);
  if (slots.is_passive) {
    roles.actors = slots.agents;
    const bool is_done_to = rule.takes_object || rule.prepositions.empty();
    if (roles.actors.empty() && is_done_to)
      roles.actors = implied_agent(sentence, match, rule, slots);
    // "Iranian drones were hurled at Israel": whose they are has hurled them
    const bool is_armed = !slots.objects.empty() && is_armed_noun(slots.objects.front());
    if (!is_known(roles.actors) && is_hostile(rule) && is_armed && is_known(slots.objects) &&
        is_known(roles.recipients) &&
        roles.recipients.front().entity != slots.objects.front().entity)
      roles.actors = slots.objects;
    // "was blocked from entering": no object of the rule's own
    if (!is_known(roles.recipients) && is_known(slots.objects)) roles.recipients = slots.objects;
  } else {
    roles.actors = slots.subjects;
    // "Gunboats land Kenyan soldiers in Tanzania": whose they are has come
    const bool is_brought = is_hostile(rule) && !rule.is_object_first && !rule.spec.is_swapped &&
                            !is_known(roles.actors) && is_known(slots.objects) &&
                            is_armed_noun(slots.objects.front()) && is_known(roles.recipients) &&
                            roles.recipients.front().entity != slots.objects.front().entity;
    if (is_brought) roles.actors = slots.objects;
  }
  if (rule.spec.is_swapped) {
    const Parties* from = slots.find(key.from);
    const Parties* by = slots.find(key.by);
    Parties done_to = slots.is_passive ? slots.objects : slots.subjects;
    Parties doers = slots.agents;
    if (!is_known(doers) && by != nullptr) doers = *by;
    if (!is_known(doers) && from != nullptr) doers = *from;
    if (!is_known(doers)) {  // "died in a French raid"
      Parties implied = implied_agent(sentence, match, rule, slots);
      if (is_known(implied)) doers = std::move(implied);
    }
    for (std::uint32_t t = match.span.begin; t < match.span.end && !is_known(doers); ++t) {
      // "dead in a Russian missile strike": a blow of the act's own words is its owner's
      if (!match.owns(t) || !sentence.is(sentence.node(t), Grammar::blow)) continue;
      const Party owner = owner_of(sentence, sentence.node(t));
      if (owner.entity != kNoEntity) doers = {owner};
    }
    if (!is_known(doers) && !slots.is_passive) doers = roles.recipients;
    // "two Indian and four Chinese soldiers died in the fighting"
    const bool is_each_other = rule.spec.is_mutual && !is_known(doers) && done_to.size() > 1 &&
                               done_to.front().entity != done_to.back().entity;
    if (is_each_other) {
      doers = {done_to.front()};
      done_to.erase(done_to.begin());
    }
    roles.actors = std::move(doers);
    roles.recipients = std::move(done_to);
  }
  // "tunnels between Egypt and Gaza" are bombed, not the two
  const bool is_of_two = !is_hostile(rule) || is_verbal(rule.spec.type) || rule.spec.is_mutual ||
                         std::find(rule.prepositions.begin(), rule.prepositions.end(),
                                   key.between) != rule.prepositions.end();
  if (is_of_two) read_between(slots.find(key.between), roles);
}

}  // namespace

NodeIndex top_of(const ParsedSentence& sentence, const Match& match) {
  NodeIndex top = sentence.node(match.head);
  for (std::uint32_t t = match.span.begin; t < match.span.end; ++t) {
    const NodeIndex node = sentence.node(t);
    if (!match.owns(t)) continue;
    const bool is_word = sentence.is_verb(node) || sentence.clauses.is_nominal(node) ||
                         sentence.clauses.node(node).tag == Upos::adj;
    if (is_word && sentence.clauses.depth(node) < sentence.clauses.depth(top)) top = node;
  }
  return top;
}

Roles roles_of(const ParsedSentence& sentence, const Match& match, const Rule& rule) {
  Roles roles;
  roles.top = top_of(sentence, match);
  const bool is_verb = sentence.is_verb(roles.top) || sentence.clauses.is_passive(roles.top) ||
                       sentence.clauses.node(roles.top).tag == Upos::adj;
  const Arguments slots = is_verb ? arguments_of_verb(sentence, match, rule, roles.top)
                                  : arguments_of_noun(sentence, match, rule, roles.top);
  roles.subject = slots.subject;
  fill(sentence, match, rule, slots, roles);
  if (rule.spec.type == EventType::assault) turn_under(sentence, match, slots, roles);
  if (rule.spec.is_mutual && !roles.is_between) {
    const Parties between = named_between(sentence, match);
    if (!between.empty() && !is_known(roles.actors)) {
      roles.actors.clear();
      read_between(&between, roles);
    }
  }
  roles.is_outcome = is_verb && is_outcome_of(sentence, roles.top);
  const bool is_about_complement = is_verbal(rule.spec.type) || rule.spec.scale > 0 ||
                                   (rule.spec.type == EventType::sanction &&
                                    rule.spec.mode != "convict" && rule.spec.mode != "expel") ||
                                   rule.spec.type == EventType::mobilize;
  // "France and Italy pledged to shield Moldova"
  if (is_about_complement && !is_known(roles.recipients) && slots.complement != kAbsent) {
    const Parties inner = complement_parties(sentence, slots.complement, roles.actors);
    if (!inner.empty()) roles.recipients = inner;
  }
  share_mutual(rule, roles);
  read_reciprocal(sentence, slots, roles);
  part_roles(roles);
  add_place(sentence, rule, slots, roles);
  if (is_hostile(rule) && !is_verbal(rule.spec.type)) add_mission(sentence, slots, roles);
  if (is_hostile(rule)) part_allies(rule, roles);
  part_own(rule, roles);
  if (roles.recipients.empty() && slots.object != kAbsent) {
    for (const NodeIndex child : sentence.clauses.children(slots.object)) {
      roles.is_object_possessed =
          roles.is_object_possessed || (sentence.clauses.relation(child) == Deprel::nmod_poss &&
                                        sentence.clauses.node(child).tag == Upos::pron);
    }
  }
  return roles;
}

}  // namespace tocsin
