// Clauses of any tree: four bytes a node. Whatever the tree, arguments are nodes of it, lists are
// bounded, and a clause that is turned twice is the same again.
#include "pipeline/syntax/clauses.h"

#include <algorithm>

#include "tests/fuzz/fuzz.h"

using namespace tocsin;
using tocsin::fuzz::require;

namespace {

constexpr std::size_t kNodesMax = 600;
constexpr std::size_t kBytesOfNode = 4;
constexpr std::size_t kForms = 9;
constexpr std::size_t kArgumentsMax = 64;  // of one kind: children, or what is joined to one

// Heads lie before or behind their node; the first node is the root, and no cycle comes: a node
// hangs on one that stands before it in an order that the bytes give.
struct Sample {
  Tree tree;
  std::vector<std::uint8_t> traits;
};

Sample sample(std::string_view bytes) {
  Sample made;
  const std::size_t size = std::min(bytes.size() / kBytesOfNode, kNodesMax);
  made.tree.nodes.resize(size);
  made.traits.resize(size);
  std::vector<std::uint16_t> order;
  for (std::size_t i = 0; i < size; ++i) {
    const auto byte = [&](std::size_t at) {
      return static_cast<std::uint8_t>(bytes[i * kBytesOfNode + at]);
    };
    Node& node = made.tree.nodes[i];
    node.tag = static_cast<Upos>(byte(1) % kUposCount);
    node.form = static_cast<WordForm>(byte(2) % kForms);
    node.relation = static_cast<Deprel>(1 + byte(3) % (kDeprelCount - 1));
    made.traits[i] = byte(2) / 128;
    const std::size_t place = order.empty() ? 0 : byte(1) / 16 * order.size() / 16;
    order.insert(order.begin() + static_cast<std::ptrdiff_t>(place), static_cast<std::uint16_t>(i));
  }
  for (std::size_t at = 0; at < size; ++at) {
    Node& node = made.tree.nodes[order[at]];
    const auto byte = static_cast<std::uint8_t>(bytes[order[at] * kBytesOfNode]);
    if (at == 0) {
      node.head = kRootHead;
      node.relation = Deprel::root;
    } else {
      node.head = order[at - 1 - byte % std::min<std::size_t>(at, 256)];
    }
  }
  return made;
}

void check(const Clause& clause, std::size_t size) {
  require(clause.head < size);
  for (const auto* nodes : {&clause.subjects, &clause.objects, &clause.indirect}) {
    for (const NodeIndex node : *nodes) require(node < size);
  }
  for (const Oblique& oblique : clause.obliques) {
    require(oblique.node < size);
    require(oblique.preposition == kAbsent || oblique.preposition < size);
  }
  require(clause.complement == kAbsent || clause.complement < size);
  const Clause again = Clauses::turned(Clauses::turned(clause));
  require(again.subjects == clause.subjects && again.objects == clause.objects);
  require(again.is_passive == clause.is_passive);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Sample made = sample(fuzz::view_of(data, size));
  const Clauses clauses(made.tree, made.traits);
  const std::size_t nodes = clauses.size();
  for (const Clause& clause : clauses.all()) check(clause, nodes);
  for (std::size_t i = 0; i < nodes; ++i) {
    const auto node = static_cast<NodeIndex>(i);
    require(clauses.depth(node) < nodes);
    require(clauses.first_conjunct(node) < nodes);
    require(clauses.conjuncts(node).count <= Conjuncts::kMax);
    require(clauses.preposition(node) == kAbsent || clauses.preposition(node) < nodes);
    for (const NodeIndex subject : clauses.surface_subjects(node)) require(subject < nodes);
  }
  return 0;
}
