// Tagger and parser at their seam: text in, tree out; bytes in, model or fault out.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>

#include "pipeline/syntax/model.h"
#include "pipeline/syntax/parser.h"
#include "tests/english.h"

namespace tocsin {
namespace {

const std::string& model_bytes() {
  static const std::string kBytes = [] {
    std::ifstream file(TOCSIN_MODEL_FILE, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }();
  return kBytes;
}

struct Reading {
  SyntaxModel model;
  Languages languages;
};

const Reading& reading() {
  static const Reading kReading = [] {
    LoadedSyntaxModel loaded = read_model(model_bytes());
    EXPECT_EQ(loaded.fault, "");
    Reading made{std::move(loaded.model), {}};
    made.languages = languages_with(made.model);
    return made;
  }();
  return kReading;
}

const SyntaxModel& model() {
  return reading().model;
}

Text text_of(std::string_view body) {
  return make_text("", body, "en", reading().languages);
}

// One root, no cycle, every head inside.
bool is_tree(const Tree& tree) {
  std::size_t roots = 0;
  for (std::size_t i = 0; i < tree.nodes.size(); ++i) {
    std::size_t at = i;
    std::size_t steps = 0;
    for (; tree.nodes[at].head != kRootHead; at = tree.nodes[at].head) {
      if (tree.nodes[at].head >= tree.nodes.size() || ++steps > tree.nodes.size()) return false;
    }
    roots += at == i;
    if ((tree.nodes[i].relation == Deprel::root) != (at == i)) return false;
  }
  return roots == (tree.nodes.empty() ? 0U : 1U);
}

Tree parse_all(const Text& text) {
  ParserScratch scratch;
  return parse(model(), text, {0, static_cast<std::uint32_t>(text.tokens.size())}, scratch);
}

// "word/TAG/head/relation" of each token.
std::string shown(const std::string& sentence) {
  const Text text = text_of(sentence);
  const Tree tree = parse_all(text);
  std::string line;
  for (std::size_t i = 0; i < tree.nodes.size(); ++i) {
    const Node& node = tree.nodes[i];
    const std::string_view head = node.head == kRootHead ? "-" : text.slice(text.tokens[node.head]);
    line += (i > 0 ? " " : "") + std::string(text.slice(text.tokens[i])) + "/" +
            std::string(name(node.tag)) + "/" + std::string(head) + "/" +
            std::string(name(node.relation));
  }
  return line;
}

// With its checksum put right again.
std::string sealed(std::string bytes) {
  const std::size_t size = bytes.size() - sizeof(std::uint64_t);
  std::uint64_t hash = XXH3_64bits(bytes.data(), size);
  for (std::size_t i = size; i < bytes.size(); ++i, hash >>= 8) {
    bytes[i] = static_cast<char>(hash & 0xFF);
  }
  return bytes;
}

TEST(Syntax, says_who_does_what_to_whom) {
  EXPECT_EQ(shown("The army shelled the village."),
            "The/DET/army/det army/NOUN/shelled/nsubj shelled/VERB/-/root the/DET/village/det "
            "village/NOUN/shelled/obj");
  EXPECT_EQ(shown("The village was shelled by the army."),
            "The/DET/village/det village/NOUN/shelled/nsubj:pass was/AUX/shelled/aux:pass "
            "shelled/VERB/-/root by/ADP/army/case the/DET/army/det army/NOUN/shelled/obl:agent");
}

TEST(Syntax, reads_headlines_and_clauses) {
  EXPECT_EQ(shown("Norway bombs Swedish port"),
            "Norway/PROPN/bombs/nsubj bombs/VERB/-/root Swedish/ADJ/port/amod "
            "port/NOUN/bombs/obj");
  EXPECT_EQ(shown("The minister said that Sweden had rejected the offer."),
            "The/DET/minister/det minister/NOUN/said/nsubj said/VERB/-/root "
            "that/SCONJ/rejected/mark Sweden/PROPN/rejected/nsubj had/AUX/rejected/aux "
            "rejected/VERB/said/ccomp the/DET/offer/det offer/NOUN/rejected/obj");
  EXPECT_EQ(shown("Norway and Sweden signed a treaty"),
            "Norway/PROPN/signed/nsubj and/CCONJ/Sweden/cc Sweden/PROPN/Norway/conj "
            "signed/VERB/-/root a/DET/treaty/det treaty/NOUN/signed/obj");
}

TEST(Syntax, a_sentence_has_a_verb) {
  const auto tree_of = [](std::string_view title, std::span<const std::uint32_t> verbs) {
    const Text text = make_text(title, "", "en", reading().languages);
    ParserScratch scratch;
    return parse(model(), text, {0, static_cast<std::uint32_t>(text.tokens.size())}, scratch,
                 verbs);
  };
  // "boots": nearer to a verb than any other word; "shell": only to those who look for blows
  const Tree boots = tree_of("UK boots out Danish envoy over fires", {});
  EXPECT_EQ(boots.nodes[1].relation, Deprel::root);
  EXPECT_EQ(boots.nodes[1].tag, Upos::verb);
  const std::array<std::uint32_t, 1> shell = {4};
  const std::string_view title = "Forces of Khalifa Haftar shell Tripoli";
  EXPECT_NE(tree_of(title, {}).nodes[4].tag, Upos::verb);
  EXPECT_EQ(tree_of(title, shell).nodes[4].relation, Deprel::root);
  EXPECT_EQ(tree_of(title, shell).nodes[4].tag, Upos::verb);
  // A phrase stays one.
  const std::array<std::uint32_t, 1> attack = {0};
  EXPECT_EQ(tree_of("Attack on the port of Haifa", attack).nodes[0].tag, Upos::noun);
}

TEST(Syntax, of_nothing_is_an_empty_tree) {
  ParserScratch scratch;
  EXPECT_TRUE(parse(model(), text_of(""), {0, 0}, scratch).nodes.empty());
}

RC_GTEST_PROP(SyntaxProperty, any_text_gives_a_tree, ()) {
  const auto words = *rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(
      std::vector<std::string>{"Norway", "the", "attacked", "of", ",", "and", "that", "said", "by",
                               "-", "'s", "1,000", "\"", "U.S.", "to", "は", ".", ":", "x"}));
  std::string body;
  for (const std::string& word : words) body += word + " ";
  RC_ASSERT(is_tree(parse_all(text_of(body))));
}

TEST(Syntax, cuts_what_is_too_long) {
  for (const std::string_view piece : {"word ", "a, ", "he said that ", "of the "}) {
    std::string body;
    for (std::size_t i = 0; i < kSentenceTokensMax + 100; ++i) body += piece;
    const Text text = text_of(body);
    const Tree tree = parse_all(text);
    EXPECT_EQ(tree.nodes.size(), text.tokens.size());
    EXPECT_TRUE(is_tree(tree));
  }
}

TEST(Syntax, keeps_nothing_between_sentences) {
  const Text text = text_of("Norway bombed the port. The crew, he said, fled by night.");
  ParserScratch scratch;
  for (const Sentence& sentence : text.sentences) {
    const Tree again = parse(model(), text, sentence.tokens, scratch);
    ParserScratch fresh;
    const Tree alone = parse(model(), text, sentence.tokens, fresh);
    for (std::size_t i = 0; i < alone.nodes.size(); ++i) {
      EXPECT_EQ(again.nodes[i].head, alone.nodes[i].head);
      EXPECT_EQ(again.nodes[i].relation, alone.nodes[i].relation);
    }
  }
}

TEST(SyntaxModelFile, comes_back_as_it_was_written) {
  EXPECT_EQ(write_model(model()), model_bytes());
}

TEST(SyntaxModelFile, is_refused_when_damaged) {
  EXPECT_NE(read_model("").fault, "");
  EXPECT_NE(read_model("tocsin syntax 1\n").fault, "");
  std::string bytes(model_bytes());
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  EXPECT_EQ(read_model(bytes).fault, "is damaged: its checksum is wrong");
}

TEST(SyntaxModelFile, is_refused_when_a_number_is_out_of_range) {
  const std::string bytes(model_bytes());
  for (const std::size_t at : {16U, 20U, 60U, 61U, 68U, 69U, 70U, 71U, 187U}) {
    std::string wrong = bytes;
    wrong[at] = '\x7F';
    EXPECT_NE(read_model(sealed(std::move(wrong))).fault, "") << at;
  }
  EXPECT_NE(read_model(sealed(bytes.substr(0, bytes.size() - 1))).fault, "");
  EXPECT_NE(read_model(sealed(bytes + "1")).fault, "");
}

}  // namespace
}  // namespace tocsin
