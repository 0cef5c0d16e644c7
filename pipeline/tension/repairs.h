// Trees that contradict themselves, put right: a noun with an object, a verb that has a tense and
// no subject, a village that is "by" somebody. What a parser reads wrong by its own lights needs no
// better parser. Promises: pure; a tree stays a tree. Internal to tension/.
#pragma once

#include "pipeline/tension/page.h"

namespace tocsin {

[[nodiscard]] Tree repaired(const Page& page, const Sentence& sentence, Tree tree);

}  // namespace tocsin
