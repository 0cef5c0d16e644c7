#include "pipeline/tension/repairs.h"

#include "pipeline/tension/tree_draft.h"

namespace tocsin {

bool hangs_on(const TreeDraft& draft, NodeIndex node, NodeIndex above) {
  for (unsigned climb = 0; climb < 4 && node < draft.nodes.size(); ++climb) {
    node = draft.nodes[node].head;
    if (node == above) return true;
  }
  return false;
}

bool may_stand_beside(const TreeDraft& draft, NodeIndex first, NodeIndex name) {
  if (!draft.is_named(first)) return draft.nodes[first].tag != Upos::noun;
  const Party one = draft.page.named(draft.page.mention[draft.token(first)]);
  const Party other = draft.page.named(draft.page.mention[draft.token(name)]);
  return one.entity != kNoEntity && one.entity != other.entity;
}

bool has_subject(const TreeDraft& draft, NodeIndex verb) {
  return draft.has(verb, Deprel::nsubj) || draft.has(verb, Deprel::nsubj_pass) ||
         draft.has(verb, Deprel::csubj) || draft.has(verb, Deprel::expl);
}

Tree repaired(const Page& page, const Sentence& sentence, Tree tree) {
  TreeDraft draft{page, sentence, tree.nodes};
  repair_verbs(draft);
  repair_phrases(draft);
  return tree;
}

}  // namespace tocsin
