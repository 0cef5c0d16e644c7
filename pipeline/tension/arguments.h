// What stands around an act by grammar: who does it, by whom, to whom, in which phrases, told by
// its own clause and by those around it that carry it ("launched an attack on"). Promises: pure,
// bounded work an act. Internal to tension/.
#pragma once

#include <vector>

#include "pipeline/tension/parties.h"

namespace tocsin {

struct Phrase {
  std::uint64_t preposition = 0;
  NodeIndex node = kAbsent;
  Parties parties;
};

// What stands around an act, by grammatical slot.
struct Arguments {
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

// Those that are not there yet, up to a few.
void append(Parties& to, const Parties& from);

[[nodiscard]] inline bool is_verbal(EventType type) {
  return type == EventType::threaten || type == EventType::accuse || type == EventType::reject ||
         type == EventType::request;
}

[[nodiscard]] inline bool is_hostile(const Rule& rule) {
  return rule.spec.scale < 0;
}

// "near Kuwait", "near the Algerian border": outside of it, if it is the country that is named.
// Troops that are put there threaten it all the same.
[[nodiscard]] bool is_beside_country(const ParsedSentence& sentence, const Rule& rule,
                                     NodeIndex node, const Parties& parties);

// Of the act whose word nearest to the root is `top`: a verb, or a noun.
[[nodiscard]] Arguments arguments_of_verb(const ParsedSentence& sentence, const Match& match,
                                          const Rule& rule, NodeIndex top);
[[nodiscard]] Arguments arguments_of_noun(const ParsedSentence& sentence, const Match& match,
                                          const Rule& rule, NodeIndex top);

}  // namespace tocsin
