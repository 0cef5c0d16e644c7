// A tree on its side: a word a line in the order of the text, lines between them.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "pipeline/syntax/tree.h"

namespace tocsin {

// One word: what is drawn left of it, and its index in Tree::nodes.
struct TreeRow {
  std::string drawing;
  std::size_t node = 0;
};

// Pure. Children before their head stand above it, those behind it below. Of a tree that is deeper
// than a screen is wide the rest is drawn without lines.
[[nodiscard]] std::vector<TreeRow> drawn(const Tree& tree);

}  // namespace tocsin
