// Who does what to whom, as the tree of a sentence says it: the arguments of a predicate after
// passives, control and raising, relative clauses, coordination and participles are resolved.
// Knows relations and tags, no words: what a preposition means is the caller's to say.
// Promises: pure; a clause costs no more than the nodes near its head; bounded recursion.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "pipeline/syntax/tree.h"

namespace tocsin {

using NodeIndex = std::uint16_t;  // into Tree::nodes
inline constexpr NodeIndex kAbsent = 0xFFFF;

enum class ClauseKind : std::uint8_t { verbal, nominal, adjectival };

// A phrase with a preposition: "at the border".
struct Oblique {
  NodeIndex node = kAbsent;
  NodeIndex preposition = kAbsent;  // kAbsent: none ("last week")
};

// A node and what is joined to it, in order; of a long list the first ones.
struct Conjuncts {
  static constexpr std::size_t kMax = 8;
  std::array<NodeIndex, kMax> nodes{};
  std::size_t count = 0;

  [[nodiscard]] const NodeIndex* begin() const { return nodes.data(); }
  [[nodiscard]] const NodeIndex* end() const { return nodes.data() + count; }
};

// A predicate with its arguments. "Two men were shot by police" and "police shot two men" have the
// same subjects and objects.
struct Clause {
  NodeIndex head = kAbsent;
  ClauseKind kind = ClauseKind::verbal;
  bool is_passive = false;
  bool is_bare = false;             // no auxiliary says whether it is passive: "ten men held"
  bool is_subject_shared = false;   // taken from the clause it depends on or is joined to
  std::vector<NodeIndex> subjects;  // who does it: an active subject or a passive's agent
  std::vector<NodeIndex> objects;   // to whom: an active object or a passive subject
  std::vector<NodeIndex> indirect;  // "gave *Mali* tents"
  std::vector<Oblique> obliques;    // phrases of a verb, or of a noun
  NodeIndex complement = kAbsent;   // clause: "said that ...", "agreed to ..."
};

// What Clauses must know of words: a bit set for each node.
namespace trait {
inline constexpr std::uint8_t kRelative = 1 << 0;  // who, which, that: stands for the noun before
inline constexpr std::uint8_t kHanded = 1 << 1;    // of, from, for: "accused Kenya of shelling"
}  // namespace trait

class Clauses {
 public:
  // `traits`: trait bits, one for each node. The tree must outlive this.
  Clauses(const Tree& tree, std::vector<std::uint8_t> traits);

  [[nodiscard]] std::span<const NodeIndex> children(NodeIndex node) const {
    const NodeIndex* const begin = nodes_.data() + size();
    return {nodes_.data() + begin[node], nodes_.data() + begin[node + 1U]};
  }
  [[nodiscard]] std::size_t size() const { return tree_.nodes.size(); }
  [[nodiscard]] const Node& node(NodeIndex node) const { return tree_.nodes[node]; }
  [[nodiscard]] NodeIndex head(NodeIndex node) const {
    return tree_.nodes[node].head == kRootHead ? kAbsent : tree_.nodes[node].head;
  }
  [[nodiscard]] Deprel relation(NodeIndex node) const { return tree_.nodes[node].relation; }
  // First child with the relation; kAbsent.
  [[nodiscard]] NodeIndex child(NodeIndex node, Deprel relation) const;
  // Edges to the root.
  [[nodiscard]] unsigned depth(NodeIndex node) const { return nodes_[2 * size() + 2 + node]; }
  [[nodiscard]] bool is_nominal(NodeIndex node) const;
  // A verb, or what "be" makes a predicate of.
  [[nodiscard]] bool is_predicate(NodeIndex node) const;
  [[nodiscard]] bool is_passive(NodeIndex node) const;
  // The node and what is joined to it: "Iran, Iraq and Syria".
  [[nodiscard]] Conjuncts conjuncts(NodeIndex node) const;
  // The first of the nodes that are joined to this one.
  [[nodiscard]] NodeIndex first_conjunct(NodeIndex node) const;
  // The grammatical subjects, own or shared; of a passive they are done to.
  [[nodiscard]] std::vector<NodeIndex> surface_subjects(NodeIndex node) const;
  // The preposition of a phrase, of several ("out of") the last; kAbsent.
  [[nodiscard]] NodeIndex preposition(NodeIndex node) const;
  [[nodiscard]] Clause at(NodeIndex head) const;
  // The same with the other reading of a bare verb: "ten men held" as active, or as passive.
  [[nodiscard]] static Clause turned(Clause clause);
  // Of every verb, every predicate with a copula and every noun that has arguments, in order.
  [[nodiscard]] std::vector<Clause> all() const;

 private:
  struct Shared {
    std::vector<NodeIndex> nodes;
    bool is_shared = false;
  };
  [[nodiscard]] NodeIndex stands_for(NodeIndex node, NodeIndex predicate) const;
  [[nodiscard]] Shared subjects(NodeIndex node, unsigned depth) const;
  [[nodiscard]] Shared subjects_from_above(NodeIndex node, unsigned depth) const;
  [[nodiscard]] std::vector<NodeIndex> owners(NodeIndex noun, unsigned depth) const;
  [[nodiscard]] std::vector<NodeIndex> own_objects(NodeIndex node) const;
  [[nodiscard]] bool is_passive(NodeIndex node, unsigned depth) const;
  [[nodiscard]] bool is_gap_object(NodeIndex node) const;

  const Tree& tree_;
  std::vector<std::uint8_t> traits_;
  // For n nodes: the children of all of them, by node; n + 2 places where those of each begin; the
  // depth of each.
  std::vector<NodeIndex> nodes_;
};

}  // namespace tocsin
