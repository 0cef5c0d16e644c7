// How right a model is, from raw text, on tocsin's own tokens and sentences. `languages` look
// texts up in its words (languages_with).
#pragma once

#include <string>

#include "pipeline/syntax/model.h"

namespace tocsin {

// Prints a line: tags, heads, labels, subjects and objects, time.
void measure(const SyntaxModel& model, const Languages& languages, const std::string& path);

// The shares of the sentences of `path` (text, verb, who, whom; tab-separated) whose verb has the
// subject and the object that the file names, read as bodies and as titles; each that has not is
// printed.
void measure_plain(const SyntaxModel& model, const Languages& languages, const std::string& path);

}  // namespace tocsin
