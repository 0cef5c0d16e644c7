#include "daemon/tree_drawing.h"

#include <algorithm>
#include <utility>

namespace tocsin {
namespace {

constexpr std::size_t kDrawnDepthMax = 24;  // deeper words stand at this depth

// What is drawn left of a word, and left of what hangs on it before and behind it.
struct Branch {
  std::string own;
  std::string above;
  std::string below;
};

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
  [[nodiscard]] std::vector<TreeRow> rows() && { return std::move(rows_); }

 private:
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
  std::vector<TreeRow> rows_;
};

}  // namespace

std::vector<TreeRow> drawn(const Tree& tree) {
  return Drawing(tree).rows();
}

}  // namespace tocsin
