// What of an article's tokens is its story: the dateline and what agencies, feeds and sites put
// above and below are left out, told by form and position. A pure function of the text and of the
// outlet's name; linear in its tokens.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "pipeline/text/text.h"

namespace tocsin {

// Who publishes the article, as the article says: a name or host, and its address.
struct Masthead {
  std::string_view source;
  std::string_view url;
};

// Indices of the tokens of the body that count, in order. Empty where the body carries no story: a
// stub ("more soon"), a wall of cookies or payment.
[[nodiscard]] std::vector<std::uint32_t> story_tokens(const Text& text, const Masthead& masthead);

}  // namespace tocsin
