// Bodies that tell nothing.
#pragma once

#include "pipeline/dedupe/boilerplate.h"
#include "pipeline/text/text.h"

namespace tocsin {

// The body is short and carries no story ("more soon", a wall of cookies): only the title tells.
// Defined by signature.cpp, which lets the title decide then, too.
[[nodiscard]] bool is_stub(const Text& text, const Masthead& masthead);

}  // namespace tocsin
