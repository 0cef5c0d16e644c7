#include "pipeline/tension/roles.h"

#include <algorithm>
#include <utility>

namespace tocsin {
namespace {

constexpr std::size_t kCoordinatedMax = 4;
constexpr unsigned kDepthMax = 6;
constexpr std::size_t kRightMax = 14;       // chunks looked at after an act
constexpr std::uint32_t kPreviousMax = 60;  // tokens of the sentence before, for a pronoun

using Index = std::ptrdiff_t;

struct Phrase {
  Index chunk = 0;                // of its first noun phrase
  std::uint64_t preposition = 0;  // 0: an object
  Parties parties;
};

// What stands after an act, in order.
struct Right {
  std::vector<Phrase> phrases;

  [[nodiscard]] const Parties* find(std::uint64_t preposition) const {
    for (const Phrase& phrase : phrases) {
      if (phrase.preposition == preposition && !phrase.parties.empty()) return &phrase.parties;
    }
    return nullptr;
  }
};

bool is_known(const Parties& parties) {
  return std::any_of(parties.begin(), parties.end(),
                     [](const Party& party) { return party.entity != kNoEntity; });
}

class Reader {
 public:
  Reader(const Page& page, const Chunks& chunks) : page_(page), chunks_(chunks) {}

  [[nodiscard]] Parties subject(Index c, unsigned depth) const;
  [[nodiscard]] bool has_verb_before(Index c) const { return previous_verb(c) >= 0; }
  [[nodiscard]] Right right(Index from) const;
  [[nodiscard]] Parties before_head(Index c, std::uint32_t head) const;
  [[nodiscard]] Index governing_verb(Index c, bool through_prepositions) const;
  [[nodiscard]] const Chunk& at(Index c) const { return chunks_.list[static_cast<std::size_t>(c)]; }
  [[nodiscard]] Index size() const { return static_cast<Index>(chunks_.list.size()); }
  [[nodiscard]] Index chunk_of(std::uint32_t token) const {
    return static_cast<Index>(chunks_.at(token));
  }
  [[nodiscard]] bool is(Index c, ChunkKind kind) const {
    return c >= 0 && c < size() && at(c).kind == kind;
  }
  [[nodiscard]] std::uint64_t hash(Index c) const { return page_.hash(at(c).tokens.begin); }

  [[nodiscard]] bool is_that(Index c) const { return hash(c) == page_.lexicon.key.that; }

  // "its villages", "their troops"
  [[nodiscard]] bool is_possessed(Index c) const {
    const std::uint64_t first = page_.hash(at(c).tokens.begin);
    return first == page_.lexicon.key.its || first == page_.lexicon.key.their;
  }

 private:
  struct Group {
    Index first = 0;  // chunk
    std::uint64_t preposition = 0;
    Parties parties;
  };
  [[nodiscard]] Group group_left(Index c, unsigned depth) const;
  [[nodiscard]] Parties walk_left(Index c, unsigned depth) const;
  [[nodiscard]] Parties controller(Index c, unsigned depth) const;
  [[nodiscard]] Parties participle_subject(Index c, unsigned depth) const;
  [[nodiscard]] Index previous_verb(Index c) const;
  [[nodiscard]] Index previous_finite(Index c) const;
  [[nodiscard]] bool is_finite(Index c) const;
  [[nodiscard]] Index skip_parenthesis(Index comma) const;
  [[nodiscard]] Party resolve(Index c, unsigned depth) const;
  [[nodiscard]] Party previous_sentence() const;
  // Prepositions that also open clauses: what follows them can be a subject.
  [[nodiscard]] bool opens_clause(Index c) const {
    return page_.is(at(c).tokens.begin, Grammar::subordinator);
  }

  const Page& page_;
  const Chunks& chunks_;
};

// The verb in front, in the same part of the sentence.
Index Reader::previous_verb(Index c) const {
  for (Index k = c - 1; k >= 0 && !is(k, ChunkKind::stop); --k) {
    if (is(k, ChunkKind::verbal)) return k;
  }
  return -1;
}

// "accused Kosovo of cleansing and placed": the verb that "placed" goes on with.
Index Reader::previous_finite(Index c) const {
  Index verb = previous_verb(c);
  while (verb >= 0 && !is_finite(verb)) verb = previous_verb(verb);
  return verb >= 0 ? verb : previous_verb(c);
}

bool Reader::is_finite(Index c) const {
  const VerbGroup& group = at(c).verb;
  if (!is(c, ChunkKind::verbal) || group.is_infinitive || group.is_participle) return false;
  return group.head != kNoToken && (page_.forms(group.head) & form::kIng) == 0;
}

// ", which has massed troops," and ", the president of Russia,": the comma that opens it; -1.
Index Reader::skip_parenthesis(Index comma) const {
  for (Index k = comma - 1; k > 0 && !is(k, ChunkKind::stop); --k) {
    if (!is(k, ChunkKind::comma)) continue;
    const Chunk& first = at(k + 1);
    const bool is_aside = first.kind == ChunkKind::relative ||
                          first.kind == ChunkKind::preposition ||
                          first.kind == ChunkKind::subordinator ||
                          (first.kind == ChunkKind::verbal && first.verb.is_participle) ||
                          (first.kind == ChunkKind::nominal && previous_verb(comma) < k);
    return is_aside ? k : -1;
  }
  return -1;
}

Party Reader::previous_sentence() const {
  if (chunks_.sentence.begin == 0) return {};
  const Sentence& before = page_.text.sentences[page_.text.sentence_of(chunks_.sentence.begin - 1)];
  const std::uint32_t end = std::min(before.tokens.end, before.tokens.begin + kPreviousMax);
  for (std::uint32_t t = before.tokens.begin; t < end; ++t) {
    if (page_.mention[t] == kNoMention) continue;
    const Party party = page_.named(page_.mention[t]);
    if (is_power(party)) return party;
  }
  return {};
}

// "Iran said it would strike back": it is the subject in front, here or one sentence earlier.
Party Reader::resolve(Index c, unsigned depth) const {
  Party party = at(c).party;
  if (!party.is_pronoun || depth >= kDepthMax) return party;
  const Index verb = previous_verb(c);
  if (verb >= 0) {
    const Parties earlier = subject(verb, depth + 1);
    if (!earlier.empty() && !earlier.front().is_first_person) return earlier.front();
    return party;
  }
  const Party other = previous_sentence();
  return other.valid ? other : party;
}

// The noun phrase that ends at chunk `c`, with what is joined to it: "Russia and Belarus".
Reader::Group Reader::group_left(Index c, unsigned depth) const {
  Group group;
  group.first = c;
  std::vector<Index> members = {c};
  while (members.size() < kCoordinatedMax) {
    const Index joint = group.first - 1;
    const bool is_list = is(joint, ChunkKind::comma) && members.size() > 1;
    if (!(is(joint, ChunkKind::conjunction) || is_list) || !is(joint - 1, ChunkKind::nominal))
      break;
    const Party& other = at(joint - 1).party;
    if (!other.valid) break;
    group.first = joint - 1;
    members.push_back(group.first);
  }
  if (is(group.first - 1, ChunkKind::preposition)) group.preposition = hash(group.first - 1);
  // "attacked Iran and Iraq fired": what stands behind a verb is its object, not our subject.
  if (members.size() > 1 && is(group.first - 1, ChunkKind::verbal)) {
    members = {c};
    group.first = c;
    group.preposition = 0;
  }
  for (auto member = members.rbegin(); member != members.rend(); ++member) {
    const Party party = resolve(*member, depth);
    if (party.valid) group.parties.push_back(party);
  }
  return group;
}

Parties Reader::walk_left(Index c, unsigned depth) const {
  std::vector<Group> attached;
  const KeyWords& key = page_.lexicon.key;
  Index k = c - 1;
  while (k >= 0) {
    const ChunkKind kind = at(k).kind;
    if (kind == ChunkKind::other || kind == ChunkKind::preposition) {
      --k;
    } else if (kind == ChunkKind::comma) {
      const Index open = skip_parenthesis(k);
      if (open >= 0) {
        k = open - 1;
        continue;
      }
      const Index verb = previous_verb(k);
      if (verb >= 0 && !attached.empty()) break;
      if (verb >= 0) return subject(verb, depth + 1);
      --k;
    } else if (kind == ChunkKind::conjunction) {
      const Index verb = is_finite(c) ? previous_finite(k) : previous_verb(k);
      return verb >= 0 ? subject(verb, depth + 1) : Parties{};
    } else if (kind == ChunkKind::verbal) {
      return subject(k, depth + 1);
    } else if (kind == ChunkKind::relative) {
      Index noun = k - 1;
      while (is(noun, ChunkKind::comma) || is(noun, ChunkKind::preposition)) --noun;
      return is(noun, ChunkKind::nominal) ? group_left(noun, depth + 1).parties : Parties{};
    } else if (kind == ChunkKind::nominal) {
      Group group = group_left(k, depth);
      if (group.preposition != 0 && !opens_clause(group.first - 1)) {
        k = group.first - 2;
        attached.push_back(std::move(group));
        continue;
      }
      if (is_known(group.parties)) return group.parties;
      // "presidents of Chad and Niger", "warplanes from Iran", "police in Kenya".
      for (const Group& other : attached) {
        const bool is_whose = other.preposition == key.of || other.preposition == key.from ||
                              other.preposition == key.by ||
                              (other.preposition == key.for_ && !group.parties.empty() &&
                               (group.parties.front().grammar & bit(Grammar::government)) != 0) ||
                              (other.preposition == key.in && !group.parties.empty() &&
                               !is_armed_noun(group.parties.front()));
        if (!is_whose || !is_known(other.parties)) continue;
        if (group.parties.empty()) return other.parties;
        Parties merged = other.parties;
        for (Party& party : merged) party.grammar |= group.parties.front().grammar;
        return merged;
      }
      return group.parties;
    } else {
      break;
    }
  }
  return {};
}

// "asked Germany to send", "a plan to attack", "is ready to talk": who would do it.
Parties Reader::controller(Index c, unsigned depth) const {
  Index k = c - 1;
  while (is(k, ChunkKind::other)) --k;
  const Index verb = previous_verb(c);
  if (is(k, ChunkKind::nominal)) {
    const Group group = group_left(k, depth);
    const bool is_direct =
        is(group.first - 1, ChunkKind::verbal) || group.preposition == page_.lexicon.key.on ||
        group.preposition == page_.lexicon.key.for_ || group.preposition == page_.lexicon.key.by;
    if (is_direct && is_known(group.parties)) return group.parties;
    if (group.preposition == 0 && is_known(group.parties)) return group.parties;
  }
  // "foiled a plot to attack": whose plot, nobody says.
  const bool is_thwarted = verb >= 0 && at(verb).verb.head != kNoToken &&
                           is(k, ChunkKind::nominal) &&
                           page_.is(at(verb).verb.head, Grammar::thwart);
  if (is_thwarted) return {};
  return verb >= 0 ? subject(verb, depth + 1) : walk_left(c, depth);
}

Parties Reader::participle_subject(Index c, unsigned depth) const {
  Index k = c - 1;
  while (is(k, ChunkKind::other)) --k;
  const Index verb = previous_verb(c);
  if (is(k, ChunkKind::preposition) && is(k - 1, ChunkKind::nominal) && verb >= 0) {
    // "accused Azerbaijan of breaking the truce".
    const Group group = group_left(k - 1, depth);
    if (group.preposition == 0 && is_known(group.parties) && group.first - 1 == verb)
      return group.parties;
  }
  if (is(k, ChunkKind::nominal)) return walk_left(c, depth);
  return verb >= 0 ? subject(verb, depth + 1) : Parties{};
}

Parties Reader::subject(Index c, unsigned depth) const {
  if (depth >= kDepthMax) return {};
  const VerbGroup& group = at(c).verb;
  if (group.is_infinitive) return controller(c, depth);
  if (group.is_participle) return participle_subject(c, depth);
  return walk_left(c, depth);
}

Right Reader::right(Index from) const {
  Right right;
  std::uint64_t preposition = 0;
  for (Index c = from; c < size() && c < from + static_cast<Index>(kRightMax); ++c) {
    const Chunk& chunk = at(c);
    if (chunk.kind == ChunkKind::other) continue;
    if (chunk.kind == ChunkKind::preposition) {
      preposition = hash(c);
      continue;
    }
    if (chunk.kind == ChunkKind::comma && is(c + 1, ChunkKind::preposition)) continue;
    if (chunk.kind != ChunkKind::nominal) break;
    Phrase phrase{c, preposition, {}};
    if (chunk.party.valid && !chunk.party.is_pronoun) phrase.parties.push_back(chunk.party);
    if (!is_known(phrase.parties) && is(c + 1, ChunkKind::preposition) &&
        hash(c + 1) == page_.lexicon.key.of && is(c + 2, ChunkKind::nominal) &&
        at(c + 2).party.valid) {
      c += 2;  // "the embassy of Denmark"
      const std::uint32_t grammar = phrase.parties.empty() ? 0 : phrase.parties[0].grammar;
      phrase.parties = {at(c).party};
      phrase.parties[0].grammar |= grammar;
    }
    // "Iran, Iraq and Syria"
    while (phrase.parties.size() < kCoordinatedMax) {
      const bool is_and = is(c + 1, ChunkKind::conjunction);
      const bool is_list = is(c + 1, ChunkKind::comma);
      if (!(is_and || is_list) || !is(c + 2, ChunkKind::nominal)) break;
      // its own clause begins: "…, residents said"
      if ((preposition == 0 || is_list) && is(c + 3, ChunkKind::verbal)) break;
      if (is_list && !at(c + 2).party.valid) break;
      c += 2;
      if (at(c).party.valid && !at(c).party.is_pronoun) phrase.parties.push_back(at(c).party);
    }
    right.phrases.push_back(std::move(phrase));
    preposition = 0;
  }
  return right;
}

// "Russia's invasion", "the US and British strikes": the names in front of an act's noun.
Parties Reader::before_head(Index c, std::uint32_t head) const {
  Parties owners;
  const TokenSpan phrase = at(c).tokens;
  for (std::uint32_t t = head; t > phrase.begin;) {
    --t;
    if (page_.mention[t] == kNoMention) continue;
    const Party party = page_.named(page_.mention[t]);
    t = party.tokens.begin;
    if (party.entity == kNoEntity) continue;
    owners.insert(owners.begin(), party);
    break;
  }
  if (!owners.empty() && is(c - 1, ChunkKind::conjunction) && is(c - 2, ChunkKind::nominal) &&
      at(c - 2).party.entity != kNoEntity && at(c - 2).tokens.size() <= 3 &&
      !is(c - 3, ChunkKind::preposition)) {
    owners.insert(owners.begin(), at(c - 2).party);
  }
  if (owners.empty() && at(c).party.valid && at(c).party.is_pronoun) return {};
  return owners;
}

// The verb whose object the noun phrase is.
Index Reader::governing_verb(Index c, bool through_prepositions) const {
  for (Index k = c - 1; k >= 0; --k) {
    if (is(k, ChunkKind::verbal)) return k;
    if (is(k, ChunkKind::other)) continue;
    if (through_prepositions && (is(k, ChunkKind::preposition) || is(k, ChunkKind::nominal)))
      continue;
    return -1;
  }
  return -1;
}

// Recipients by the rule's slots: the first slot with someone known, else the first with anyone.
Parties recipients_of(const Page& page, const Rule& rule, const Right& right, bool has_object) {
  const KeyWords& key = page.lexicon.key;
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
  const auto objects = [&]() -> const Parties* {
    const Parties* plain = nullptr;
    for (const Phrase& phrase : right.phrases) {
      if (phrase.preposition != 0) break;
      if (is_known(phrase.parties)) return &phrase.parties;
      if (plain == nullptr && !phrase.parties.empty()) plain = &phrase.parties;
    }
    return plain;
  };
  const bool is_first = rule.takes_object && rule.is_object_first;
  if (has_object && is_first && take(objects())) return anyone;
  // "gave Ukraine twenty tanks": a name before the thing is who gets it.
  if (has_object && !is_first && right.phrases.size() > 1 && right.phrases[0].preposition == 0 &&
      right.phrases[1].preposition == 0 && is_known(right.phrases[0].parties)) {
    return right.phrases[0].parties;
  }
  for (const std::uint64_t preposition : rule.prepositions) {
    const bool is_own_place = !anyone.empty() && preposition != key.of && preposition != key.in &&
                              preposition != key.from;
    if (is_own_place && is_first) continue;
    if (take(right.find(preposition))) break;
  }
  if (has_object && rule.takes_object && !is_first && !is_known(anyone)) take(objects());
  return anyone;
}

bool is_hostile(const Rule& rule) {
  return rule.spec.scale < 0;
}

bool is_place_preposition(const KeyWords& key, std::uint64_t preposition) {
  return preposition == key.in || preposition == key.of || preposition == key.on ||
         preposition == key.at || preposition == key.near || preposition == key.from ||
         preposition == key.against;
}

// "killed five soldiers in Mali": the place says whose they are.
void add_place(const Page& page, const Rule& rule, const Right& right, Parties& recipients) {
  if (!is_hostile(rule) || is_known(recipients)) return;
  if (!recipients.empty() && (recipients.front().grammar & bit(Grammar::armed)) != 0) return;
  for (const Phrase& phrase : right.phrases) {
    if (!is_place_preposition(page.lexicon.key, phrase.preposition) || !is_known(phrase.parties))
      continue;
    if (recipients.empty()) {
      recipients = phrase.parties;
    } else {
      recipients.front().entity = phrase.parties.front().entity;
      recipients.front().part = phrase.parties.front().part;
    }
    return;
  }
}

void add_all(Right& right, const Right& more) {
  right.phrases.insert(right.phrases.end(), more.phrases.begin(), more.phrases.end());
}

// Who did it, when a passive does not say "by": "killed in an Israeli strike", "expelled from
// Poland", "summoned to the foreign ministry in Oslo".
Parties implied_agent(const Page& page, const Reader& reader, const Rule& rule,
                      const Right& right) {
  const KeyWords& key = page.lexicon.key;
  for (const Phrase& phrase : right.phrases) {
    if (!is_known(phrase.parties)) continue;
    const std::uint32_t last = reader.at(phrase.chunk).tokens.end - 1;
    if (phrase.preposition == key.in && page.is(last, Grammar::blow)) return phrase.parties;
    if (phrase.preposition == key.from && rule.spec.type == EventType::sanction)
      return phrase.parties;
    if (phrase.preposition == key.to && rule.spec.type == EventType::accuse) return phrase.parties;
  }
  return {};
}

// "demanded that Russia withdraw": the subject of the clause in the complement.
Parties clause_subject(const Reader& reader, Index c) {
  Index next = c + 1;
  if (reader.is(next, ChunkKind::subordinator)) ++next;
  if (!reader.is(next, ChunkKind::nominal) || !reader.is(next + 1, ChunkKind::verbal)) return {};
  const Party& party = reader.at(next).party;
  return party.entity == kNoEntity ? Parties{} : Parties{party};
}

bool is_verbal(EventType type) {
  return type == EventType::threaten || type == EventType::accuse || type == EventType::reject ||
         type == EventType::request;
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

// The verb that the match's own words begin with, when its head is further on: "refused to
// ^withdraw", "warned Israel of ^consequences", "asked Germany ^for"; -1.
Index leading_verb(const Reader& reader, const Match& match) {
  const Index head = reader.chunk_of(match.head);
  for (std::uint32_t t = match.span.begin; t < match.head; ++t) {
    if (!match.owns(t)) continue;
    const Index c = reader.chunk_of(t);
    if (reader.is(c, ChunkKind::verbal)) return c == head ? -1 : c;
  }
  return -1;
}

Roles led_roles(const Page& page, const Reader& reader, const Match& match, const Rule& rule,
                Index verb) {
  Roles roles;
  roles.group = reader.at(verb).verb;
  const Right near = reader.right(verb + 1);
  const Index head = reader.chunk_of(match.head);
  const Right far = reader.right(head + 1);
  const Parties subject = reader.subject(verb, 0);
  const Parties* agent = near.find(page.lexicon.key.by);
  if (agent == nullptr) agent = far.find(page.lexicon.key.by);
  const bool has_object = !near.phrases.empty() && near.phrases.front().preposition == 0;
  roles.recipients = recipients_of(page, rule, near, has_object);
  if (!is_known(roles.recipients)) {
    const bool is_embedded = reader.is(head, ChunkKind::verbal);
    const Parties more = recipients_of(page, rule, far, is_embedded);
    if (is_known(more) || roles.recipients.empty()) roles.recipients = more;
    if (roles.recipients.empty() && is_embedded) {
      for (const Phrase& phrase : far.phrases) {
        if (is_known(phrase.parties) && roles.recipients.empty()) roles.recipients = phrase.parties;
      }
    }
  }
  if (!is_known(roles.recipients) && is_verbal(rule.spec.type)) {
    const Parties inner = clause_subject(reader, verb);
    if (!inner.empty()) roles.recipients = inner;
  }
  if (roles.group.is_passive) {
    if (agent != nullptr) roles.actors = *agent;
    if (agent == nullptr && !rule.is_object_first) roles.actors = subject;
    if (rule.is_object_first) {
      roles.recipients = subject;
      if (agent == nullptr) roles.actors = implied_agent(page, reader, rule, near);
    }
  } else {
    roles.actors = subject;
  }
  read_between(near.find(page.lexicon.key.between), roles);
  read_between(far.find(page.lexicon.key.between), roles);
  add_place(page, rule, near, roles.recipients);
  add_place(page, rule, far, roles.recipients);
  if (rule.spec.is_swapped) std::swap(roles.actors, roles.recipients);
  return roles;
}

// How much an act counts that the sentence tells on the side: "the rebels, who seized two towns
// last year, …", "after strikes on …".
double background_of(const Reader& reader, Index c) {
  constexpr double kClause = 0.5;
  constexpr double kPhrase = 0.7;
  const Chunk& chunk = reader.at(c);
  if (chunk.kind == ChunkKind::verbal) {
    if (chunk.verb.is_past_perfect) return kClause;
    const bool is_result = reader.is(c - 1, ChunkKind::comma);  // ", killing six"
    if (chunk.verb.is_participle && c > 0 && !is_result) return kClause;
    // "a ship they had seized": a clause of its own behind a noun
    if (reader.is(c - 1, ChunkKind::nominal) && reader.at(c - 1).party.is_pronoun &&
        reader.is(c - 2, ChunkKind::nominal))
      return kClause;
    for (Index k = c - 1; k >= 0; --k) {
      if (reader.is(k, ChunkKind::relative)) return kClause;
      if (!reader.is(k, ChunkKind::other) && !reader.is(k, ChunkKind::nominal)) break;
    }
    return 1;
  }
  return reader.is(c - 1, ChunkKind::preposition) && reader.governing_verb(c, true) >= 0 ? kPhrase
                                                                                         : 1;
}

// "proposed cutting", "warned on Friday that": a complement, so no "soldiers killed in ambush".
// Nor is "…, the minister warned".
bool has_clause_after(const Page& page, const Reader& reader, Index c) {
  if (reader.is(c + 1, ChunkKind::verbal)) return true;
  const std::uint32_t head = reader.at(c).verb.head;
  if (c + 1 >= reader.size() && head != kNoToken && page.is(head, Grammar::say)) return true;
  for (Index k = c + 1; k < reader.size() && k <= c + 4; ++k) {
    if (reader.is(k, ChunkKind::subordinator)) return reader.is_that(k);
    if (!reader.is(k, ChunkKind::nominal) && !reader.is(k, ChunkKind::preposition) &&
        !reader.is(k, ChunkKind::other))
      return false;
  }
  return false;
}

// ", killing four", "a strike killing four": what the clause before it led to.
bool is_outcome_of(const Reader& reader, Index c) {
  const VerbGroup& group = reader.at(c).verb;
  if (!group.is_participle || group.is_passive) return false;
  Index k = c - 1;
  while (reader.is(k, ChunkKind::other)) --k;
  return reader.is(k, ChunkKind::comma) || reader.is(k, ChunkKind::nominal);
}

Roles verb_roles(const Page& page, const Reader& reader, const Match& match, const Rule& rule,
                 bool in_title) {
  Roles roles;
  const Index c = reader.chunk_of(match.head);
  roles.group = reader.at(c).verb;
  roles.is_outcome = is_outcome_of(reader, c);
  const Parties subject = reader.subject(c, 0);
  const Right right = reader.right(c + 1);
  const Parties* agent = right.find(page.lexicon.key.by);
  bool is_passive = roles.group.is_passive;
  const bool has_object = !right.phrases.empty() && right.phrases.front().preposition == 0;
  if (!is_passive && !has_object && rule.takes_object && rule.is_object_first &&
      match.span.end == match.head + 1 && !roles.group.is_infinitive &&
      (page.forms(match.head) & form::kParticiple) != 0 && !has_clause_after(page, reader, c) &&
      (in_title || subject.empty() || !is_power(subject.front()))) {
    is_passive = true;  // a headline: "Five soldiers killed in ambush"
  }
  if (is_passive && !rule.spec.is_swapped) {
    if (agent != nullptr) roles.actors = *agent;
    const bool is_bare = rule.takes_object && match.elements == 1;
    if (!rule.is_object_first) roles.recipients = recipients_of(page, rule, right, false);
    if (rule.is_object_first || (is_bare && !is_known(roles.recipients) && is_known(subject))) {
      roles.recipients = subject;
      if (agent == nullptr) roles.actors = implied_agent(page, reader, rule, right);
    } else if (agent == nullptr) {
      roles.actors = subject;
    }
    if (roles.recipients.empty()) roles.recipients = recipients_of(page, rule, right, false);
    if (roles.recipients.empty()) {
      // "gas deliveries to Ukraine were halted"
      const Right own = reader.right(reader.chunk_of(match.span.begin) + 1);
      roles.recipients = recipients_of(page, rule, own, false);
    }
  } else if (rule.spec.is_swapped) {
    roles.recipients = subject;
    roles.actors = agent != nullptr ? *agent : recipients_of(page, rule, right, has_object);
  } else {
    roles.actors = subject;
    roles.recipients = recipients_of(page, rule, right, has_object);
    if (roles.recipients.empty() && has_object) {
      // "attacked the capital of Ukraine"
      if (const Parties* of = right.find(page.lexicon.key.of)) roles.recipients = *of;
    }
    if (roles.recipients.empty() && is_verbal(rule.spec.type))
      roles.recipients = clause_subject(reader, c);
  }
  read_between(right.find(page.lexicon.key.between), roles);
  add_place(page, rule, right, roles.recipients);
  if (roles.recipients.empty() && has_object)
    roles.is_object_possessed = reader.is_possessed(right.phrases.front().chunk);
  return roles;
}

// What a noun's own phrases and those of the verb it is the subject of say.
Right noun_right(const Reader& reader, Index c, const VerbGroup*& verb) {
  Right right = reader.right(c + 1);
  Index next = c + 1;
  while (next < reader.size() &&
         (reader.is(next, ChunkKind::preposition) || reader.is(next, ChunkKind::nominal) ||
          reader.is(next, ChunkKind::other)))
    ++next;
  const bool is_object = reader.governing_verb(c, false) >= 0;
  if (!is_object && reader.is(next, ChunkKind::verbal) && !reader.at(next).verb.is_infinitive) {
    verb = &reader.at(next).verb;
    add_all(right, reader.right(next + 1));
  }
  return right;
}

// The actor of a noun by the verb that takes it: "launched strikes", "came under fire".
void read_light_verb(const Page& page, const Reader& reader, const Rule& rule, Index first,
                     Roles& roles) {
  const bool is_soft = !is_hostile(rule) || is_verbal(rule.spec.type);
  const Index verb = reader.governing_verb(first, is_soft);
  if (verb < 0) return;
  const VerbGroup& group = reader.at(verb).verb;
  const std::uint32_t head = group.head;
  if (head == kNoToken) return;
  const bool is_undergone = page.is(head, Grammar::undergo);
  const bool is_doer = page.is(head, Grammar::light) || is_soft;
  if (is_undergone || is_doer) roles.group = group;
  if (is_undergone) {
    Parties by = std::exchange(roles.actors, {});
    roles.recipients = reader.subject(verb, 0);
    roles.actors = std::move(by);
    return;
  }
  if (group.is_passive || !is_doer) return;
  if (roles.actors.empty()) roles.actors = reader.subject(verb, 0);
}

Roles noun_roles(const Page& page, const Reader& reader, const Match& match, const Rule& rule) {
  Roles roles;
  const KeyWords& key = page.lexicon.key;
  const Index c = reader.chunk_of(match.head);
  const VerbGroup* verb = nullptr;
  const Right right = noun_right(reader, c, verb);
  roles.actors = reader.before_head(c, match.head);
  const Parties* agent = right.find(key.by);
  const Parties* from = right.find(key.from);
  const bool wants_from = std::find(rule.prepositions.begin(), rule.prepositions.end(), key.from) !=
                          rule.prepositions.end();
  // "Israel's attack was condemned by ...": that is who condemned it.
  const bool is_owned = is_known(roles.actors) && verb != nullptr;
  if (agent != nullptr && !is_owned) roles.actors = *agent;
  if (agent == nullptr && from != nullptr && !wants_from) roles.actors = *from;
  roles.recipients = recipients_of(page, rule, right, false);
  // "Russian troops in Georgia" is no invasion of Russia: whose act it is stands in front.
  read_light_verb(page, reader, rule, std::min(c, reader.chunk_of(match.span.begin)), roles);
  if (roles.recipients.empty() && verb != nullptr && is_hostile(rule)) {
    for (const Phrase& phrase : right.phrases) {
      if (phrase.preposition == 0 && is_known(phrase.parties)) roles.recipients = phrase.parties;
    }
  }
  read_between(right.find(key.between), roles);
  add_place(page, rule, right, roles.recipients);
  if (rule.spec.is_swapped) {
    const Parties subject = roles.actors;
    roles.actors = from != nullptr ? *from : agent != nullptr ? *agent : roles.recipients;
    roles.recipients = subject;
  }
  if (roles.group.head == kNoToken && verb != nullptr) roles.group.negation = verb->negation;
  return roles;
}

bool is_same(const Party& a, const Party& b) {
  return a.entity != kNoEntity && a.entity == b.entity;
}

// "Chad and Niger met": each is the other's counterpart.
void share_mutual(const Rule& rule, Roles& roles) {
  if (roles.actors.size() < 2 || !rule.spec.is_mutual) return;
  const bool is_reflexive =
      roles.recipients.empty() || !is_known(roles.recipients) ||
      std::all_of(roles.recipients.begin(), roles.recipients.end(), [&](const Party& party) {
        return std::any_of(roles.actors.begin(), roles.actors.end(),
                           [&](const Party& actor) { return is_same(party, actor); });
      });
  if (!is_reflexive || is_same(roles.actors[0], roles.actors[1])) return;
  roles.recipients.assign(roles.actors.begin() + 1, roles.actors.end());
  roles.actors.resize(1);
}

}  // namespace

bool is_power(const Party& party) {
  return party.part == Part::state || party.part == Part::armed || party.part == Part::alliance ||
         party.part == Part::government || party.part == Part::forces;
}

bool is_armed_noun(const Party& party) {
  return (party.grammar & (bit(Grammar::forces) | bit(Grammar::armed))) != 0;
}

Roles roles_of(const Page& page, const Chunks& chunks, const Match& match, const Rule& rule,
               bool is_verb) {
  const Reader reader(page, chunks);
  const bool in_title = match.head < page.text.body_token;
  const Index leading = leading_verb(reader, match);
  const bool as_verb = is_verb && reader.is(reader.chunk_of(match.head), ChunkKind::verbal);
  Roles roles = leading >= 0 ? led_roles(page, reader, match, rule, leading)
                : as_verb    ? verb_roles(page, reader, match, rule, in_title)
                             : noun_roles(page, reader, match, rule);
  share_mutual(rule, roles);
  if (!in_title) {
    const Index own = leading >= 0 ? leading : reader.chunk_of(match.head);
    roles.background = background_of(reader, own);
  }
  // "Germany to send tanks", a headline's future.
  const Index verb = leading >= 0 ? leading : reader.chunk_of(match.head);
  if (roles.group.is_infinitive && !reader.has_verb_before(verb)) roles.group.is_future = true;
  return roles;
}

Speech speech_of(const Page& page, const Chunks& chunks, std::uint32_t act) {
  const Reader reader(page, chunks);
  for (Index c = 0; c < reader.size(); ++c) {
    const Chunk& chunk = reader.at(c);
    if (chunk.kind == ChunkKind::stop && chunk.tokens.begin <= act &&
        page.marked(chunk.tokens.begin, before::kColon) && c > 0 && c <= 3 &&
        reader.is(c - 1, ChunkKind::nominal) && reader.at(c - 1).party.valid) {
      return {{reader.at(c - 1).party}, {}, true};
    }
    if (chunk.kind == ChunkKind::other || chunk.kind == ChunkKind::nominal) {
      const bool is_according = page.hash(chunk.tokens.begin) == page.lexicon.key.according;
      if (is_according && reader.is(c + 2, ChunkKind::nominal) && reader.at(c + 2).party.valid)
        return {{reader.at(c + 2).party}, {}, false};
    }
    if (chunk.kind != ChunkKind::verbal || chunk.verb.head == kNoToken || chunk.verb.head == act ||
        !page.is(chunk.verb.head, Grammar::say) || chunk.verb.is_passive ||
        chunk.verb.negation != kNoToken)
      continue;
    const Right right = reader.right(c + 1);
    Parties who = reader.subject(c, 0);
    Parties whom;
    if (!right.phrases.empty()) whom = right.phrases.front().parties;
    const bool is_inside_quote = !who.empty() && who.front().is_first_person;
    if (who.empty() || is_inside_quote) std::swap(who, whom);  // "…," said the minister
    if (!who.empty()) return {std::move(who), std::move(whom), false};
  }
  return {};
}

}  // namespace tocsin
