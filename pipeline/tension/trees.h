// The trees that events were read from, for whoever explains them.
#pragma once

#include "pipeline/entities/gazetteer.h"
#include "pipeline/syntax/tree.h"
#include "pipeline/tension/lexicon.h"
#include "pipeline/text/text.h"

namespace tocsin {

// The tree of a piece of `Assessment::read` of the same article; no nodes when the lexicon has no
// parser.
[[nodiscard]] Tree tree_of(const Lexicon& lexicon, const Gazetteer& gazetteer, const Text& text,
                           const Tagging& tagging, TokenSpan piece);

}  // namespace tocsin
