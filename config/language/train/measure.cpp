#include "config/language/train/measure.h"

#include <cstdio>
#include <ctime>

#include "config/language/train/corpus.h"
#include "pipeline/syntax/parser.h"

namespace tocsin {
namespace {

struct Counts {
  std::size_t tokens = 0, tags = 0, heads = 0, labels = 0;
  std::size_t found = 0, wanted = 0, right = 0;  // subjects and objects
};

bool is_argument(Deprel relation) {
  return relation == Deprel::nsubj || relation == Deprel::nsubj_pass || relation == Deprel::obj;
}

void compare(const TrainingSentence& sentence, const TagNames& tags, const Tree& tree,
             Counts& counts) {
  const std::size_t size = sentence.gold.size();
  for (std::size_t i = 0; i < tree.nodes.size(); ++i) {
    const Node& node = tree.nodes[i];
    const GoldToken& gold = sentence.gold[tree.tokens.begin + i];
    if (!gold.known) continue;
    const std::size_t head = node.head == kRootHead ? size : tree.tokens.begin + node.head;
    const bool same_head = head == gold.head;
    const bool same = same_head && node.relation == gold.relation;
    ++counts.tokens;
    counts.tags += node.tag == tags.upos(gold.tag);
    counts.heads += same_head;
    counts.labels += same;
    counts.found += is_argument(node.relation);
    counts.wanted += is_argument(gold.relation);
    counts.right += same && is_argument(node.relation);
  }
}

}  // namespace

void measure(const SyntaxModel& model, const std::string& path) {
  TagNames tags;
  const std::vector<TrainingSentence> sentences = read_corpus(path, tags);
  ParserScratch scratch;
  Tree tree;
  Counts counts;
  std::size_t parsed = 0;
  for (const TrainingSentence& sentence : sentences) {
    for (const Sentence& part : sentence.text.sentences) {
      parse(model, sentence.text, part.tokens, scratch, tree);
      parsed += part.tokens.size();
      compare(sentence, tags, tree, counts);
    }
  }
  const std::clock_t begin = std::clock();
  for (const TrainingSentence& sentence : sentences) {
    for (const Sentence& part : sentence.text.sentences) {
      parse(model, sentence.text, part.tokens, scratch, tree);
    }
  }
  const std::clock_t time = std::clock() - begin;  // of the processor: the machine may be busy
  const auto percent = [](std::size_t part, std::size_t whole) {
    return 100.0 * static_cast<double>(part) / static_cast<double>(whole);
  };
  std::printf(
      "%-22s %6zu sentences %7zu tokens  UPOS %.2f  UAS %.2f  LAS %.2f  "
      "subjects+objects F1 %.2f  %.2f us/token\n",
      path.substr(path.rfind('/') + 1).c_str(), sentences.size(), counts.tokens,
      percent(counts.tags, counts.tokens), percent(counts.heads, counts.tokens),
      percent(counts.labels, counts.tokens),
      percent(2 * counts.right, counts.found + counts.wanted),
      1e6 * static_cast<double>(time) / CLOCKS_PER_SEC / static_cast<double>(parsed));
}

}  // namespace tocsin
