#include "pipeline/tension/speech.h"

#include <algorithm>

#include "pipeline/tension/arguments.h"

namespace tocsin {
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

// "US-made": no party
bool is_joined(const ParsedSentence& sentence, std::uint32_t t) {
  return t + 1 < sentence.sentence.tokens.end && sentence.page.marked(t + 1, before::kJoinedHyphen);
}

// "in Geneva", "at the airport in Cairo"
bool stands_in_place(const ParsedSentence& sentence, NodeIndex node) {
  constexpr unsigned kEdgesMax = 3;
  for (unsigned edges = 0; edges < kEdgesMax && node != kAbsent; ++edges) {
    const NodeIndex preposition = sentence.clauses.preposition(node);
    if (preposition != kAbsent)  // "in a Chadian raid" is no place
      return sentence.is(preposition, Grammar::place_at) && !sentence.is(node, Grammar::blow) &&
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
    // "a British-Iranian captive": of whom Iran holds, the other state is the one it does so to
    const bool is_dual = is_joined(sentence, t) && sentence.page.mention[t + 1] != kNoMention &&
                         sentence.page.named(sentence.page.mention[t + 1]).entity == actor;
    if (is_joined(sentence, t) && !is_dual) continue;
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

namespace {

// "delivered the captives of Chad": what another act is done to acts itself in no clause.
bool stands_in_object(const ParsedSentence& sentence, NodeIndex node) {
  constexpr unsigned kEdgesMax = 3;
  const Clauses& clauses = sentence.clauses;
  for (unsigned edges = 0; edges < kEdgesMax && node != kAbsent; ++edges) {
    const Deprel its = clauses.relation(node);
    if (its == Deprel::obj || its == Deprel::iobj) return true;
    const bool is_inner = its == Deprel::compound || its == Deprel::amod ||
                          its == Deprel::nmod_poss || its == Deprel::conj || its == Deprel::nmod;
    if (!is_inner) return false;
    node = clauses.head(node);
  }
  return false;
}

}  // namespace

Party guessed_actor(const ParsedSentence& sentence, const Roles& roles, const Speech& speech) {
  if (is_known(roles.actors) || !is_known(roles.recipients)) return {};
  constexpr std::uint32_t kNoState =
      bit(Grammar::armed) | bit(Grammar::civil) | bit(Grammar::victim);
  const bool is_somebody =
      std::any_of(roles.actors.begin(), roles.actors.end(), [](const Party& party) {
        return party.is_bystander || party.is_team || (party.grammar & kNoState) != 0;
      });
  if (is_somebody) return {};
  const TokenSpan tokens = sentence.sentence.tokens;
  Parties named;
  for (std::uint32_t t = tokens.begin; t < tokens.end; ++t) {
    if (sentence.page.mention[t] == kNoMention) continue;
    const Mention& mention = sentence.page.tagging.mentions[sentence.page.mention[t]];
    if (t + 1 != mention.tokens.end || is_joined(sentence, t)) continue;
    const NodeIndex node = sentence.node(t);
    const NodeIndex above = sentence.clauses.head(node);  // "the border with Chad"
    const bool is_border = above != kAbsent && sentence.is(above, Grammar::beside);
    if (is_border || stands_in_place(sentence, node) || stands_in_object(sentence, node)) continue;
    const Party party = sentence.page.named(sentence.page.mention[t]);
    const auto is_in = [&](const Parties& parties) {
      return std::any_of(parties.begin(), parties.end(),
                         [&](const Party& other) { return is_same(other, party); });
    };
    const bool is_told =
        is_in(speech.speaker) || is_in(speech.addressee) || is_in(roles.recipients);
    if (!is_told) add_other(named, party, kNoEntity);
  }
  return named.size() == 1 ? named.front() : Party{};
}

}  // namespace tocsin
