// How right a model is, from raw text, on tocsin's own tokens and sentences.
#pragma once

#include <string>

#include "pipeline/syntax/model.h"

namespace tocsin {

// Prints a line: tags, heads, labels, subjects and objects, time.
void measure(const SyntaxModel& model, const std::string& path);

}  // namespace tocsin
