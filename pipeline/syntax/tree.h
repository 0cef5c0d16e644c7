// The grammar of one sentence: a part of speech for each token and the token it depends on, in the
// scheme of Universal Dependencies (universaldependencies.org, version 2), on tocsin's own tokens.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "pipeline/text/text.h"

namespace tocsin {

// Universal part-of-speech tags. Punctuation is no token here, so `punct` and `sym` are rare.
enum class Upos : std::uint8_t {
  adj,
  adp,
  adv,
  aux,
  cconj,
  det,
  intj,
  noun,
  num,
  part,
  pron,
  propn,
  punct,
  sconj,
  sym,
  verb,
  x,
};

// Universal Dependencies relations, with the subtypes that tell who does what to whom. Names of
// several words hang on their last word by `compound`, not on the first by `flat`.
enum class Deprel : std::uint8_t {
  root,
  acl,
  acl_relcl,
  advcl,
  advmod,
  amod,
  appos,
  aux,
  aux_pass,
  case_,
  cc,
  ccomp,
  compound,
  compound_prt,
  conj,
  cop,
  csubj,
  dep,
  det,
  discourse,
  expl,
  fixed,
  iobj,
  list,
  mark,
  nmod,
  nmod_poss,
  nsubj,
  nsubj_pass,
  nummod,
  obj,
  obl,
  obl_agent,
  obl_npmod,
  parataxis,
  punct,
  vocative,
  xcomp,
};

// What the tagger tells of a verb or noun beyond Upos (from the Penn tag).
enum class WordForm : std::uint8_t {
  other,
  base,        // VB: infinitive, imperative
  present,     // VBZ, VBP
  past,        // VBD
  participle,  // VBN
  gerund,      // VBG
  modal,       // MD
  singular,    // NN, NNP
  plural,      // NNS, NNPS
};

inline constexpr std::size_t kUposCount = 17;
inline constexpr std::size_t kDeprelCount = 38;

inline constexpr std::uint16_t kRootHead = 0xFFFF;

struct Node {
  std::uint16_t head = kRootHead;  // index into Tree::nodes; kRootHead for the one root
  Deprel relation = Deprel::root;
  Upos tag = Upos::x;
  WordForm form = WordForm::other;
};

// One node for each token of the sentence, in order; one root, no cycle.
struct Tree {
  TokenSpan tokens;  // of Text::tokens
  std::vector<Node> nodes;
};

[[nodiscard]] std::string_view name(Upos) noexcept;    // NOUN, ...
[[nodiscard]] std::string_view name(Deprel) noexcept;  // nsubj:pass, ...

}  // namespace tocsin
