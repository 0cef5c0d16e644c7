#include "pipeline/tension/roles.h"

#include <algorithm>
#include <utility>

namespace tocsin {
namespace {

struct Phrase {
  std::uint64_t preposition = 0;
  NodeIndex node = kAbsent;
  Parties parties;
};

// What stands around an act, by grammatical slot.
struct Slots {
  Parties subjects;
  Parties agents;  // of a passive or a noun: "by"
  Parties objects;
  Parties indirect;
  std::vector<Phrase> phrases;
  NodeIndex subject = kAbsent;
  NodeIndex object = kAbsent;
  NodeIndex complement = kAbsent;
  bool is_passive = false;

  [[nodiscard]] const Parties* find(std::uint64_t preposition) const {
    const Parties* anyone = nullptr;
    for (const Phrase& phrase : phrases) {
      if (phrase.preposition != preposition || phrase.parties.empty()) continue;
      if (is_known(phrase.parties)) return &phrase.parties;
      if (anyone == nullptr) anyone = &phrase.parties;
    }
    return anyone;
  }
};

void append(Parties& to, const Parties& from) {
  constexpr std::size_t kPartiesMax = 5;
  for (const Party& party : from) {
    const bool is_there = std::any_of(to.begin(), to.end(), [&](const Party& other) {
      return other.entity == party.entity && other.tokens == party.tokens;
    });
    if (!is_there && to.size() < kPartiesMax) to.push_back(party);
  }
}

bool is_verbal(EventType type) {
  return type == EventType::threaten || type == EventType::accuse || type == EventType::reject ||
         type == EventType::request;
}

bool is_hostile(const Rule& rule) {
  return rule.spec.scale < 0;
}

// "near Kuwait", "near the Algerian border": outside of it, if it is the country that is named.
// Troops that are put there threaten it all the same.
bool is_beside_country(const ParsedSentence& sentence, const Rule& rule, NodeIndex node,
                       const Parties& parties) {
  const bool is_taking = rule.spec.type == EventType::coerce && rule.spec.mode == "seize";
  if ((rule.spec.type != EventType::assault && !is_taking) || rule.spec.is_mutual) return false;
  const NodeIndex preposition = sentence.clauses.preposition(node);
  // A ship is taken off a country.
  const bool is_near =
      preposition != kAbsent &&
      (is_taking ? sentence.page.hash(sentence.token(preposition)) == sentence.page.lexicon.key.near
                 : sentence.is(preposition, Grammar::beside));
  if (!is_near && !sentence.is(node, Grammar::beside)) return false;
  // "across the Congolese border": into it
  const KeyWords& key = sentence.page.lexicon.key;
  const std::uint64_t how =
      preposition == kAbsent ? 0 : sentence.page.hash(sentence.token(preposition));
  if (how == key.across || how == key.over || how == key.through) return false;
  return std::all_of(parties.begin(), parties.end(), [&](const Party& party) {
    return party.itself == kNoEntity ||
           sentence.page.gazetteer[party.itself].type == EntityType::country;
  });
}

// Whoever is blamed for it is not who it was done to.
void blame(Parties who, Slots& slots) {
  if (who.empty()) return;
  std::erase_if(slots.phrases, [&](const Phrase& phrase) {
    return std::any_of(phrase.parties.begin(), phrase.parties.end(), [&](const Party& party) {
      return party.entity != kNoEntity && party.entity == who.front().entity;
    });
  });
  slots.subjects = std::move(who);
}

class Reader {
 public:
  Reader(const ParsedSentence& sentence, const Match& match, const Rule& rule)
      : sentence_(sentence), clauses_(sentence.clauses), match_(match), rule_(rule) {}

  [[nodiscard]] Slots of_verb(NodeIndex top) const;
  [[nodiscard]] Slots of_noun(NodeIndex top) const;

 private:
  [[nodiscard]] bool is_passive_here(const Clause& clause) const;
  [[nodiscard]] EntityIndex done_to_by(const Clause& clause) const;
  [[nodiscard]] bool owns(NodeIndex node) const { return match_.owns(sentence_.token(node)); }
  [[nodiscard]] EntityIndex first_entity(const Parties& parties) const {
    return parties.empty() ? kNoEntity : parties.front().entity;
  }
  [[nodiscard]] bool is_named_slot(std::uint64_t preposition) const {
    return std::find(rule_.prepositions.begin(), rule_.prepositions.end(), preposition) !=
           rule_.prepositions.end();
  }
  void add_phrase(NodeIndex node, EntityIndex apart, Slots& slots, unsigned depth) const;
  void add_phrases(const std::vector<Oblique>& obliques, EntityIndex apart, Slots& slots) const;
  void add_noun_phrases(NodeIndex noun, EntityIndex apart, Slots& slots) const;
  void add_owned(NodeIndex top, EntityIndex apart, Slots& slots) const;
  void read_governor(NodeIndex carrier, Slots& slots) const;
  [[nodiscard]] Parties blamed_by(NodeIndex verb, NodeIndex act) const;
  void read_as_object(NodeIndex verb, Slots& slots) const;
  void read_as_subject(NodeIndex verb, Slots& slots) const;
  void read_as_undergone(NodeIndex noun, Slots& slots) const;

  const ParsedSentence& sentence_;
  const Clauses& clauses_;
  const Match& match_;
  const Rule& rule_;
};

// "Five soldiers killed in ambush", "Jordan negotiated with Israel": without an auxiliary the act
// itself says whether its subject does it. What needs an object and has none is done to the
// subject, unless that is a power in running text.
bool Reader::is_passive_here(const Clause& clause) const {
  const bool is_done_to = rule_.takes_object && rule_.is_object_first;
  if (!is_done_to || clause.complement != kAbsent) return false;
  if (sentence_.sentence.field == Field::title) return true;
  const std::vector<NodeIndex>& who = clause.is_passive ? clause.objects : clause.subjects;
  for (const NodeIndex subject : who) {
    if (is_power(party_of(sentence_, subject))) return false;
  }
  return clause.is_passive;
}

// A phrase, then those inside it: "along the frontier with Belarus".
void Reader::add_phrase(NodeIndex node, EntityIndex apart, Slots& slots, unsigned depth) const {
  constexpr unsigned kPhrasesMax = 2;
  // "with the support of NATO", "in support of Damascus": they are on the actor's side
  if (is_hostile(rule_) && sentence_.is(node, Grammar::backing)) return;
  const std::uint64_t preposition = preposition_of(sentence_, node);
  if (preposition != 0) {
    Parties parties = done_to_of(sentence_, node, apart);
    const bool is_near =
        preposition == sentence_.page.lexicon.key.near || sentence_.is(node, Grammar::beside);
    if (is_near && is_beside_country(sentence_, rule_, node, parties)) return;
    slots.phrases.push_back({preposition, node, std::move(parties)});
  }
  if (depth >= kPhrasesMax) return;
  // "Despite appeals from Norway, Chad freed": what goes before a verb is no part of its act
  const NodeIndex above = clauses_.head(node);
  if (above != kAbsent && node < above && sentence_.is_verb(above)) return;
  // "in response to raids on Gaza": an act of its own
  if (depth > 0 && sentence_.is(node, Grammar::blow) && !owns(node)) return;
  for (const NodeIndex each : clauses_.conjuncts(node)) {
    for (const NodeIndex below : clauses_.children(each)) {
      if (clauses_.relation(below) == Deprel::nmod && clauses_.preposition(below) != kAbsent)
        add_phrase(below, apart, slots, depth + 1);
    }
  }
}

void Reader::add_phrases(const std::vector<Oblique>& obliques, EntityIndex apart,
                         Slots& slots) const {
  for (const Oblique& oblique : obliques) {
    if (oblique.preposition == kAbsent) continue;
    if (preposition_of(sentence_, oblique.node) != 0) {
      add_phrase(oblique.node, apart, slots, 0);
    } else {  // "from which": the noun before
      slots.phrases.push_back({sentence_.page.hash(sentence_.token(oblique.preposition)),
                               oblique.node, done_to_of(sentence_, oblique.node, apart)});
    }
  }
}

void Reader::add_noun_phrases(NodeIndex noun, EntityIndex apart, Slots& slots) const {
  for (const NodeIndex each : clauses_.conjuncts(noun)) {
    for (const NodeIndex child : clauses_.children(each)) {
      const Deprel its = clauses_.relation(child);
      // "a wave of strikes": the act itself
      if (sentence_.token(child) == match_.head) continue;
      if (its == Deprel::nmod || its == Deprel::obl) add_phrase(child, apart, slots, 0);
      if (its != Deprel::acl && its != Deprel::amod) continue;
      // "lorries bound for Mali", "measures aimed at Iran"
      for (const NodeIndex below : clauses_.children(child)) {
        const NodeIndex preposition = clauses_.preposition(below);
        if (clauses_.relation(below) == Deprel::obl && preposition != kAbsent &&
            (sentence_.is(preposition, Grammar::goal_to) ||
             sentence_.is(preposition, Grammar::place_at)))
          add_phrase(below, apart, slots, 1);
      }
    }
  }
}

// The arguments of the match's other words: "threatened to ^attack Mali", "launch an ^attack on".
void Reader::add_owned(NodeIndex top, EntityIndex apart, Slots& slots) const {
  for (std::uint32_t t = match_.span.begin; t < match_.span.end; ++t) {
    const NodeIndex node = sentence_.node(t);
    if (!match_.owns(t) || node == top) continue;
    if (!sentence_.is_verb(node)) {
      const bool is_adjective = clauses_.node(node).tag == Upos::adj;  // "fell silent between"
      if (clauses_.is_nominal(node) || is_adjective) add_noun_phrases(node, apart, slots);
      continue;
    }
    const Clause clause = clauses_.at(node);
    for (const NodeIndex object : clause.objects) {
      if (!owns(object) && object != top && slots.objects.empty())
        append(slots.objects, done_to_of(sentence_, object, apart));
      add_noun_phrases(object, apart, slots);
    }
    add_phrases(clause.obliques, apart, slots);
  }
}

// "They threatened Japan": whoever is threatened is not who "they" are.
EntityIndex Reader::done_to_by(const Clause& clause) const {
  if (clause.is_passive || clause.objects.empty()) return kNoEntity;
  return party_of(sentence_, clause.objects.front()).entity;
}

Slots Reader::of_verb(NodeIndex top) const {
  Slots slots;
  Clause clause = clauses_.at(top);
  if (clause.is_bare && clause.is_passive != is_passive_here(clause))
    clause = Clauses::turned(std::move(clause));
  slots.is_passive = clause.is_passive;
  for (const NodeIndex subject : clause.subjects) {
    if (slots.subject == kAbsent) slots.subject = subject;
    append(slots.subjects, parties_of(sentence_, subject, done_to_by(clause)));
  }
  // "used landmines to blow up a convoy": things do nothing
  const NodeIndex above = clauses_.head(top);
  if (slots.subjects.empty() && !clause.is_passive && clause.is_subject_shared &&
      above != kAbsent && clauses_.relation(top) == Deprel::xcomp) {
    for (const NodeIndex subject : clauses_.surface_subjects(above))
      append(slots.subjects, parties_of(sentence_, subject));
  }
  if (clause.is_passive) slots.agents = slots.subjects;
  const EntityIndex apart = first_entity(slots.subjects);
  // "hauled in 22 fishermen": the act's own particle, read as a preposition
  std::erase_if(clause.obliques, [&](const Oblique& each) {
    const bool is_particle = each.preposition == top + 1 && owns(each.preposition) &&
                             !is_named_slot(preposition_of(sentence_, each.node));
    if (is_particle) clause.objects.push_back(each.node);
    return is_particle;
  });
  for (const NodeIndex object : clause.objects) {
    if (slots.object == kAbsent) slots.object = object;
    append(slots.objects, done_to_of(sentence_, object, apart));
  }
  for (const NodeIndex each : clause.indirect) {
    append(slots.indirect, done_to_of(sentence_, each, apart));
    if (clause.is_passive) add_noun_phrases(each, apart, slots);  // "refused entry by Peru"
  }
  add_phrases(clause.obliques, apart, slots);
  for (const NodeIndex object : clause.objects) {
    if (!clause.is_passive || !clause.is_subject_shared) add_noun_phrases(object, apart, slots);
  }
  add_owned(top, apart, slots);
  slots.complement = clause.complement;
  // "reserves the right to send troops"
  if (slots.complement == kAbsent && slots.object != kAbsent && !clause.is_passive) {
    const NodeIndex inner = clauses_.child(slots.object, Deprel::acl);
    if (inner != kAbsent && clauses_.node(inner).form == WordForm::base) slots.complement = inner;
  }
  // "sees no point in talking to Mali"
  for (std::uint32_t t = match_.span.begin; t < match_.span.end; ++t) {
    if (!match_.owns(t) || slots.complement != kAbsent) continue;
    const NodeIndex inner = clauses_.child(sentence_.node(t), Deprel::acl);
    if (inner != kAbsent && !owns(inner)) slots.complement = inner;
  }
  for (const NodeIndex child : clauses_.children(top)) {  // "sent troops to help Haiti"
    const NodeIndex mark = clauses_.child(child, Deprel::mark);
    const bool is_purpose = clauses_.relation(child) == Deprel::advcl &&
                            clauses_.node(child).form == WordForm::base && mark != kAbsent &&
                            sentence_.is(mark, Grammar::goal_to);
    if (is_purpose && slots.complement == kAbsent) slots.complement = child;
  }
  return slots;
}

// "was blamed on Chad", "traced the attack to Chad", "pinned it on": whoever is held to have done
// it. The phrase may hang on the last noun of the act.
Parties Reader::blamed_by(NodeIndex verb, NodeIndex act) const {
  constexpr unsigned kNounsMax = 4;
  const auto is_whom = [&](NodeIndex node) {
    const NodeIndex preposition = clauses_.preposition(node);
    if (preposition == kAbsent) return false;
    return sentence_.is(preposition, Grammar::goal_to) ||
           sentence_.page.hash(sentence_.token(preposition)) == sentence_.page.lexicon.key.on;
  };
  NodeIndex node = verb;
  for (unsigned nouns = 0; nouns < kNounsMax && node != kAbsent; ++nouns) {
    NodeIndex last = nouns == 0 ? act : kAbsent;
    for (const NodeIndex child : clauses_.children(node)) {
      const Deprel its = clauses_.relation(child);
      if (its != Deprel::obl && its != Deprel::nmod) continue;
      if (is_whom(child)) {
        Parties parties = parties_of(sentence_, child);
        if (is_known(parties) || (!parties.empty() && is_armed_noun(parties.front())))
          return parties;
      }
      if (nouns > 0) last = child;
    }
    node = last;
  }
  return {};
}

// "launched strikes", "is planning an attack": the verb says who; "came under fire": to whom.
void Reader::read_as_object(NodeIndex verb, Slots& slots) const {
  const bool is_soft =
      !is_hostile(rule_) || is_verbal(rule_.spec.type) || rule_.spec.type == EventType::mobilize;
  const Clause clause = clauses_.at(verb);
  if (sentence_.is(verb, Grammar::blaming) && !is_known(slots.subjects)) {
    blame(blamed_by(verb, clauses_.child(verb, Deprel::obj)), slots);
    return;
  }
  Parties subjects;
  for (const NodeIndex subject : clause.subjects) append(subjects, parties_of(sentence_, subject));
  if (sentence_.is(verb, Grammar::undergo)) {
    slots.objects = subjects;
    return;
  }
  if (!sentence_.is(verb, Grammar::light) && !is_soft) return;
  slots.is_passive = clause.is_passive;
  if (!is_known(slots.subjects)) slots.subjects = subjects;
  add_phrases(clause.obliques, first_entity(subjects), slots);
}

// "the strikes hit Iran", "fighting broke out in Mali".
void Reader::read_as_subject(NodeIndex verb, Slots& slots) const {
  const Clause clause = clauses_.at(verb);
  const EntityIndex apart = first_entity(slots.subjects);
  if (clause.is_passive && sentence_.is(verb, Grammar::blaming)) {
    if (!is_known(slots.subjects)) blame(blamed_by(verb, kAbsent), slots);
    return;
  }
  if (clause.is_passive) {
    // "was condemned by": that is who condemned it.
    if (sentence_.is(verb, Grammar::light) && !is_known(slots.subjects)) {
      for (const NodeIndex agent : clause.subjects)
        append(slots.subjects, parties_of(sentence_, agent));
    }
  } else if (is_hostile(rule_)) {
    // "strikes on Chad sent people fleeing": whom is told already
    const bool is_told =
        std::any_of(rule_.prepositions.begin(), rule_.prepositions.end(), [&](std::uint64_t each) {
          const Parties* parties = slots.find(each);
          return parties != nullptr && is_known(*parties);
        });
    for (const NodeIndex object : clause.objects) {
      if (is_told) break;
      if (slots.object == kAbsent) slots.object = object;
      append(slots.objects, done_to_of(sentence_, object, apart));
    }
  }
  add_phrases(clause.obliques, apart, slots);
  for (const NodeIndex object : clause.objects) {
    if (!clause.is_passive) add_noun_phrases(object, apart, slots);
  }
}

// "was the target of an attack", "became the scene of clashes": to whom it was done.
void Reader::read_as_undergone(NodeIndex noun, Slots& slots) const {
  std::vector<NodeIndex> who = clauses_.at(noun).subjects;
  if (who.empty()) who = clauses_.surface_subjects(noun);
  const NodeIndex above = clauses_.head(noun);
  if (who.empty() && clauses_.relation(noun) == Deprel::appos && above != kAbsent) who = {above};
  for (const NodeIndex each : who) append(slots.objects, done_to_of(sentence_, each, kNoEntity));
}

void Reader::read_governor(NodeIndex carrier, Slots& slots) const {
  const NodeIndex first = clauses_.first_conjunct(carrier);
  const NodeIndex above = clauses_.head(first);
  if (above == kAbsent) return;
  const Deprel its = clauses_.relation(first);
  const bool is_soft =
      !is_hostile(rule_) || is_verbal(rule_.spec.type) || rule_.spec.type == EventType::mobilize;
  const bool is_phrase = its == Deprel::nmod || its == Deprel::obl;
  // "claimed responsibility for", "admitted to", "took credit for": the phrase may hang on the verb
  const bool is_claimed = is_phrase && sentence_.is(above, Grammar::responsibility);
  const NodeIndex object = clauses_.child(above, Deprel::obj);
  const bool is_verb = sentence_.is_verb(above);
  const bool is_owned_up =
      is_verb &&
      (is_claimed || (its == Deprel::obj && sentence_.is(above, Grammar::responsibility)) ||
       (is_phrase && object != kAbsent && sentence_.is(object, Grammar::responsibility)));
  if (is_phrase && !is_verb && sentence_.is(above, Grammar::undergo)) {
    read_as_undergone(above, slots);
  } else if (is_phrase && is_verb && is_hostile(rule_) && sentence_.is(above, Grammar::undergo)) {
    for (const NodeIndex who : clauses_.at(above).subjects)  // "Kampala reels from two blasts"
      append(slots.objects, done_to_of(sentence_, who, first_entity(slots.subjects)));
  } else if (is_claimed || is_owned_up) {
    const NodeIndex verb = is_verb ? above : clauses_.head(above);
    if (verb == kAbsent || is_known(slots.subjects)) return;
    for (const NodeIndex subject : clauses_.at(verb).subjects)
      append(slots.subjects, parties_of(sentence_, subject));
  } else if (its == Deprel::obj) {
    read_as_object(above, slots);
  } else if (its == Deprel::nsubj || its == Deprel::nsubj_pass) {
    read_as_subject(above, slots);
  } else if (rule_.spec.is_mutual && its == Deprel::obl && is_verb && !is_known(slots.subjects) &&
             (clauses_.is_passive(above) || sentence_.is(above, Grammar::casualty))) {
    // "hurt in a fight with Chinese troops": who was hurt fought them
    const Clause clause = clauses_.at(above);
    for (const NodeIndex each : clause.is_passive ? clause.objects : clause.subjects)
      append(slots.subjects, parties_of(sentence_, each));
  } else if (is_hostile(rule_) && its == Deprel::obl && is_verb && clauses_.is_passive(above)) {
    // "the servers were wiped in an attack": to whom that was done
    for (const NodeIndex each : clauses_.at(above).objects)
      append(slots.objects, done_to_of(sentence_, each, first_entity(slots.subjects)));
  } else if ((its == Deprel::obl || its == Deprel::nmod) && is_soft && !is_known(slots.subjects)) {
    const Clause clause = clauses_.at(above);
    for (const NodeIndex subject : clause.subjects)
      append(slots.subjects, parties_of(sentence_, subject));
    if (clause.kind == ClauseKind::nominal) {
      const Party owner = owner_of(sentence_, above);
      if (owner.entity != kNoEntity) append(slots.subjects, {owner});
      add_noun_phrases(above, first_entity(slots.subjects), slots);
    } else {
      add_phrases(clause.obliques, first_entity(slots.subjects), slots);
    }
  } else if (its == Deprel::nmod && !is_known(slots.subjects)) {
    // "Iran's campaign of air strikes"
    const Party owner = owner_of(sentence_, above);
    if (owner.entity != kNoEntity) append(slots.subjects, {owner});
  }
}

Slots Reader::of_noun(NodeIndex top) const {
  Slots slots;
  const KeyWords& key = sentence_.page.lexicon.key;
  for (const NodeIndex child : clauses_.children(top)) {
    const Deprel its = clauses_.relation(child);
    const bool is_owner = its == Deprel::nmod_poss ||
                          (child < top && (its == Deprel::compound || its == Deprel::amod));
    if (!is_owner) continue;
    Party probe = party_of(sentence_, child);
    if (its == Deprel::nmod_poss || is_known({probe}) || is_armed_noun(probe)) {
      // "a US-made missile attack": owner_of knows which names own.
      if (its != Deprel::nmod_poss && probe.entity != kNoEntity &&
          owner_of(sentence_, top).entity == kNoEntity)
        continue;
      append(slots.subjects, parties_of(sentence_, child));
    }
  }
  // "is in control of", "were behind the attack"
  if (clauses_.child(top, Deprel::cop) != kAbsent && !is_known(slots.subjects)) {
    for (const NodeIndex subject : clauses_.at(top).subjects)
      append(slots.subjects, parties_of(sentence_, subject));
  }
  NodeIndex carrier = top;
  for (const NodeIndex each : clauses_.conjuncts(clauses_.first_conjunct(top))) {
    if (each == top || clauses_.relation(top) == Deprel::conj)
      add_noun_phrases(each, first_entity(slots.subjects), slots);
  }
  const NodeIndex above = clauses_.head(top);
  if (above != kAbsent && clauses_.relation(top) == Deprel::nmod &&
      measured(sentence_, above) == top) {
    carrier = above;  // "a wave of air strikes on Mali"
    if (slots.subjects.empty()) {
      const Party owner = owner_of(sentence_, above);
      if (owner.entity != kNoEntity) slots.subjects.push_back(owner);
    }
    add_noun_phrases(above, first_entity(slots.subjects), slots);
  }
  if (const Parties* agent = slots.find(key.by); agent != nullptr && !is_known(slots.subjects))
    slots.subjects = *agent;
  if (!owns(carrier) || carrier == top) read_governor(carrier, slots);
  // "troops remained on alert": a word of the match itself is who does it
  for (std::uint32_t t = match_.span.begin; t < match_.span.end && slots.subjects.empty(); ++t) {
    const NodeIndex node = sentence_.node(t);
    if (match_.owns(t) && clauses_.relation(node) == Deprel::nsubj)
      append(slots.subjects, parties_of(sentence_, node));
  }
  // "shelling from Chad", "the expulsion of two envoys from Chad"
  const bool is_from_actor = !is_named_slot(key.from) || rule_.spec.mode == "expel";
  if (const Parties* from = slots.find(key.from);
      from != nullptr && !is_known(slots.subjects) && is_from_actor)
    slots.subjects = *from;
  add_owned(top, first_entity(slots.subjects), slots);
  return slots;
}

// Recipients by the rule's slots: the first slot with someone known, else the first with anyone.
Parties recipients_of(const ParsedSentence& sentence, const Rule& rule, const Slots& slots) {
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
  for (const std::uint64_t preposition : rule.prepositions) {
    const bool is_own_place = !anyone.empty() && preposition != key.of && preposition != key.in &&
                              preposition != key.from;
    if (is_own_place && is_first) continue;
    if (!take(slots.find(preposition))) continue;
    const bool is_place = preposition == key.in || preposition == key.near;
    for (Party& party : anyone) party.is_place = is_place;
    break;
  }
  if (rule.takes_object && !is_first && !is_known(anyone)) take(&slots.objects);
  return anyone;
}

// Those of the parties that are known and none of `actors`.
Parties others_of(Parties parties, const Parties& actors) {
  std::erase_if(parties, [&](const Party& party) {
    return party.entity == kNoEntity ||
           std::any_of(actors.begin(), actors.end(),
                       [&](const Party& actor) { return actor.entity == party.entity; });
  });
  return parties;
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

// "killed five soldiers in Mali": the place says whose they are.
void add_place(const ParsedSentence& sentence, const Rule& rule, const Slots& slots, Roles& roles) {
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
  if (is_nameless_force && is_against_armed) {
    roles.actors.front().entity = place.front().entity;
    roles.actors.front().part = place.front().part;
    roles.is_guessed = true;
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
Parties implied_agent(const ParsedSentence& sentence, const Rule& rule, const Slots& slots) {
  const KeyWords& key = sentence.page.lexicon.key;
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

bool is_same(const Party& a, const Party& b) {
  return a.entity != kNoEntity && a.entity == b.entity;
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
void read_reciprocal(const ParsedSentence& sentence, const Slots& slots, Roles& roles) {
  if (roles.actors.size() < 2) return;
  const auto is_reciprocal = [&](NodeIndex node) {
    if (node == kAbsent) return false;
    const NodeIndex second = sentence.clauses.child(node, Deprel::fixed);
    return sentence.is(node, Grammar::reciprocal) ||
           (second != kAbsent && sentence.is(second, Grammar::reciprocal));
  };
  const bool is_said =
      is_reciprocal(slots.object) ||  // "shot each other", "fired on each other"
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
void turn_under(const ParsedSentence& sentence, const Match& match, const Slots& slots,
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

void fill(const ParsedSentence& sentence, const Rule& rule, const Slots& slots, Roles& roles) {
  const KeyWords& key = sentence.page.lexicon.key;
  roles.recipients = recipients_of(sentence, rule, slots);
  if (slots.is_passive) {
    roles.actors = slots.agents;
    const bool is_done_to = rule.takes_object || rule.prepositions.empty();
    if (roles.actors.empty() && is_done_to) roles.actors = implied_agent(sentence, rule, slots);
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
      Parties implied = implied_agent(sentence, rule, slots);
      if (is_known(implied)) doers = std::move(implied);
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
  const Reader reader(sentence, match, rule);
  const bool is_verb = sentence.is_verb(roles.top) || sentence.clauses.is_passive(roles.top) ||
                       sentence.clauses.node(roles.top).tag == Upos::adj;
  const Slots slots = is_verb ? reader.of_verb(roles.top) : reader.of_noun(roles.top);
  roles.subject = slots.subject;
  fill(sentence, rule, slots, roles);
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
  if (is_hostile(rule)) part_allies(rule, roles);
  if (roles.recipients.empty() && slots.object != kAbsent) {
    for (const NodeIndex child : sentence.clauses.children(slots.object)) {
      roles.is_object_possessed =
          roles.is_object_possessed || (sentence.clauses.relation(child) == Deprel::nmod_poss &&
                                        sentence.clauses.node(child).tag == Upos::pron);
    }
  }
  return roles;
}

namespace {

// A verb of saying whose words hold the act.
Speech told_by(const ParsedSentence& sentence, NodeIndex verb) {
  Speech speech;
  const Clause clause = sentence.clauses.at(verb);
  if (clause.is_passive) return speech;
  for (const NodeIndex subject : clause.subjects)
    append(speech.speaker, parties_of(sentence, subject));
  for (const NodeIndex each : clause.indirect) append(speech.addressee, parties_of(sentence, each));
  for (const NodeIndex each : clause.objects) append(speech.addressee, parties_of(sentence, each));
  for (const Oblique& each : clause.obliques) {
    // "said of Somalia", "said to reporters"; but not "said in Cairo"
    const bool is_told =
        each.preposition != kAbsent && (sentence.is(each.preposition, Grammar::goal_to) ||
                                        sentence.is(each.preposition, Grammar::owner_of));
    if (is_told) append(speech.addressee, parties_of(sentence, each.node));
  }
  return speech;
}

// "according to the ministry"
Parties source_of(const ParsedSentence& sentence) {
  const TokenSpan tokens = sentence.sentence.tokens;
  const KeyWords& key = sentence.page.lexicon.key;
  for (std::uint32_t t = tokens.begin; t + 2 < tokens.end; ++t) {
    if (sentence.page.hash(t) != key.according) continue;
    for (NodeIndex node = sentence.node(t + 2); node != kAbsent;
         node = sentence.clauses.head(node)) {
      const Parties parties = parties_of(sentence, node);
      if (!parties.empty()) return parties;
      if (sentence.clauses.depth(node) == 0 || sentence.is_verb(node)) break;
    }
  }
  return {};
}

// "Kremlin: …"
Speech headline_speaker(const ParsedSentence& sentence, NodeIndex act) {
  constexpr std::uint32_t kNameMax = 5;
  const TokenSpan tokens = sentence.sentence.tokens;
  for (std::uint32_t t = tokens.begin + 1; t < tokens.end && t <= tokens.begin + kNameMax; ++t) {
    if (!sentence.page.marked(t, before::kColon)) continue;
    if (sentence.token(act) < t) return {};
    const Party party = party_of(sentence, sentence.node(t - 1));
    if (party.valid && !party.is_owner) return {{party}, {}, true};
    return {};
  }
  return {};
}

}  // namespace

Speech speech_of(const ParsedSentence& sentence, NodeIndex act) {
  const Clauses& clauses = sentence.clauses;
  if (Speech speech = headline_speaker(sentence, act); speech.is_headline) return speech;
  for (NodeIndex node = act; node != kAbsent; node = clauses.head(node)) {
    if (node != act && sentence.is(node, Grammar::say) && sentence.is_verb(node)) {
      Speech speech = told_by(sentence, node);
      if (!speech.speaker.empty() && !speech.speaker.front().is_first_person) return speech;
    }
    // "…," the minister said
    for (const NodeIndex child : clauses.children(node)) {
      const bool is_saying = (clauses.relation(child) == Deprel::parataxis ||
                              clauses.relation(child) == Deprel::ccomp) &&
                             child != act && sentence.is(child, Grammar::say) &&
                             sentence.is_verb(child) && child > node;
      if (!is_saying) continue;
      Speech speech = told_by(sentence, child);
      if (!speech.speaker.empty()) return speech;
    }
  }
  return {source_of(sentence), {}, false};
}

namespace {

// Entities other than `apart`, each once.
void add_other(Parties& parties, const Party& party, EntityIndex apart) {
  if (!is_power(party) || party.is_team || party.entity == kNoEntity || party.entity == apart)
    return;
  const bool is_there = std::any_of(parties.begin(), parties.end(),
                                    [&](const Party& other) { return is_same(other, party); });
  if (!is_there) parties.push_back(party);
}

// "in Geneva", "at the airport in Cairo"
bool stands_in_place(const ParsedSentence& sentence, NodeIndex node) {
  constexpr unsigned kEdgesMax = 3;
  for (unsigned edges = 0; edges < kEdgesMax && node != kAbsent; ++edges) {
    const NodeIndex preposition = sentence.clauses.preposition(node);
    if (preposition != kAbsent)
      return sentence.is(preposition, Grammar::place_at) &&
             sentence.page.hash(sentence.token(preposition)) != sentence.page.lexicon.key.against;
    node = sentence.clauses.head(node);
  }
  return false;
}

}  // namespace

Party guessed_recipient(const ParsedSentence& sentence, const Roles& roles, const Speech& speech,
                        bool is_hostile) {
  if (roles.actors.size() != 1 || !is_power(roles.actors.front())) return {};
  if (is_known(roles.recipients)) return {};
  const bool is_somebody = std::any_of(roles.recipients.begin(), roles.recipients.end(),
                                       [](const Party& party) { return is_armed_noun(party); });
  if (is_somebody) return {};
  const EntityIndex actor = roles.actors.front().entity;
  const TokenSpan tokens = sentence.sentence.tokens;
  Parties named;
  Parties subjects;
  for (std::uint32_t t = tokens.begin; t < tokens.end; ++t) {
    const NodeIndex node = sentence.node(t);
    const Deprel its = sentence.clauses.relation(node);
    if (its == Deprel::nsubj || its == Deprel::nsubj_pass)
      add_other(subjects, party_of(sentence, node), actor);
    if (sentence.page.mention[t] == kNoMention) continue;
    const Mention& mention = sentence.page.tagging.mentions[sentence.page.mention[t]];
    if (t + 1 != mention.tokens.end) continue;
    // "US-made": no party
    if (t + 1 < tokens.end && sentence.page.marked(t + 1, before::kJoinedHyphen)) continue;
    if (!is_hostile && stands_in_place(sentence, node)) continue;
    add_other(named, sentence.page.named(sentence.page.mention[t]), actor);
  }
  // "Peru demanded that Chile hand over ...": nobody says so to himself
  if (!is_hostile && !speech.speaker.empty()) {
    const auto is_speaker = [&](const Party& party) {
      return is_same(party, speech.speaker.front());
    };
    if (std::any_of(named.begin(), named.end(), is_speaker)) return {};
  }
  if (named.size() == 1) return named.front();
  if (subjects.size() == 1 && named.size() > 1) return subjects.front();
  return {};
}

}  // namespace tocsin
