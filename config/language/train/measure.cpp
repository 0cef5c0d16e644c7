#include "config/language/train/measure.h"

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iostream>
#include <sstream>

#include "config/language/train/corpus.h"
#include "config/load_pipeline.h"
#include "pipeline/syntax/clauses.h"
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

struct PlainSentence {
  std::string text, verb, who, whom;
};

std::vector<PlainSentence> read_plain(const std::string& path) {
  std::ifstream in(path);
  if (!in) {
    std::cerr << path << ": cannot be read\n";
    std::exit(1);  // NOLINT(concurrency-mt-unsafe): one thread
  }
  std::vector<PlainSentence> sentences;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream fields(line);
    PlainSentence sentence;
    std::getline(fields, sentence.text, '\t');
    std::getline(fields, sentence.verb, '\t');
    std::getline(fields, sentence.who, '\t');
    std::getline(fields, sentence.whom, '\t');
    sentences.push_back(sentence);
  }
  return sentences;
}

// "verb: who > whom" as the tree says it.
std::string who_to_whom(const Text& text, const Tree& tree, const std::string& verb) {
  const Clauses clauses(tree, {});
  for (std::size_t i = 0; i < tree.nodes.size(); ++i) {
    if (text.slice(text.tokens[i]) != verb) continue;
    if (tree.nodes[i].tag != Upos::verb) return verb + " is no verb";
    const Clause clause = clauses.at(static_cast<NodeIndex>(i));
    const auto word = [&](const std::vector<NodeIndex>& nodes) {
      return nodes.empty() ? "-" : std::string(text.slice(text.tokens[nodes.front()]));
    };
    return verb + ": " + word(clause.subjects) + " > " + word(clause.objects);
  }
  return "no " + verb;
}

}  // namespace

void measure_plain(const SyntaxModel& model, const Languages& languages, const std::string& path) {
  const std::vector<PlainSentence> sentences = read_plain(path);
  ParserScratch scratch;
  for (const bool is_title : {false, true}) {
    std::size_t right = 0;
    for (const PlainSentence& sentence : sentences) {
      const Text text =
          make_text(is_title ? sentence.text : "", is_title ? "" : sentence.text, "en", languages);
      const TokenSpan all = {0, static_cast<std::uint32_t>(text.tokens.size())};
      const Tree tree = parse(model, text, all, scratch);
      const std::string found = who_to_whom(text, tree, sentence.verb);
      if (found == sentence.verb + ": " + sentence.who + " > " + sentence.whom) {
        ++right;
      } else {
        std::printf("  %-60s %s\n", sentence.text.c_str(), found.c_str());
      }
    }
    std::printf("plain sentences as %s: %zu of %zu right\n", is_title ? "titles" : "bodies", right,
                sentences.size());
  }
}

void measure(const SyntaxModel& model, const Languages& languages, const std::string& path) {
  TagNames tags;
  const std::vector<TrainingSentence> sentences = read_corpus(path, languages, tags);
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
