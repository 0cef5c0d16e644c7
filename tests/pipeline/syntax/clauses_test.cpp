// Clauses of hand-written trees: who does what to whom, whatever the construction; and of any tree
// at all.
#include "pipeline/syntax/clauses.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace tocsin {
namespace {

// A sentence with its tree: "word TAG head relation [form]", a word a line, heads from 1, 0 the
// root.
struct Sample {
  std::vector<std::string> words;
  Tree tree;
  std::vector<std::uint8_t> traits;
};

template <typename Enum>
Enum value_of(const std::string& text) {
  for (unsigned i = 0; i < 64; ++i) {
    if (name(static_cast<Enum>(i)) == text) return static_cast<Enum>(i);
  }
  ADD_FAILURE() << "unknown " << text;
  return {};
}

Sample sample(const std::string& lines) {
  static const std::map<std::string, WordForm> kForms = {
      {"base", WordForm::base},     {"present", WordForm::present},
      {"past", WordForm::past},     {"participle", WordForm::participle},
      {"gerund", WordForm::gerund}, {"modal", WordForm::modal},
      {"plural", WordForm::plural}, {"singular", WordForm::singular}};
  Sample sample;
  std::istringstream all(lines);
  for (std::string line; std::getline(all, line);) {
    std::istringstream one(line);
    std::string word;
    std::string tag;
    std::string relation;
    std::string form;
    int head = 0;
    if (!(one >> word >> tag >> head >> relation)) continue;
    Node node;
    node.head = head == 0 ? kRootHead : static_cast<std::uint16_t>(head - 1);
    node.relation = value_of<Deprel>(relation);
    node.tag = value_of<Upos>(tag);
    if (one >> form) node.form = kForms.at(form);
    sample.words.push_back(word);
    sample.tree.nodes.push_back(node);
    const bool is_relative = word == "which" || word == "who" || word == "that" || word == "where";
    const bool is_handed = word == "of" || word == "from" || word == "for";
    sample.traits.push_back(is_relative ? trait::kRelative
                            : is_handed ? trait::kHanded
                                        : std::uint8_t{0});
  }
  return sample;
}

// "subjects > objects [preposition word ...]" of the predicate `word`.
std::string read(const std::string& lines, const std::string& word) {
  const Sample from = sample(lines);
  const Clauses clauses(from.tree, from.traits);
  const auto at = std::find(from.words.begin(), from.words.end(), word);
  if (at == from.words.end()) return "no such word";
  const Clause clause = clauses.at(static_cast<NodeIndex>(at - from.words.begin()));
  std::string text;
  for (const NodeIndex node : clause.subjects) text += from.words[node] + " ";
  text += ">";
  for (const NodeIndex node : clause.objects) text += " " + from.words[node];
  for (const NodeIndex node : clause.indirect) text += " (" + from.words[node] + ")";
  for (const Oblique& oblique : clause.obliques) {
    text += " [";
    if (oblique.preposition != kAbsent) text += from.words[oblique.preposition] + " ";
    text += from.words[oblique.node] + "]";
  }
  return text;
}

TEST(Clauses, AnActiveVerbHasSubjectAndObject) {
  EXPECT_EQ(read("Chad PROPN 2 nsubj\n"
                 "shelled VERB 0 root past\n"
                 "Niger PROPN 2 obj\n"
                 "near ADP 5 case\n"
                 "Diffa PROPN 2 obl",
                 "shelled"),
            "Chad > Niger [near Diffa]");
}

TEST(Clauses, WhoeverIsAccusedOfItDoesIt) {
  const std::string accused =
      "Kenya PROPN 2 nsubj\n"
      "accused VERB 0 root past\n"
      "Chad PROPN 2 obj\n"
      "of SCONJ 5 mark\n"
      "shelling VERB %\n"
      "Niger PROPN 5 obj";
  for (const char* arc : {"2 advcl gerund", "3 acl gerund"}) {
    std::string lines = accused;
    EXPECT_EQ(read(lines.replace(lines.find('%'), 1, arc), "shelling"), "Chad > Niger") << arc;
  }
  EXPECT_EQ(read("Kenya PROPN 2 nsubj\n"
                 "provoked VERB 0 root past\n"
                 "Chad PROPN 2 obj\n"
                 "by SCONJ 5 mark\n"
                 "shelling VERB 2 advcl gerund\n"
                 "Niger PROPN 5 obj",
                 "shelling"),
            "Kenya > Niger");
}

TEST(Clauses, APassiveHasTheSame) {
  EXPECT_EQ(read("Niger PROPN 3 nsubj:pass\n"
                 "was AUX 3 aux:pass past\n"
                 "shelled VERB 0 root participle\n"
                 "by ADP 5 case\n"
                 "Chad PROPN 3 obl:agent",
                 "shelled"),
            "Chad > Niger");
}

TEST(Clauses, ARelativeClauseIsAboutItsNoun) {
  const std::string lines =
      "rebels NOUN 6 nsubj plural\n"
      "who PRON 3 nsubj\n"
      "shelled VERB 1 acl:relcl past\n"
      "Niger PROPN 3 obj\n"
      "have AUX 6 aux present\n"
      "fled VERB 0 root participle";
  EXPECT_EQ(read(lines, "shelled"), "rebels > Niger");
  EXPECT_EQ(read(lines, "fled"), "rebels >");
  EXPECT_EQ(read("ships NOUN 0 root plural\n"
                 "they PRON 4 nsubj\n"
                 "had AUX 4 aux past\n"
                 "seized VERB 1 acl:relcl participle",
                 "seized"),
            "they > ships");
}

TEST(Clauses, AParticipleTakesItsNoun) {
  EXPECT_EQ(read("villages NOUN 0 root plural\n"
                 "shelled VERB 1 acl participle\n"
                 "by ADP 4 case\n"
                 "Chad PROPN 2 obl:agent",
                 "shelled"),
            "Chad > villages");
  EXPECT_EQ(read("troops NOUN 0 root plural\n"
                 "shelling VERB 1 acl gerund\n"
                 "Niger PROPN 2 obj",
                 "shelling"),
            "troops > Niger");
}

TEST(Clauses, ControlledVerbsHaveTheSubjectOrObjectAbove) {
  EXPECT_EQ(read("Chad PROPN 2 nsubj\n"
                 "agreed VERB 0 root past\n"
                 "to PART 4 mark\n"
                 "leave VERB 2 xcomp base\n"
                 "Niger PROPN 4 obj",
                 "leave"),
            "Chad > Niger");
  EXPECT_EQ(read("Mali PROPN 2 nsubj\n"
                 "urged VERB 0 root past\n"
                 "Chad PROPN 2 obj\n"
                 "to PART 5 mark\n"
                 "leave VERB 2 xcomp base\n"
                 "Niger PROPN 5 obj",
                 "leave"),
            "Chad > Niger");
  EXPECT_EQ(read("Mali PROPN 2 nsubj\n"
                 "accused VERB 0 root past\n"
                 "Chad PROPN 2 obj\n"
                 "of ADP 5 mark\n"
                 "shelling VERB 2 advcl gerund\n"
                 "Niger PROPN 5 obj",
                 "shelling"),
            "Chad > Niger");
}

TEST(Clauses, APlanBelongsToWhoeverMakesIt) {
  EXPECT_EQ(read("Chad PROPN 2 nsubj\n"
                 "dropped VERB 0 root past\n"
                 "plans NOUN 2 obj plural\n"
                 "to PART 5 mark\n"
                 "invade VERB 3 acl base\n"
                 "Niger PROPN 5 obj",
                 "invade"),
            "Chad > Niger");
  EXPECT_EQ(read("Chad PROPN 2 nmod:poss\n"
                 "plan NOUN 0 root singular\n"
                 "to PART 4 mark\n"
                 "invade VERB 2 acl base\n"
                 "Niger PROPN 4 obj",
                 "invade"),
            "Chad > Niger");
}

TEST(Clauses, JoinedVerbsShareTheirSubject) {
  const std::string lines =
      "Egypt PROPN 2 nsubj\n"
      "shelled VERB 0 root past\n"
      "and CCONJ 5 cc\n"
      "then ADV 5 advmod\n"
      "occupied VERB 2 conj past\n"
      "hamlets NOUN 5 obj plural";
  EXPECT_EQ(read(lines, "shelled"), "Egypt > hamlets");
  EXPECT_EQ(read(lines, "occupied"), "Egypt > hamlets");
}

TEST(Clauses, JoinedPassivesStayPassive) {
  EXPECT_EQ(read("ships NOUN 3 nsubj:pass plural\n"
                 "were AUX 3 aux:pass past\n"
                 "seized VERB 0 root participle\n"
                 "and CCONJ 5 cc\n"
                 "burned VERB 3 conj participle\n"
                 "by ADP 7 case\n"
                 "pirates NOUN 5 obl:agent plural",
                 "burned"),
            "pirates > ships");
}

TEST(Clauses, AResultIsTheSubjects) {
  EXPECT_EQ(read("Jets NOUN 2 nsubj plural\n"
                 "bombed VERB 0 root past\n"
                 "Gao PROPN 2 obj\n"
                 "killing VERB 2 advcl gerund\n"
                 "four NUM 4 obj",
                 "killing"),
            "Jets > four");
}

TEST(Clauses, ANounKeepsItsPhrases) {
  EXPECT_EQ(read("shelling NOUN 5 nsubj singular\n"
                 "of ADP 3 case\n"
                 "Gao PROPN 1 nmod\n"
                 "has AUX 5 aux present\n"
                 "stopped VERB 0 root participle",
                 "shelling"),
            "> [of Gao]");
}

TEST(Clauses, ListsAreGathered) {
  const Sample from = sample(
      "Oman PROPN 5 nsubj\n"
      "Qatar PROPN 1 conj\n"
      "and CCONJ 4 cc\n"
      "Jordan PROPN 1 conj\n"
      "met VERB 0 root past");
  const Clauses clauses(from.tree, from.traits);
  const Conjuncts all = clauses.conjuncts(0);
  EXPECT_EQ(std::vector<NodeIndex>(all.begin(), all.end()), (std::vector<NodeIndex>{0, 1, 3}));
  EXPECT_EQ(clauses.first_conjunct(3), 0);
}

Tree any_tree() {
  Tree tree;
  const auto size = *rc::gen::inRange<std::size_t>(0, 40);
  tree.nodes.resize(size);
  for (std::size_t i = 1; i < size; ++i) {
    Node& node = tree.nodes[i];
    node.head = static_cast<std::uint16_t>(*rc::gen::inRange<std::size_t>(0, i));
    node.relation = static_cast<Deprel>(*rc::gen::inRange<int>(1, 38));
    node.tag = static_cast<Upos>(*rc::gen::inRange<int>(0, 17));
    node.form = static_cast<WordForm>(*rc::gen::inRange<int>(0, 9));
  }
  return tree;
}

// The same tree with its words in another order.
Tree shuffled(const Tree& tree) {
  const std::size_t size = tree.nodes.size();
  std::vector<std::uint16_t> place(size);
  for (std::size_t i = 0; i < size; ++i) place[i] = static_cast<std::uint16_t>(i);
  for (std::size_t i = size; i > 1; --i) {
    std::swap(place[i - 1], place[*rc::gen::inRange<std::size_t>(0, i)]);
  }
  Tree other = tree;
  for (std::size_t i = 0; i < size; ++i) {
    Node node = tree.nodes[i];
    if (node.head < size) node.head = place[node.head];
    other.nodes[place[i]] = node;
  }
  return other;
}

RC_GTEST_PROP(Clauses, AnyTreeHasClausesOfItsOwnNodes, ()) {
  const Tree tree = shuffled(any_tree());
  std::vector<std::uint8_t> traits(tree.nodes.size());
  for (std::uint8_t& each : traits) each = *rc::gen::inRange<std::uint8_t>(0, 2);
  const Clauses clauses(tree, traits);
  for (const Clause& clause : clauses.all()) {
    RC_ASSERT(clause.head < tree.nodes.size());
    for (const auto* nodes : {&clause.subjects, &clause.objects, &clause.indirect}) {
      for (const NodeIndex node : *nodes) RC_ASSERT(node < tree.nodes.size());
    }
    for (const Oblique& oblique : clause.obliques) {
      RC_ASSERT(oblique.node < tree.nodes.size());
      RC_ASSERT(oblique.preposition == kAbsent || oblique.preposition < tree.nodes.size());
    }
  }
}

}  // namespace
}  // namespace tocsin
