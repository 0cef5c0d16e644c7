// Trees of any bytes: one root, no cycle, every head inside. The first line is the title; the whole
// text is also parsed as one sentence.
#include "pipeline/syntax/parser.h"

#include <fstream>
#include <iterator>
#include <numeric>
#include <string>
#include <vector>

#include "tests/english.h"
#include "tests/fuzz/fuzz.h"

using namespace tocsin;
using tocsin::fuzz::require;

namespace {

struct Reading {
  SyntaxModel model;
  Languages languages;
};

const Reading& reading() {
  static const Reading kReading = [] {
    std::ifstream file(TOCSIN_MODEL_FILE, std::ios::binary);
    Reading made{read_model(std::string(std::istreambuf_iterator<char>(file), {})).model, {}};
    made.languages = languages_with(made.model);
    return made;
  }();
  return kReading;
}

void check(const Tree& tree, TokenSpan span) {
  require(tree.nodes.size() == span.size());
  std::size_t roots = 0;
  for (std::size_t i = 0; i < tree.nodes.size(); ++i) {
    std::size_t steps = 0;
    for (std::size_t at = i; tree.nodes[at].head != kRootHead; at = tree.nodes[at].head) {
      require(tree.nodes[at].head < tree.nodes.size() && ++steps <= tree.nodes.size());
    }
    roots += tree.nodes[i].head == kRootHead ? 1 : 0;
    require((tree.nodes[i].relation == Deprel::root) == (tree.nodes[i].head == kRootHead));
  }
  require(roots == (tree.nodes.empty() ? 0U : 1U));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view all = fuzz::view_of(data, size);
  const std::size_t line = std::min(all.find('\n'), all.size());
  const Text text = make_text(all.substr(0, line), all.substr(std::min(line + 1, all.size())), "",
                              reading().languages);
  const SyntaxModel& model = reading().model;
  ParserScratch scratch;
  Tree tree;
  for (const Sentence& sentence : text.sentences) {
    parse(model, text, sentence.tokens, scratch, tree);
    check(tree, sentence.tokens);
  }
  const TokenSpan whole = {0, static_cast<std::uint32_t>(text.tokens.size())};
  std::vector<std::uint32_t> verbs(text.tokens.size());  // as if acts were told with all words
  std::iota(verbs.begin(), verbs.end(), 0U);
  parse(model, text, whole, scratch, tree, verbs);
  check(tree, whole);
  return 0;
}
