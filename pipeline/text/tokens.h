// Cuts a stretch of text into tokens, with the marks between them (text.h says what a token is).
// Promises: one pass, linear time, and the same tokens for a phrase as for an article.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "pipeline/text/text.h"

namespace tocsin {

// Appends the tokens of bytes [begin, end) of `text`.
void append_tokens(std::string_view text, std::uint32_t begin, std::uint32_t end,
                   std::vector<Token>& tokens);

}  // namespace tocsin
