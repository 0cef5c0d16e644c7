// Who does it and to whom: the parties on the grammatical sides of an act, read from the chunks of
// its sentence. Promises: pure, bounded work an act. Internal to tension/.
#pragma once

#include <optional>
#include <utility>

#include "pipeline/tension/syntax.h"

namespace tocsin {

struct Roles {
  Parties actors;
  Parties recipients;
  VerbGroup group;                   // of the act, or of the verb its noun depends on
  double background = 1;             // below 1: told on the side, in a relative clause or phrase
  bool is_between = false;           // "a rupture between A and B": who says it is the actor
  bool is_outcome = false;           // ", killing four": of what the sentence told before
  bool is_object_possessed = false;  // "its villages": whose, the speech may say
};

[[nodiscard]] bool is_power(const Party& party);
[[nodiscard]] bool is_armed_noun(const Party& party);

// Roles of the match of `rule`, read as a verb or as a noun.
[[nodiscard]] Roles roles_of(const Page& page, const Chunks& chunks, const Match& match,
                             const Rule& rule, bool is_verb);

// Who says what the act is told in: subject of a verb of saying, "according to X", or the name
// before a headline's colon; and whom it is told.
struct Speech {
  Parties speaker;
  Parties addressee;
  bool is_headline = false;  // "Kremlin: …"
};
[[nodiscard]] Speech speech_of(const Page& page, const Chunks& chunks, std::uint32_t act);

}  // namespace tocsin
