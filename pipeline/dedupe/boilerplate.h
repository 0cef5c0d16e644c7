// What of an article's tokens is its story: the dateline and the lines that agencies, feeds and
// sites add are left out. A pure function of the text; linear in its tokens.
#pragma once

#include <cstdint>
#include <vector>

#include "pipeline/text/text.h"

namespace tocsin {

// Indices of the tokens that count, in order: of the body, or of the title where there is no body.
// Never empty for a text with tokens: a text of nothing but boilerplate counts whole.
[[nodiscard]] std::vector<std::uint32_t> story_tokens(const Text& text);

}  // namespace tocsin
