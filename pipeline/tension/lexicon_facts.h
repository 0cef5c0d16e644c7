// What the alerts ask of the lexicon's words and rules.
#pragma once

#include "pipeline/tension/lexicon.h"
#include "pipeline/text/text.h"

namespace tocsin {

// True when the name (tokens of the text) only says what an act lies beside: "near the border with
// Peru", "the Syria-Lebanon border", "near Peru"; a town is where something is near it. Pure; a
// bounded window around the name.
[[nodiscard]] bool lies_beside(const Lexicon& lexicon, const Text& text, TokenSpan name,
                               bool is_country);

// Two subjects of the rule (Event::rule) act on each other: "exchange fire".
[[nodiscard]] bool is_mutual(const Lexicon& lexicon, std::uint32_t rule);

// "the United States Army": whose the people right behind the name are; no place.
[[nodiscard]] bool owns_next(const Lexicon& lexicon, const Text& text, TokenSpan name);

// The rule takes what no other reads, by how it sounds: nothing to wake anybody for.
[[nodiscard]] bool is_fallback(const Lexicon& lexicon, std::uint32_t rule);

}  // namespace tocsin
