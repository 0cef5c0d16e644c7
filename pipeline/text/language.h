// Which language a text is in, as ISO 639-1: what the article says, checked against the text.
// Promises: deterministic; short English is never taken for another language.
#pragma once

#include <string>
#include <string_view>

#include "pipeline/text/text.h"

namespace tocsin {

// Needs text.bytes and text.tokens. The declared language wins unless a text of 200 letters or more
// is surely in another one. "und" when nothing is known.
[[nodiscard]] std::string language_of(const Text& text, std::string_view declared,
                                      const Languages& languages);

}  // namespace tocsin
