// What kind of text an article is: a report, or one that argues, speaks or looks back.
// Pure; decided by labels, by whose voice it is, and by when its acts were. Only reports alert.
#pragma once

#include "pipeline/article.h"
#include "pipeline/tension/tension.h"
#include "pipeline/text/text.h"

namespace tocsin {

// A label in title, section or address ("Opinion: ..."), or a text in the first person: columns,
// letters and speeches say "I" and "we" outside quotation marks and not who said what; reports do.
[[nodiscard]] bool is_opinion(const Article& article, const Text& text);

// A look back: an anniversary, a series on the past, or hostile acts that are all of the past.
[[nodiscard]] bool is_history(const Article& article, const Text& text,
                              const Assessment& assessment);

}  // namespace tocsin
