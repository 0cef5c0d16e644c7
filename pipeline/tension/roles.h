// Who does it and to whom: the slots of an act's rule, filled from the clause around it. Promises:
// pure, bounded work an act. Internal to tension/.
#pragma once

#include "pipeline/tension/parties.h"

namespace tocsin {

struct Roles {
  Parties actors;
  Parties recipients;
  NodeIndex top = kAbsent;           // the act's word nearest to the root of the tree
  NodeIndex subject = kAbsent;       // the head of who or what does it, as grammar says
  bool is_between = false;           // "a rupture between A and B": who says it is the actor
  bool is_outcome = false;           // ", killing four": of what the sentence told before
  bool is_object_possessed = false;  // "its villages": whose, the speech may say
  bool is_guessed = false;           // somebody's place is all that ties a party to the act
};

// The word of a match that is nearest to the root.
[[nodiscard]] NodeIndex top_of(const ParsedSentence& sentence, const Match& match);
[[nodiscard]] Roles roles_of(const ParsedSentence& sentence, const Match& match, const Rule& rule);

}  // namespace tocsin
