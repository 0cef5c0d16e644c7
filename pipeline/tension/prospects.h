// What a sentence could tell at most, judged before it is parsed: by its words and names, and what
// they are about. Most of what a parse costs is spent on sentences that tell nothing. Internal to
// tension/.
#pragma once

#include <span>

#include "pipeline/tension/page.h"
#include "pipeline/topics/topics.h"

namespace tocsin {

// Who could act or suffer in a sentence, whatever its tree is.
struct Cast {
  std::uint32_t powers = 0;   // different ones, two at most; a pronoun may be one
  bool has_mention = false;   // any name, or who speaks
  bool has_armed = false;     // gunmen, troops
  bool has_official = false;  // the government
  bool has_anybody = false;   // a name or a common noun of people
};
[[nodiscard]] Cast cast_of(const Page& page, TokenSpan tokens);

// The most that one of the acts could weigh, on the scale of rules (0..10); 0: none can be told.
// `topics`: of the sentence.
[[nodiscard]] double most_told(const Page& page, TokenSpan tokens, std::span<const Match> acts,
                               const TopicShares& of_page, const TopicShares& topics);

}  // namespace tocsin
