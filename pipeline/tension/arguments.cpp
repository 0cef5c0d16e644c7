#include "pipeline/tension/arguments.h"

#include <algorithm>
#include <utility>

namespace tocsin {

void append(Parties& to, const Parties& from) {
  constexpr std::size_t kPartiesMax = 5;
  for (const Party& party : from) {
    const bool is_there = std::any_of(to.begin(), to.end(), [&](const Party& other) {
      return other.entity == party.entity && other.tokens == party.tokens;
    });
    if (!is_there && to.size() < kPartiesMax) to.push_back(party);
  }
}

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

namespace {

// Whoever is blamed for it is not who it was done to.
void blame(Parties who, Arguments& slots) {
  if (who.empty()) return;
  std::erase_if(slots.phrases, [&](const Phrase& phrase) {
    return std::any_of(phrase.parties.begin(), phrase.parties.end(), [&](const Party& party) {
      return party.entity != kNoEntity && party.entity == who.front().entity;
    });
  });
  slots.subjects = std::move(who);
}

class ArgumentReader {
 public:
  ArgumentReader(const ParsedSentence& sentence, const Match& match, const Rule& rule)
      : sentence_(sentence), clauses_(sentence.clauses), match_(match), rule_(rule) {}

  [[nodiscard]] Arguments of_verb(NodeIndex top) const;
  [[nodiscard]] Arguments of_noun(NodeIndex top) const;

 private:
  [[nodiscard]] bool is_passive_here(const Clause& clause) const;
  [[nodiscard]] bool fills_object(const Clause& clause) const;
  [[nodiscard]] EntityIndex done_to_by(const Clause& clause) const;
  [[nodiscard]] bool owns(NodeIndex node) const { return match_.owns(sentence_.token(node)); }
  [[nodiscard]] EntityIndex first_entity(const Parties& parties) const {
    return parties.empty() ? kNoEntity : parties.front().entity;
  }
  [[nodiscard]] bool is_named_slot(std::uint64_t preposition) const {
    return std::find(rule_.prepositions.begin(), rule_.prepositions.end(), preposition) !=
           rule_.prepositions.end();
  }
  void add_phrase(NodeIndex node, EntityIndex apart, Arguments& slots, unsigned depth) const;
  void add_phrases(const std::vector<Oblique>& obliques, EntityIndex apart, Arguments& slots) const;
  void add_noun_phrases(NodeIndex noun, EntityIndex apart, Arguments& slots) const;
  void add_owned(NodeIndex top, EntityIndex apart, Arguments& slots) const;
  [[nodiscard]] bool joins_in(NodeIndex verb, NodeIndex act) const;
  void read_governor(NodeIndex carrier, Arguments& slots) const;
  [[nodiscard]] Parties blamed_by(NodeIndex verb, NodeIndex act) const;
  void read_as_object(NodeIndex verb, Arguments& slots) const;
  void read_as_subject(NodeIndex verb, Arguments& slots) const;
  void read_as_undergone(NodeIndex noun, Arguments& slots) const;

  const ParsedSentence& sentence_;
  const Clauses& clauses_;
  const Match& match_;
  const Rule& rule_;
};

// "Five soldiers killed in ambush", "Jordan negotiated with Israel": without an auxiliary the act
// itself says whether its subject does it. What needs an object and has none is done to the
// subject, unless that is a power in running text: engineers and tourists are none.
bool ArgumentReader::is_passive_here(const Clause& clause) const {
  const bool is_done_to = rule_.takes_object && rule_.is_object_first;
  if (!is_done_to || clause.complement != kAbsent) return false;
  if (sentence_.sentence.field == Field::title) return true;
  // "slain", "shot down": a form that is no past says so itself
  const bool is_only_participle =
      (match_.head_forms & form::kParticiple) != 0 && (match_.head_forms & form::kPast) == 0;
  if (is_only_participle) return true;
  const std::vector<NodeIndex>& who = clause.is_passive ? clause.objects : clause.subjects;
  constexpr std::uint32_t kFolk = bit(Grammar::civil) | bit(Grammar::victim);
  for (const NodeIndex subject : who) {
    const Party party = party_of(sentence_, subject);
    if (is_power(party)) return (party.grammar & kFolk) != 0;
  }
  return clause.is_passive;
}

// "Six troops slain in an ambush": what the pattern took for its object stands before the verb.
bool ArgumentReader::fills_object(const Clause& clause) const {
  if (clause.is_subject_shared) return false;  // "keeps its ports shut"
  const std::vector<SlotWord>& slots = sentence_.page.lexicon.patterns[match_.pattern].slots;
  const std::vector<NodeIndex>& who = clause.is_passive ? clause.objects : clause.subjects;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (slots[i].argument != Argument::object || match_.filled[i] == kNoToken) continue;
    for (const NodeIndex subject : who) {
      if (sentence_.token(measured(sentence_, subject)) == match_.filled[i]) return true;
    }
  }
  return false;
}

// A phrase, then those inside it: "along the frontier with Belarus".
void ArgumentReader::add_phrase(NodeIndex node, EntityIndex apart, Arguments& slots,
                                unsigned depth) const {
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

void ArgumentReader::add_phrases(const std::vector<Oblique>& obliques, EntityIndex apart,
                                 Arguments& slots) const {
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

void ArgumentReader::add_noun_phrases(NodeIndex noun, EntityIndex apart, Arguments& slots) const {
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
void ArgumentReader::add_owned(NodeIndex top, EntityIndex apart, Arguments& slots) const {
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
EntityIndex ArgumentReader::done_to_by(const Clause& clause) const {
  if (clause.is_passive || clause.objects.empty()) return kNoEntity;
  return party_of(sentence_, clause.objects.front()).entity;
}

Arguments ArgumentReader::of_verb(NodeIndex top) const {
  Arguments slots;
  Clause clause = clauses_.at(top);
  if (clause.is_bare && clause.is_passive != (is_passive_here(clause) || fills_object(clause)))
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
Parties ArgumentReader::blamed_by(NodeIndex verb, NodeIndex act) const {
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
void ArgumentReader::read_as_object(NodeIndex verb, Arguments& slots) const {
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
void ArgumentReader::read_as_subject(NodeIndex verb, Arguments& slots) const {
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
void ArgumentReader::read_as_undergone(NodeIndex noun, Arguments& slots) const {
  std::vector<NodeIndex> who = clauses_.at(noun).subjects;
  if (who.empty()) who = clauses_.surface_subjects(noun);
  const NodeIndex above = clauses_.head(noun);
  if (who.empty() && clauses_.relation(noun) == Deprel::appos && above != kAbsent) who = {above};
  for (const NodeIndex each : who) append(slots.objects, done_to_of(sentence_, each, kNoEntity));
}

// "fired rockets in an attack on", "lost three in an attack": those who bear arms do it, unless
// they suffer it.
bool ArgumentReader::joins_in(NodeIndex verb, NodeIndex act) const {
  const Clause clause = clauses_.at(verb);
  if (clause.is_passive || clause.subjects.empty()) return false;
  if (preposition_of(sentence_, act) != sentence_.page.lexicon.key.in) return false;
  if (sentence_.is(verb, Grammar::casualty) || sentence_.is(verb, Grammar::undergo)) return false;
  const bool has_loss =
      std::any_of(clause.objects.begin(), clause.objects.end(), [&](NodeIndex each) {
        return sentence_.is(each, Grammar::casualty) ||
               sentence_.clauses.node(each).tag == Upos::num;
      });
  const Party who = party_of(sentence_, clause.subjects.front());
  return !has_loss && !clause.objects.empty() && (is_armed_noun(who) || who.part == Part::armed);
}

void ArgumentReader::read_governor(NodeIndex carrier, Arguments& slots) const {
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
  } else if (is_hostile(rule_) && its == Deprel::obl && is_verb && !is_known(slots.subjects) &&
             joins_in(above, first)) {
    // "infantry joined marines in an assault on Chad": who does one thing in it does it
    for (const NodeIndex who : clauses_.at(above).subjects)
      append(slots.subjects, parties_of(sentence_, who));
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

Arguments ArgumentReader::of_noun(NodeIndex top) const {
  Arguments slots;
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
  // "the incursion of 19 Russian drones into Poland": what bears arms and goes somewhere does it
  if (is_hostile(rule_) && !is_known(slots.subjects)) {
    const Parties* of = slots.find(key.of);
    const bool goes =
        std::any_of(slots.phrases.begin(), slots.phrases.end(), [&](const Phrase& each) {
          const NodeIndex preposition = clauses_.preposition(each.node);
          return is_known(each.parties) && preposition != kAbsent &&
                 (sentence_.is(preposition, Grammar::goal_to) || each.preposition == key.across ||
                  each.preposition == key.over);
        });
    if (goes && of != nullptr && is_armed_noun(of->front())) {
      slots.subjects = *of;
      std::erase_if(slots.phrases, [&](const Phrase& each) { return each.preposition == key.of; });
    }
  }
  return slots;
}

}  // namespace

Arguments arguments_of_verb(const ParsedSentence& sentence, const Match& match, const Rule& rule,
                            NodeIndex top) {
  return ArgumentReader(sentence, match, rule).of_verb(top);
}

Arguments arguments_of_noun(const ParsedSentence& sentence, const Match& match, const Rule& rule,
                            NodeIndex top) {
  return ArgumentReader(sentence, match, rule).of_noun(top);
}

}  // namespace tocsin
