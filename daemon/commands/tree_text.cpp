#include <algorithm>
#include <string>
#include <vector>

#include "daemon/commands/explanation.h"
#include "daemon/tree_drawing.h"

namespace tocsin {
std::string tree_text(const Text& text, const Tree& tree, const ExplanationStyle& style) {
  const std::vector<TreeRow> rows = drawn(tree);
  std::vector<std::string> words;
  std::size_t widest = 0;
  for (const TreeRow& row : rows) {
    words.push_back(printable(text.slice(text.tokens[tree.tokens.begin + row.node])));
    widest = std::max(widest, width_of(row.drawing) + width_of(words.back()));
  }
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const TreeRow& row = rows[i];
    const Node& node = tree.nodes[row.node];
    const bool is_root = node.head == kRootHead;
    const std::size_t columns = width_of(row.drawing) + width_of(words[i]);
    out += "  " + paint(Paint::dim, row.drawing, style) +
           paint(is_root ? Paint::bold : Paint::plain, words[i], style) +
           std::string(widest - columns + 2, ' ');
    std::string tag(name(node.tag));
    tag.resize(std::max<std::size_t>(tag.size(), 5), ' ');
    out += paint(Paint::dim, tag + " " + std::string(name(node.relation)), style) + "\n";
  }
  return out;
}

}  // namespace tocsin
