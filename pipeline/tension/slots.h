// Whether the slots that a pattern asks for are filled by the words it asks for: "burn.v
// object:<place_hit>" reads "hundreds of homes have been burnt". Internal to tension/.
#pragma once

#include "pipeline/tension/page.h"

namespace tocsin {

// Notes which tokens fill the slots; false when one stays empty. A pattern without slots is fine.
[[nodiscard]] bool fill_slots(const ParsedSentence& sentence, Match& match);

}  // namespace tocsin
