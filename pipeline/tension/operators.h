// How an act is said: the operators on the way from its word to the root of the tree (negation,
// refusal, ending, promise, threat, demand, condition, ...), composed from the inside out. Method:
// cues of ConText (Harkema et al. 2009), their scope read from the tree. Internal to tension/.
#pragma once

#include <span>

#include "pipeline/tension/page.h"

namespace tocsin {

// What is known of an act before it is read how it is said.
struct Circumstances {
  bool is_conflict = false;  // the whole text is about one
  bool are_powers = false;   // it is between two
};

// `cues` and `acts` are the chosen matches of the sentence: a cue says how what hangs on it is
// said, and so does an act that governs others ("agreed to withdraw", "accused of shelling").
[[nodiscard]] Said said_of(const ParsedSentence& sentence, std::span<const Match> cues,
                           std::span<const Match> acts, const Match& act, NodeIndex top,
                           Circumstances known);

// The clause of a condition that an act stands in ("if Chad attacks, ...", "should it cross", "will
// not leave until ..."), and the one that depends on it.
struct Protasis {
  NodeIndex clause = kAbsent;  // its verb; kAbsent: the act stands in none
  NodeIndex main = kAbsent;    // what is to come
  bool is_against = false;     // what happens unless, or does not happen until, the act is done
};
[[nodiscard]] Protasis protasis_around(const ParsedSentence& sentence, std::span<const Match> cues,
                                       NodeIndex top);

// How much of what the sentence tells the act is, 0..1: all of it in the main clause, less in a
// participle, a relative clause or "amid the ...".
[[nodiscard]] double prominence(const ParsedSentence& sentence, const Match& act, NodeIndex top);

// True when the sentence dates the act by a year at least two before the one it was published in:
// not by one in a relative clause ("Chad, which left in 2004, has ...") or in what is said
// ("insisting that it was settled in 1965") that the act is not in.
[[nodiscard]] bool names_past_year(const ParsedSentence& sentence, NodeIndex top,
                                   std::int64_t published_at_ms);

}  // namespace tocsin
