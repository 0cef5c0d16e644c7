// Who tells of an act and to whom, and the party that no grammar ties to it but that is left.
// Promises: pure, bounded work an act. Internal to tension/.
#pragma once

#include "pipeline/tension/roles.h"

namespace tocsin {

// Who says what the act is told in: subject of a verb of saying, "according to X", or the name
// before a headline's colon; and whom it is told.
struct Speech {
  Parties speaker;
  Parties addressee;
  bool is_headline = false;  // "Kremlin: …"
};
[[nodiscard]] Speech speech_of(const ParsedSentence& sentence, NodeIndex act);

// Whom a known actor may have meant where no grammar says it: the one other power that the sentence
// names, or the one that is a subject there; not valid where there are more, or somebody without a
// name already is whom. `is_hostile`: of others places are no parties.
[[nodiscard]] Party guessed_recipient(const ParsedSentence& sentence, const Roles& roles,
                                      const Speech& speech, bool is_hostile);
// Who may have done what is done to a known recipient, where nobody is told to: the one other power
// that the sentence names, but as a place, or as who tells of it; not valid where there are more,
// or gunmen, crowds or nature do it.
[[nodiscard]] Party guessed_actor(const ParsedSentence& sentence, const Roles& roles,
                                  const Speech& speech);

}  // namespace tocsin
