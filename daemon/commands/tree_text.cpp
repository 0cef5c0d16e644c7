#include <algorithm>
#include <string>
#include <vector>

#include "daemon/commands/explanation.h"

namespace tocsin {
namespace {

constexpr std::size_t kDrawnDepthMax = 24;  // deeper words stand at this depth

// What is drawn left of a word, and left of what hangs on it before and behind it.
struct Branch {
  std::string own;
  std::string above;
  std::string below;
};

struct Row {
  std::string drawing;
  std::size_t node = 0;
};

// Children before the head stand above it, those behind it below.
class Drawing {
 public:
  explicit Drawing(const Tree& tree) : below_(tree.nodes.size()) {
    for (std::size_t i = 0; i < tree.nodes.size(); ++i) {
      if (tree.nodes[i].head != kRootHead) below_[tree.nodes[i].head].push_back(i);
    }
    for (std::size_t i = 0; i < tree.nodes.size(); ++i) {
      if (tree.nodes[i].head == kRootHead) draw(i, {}, 0);
    }
  }
  [[nodiscard]] const std::vector<Row>& rows() const { return rows_; }

 private:
  // Of a tree that is deeper than a screen is wide the rest is drawn without lines.
  void draw(std::size_t node, const Branch& branch, std::size_t depth) {
    const std::vector<std::size_t>& children = below_[node];
    const auto behind = std::find_if(children.begin(), children.end(),
                                     [&](std::size_t child) { return child > node; });
    const bool is_drawn = depth < kDrawnDepthMax;
    const std::string bar = is_drawn ? "│  " : "";
    const std::string gap = is_drawn ? "   " : "";
    for (auto child = children.begin(); child != behind; ++child) {
      const bool is_first = child == children.begin();
      draw(*child,
           {branch.above + (!is_drawn  ? ""
                            : is_first ? "┌─ "
                                       : "├─ "),
            branch.above + (is_first ? gap : bar), branch.above + bar},
           depth + 1);
    }
    rows_.push_back({branch.own, node});
    for (auto child = behind; child != children.end(); ++child) {
      const bool is_last = child + 1 == children.end();
      draw(*child,
           {branch.below + (!is_drawn ? ""
                            : is_last ? "└─ "
                                      : "├─ "),
            branch.below + bar, branch.below + (is_last ? gap : bar)},
           depth + 1);
    }
  }

  std::vector<std::vector<std::size_t>> below_;
  std::vector<Row> rows_;
};

}  // namespace

std::string tree_text(const Text& text, const Tree& tree, const ExplanationStyle& style) {
  const Drawing drawing(tree);
  std::vector<std::string> words;
  std::size_t widest = 0;
  for (const Row& row : drawing.rows()) {
    words.push_back(printable(text.slice(text.tokens[tree.tokens.begin + row.node])));
    widest = std::max(widest, width_of(row.drawing) + width_of(words.back()));
  }
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const Row& row = drawing.rows()[i];
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
