// A tree while it is repaired (repairs.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "pipeline/tension/page.h"

namespace tocsin {

struct TreeDraft {
  const Page& page;
  const Sentence& sentence;
  std::vector<Node>& nodes;

  [[nodiscard]] std::uint32_t token(NodeIndex node) const { return sentence.tokens.begin + node; }
  [[nodiscard]] bool is(NodeIndex node, Grammar g) const { return page.is(token(node), g); }
  [[nodiscard]] bool marked(NodeIndex node, unsigned marks) const {
    return page.marked(token(node), marks);
  }
  [[nodiscard]] std::uint16_t forms(NodeIndex node) const { return page.forms(token(node)); }
  [[nodiscard]] std::uint32_t grammar(NodeIndex node) const { return page.grammar(token(node)); }
  [[nodiscard]] std::uint64_t hash(NodeIndex node) const { return page.hash(token(node)); }
  [[nodiscard]] bool is_named(NodeIndex node) const {
    return page.mention[token(node)] != kNoMention;
  }
  // kAbsent: none.
  [[nodiscard]] NodeIndex root() const {
    for (NodeIndex each = 0; each < nodes.size(); ++each) {
      if (nodes[each].head == kRootHead) return each;
    }
    return kAbsent;
  }
  // First child with the relation; kAbsent.
  [[nodiscard]] NodeIndex child(NodeIndex node, Deprel relation) const {
    for (NodeIndex each = 0; each < nodes.size(); ++each) {
      if (nodes[each].head == node && nodes[each].relation == relation) return each;
    }
    return kAbsent;
  }
  [[nodiscard]] bool has(NodeIndex node, Deprel relation) const {
    return child(node, relation) != kAbsent;
  }
  void hang(NodeIndex node, NodeIndex head, Deprel relation) {
    nodes[node].head = head;
    nodes[node].relation = relation;
  }
  // What hangs on `from`, of the nodes at [first, last), hangs on `to` from now on.
  void hand_over(std::size_t first, std::size_t last, NodeIndex from, NodeIndex to) {
    for (std::size_t node = first; node < last; ++node) {
      if (nodes[node].head == from) nodes[node].head = to;
    }
  }
};

// At most four edges below.
[[nodiscard]] bool hangs_on(const TreeDraft& draft, NodeIndex node, NodeIndex above);
// A day has no name, and a state is no other state; "Kyiv, Ukraine" is a place.
[[nodiscard]] bool may_stand_beside(const TreeDraft& draft, NodeIndex first, NodeIndex name);
[[nodiscard]] bool has_subject(const TreeDraft& draft, NodeIndex verb);

// Verbs before what hangs on them.
void repair_verbs(TreeDraft& draft);
void repair_phrases(TreeDraft& draft);

}  // namespace tocsin
