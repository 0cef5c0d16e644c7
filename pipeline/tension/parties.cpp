#include "pipeline/tension/parties.h"

#include <algorithm>

namespace tocsin {
namespace {

constexpr std::size_t kPartiesMax = 5;
constexpr std::uint32_t kPreviousMax = 60;  // tokens of the sentence before, for a pronoun
constexpr std::uint32_t kWordsMax = 6;      // of a nameless agent, in the record
constexpr std::uint32_t kAgents = bit(Grammar::forces) | bit(Grammar::armed) |
                                  bit(Grammar::government) | bit(Grammar::civil) |
                                  bit(Grammar::victim);

void take_entity(Party& party, const Party& from) {
  party.entity = from.entity;
  party.part = from.part;
  party.is_team = from.is_team;
  party.is_demonym = from.is_demonym;
  if (party.itself == kNoEntity) party.itself = from.itself;
}

// "pro-Russian", "anti-Japanese", "non-Arab": whom they side with, or do not.
bool is_prefixed(const ParsedSentence& sentence, std::uint32_t t) {
  const Page& page = sentence.page;
  const std::uint32_t first = page.tagging.mentions[page.mention[t]].tokens.begin;
  if (first == sentence.sentence.tokens.begin || !page.marked(first, before::kJoinedHyphen))
    return false;
  const TaggedEntity& tagged = page.tagging.entities[page.tagging.mentions[page.mention[t]].entity];
  if (tagged.type == EntityType::person) return false;  // a leader's own: "a pro-Barrow camp"
  const std::uint32_t prefix = first - 1;               // in "Anglo-French" both are names
  const bool is_small = (page.text.tokens[prefix].shape & shape::kLower) != 0;
  return page.mention[prefix] == kNoMention &&
         (is_small || prefix == sentence.sentence.tokens.begin);
}

// "US-made drones", "Iran-backed rebels": the name says who made or backs them. "Saudi-led" forces
// are the leader's.
bool is_in_compound(const ParsedSentence& sentence, std::uint32_t t) {
  if (is_prefixed(sentence, t)) return true;
  const std::uint32_t next = t + 1;
  if (next >= sentence.sentence.tokens.end) return false;
  const Page& page = sentence.page;
  if (!page.marked(next, before::kJoinedHyphen) || page.mention[next] != kNoMention) return false;
  return !page.is(next, Grammar::leading);
}

bool is_name(const ParsedSentence& sentence, NodeIndex node) {
  return sentence.page.mention[sentence.token(node)] != kNoMention;
}

Party owner_in(const ParsedSentence& sentence, NodeIndex child, unsigned depth);

// "the president of Chad", "warplanes from Iran", "police in Kenya", "a spokesman for Mali".
bool may_own(const ParsedSentence& sentence, NodeIndex noun, NodeIndex phrase) {
  const NodeIndex preposition = sentence.clauses.preposition(phrase);
  if (preposition == kAbsent) return false;
  if (sentence.is(preposition, Grammar::owner_of) || sentence.is(preposition, Grammar::source_of) ||
      sentence.is(preposition, Grammar::agent_of))
    return true;
  constexpr std::uint32_t kSettled =
      bit(Grammar::government) | bit(Grammar::civil) | bit(Grammar::victim);
  const std::uint32_t t = sentence.token(noun);
  const std::uint32_t grammar = sentence.page.grammar(t);
  const std::uint64_t how = sentence.page.hash(sentence.token(preposition));
  // "a spokesman for the rebels"
  if (how == sentence.page.lexicon.key.for_) return (grammar & bit(Grammar::government)) != 0;
  // "foreign ministers in Brussels": of several states
  const bool is_several =
      (grammar & bit(Grammar::sides)) != 0 && (sentence.page.forms(t) & form::kPlural) != 0;
  return how == sentence.page.lexicon.key.in && (grammar & kSettled) != 0 && !is_several;
}

Party named_at(const ParsedSentence& sentence, std::uint32_t t) {
  return sentence.page.named(sentence.page.mention[t]);
}

Party party_at(const ParsedSentence& sentence, NodeIndex node, unsigned depth);

Party owner_in(const ParsedSentence& sentence, NodeIndex child, unsigned depth) {
  const std::uint32_t t = sentence.token(child);
  if (is_name(sentence, child)) {
    if (is_in_compound(sentence, t)) return {};
    const Party party = named_at(sentence, t);
    return party.valid && party.entity != kNoEntity ? party : Party{};
  }
  // "Saudi-led": "led" depends on the noun, the name on "led".
  if (sentence.page.is(t, Grammar::leading)) {
    for (const NodeIndex below : sentence.clauses.children(child)) {
      if (!is_name(sentence, below)) continue;
      const Party party = named_at(sentence, sentence.token(below));
      if (party.valid && party.entity != kNoEntity) return party;
    }
    return {};
  }
  const Deprel its = sentence.clauses.relation(child);
  if (its == Deprel::amod || depth >= kOwnersMax) return {};
  // "Russian embassy staff", "a British-flagged tanker Albion"
  if (its == Deprel::compound) {
    for (const NodeIndex below : sentence.clauses.children(child)) {
      if (!sentence.is(below, Grammar::leading)) continue;
      const Party leader = owner_in(sentence, below, depth + 1);
      if (leader.entity != kNoEntity) return leader;
    }
    const Party whose = owner_of(sentence, child, depth + 1);
    return whose.entity != kNoEntity ? whose : Party{};
  }
  const Party party = party_at(sentence, child, depth + 1);
  return party.entity != kNoEntity || party.is_pronoun || party.is_first_person ? party : Party{};
}

// The words of a nameless agent: "suspected bandits".
TokenSpan words_of(const ParsedSentence& sentence, NodeIndex node) {
  const std::uint32_t end = sentence.token(node) + 1;
  std::uint32_t begin = end - 1;
  while (begin > sentence.sentence.tokens.begin && end - begin < kWordsMax) {
    const NodeIndex before = sentence.node(begin - 1);
    const Deprel its = sentence.clauses.relation(before);
    const bool is_part = sentence.clauses.head(before) == node &&
                         (its == Deprel::amod || its == Deprel::compound || its == Deprel::nummod ||
                          its == Deprel::nmod_poss);
    if (!is_part) break;
    --begin;
  }
  return {begin, end};
}

Party pronoun_at(const ParsedSentence& sentence, NodeIndex node) {
  Party party;
  const std::uint32_t grammar = sentence.page.grammar(sentence.token(node));
  party.is_first_person = (grammar & bit(Grammar::pronoun_first)) != 0;
  party.valid = party.is_first_person;
  party.is_pronoun = !party.is_first_person;
  party.tokens = {sentence.token(node), sentence.token(node) + 1};
  return party;
}

bool is_pronoun(const ParsedSentence& sentence, NodeIndex node) {
  constexpr std::uint32_t kPronoun = bit(Grammar::pronoun) | bit(Grammar::pronoun_first);
  return (sentence.page.grammar(sentence.token(node)) & kPronoun) != 0 ||
         (sentence.clauses.node(node).tag == Upos::pron &&
          sentence.clauses.relation(node) == Deprel::nmod_poss);
}

// "armed men", "masked youths", "armoured cars"
bool is_under_arms(const ParsedSentence& sentence, NodeIndex node) {
  const KeyWords& key = sentence.page.lexicon.key;
  const std::span<const NodeIndex> children = sentence.clauses.children(node);
  return std::any_of(children.begin(), children.end(), [&](NodeIndex child) {
    if (sentence.clauses.relation(child) != Deprel::amod) return false;
    const std::uint64_t word = sentence.page.hash(sentence.token(child));
    return word == key.armed || word == key.armoured || word == key.armored ||
           sentence.is(child, Grammar::armed);
  });
}

// What a common noun says of whoever it stands for; its compounds count as well: "rebel fighters".
std::uint32_t grammar_of(const ParsedSentence& sentence, NodeIndex node) {
  const std::uint32_t own = sentence.page.grammar(sentence.token(node)) & kAgents;
  constexpr std::uint32_t kPeople = bit(Grammar::victim) | bit(Grammar::civil);
  if ((own & ~kPeople) == 0 && is_under_arms(sentence, node))
    return own | bit(own == 0 ? Grammar::forces : Grammar::armed);
  if (own != 0) return own;
  const Upos tag = sentence.clauses.node(node).tag;
  // "President Barrow", an unknown name after a title.
  if (tag != Upos::propn) return 0;
  std::uint32_t grammar = 0;
  for (const NodeIndex child : sentence.clauses.children(node)) {
    if (sentence.clauses.relation(child) == Deprel::compound)
      grammar |= sentence.page.grammar(sentence.token(child)) & kAgents;
  }
  return grammar;
}

bool is_of_armed(const ParsedSentence& sentence, NodeIndex node) {
  if (is_under_arms(sentence, node)) return true;
  constexpr std::uint32_t kArms = bit(Grammar::forces) | bit(Grammar::armed);
  const std::span<const NodeIndex> children = sentence.clauses.children(node);
  return std::any_of(children.begin(), children.end(), [&](NodeIndex child) {
    return sentence.clauses.relation(child) == Deprel::compound &&
           (sentence.page.grammar(sentence.token(child)) & kArms) != 0;
  });
}

// "peasants calling themselves the Free Army": who they say they are.
Party self_named(const ParsedSentence& sentence, NodeIndex node, unsigned depth) {
  if (depth >= kOwnersMax) return {};
  const Clauses& clauses = sentence.clauses;
  for (const NodeIndex verb : clauses.children(node)) {
    if (clauses.relation(verb) != Deprel::acl) continue;
    const NodeIndex self = clauses.child(verb, Deprel::obj);
    if (self == kAbsent || !sentence.is(self, Grammar::pronoun)) continue;
    for (const NodeIndex name : clauses.children(verb)) {
      if (name <= self || clauses.relation(name) == Deprel::obl) continue;
      const Party party = party_at(sentence, name, depth + 1);
      if (party.entity != kNoEntity) return party;
    }
  }
  return {};
}

Party apposition_of(const ParsedSentence& sentence, NodeIndex node, unsigned depth) {
  for (const NodeIndex child : sentence.clauses.children(node)) {
    if (sentence.clauses.relation(child) != Deprel::appos || depth >= kOwnersMax) continue;
    const Party party = party_at(sentence, child, depth + 1);
    if (party.entity != kNoEntity) return party;
  }
  return {};
}

// "Hamas commander Salim Odeh": a person whom the gazetteer ties to nobody.
bool is_unaffiliated(const Page& page, const Party& party) {
  return party.entity != kNoEntity && party.entity == party.itself &&
         page.gazetteer[party.entity].type == EntityType::person;
}

Party party_at(const ParsedSentence& sentence, NodeIndex node, unsigned depth) {
  const std::uint32_t t = sentence.token(node);
  if (is_name(sentence, node)) {
    Party party = named_at(sentence, t);
    if (!party.valid || party.is_bystander) return party;
    // "forty armed Chechens": men under arms of a region act for no state
    if (party.is_demonym && party.entity != party.itself && is_under_arms(sentence, node)) {
      party.entity = kNoEntity;
      party.part = Part::none;
      party.grammar |= bit(Grammar::armed);
      return party;
    }
    if (party.entity == kNoEntity || is_unaffiliated(sentence.page, party)) {
      Party whose = owner_of(sentence, node, depth);
      if (whose.entity == kNoEntity) whose = apposition_of(sentence, node, depth);
      if (whose.entity != kNoEntity) take_entity(party, whose);
    }
    return party;
  }
  if (is_pronoun(sentence, node)) return pronoun_at(sentence, node);
  const NodeIndex what = measured(sentence, node);
  if (what != node && depth < kOwnersMax) return party_at(sentence, what, depth + 1);
  Party party;
  // Hornets, knotweed, measles and carmakers act for no state, wherever they come from; a sniper
  // team is armed.
  const NodeIndex kind = sentence.clauses.child(node, Deprel::compound);  // "hornet colony"
  const bool is_natural =
      sentence.is(node, Grammar::nature) || (kind != kAbsent && sentence.is(kind, Grammar::nature));
  if (is_natural || (sentence.is(node, Grammar::commerce) && !is_of_armed(sentence, node))) {
    party.is_bystander = true;
    party.grammar = sentence.page.grammar(t) & (bit(Grammar::nature) | bit(Grammar::commerce));
    party.tokens = words_of(sentence, node);
    party.valid = true;
    party.whose = owner_of(sentence, node, depth).entity;
    return party;
  }
  party.tokens = words_of(sentence, node);
  party.grammar = grammar_of(sentence, node);
  party.valid = party.grammar != 0;
  if (const Party self = self_named(sentence, node, depth); self.entity != kNoEntity) {
    take_entity(party, self);
    party.grammar |= bit(Grammar::armed);
    party.valid = true;
    return party;
  }
  const Party owner = owner_of(sentence, node, depth);
  if (owner.entity != kNoEntity) {
    take_entity(party, owner);
    party.is_owner = !party.valid;
    party.valid = true;
    return party;
  }
  const Party other = apposition_of(sentence, node, depth);
  if (other.entity != kNoEntity) {
    take_entity(party, other);
    party.valid = true;
    return party;
  }
  // "the agency of North Korea says that the nation has tested": as "it" would.
  if (sentence.is(node, Grammar::stand_in)) return pronoun_at(sentence, node);
  if (owner.is_pronoun || owner.is_first_person) {
    party.is_pronoun = owner.is_pronoun;
    party.is_first_person = owner.is_first_person;
    party.is_owner = true;
    party.valid = party.valid || owner.is_first_person;
  }
  return party;
}

Party previous_sentence(const ParsedSentence& sentence) {
  const Page& page = sentence.page;
  const std::uint32_t begin = sentence.sentence.tokens.begin;
  if (begin == 0) return {};
  const Sentence& before = page.text.sentences[page.text.sentence_of(begin - 1)];
  const std::uint32_t end = std::min(before.tokens.end, before.tokens.begin + kPreviousMax);
  for (std::uint32_t t = before.tokens.begin; t < end; ++t) {
    if (page.mention[t] == kNoMention) continue;
    const Party party = page.named(page.mention[t]);
    if (is_power(party)) return party;
  }
  return {};
}

// "they", "them", "their"
bool is_plural(const ParsedSentence& sentence, const Party& pronoun, NodeIndex node) {
  const KeyWords& key = sentence.page.lexicon.key;
  const auto is_one = [&](NodeIndex each) {
    const std::uint64_t word = sentence.page.hash(sentence.token(each));
    return word == key.they || word == key.them || word == key.their;
  };
  if (!pronoun.is_owner) return is_one(node);
  const std::span<const NodeIndex> children = sentence.clauses.children(node);
  return std::any_of(children.begin(), children.end(), [&](NodeIndex child) {
    return sentence.clauses.relation(child) == Deprel::nmod_poss && is_one(child);
  });
}

// "Iran said it would strike back": the pronoun is the subject of a clause around it, or who is
// named one sentence earlier. "Peru and Chile said that they": both.
Parties resolve(const ParsedSentence& sentence, NodeIndex node, const Party& pronoun,
                EntityIndex apart) {
  constexpr unsigned kClausesMax = 6;
  const Clauses& clauses = sentence.clauses;
  const bool is_of_many = is_plural(sentence, pronoun, node);
  Parties parties;
  const auto add = [&](const Party& other) {
    if (other.entity == kNoEntity || other.entity == apart) return;
    const bool is_there = std::any_of(parties.begin(), parties.end(), [&](const Party& party) {
      return party.entity == other.entity;
    });
    if (is_there || (!parties.empty() && !is_of_many)) return;
    Party party = pronoun;
    party.grammar |= other.grammar & (bit(Grammar::forces) | bit(Grammar::armed));
    take_entity(party, other);
    // "The Front said its men had planted it": an armed group's men bear arms
    if (party.is_owner && party.part == Part::armed) party.grammar |= bit(Grammar::armed);
    party.is_pronoun = false;
    party.valid = true;
    parties.push_back(party);
  };
  NodeIndex above = clauses.head(node);
  for (unsigned climb = 0; climb < kClausesMax && above != kAbsent; above = clauses.head(above)) {
    if (!clauses.is_predicate(above)) continue;
    ++climb;
    for (const NodeIndex subject : clauses.surface_subjects(above)) {
      for (const NodeIndex each : clauses.conjuncts(subject)) {
        if (each == node || (each != subject && !is_of_many)) continue;
        Party other = party_at(sentence, each, 1);
        if (!other.valid || other.is_pronoun || other.is_first_person) continue;
        // "its agency says the nation has"
        const bool is_nation = sentence.is(node, Grammar::stand_in);
        if (is_nation && other.is_bystander && other.whose != kNoEntity) {
          other.entity = other.whose;
          other.part = sentence.page.gazetteer[other.whose].part;
        }
        add(other);
      }
    }
    if (!parties.empty()) return parties;
  }
  const Party other = previous_sentence(sentence);
  if (other.valid) add(other);
  if (parties.empty()) parties.push_back(pronoun);
  return parties;
}

}  // namespace

bool is_power(const Party& party) {
  return party.part == Part::state || party.part == Part::armed || party.part == Part::alliance ||
         party.part == Part::government || party.part == Part::forces;
}

bool is_armed_noun(const Party& party) {
  return (party.grammar & (bit(Grammar::forces) | bit(Grammar::armed))) != 0;
}

bool is_known(const Parties& parties) {
  return std::any_of(parties.begin(), parties.end(),
                     [](const Party& party) { return party.entity != kNoEntity; });
}

bool is_same(const Party& a, const Party& b) {
  return a.entity != kNoEntity && a.entity == b.entity;
}

std::uint64_t preposition_of(const ParsedSentence& sentence, NodeIndex node) {
  const NodeIndex preposition = sentence.clauses.preposition(node);
  return preposition == kAbsent ? 0 : sentence.page.hash(sentence.token(preposition));
}

NodeIndex measured(const ParsedSentence& sentence, NodeIndex node) {
  const std::uint32_t t = sentence.token(node);
  // "$400m in aid"
  const bool is_number = sentence.clauses.node(node).tag == Upos::num ||
                         (sentence.page.text.tokens[t].shape & shape::kNumber) != 0;
  if (!is_number && !sentence.is(node, Grammar::quantity)) return node;
  for (const NodeIndex child : sentence.clauses.children(node)) {
    if (sentence.clauses.relation(child) != Deprel::nmod &&
        sentence.clauses.relation(child) != Deprel::obl)
      continue;
    const NodeIndex preposition = sentence.clauses.preposition(child);
    if (preposition == kAbsent) continue;
    const bool is_sum =
        is_number && !is_name(sentence, child) &&
        sentence.page.hash(sentence.token(preposition)) == sentence.page.lexicon.key.in;
    if (is_sum || sentence.is(preposition, Grammar::owner_of)) return child;
  }
  return node;
}

namespace {

// "a launch flying the Venezuelan flag", "masts owned by South African firms".
Party owner_by_clause(const ParsedSentence& sentence, NodeIndex noun, unsigned depth) {
  const Clauses& clauses = sentence.clauses;
  for (const NodeIndex child : clauses.children(noun)) {
    const Deprel its = clauses.relation(child);
    if (its != Deprel::acl && its != Deprel::acl_relcl) continue;
    if (!sentence.is(child, Grammar::owning)) continue;
    const Clause clause = clauses.at(child);
    std::vector<NodeIndex> who = clause.is_passive ? clause.subjects : clause.objects;
    for (const Oblique& each : clause.obliques) {
      const bool is_where =
          each.preposition != kAbsent && sentence.is(each.preposition, Grammar::place_at);
      if (!is_where) who.push_back(each.node);
    }
    for (const NodeIndex each : who) {
      if (each == noun || depth >= kOwnersMax) continue;
      const Party party = party_at(sentence, each, depth + 1);
      if (party.entity != kNoEntity) return party;
    }
  }
  return {};
}

}  // namespace

Party owner_of(const ParsedSentence& sentence, NodeIndex noun, unsigned depth) {
  if (depth >= kOwnersMax) return {};
  const Clauses& clauses = sentence.clauses;
  // "Syrian rebels led by the Front": the group rather than the people it is made of
  const Party by_clause = owner_by_clause(sentence, noun, depth);
  if (by_clause.part == Part::armed) return by_clause;
  Party pronoun;
  for (const NodeIndex child : clauses.children(noun)) {
    if (clauses.relation(child) != Deprel::nmod_poss) continue;
    const Party party = owner_in(sentence, child, depth);
    if (party.entity != kNoEntity) return party;
    if (party.is_pronoun || party.is_first_person) pronoun = party;
  }
  const std::span<const NodeIndex> children = clauses.children(noun);
  for (auto child = children.rbegin(); child != children.rend(); ++child) {
    const Deprel its = clauses.relation(*child);
    const bool is_in_front =
        *child < noun && (its == Deprel::amod || its == Deprel::compound || its == Deprel::nsubj ||
                          its == Deprel::nmod || its == Deprel::iobj);
    if (!is_in_front) continue;
    if (its == Deprel::nsubj && !is_name(sentence, *child)) continue;
    if (its == Deprel::nsubj && clauses.child(noun, Deprel::cop) != kAbsent) continue;
    const Party party = owner_in(sentence, *child, depth);
    if (party.entity != kNoEntity) return party;
  }
  for (const NodeIndex child : children) {
    if (clauses.relation(child) != Deprel::nmod || !may_own(sentence, noun, child)) continue;
    const Party party = owner_in(sentence, child, depth);
    if (party.entity != kNoEntity) return party;
    if (party.is_pronoun || party.is_first_person) pronoun = party;
  }
  return by_clause.entity != kNoEntity ? by_clause : pronoun;
}

Party party_of(const ParsedSentence& sentence, NodeIndex node) {
  return party_at(sentence, node, 0);
}

// Whoever acts on a state's firms, ships or goods acts on the state.
Parties done_to_of(const ParsedSentence& sentence, NodeIndex node, EntityIndex apart) {
  Parties parties = parties_of(sentence, node, apart);
  for (Party& party : parties) {
    if (!party.is_bystander || party.whose == kNoEntity) continue;
    party.entity = party.whose;
    party.part = sentence.page.gazetteer[party.whose].part;
    party.is_bystander = false;
    party.is_owner = true;
  }
  return parties;
}

namespace {

// "the two leaders", "both sides": the two powers that were named before, if just two were.
Parties both_of(const ParsedSentence& sentence, NodeIndex node) {
  if (!sentence.is(node, Grammar::sides)) return {};
  const std::span<const NodeIndex> children = sentence.clauses.children(node);
  const bool is_pair = std::any_of(children.begin(), children.end(), [&](NodeIndex child) {
    const Deprel its = sentence.clauses.relation(child);
    return child < node && (its == Deprel::nummod || its == Deprel::det) &&
           sentence.is(child, Grammar::quantity);
  });
  if (!is_pair) return {};
  const Page& page = sentence.page;
  const auto named_in = [&](std::uint32_t begin, std::uint32_t end) {
    Parties both;
    for (std::uint32_t t = begin; t < end; ++t) {
      if (page.mention[t] == kNoMention) continue;
      const Party party = page.named(page.mention[t]);
      const bool is_new = is_power(party) && !party.is_team &&
                          std::none_of(both.begin(), both.end(), [&](const Party& other) {
                            return other.entity == party.entity;
                          });
      if (is_new) both.push_back(party);
    }
    return both;
  };
  const std::uint32_t begin = sentence.sentence.tokens.begin;
  Parties both = named_in(begin, sentence.token(node));
  if (both.empty() && begin > 0) {
    const TokenSpan before = page.text.sentences[page.text.sentence_of(begin - 1)].tokens;
    both = named_in(before.begin, std::min(before.end, before.begin + kPreviousMax));
  }
  return both.size() == 2 ? both : Parties{};
}

}  // namespace

Parties parties_of(const ParsedSentence& sentence, NodeIndex node, EntityIndex apart) {
  Parties parties = both_of(sentence, node);
  if (!parties.empty()) return parties;
  for (const NodeIndex each : sentence.clauses.conjuncts(node)) {
    const Party party = party_at(sentence, each, 0);
    const Parties stand_for =
        party.is_pronoun ? resolve(sentence, each, party, apart) : Parties{party};
    for (const Party& one : stand_for) {
      if (one.valid && parties.size() < kPartiesMax) parties.push_back(one);
    }
  }
  // "Indian and Bangladeshi guards": the names are joined, the noun is one.
  if (parties.size() == 1 && parties.front().entity != kNoEntity) {
    for (const NodeIndex child : sentence.clauses.children(measured(sentence, node))) {
      const Deprel its = sentence.clauses.relation(child);
      if (its != Deprel::amod && its != Deprel::compound && its != Deprel::nmod_poss &&
          its != Deprel::nmod && its != Deprel::nsubj)
        continue;
      if (its == Deprel::nmod && !may_own(sentence, node, child)) continue;
      if (owner_in(sentence, child, 1).entity != parties.front().entity) continue;
      for (const NodeIndex joined : sentence.clauses.conjuncts(child)) {
        const Party owner = owner_in(sentence, joined, 1);
        const bool is_new = owner.entity != kNoEntity &&
                            std::none_of(parties.begin(), parties.end(),
                                         [&](const Party& p) { return p.entity == owner.entity; });
        if (!is_new || parties.size() >= kPartiesMax) continue;
        Party other = parties.front();
        other.itself = kNoEntity;
        take_entity(other, owner);
        parties.push_back(other);
      }
    }
  }
  return parties;
}

}  // namespace tocsin
