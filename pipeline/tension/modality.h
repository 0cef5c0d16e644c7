// How an act is said: the cues whose scope covers it. Method: ConText (Harkema et al. 2009), with
// scopes that stop at clause boundaries by kind of cue. Internal to tension/.
#pragma once

#include <span>

#include "pipeline/tension/syntax.h"

namespace tocsin {

struct Said {
  std::uint32_t cues = 0;  // bits of CueKind
  [[nodiscard]] bool has(CueKind kind) const {
    return (cues >> static_cast<unsigned>(kind) & 1U) != 0;
  }
  void add(CueKind kind) { cues |= 1U << static_cast<unsigned>(kind); }
};

// `cues` and `acts` are the matches of the sentence, in order: a cue says how the acts in its scope
// are said, and so does an act that governs others ("agreed to withdraw", "accused of shelling").
[[nodiscard]] Said modality_of(const Page& page, std::span<const Match> cues,
                               std::span<const Match> acts, const Match& act, TokenSpan sentence);
// True when the sentence names a year at least two before the one it was published in, or an
// anniversary.
[[nodiscard]] bool names_past_year(const Page& page, TokenSpan sentence,
                                   std::int64_t published_at_ms);

}  // namespace tocsin
