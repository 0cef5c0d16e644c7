#include "pipeline/syntax/tree.h"

#include <array>

namespace tocsin {

std::string_view name(Upos tag) noexcept {
  static constexpr std::array<std::string_view, kUposCount> kNames = {
      "ADJ",  "ADP",  "ADV",   "AUX",   "CCONJ", "DET", "INTJ", "NOUN", "NUM",
      "PART", "PRON", "PROPN", "PUNCT", "SCONJ", "SYM", "VERB", "X"};
  return kNames[static_cast<std::size_t>(tag)];
}

std::string_view name(Deprel relation) noexcept {
  static constexpr std::array<std::string_view, kDeprelCount> kNames = {
      "root",       "acl",      "acl:relcl", "advcl", "advmod",    "amod",      "appos",
      "aux",        "aux:pass", "case",      "cc",    "ccomp",     "compound",  "compound:prt",
      "conj",       "cop",      "csubj",     "dep",   "det",       "discourse", "expl",
      "fixed",      "iobj",     "list",      "mark",  "nmod",      "nmod:poss", "nsubj",
      "nsubj:pass", "nummod",   "obj",       "obl",   "obl:agent", "obl:npmod", "parataxis",
      "punct",      "vocative", "xcomp"};
  return kNames[static_cast<std::size_t>(relation)];
}

}  // namespace tocsin
