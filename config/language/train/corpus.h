// Treebank sentences on tocsin's own tokens.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "pipeline/syntax/token_rows.h"
#include "pipeline/syntax/tree.h"
#include "pipeline/text/text.h"

namespace tocsin {

// Tags of the treebanks by name ("VBZ VERB"), numbered by first use.
class TagNames {
 public:
  std::uint16_t id(Upos upos, const std::string& penn);
  [[nodiscard]] std::size_t size() const { return names_.size(); }
  [[nodiscard]] Upos upos(std::size_t id) const { return names_[id].first; }
  [[nodiscard]] const std::string& penn(std::size_t id) const { return names_[id].second; }

 private:
  std::map<std::pair<Upos, std::string>, std::uint16_t> ids_;
  std::vector<std::pair<Upos, std::string>> names_;
};

// What a treebank says of a token. `head`: a token, the number of tokens for the root.
struct GoldToken {
  std::uint16_t head = 0;
  std::uint16_t tag = 0;
  Deprel relation = Deprel::dep;
  bool known = false;  // false: no word of the treebank covers it
};

struct TrainingSentence {
  Text text;
  std::vector<TokenRows> rows;
  std::vector<GoldToken> gold;
  std::vector<std::uint16_t> tags;  // what a tagger that did not see the sentence says
};

// Sentences of a file that convert.py made; those whose tree does not survive are left out.
std::vector<TrainingSentence> read_corpus(const std::string& path, const Languages& languages,
                                          TagNames& tags);

// The shipped languages, English texts looked up in what the parser knows as well.
Languages languages_with(WordIds& words);

WordForm form_of(const std::string& penn);

}  // namespace tocsin
