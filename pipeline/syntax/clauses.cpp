#include "pipeline/syntax/clauses.h"

#include <algorithm>
#include <utility>

namespace tocsin {
namespace {

constexpr unsigned kClimbMax = 8;          // clauses a subject is looked for above its verb
constexpr NodeIndex kSharedObjectMax = 3;  // tokens between verbs that share an object

bool is_subject(Deprel relation) {
  return relation == Deprel::nsubj || relation == Deprel::nsubj_pass || relation == Deprel::csubj;
}

}  // namespace

Clauses::Clauses(const Tree& tree, std::vector<std::uint8_t> traits)
    : tree_(tree), traits_(std::move(traits)) {
  const std::size_t n = tree.nodes.size();
  traits_.resize(n, 0);
  // First how many there are, two places on; summed up, each place is where the next child goes,
  // and in the end where the next node's begin.
  nodes_.assign(3 * n + 2, 0);
  NodeIndex* const begin = nodes_.data() + n;
  NodeIndex* const depths = begin + n + 2;
  for (const Node& node : tree.nodes) {
    if (node.head < n) ++begin[node.head + 2U];
  }
  for (std::size_t i = 1; i <= n; ++i) {
    begin[i + 1] = static_cast<NodeIndex>(begin[i + 1] + begin[i]);
  }
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint16_t head = tree.nodes[i].head;
    if (head < n) nodes_[begin[head + 1U]++] = static_cast<NodeIndex>(i);
  }
  std::vector<NodeIndex> open;
  open.reserve(n);
  for (std::size_t i = 0; i < n; ++i) {
    if (tree.nodes[i].head >= n) open.push_back(static_cast<NodeIndex>(i));
  }
  while (!open.empty()) {
    const NodeIndex node = open.back();
    open.pop_back();
    for (const NodeIndex child : children(node)) {
      depths[child] = static_cast<NodeIndex>(depths[node] + 1);
      open.push_back(child);
    }
  }
}

NodeIndex Clauses::child(NodeIndex node, Deprel relation) const {
  for (const NodeIndex child : children(node)) {
    if (this->relation(child) == relation) return child;
  }
  return kAbsent;
}

NodeIndex Clauses::preposition(NodeIndex node) const {
  NodeIndex last = kAbsent;
  for (const NodeIndex child : children(node)) {
    if (relation(child) == Deprel::case_ && (child < node || last == kAbsent)) last = child;
  }
  return last;
}

bool Clauses::is_nominal(NodeIndex node) const {
  const Upos tag = tree_.nodes[node].tag;
  return tag == Upos::noun || tag == Upos::propn || tag == Upos::pron || tag == Upos::num ||
         tag == Upos::x || tag == Upos::sym;
}

bool Clauses::is_predicate(NodeIndex node) const {
  const Upos tag = tree_.nodes[node].tag;
  return tag == Upos::verb || tag == Upos::aux || child(node, Deprel::cop) != kAbsent;
}

Conjuncts Clauses::conjuncts(NodeIndex node) const {
  Conjuncts all;
  all.nodes[all.count++] = node;
  for (std::size_t i = 0; i < all.count && all.count < Conjuncts::kMax; ++i) {
    for (const NodeIndex child : children(all.nodes[i])) {
      const bool is_joined =
          relation(child) == Deprel::conj && is_predicate(child) == is_predicate(node);
      if (is_joined && all.count < Conjuncts::kMax) all.nodes[all.count++] = child;
    }
  }
  std::sort(all.nodes.begin(), all.nodes.begin() + static_cast<std::ptrdiff_t>(all.count));
  return all;
}

NodeIndex Clauses::first_conjunct(NodeIndex node) const {
  while (relation(node) == Deprel::conj && head(node) != kAbsent) node = head(node);
  return node;
}

// "the group which attacked": in the relative clause of `predicate`, `which` is the group.
NodeIndex Clauses::stands_for(NodeIndex node, NodeIndex predicate) const {
  if ((traits_[node] & trait::kRelative) == 0) return node;
  for (unsigned climb = 0; climb < kClimbMax && predicate != kAbsent; ++climb) {
    if (relation(predicate) == Deprel::acl_relcl || relation(predicate) == Deprel::acl)
      return head(predicate);
    predicate = head(predicate);
  }
  return node;
}

bool Clauses::is_passive(NodeIndex node) const {
  return is_passive(node, 0);
}

bool Clauses::is_passive(NodeIndex node, unsigned depth) const {
  bool has_auxiliary = false;
  bool has_passive_subject = false;
  bool has_subject = false;
  bool has_agent = false;
  bool has_object = false;
  for (const NodeIndex child : children(node)) {
    const Deprel its = relation(child);
    if (its == Deprel::aux_pass) return true;
    has_passive_subject = has_passive_subject || its == Deprel::nsubj_pass;
    has_auxiliary = has_auxiliary || its == Deprel::aux;
    has_subject = has_subject || its == Deprel::nsubj;
    has_agent = has_agent || its == Deprel::obl_agent;
    has_object = has_object || its == Deprel::obj;
  }
  const Node& own = tree_.nodes[node];
  if (has_passive_subject) return !has_object;  // "Spain granted autonomy": active for all that
  if (own.tag != Upos::verb && own.tag != Upos::adj) return false;
  if (has_agent && !has_object) return true;
  if (own.form != WordForm::participle || has_auxiliary) return false;
  if (own.relation == Deprel::acl || own.relation == Deprel::amod) return true;
  if (own.relation == Deprel::advcl) return !has_object && !has_subject;
  const bool is_joined = own.relation == Deprel::conj && head(node) != kAbsent;
  return is_joined && !has_subject && !has_object && depth < kClimbMax &&
         is_passive(head(node), depth + 1);
}

// "Russia's plan to attack": whose plan; else who does something with it.
std::vector<NodeIndex> Clauses::owners(NodeIndex noun, unsigned depth) const {
  if (tree_.nodes[noun].tag == Upos::propn) return {noun};  // "accused Kenya of shelling"
  std::vector<NodeIndex> found;
  for (const NodeIndex child : children(noun)) {
    if (relation(child) == Deprel::nmod_poss) found.push_back(child);
  }
  if (!found.empty()) return found;
  const NodeIndex verb = head(noun);
  if (verb == kAbsent || !is_predicate(verb) || depth >= kClimbMax) return {noun};
  const Deprel its = relation(noun);
  if (is_subject(its)) return {noun};
  return subjects(verb, depth + 1).nodes;
}

Clauses::Shared Clauses::subjects_from_above(NodeIndex node, unsigned depth) const {
  const NodeIndex above = head(node);
  if (above == kAbsent || depth >= kClimbMax) return {};
  const auto shared = [](std::vector<NodeIndex> nodes) { return Shared{std::move(nodes), true}; };
  const WordForm form = tree_.nodes[node].form;
  switch (relation(node)) {
    case Deprel::conj:
      if (!is_predicate(above) && !is_passive(above)) return {};
      return shared(subjects(above, depth + 1).nodes);
    case Deprel::xcomp: {
      std::vector<NodeIndex> objects = own_objects(above);
      if (objects.empty()) {
        for (const NodeIndex child : children(above)) {
          if (relation(child) == Deprel::iobj) objects.push_back(child);
        }
      }
      if (!objects.empty()) return shared(std::move(objects));
      return shared(subjects(above, depth + 1).nodes);
    }
    case Deprel::advcl: {
      // "accused Kenya of shelling", "barred ships from entering": the object does it.
      const NodeIndex mark = child(node, Deprel::mark);
      const bool is_prepositional = child(node, Deprel::case_) != kAbsent ||
                                    (mark != kAbsent && (tree_.nodes[mark].tag == Upos::adp ||
                                                         (traits_[mark] & trait::kHanded) != 0));
      std::vector<NodeIndex> objects = own_objects(above);
      if (is_prepositional && form == WordForm::gerund && !objects.empty())
        return shared(std::move(objects));
      return shared(subjects(above, depth + 1).nodes);
    }
    case Deprel::ccomp:
    case Deprel::obl:
    case Deprel::obj:
    case Deprel::dep:
      if (form != WordForm::gerund && form != WordForm::base) return {};
      return shared(subjects(above, depth + 1).nodes);
    case Deprel::acl_relcl:
      return shared({above});
    case Deprel::parataxis:  // "came to blows, then opened fire"
      if (!is_predicate(above) || !is_predicate(node)) return {};
      return shared(subjects(above, depth + 1).nodes);
    case Deprel::amod:
      return shared({above});
    case Deprel::acl:
      if (form == WordForm::base || child(node, Deprel::case_) != kAbsent ||
          (child(node, Deprel::mark) != kAbsent && form == WordForm::gerund))
        return shared(owners(above, depth + 1));
      // "Oman and Qatar each sent tents"
      if (relation(above) == Deprel::appos && tree_.nodes[above].tag == Upos::det)
        return shared({head(above)});
      return shared({above});
    case Deprel::nmod:
      if (form != WordForm::gerund) return {};
      return shared(owners(above, depth + 1));
    default:
      return {};
  }
}

// A relative clause whose noun is its object: "a ship they had seized".
bool Clauses::is_gap_object(NodeIndex node) const {
  if (relation(node) != Deprel::acl_relcl || is_passive(node)) return false;
  bool has_subject = false;
  for (const NodeIndex child : children(node)) {
    if (relation(child) == Deprel::obj || relation(child) == Deprel::xcomp ||
        relation(child) == Deprel::ccomp)
      return false;
    if (is_subject(relation(child)) && (traits_[child] & trait::kRelative) == 0) has_subject = true;
    // "the town where they attacked", "the country from which ..."
    if (relation(child) == Deprel::advmod && (traits_[child] & trait::kRelative) != 0) return false;
    if (relation(child) == Deprel::obl && (traits_[child] & trait::kRelative) != 0) return false;
  }
  return has_subject;
}

Clauses::Shared Clauses::subjects(NodeIndex node, unsigned depth) const {
  Shared own;
  const bool is_gapped = is_gap_object(node);
  for (const NodeIndex child : children(node)) {
    if (!is_subject(relation(child))) continue;
    if (is_gapped && (traits_[child] & trait::kRelative) != 0) continue;  // "whom Qatar pardoned"
    const NodeIndex stands = stands_for(child, node);
    if (stands != kAbsent) own.nodes.push_back(stands);
  }
  if (!own.nodes.empty() || depth >= kClimbMax) return own;
  return subjects_from_above(node, depth);
}

std::vector<NodeIndex> Clauses::surface_subjects(NodeIndex node) const {
  return subjects(node, 0).nodes;
}

std::vector<NodeIndex> Clauses::own_objects(NodeIndex node) const {
  std::vector<NodeIndex> objects;
  if (is_passive(node)) return objects;
  for (const NodeIndex child : children(node)) {
    if (relation(child) != Deprel::obj) continue;
    const NodeIndex stands = stands_for(child, node);
    if (stands != kAbsent) objects.push_back(stands);
  }
  if (objects.empty() && is_gap_object(node)) objects.push_back(head(node));
  return objects;
}

Clause Clauses::turned(Clause clause) {
  clause.is_passive = !clause.is_passive;
  std::swap(clause.subjects, clause.objects);
  return clause;
}

Clause Clauses::at(NodeIndex node) const {
  Clause clause;
  clause.head = node;
  const Upos tag = tree_.nodes[node].tag;
  const bool is_verb = tag == Upos::verb || tag == Upos::aux;
  clause.kind = is_verb            ? ClauseKind::verbal
                : is_nominal(node) ? ClauseKind::nominal
                                   : ClauseKind::adjectival;
  clause.is_passive = is_passive(node);
  if (clause.is_passive) clause.kind = ClauseKind::verbal;
  for (const NodeIndex child : children(node)) {
    switch (relation(child)) {
      case Deprel::iobj:
        clause.indirect.push_back(child);
        break;
      case Deprel::obl:
      case Deprel::nmod:
        clause.obliques.push_back({stands_for(child, node), preposition(child)});
        break;
      case Deprel::obl_agent:
        clause.subjects.push_back(child);
        break;
      case Deprel::ccomp:
      case Deprel::xcomp:
        if (clause.complement == kAbsent) clause.complement = child;
        break;
      default:
        break;
    }
  }
  if (clause.kind == ClauseKind::nominal && child(node, Deprel::cop) == kAbsent) return clause;
  Shared shared = subjects(node, 0);
  const bool is_plain =
      tree_.nodes[node].form == WordForm::past || tree_.nodes[node].form == WordForm::participle;
  clause.is_bare = is_plain && child(node, Deprel::aux) == kAbsent &&
                   child(node, Deprel::aux_pass) == kAbsent &&
                   child(node, Deprel::obl_agent) == kAbsent &&
                   child(node, Deprel::obj) == kAbsent && relation(node) != Deprel::acl &&
                   relation(node) != Deprel::amod && relation(node) != Deprel::advcl;
  clause.is_subject_shared = shared.is_shared;
  if (clause.is_passive) {
    clause.objects = std::move(shared.nodes);
    for (const NodeIndex child : children(node)) {  // "was handed a note"
      if (relation(child) == Deprel::obj) clause.indirect.push_back(child);
    }
    return clause;
  }
  clause.subjects = std::move(shared.nodes);
  clause.objects = own_objects(node);
  if (!clause.objects.empty() || !clause.obliques.empty()) return clause;
  // "shelled and then occupied two villages"
  for (const NodeIndex child : children(node)) {
    if (relation(child) != Deprel::conj || !is_predicate(child) ||
        child > node + kSharedObjectMax || child < node)
      continue;
    const bool has_own = this->child(child, Deprel::nsubj) != kAbsent;
    if (!has_own) clause.objects = own_objects(child);
    break;
  }
  return clause;
}

std::vector<Clause> Clauses::all() const {
  std::vector<Clause> clauses;
  for (std::size_t i = 0; i < size(); ++i) {
    const auto node = static_cast<NodeIndex>(i);
    const Upos tag = tree_.nodes[i].tag;
    const bool is_noun = tag == Upos::noun && (child(node, Deprel::nmod) != kAbsent ||
                                               child(node, Deprel::nmod_poss) != kAbsent);
    if (tag == Upos::verb || is_noun || child(node, Deprel::cop) != kAbsent)
      clauses.push_back(at(node));
  }
  return clauses;
}

}  // namespace tocsin
