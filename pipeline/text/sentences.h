// Where sentences begin, from the marks between tokens.
// Promises: every token is in exactly one sentence; abbreviations and hard-wrapped lines end none.
#pragma once

#include "pipeline/text/text.h"

namespace tocsin {

// Fills text.sentences from text.tokens; marks an abbreviation that ends a sentence with kStop.
void split_sentences(Text& text);

}  // namespace tocsin
