// Faults of language and lexicon files have their place; what is right reads as it is written.
#include "config/language_loader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include "config/embedded.h"
#include "tests/english.h"

namespace tocsin {
namespace {

std::string faults_of(const std::vector<Fault>& faults) {
  std::string all;
  for (const Fault& fault : faults) {
    all += fault.file + ":" + std::to_string(fault.line) + ":" + std::to_string(fault.column) +
           ": " + fault.message + "\n";
  }
  return all;
}

std::string faults_of(const std::string& yaml) {
  const DataFile file{"xx/words.yaml", yaml};
  return faults_of(load_languages({&file, 1}).faults);
}

std::string forms_of(const Forms& forms) {
  std::string all;
  for (const auto& [word, bits] : forms) all += (all.empty() ? "" : " ") + word;
  return all;
}

TEST(LanguageLoader, FaultsHaveTheirPlace) {
  EXPECT_EQ(faults_of("language: xx\nclasses:\n  genitive: of\n"), "");
  EXPECT_EQ(faults_of("language: xx\nclases:\n  genitive: of\n"),
            "xx/words.yaml:2:1: unknown key 'clases', did you mean 'classes'?\n");
  EXPECT_EQ(faults_of("language: xx\nclasses:\n  genitives: of\n"),
            "xx/words.yaml:3:3: unknown class 'genitives', did you mean 'genitive'?\n");
  EXPECT_EQ(faults_of("language: xx\nclasses:\n  genitive: of\n  genitive: de\n").substr(0, 40),
            "xx/words.yaml:4:3: doubled key 'genitive");
  EXPECT_EQ(faults_of("language: xx\nclasses:\n  genitive: of of\n"),
            "xx/words.yaml:3:13: 'of' stands here twice\n");
  EXPECT_EQ(faults_of("language: xx\nclasses:\n  genitive: out-of\n"),
            "xx/words.yaml:3:13: 'out-of' is not one token; write its parts apart\n");
  EXPECT_EQ(faults_of("language: xx\nclasses:\n  genitive: <articles>\n"),
            "xx/words.yaml:3:13: unknown group <articles>\n");
  EXPECT_EQ(faults_of("language: xx\ngroups:\n  article: the\n"),
            "xx/words.yaml:3:3: no class uses <article>\n");
  EXPECT_EQ(faults_of("classes:\n  genitive: of\n").substr(0, 18), "xx/words.yaml:0:0:");
}

TEST(LanguageLoader, NumbersHaveAValue) {
  EXPECT_EQ(faults_of("language: xx\nnumbers:\n  siete: 7\nnumber_scales:\n  mil: 1000\n"), "");
  EXPECT_NE(faults_of("language: xx\nnumbers:\n  siete: seven\n"), "");
  EXPECT_NE(faults_of("language: xx\nnumbers:\n  siete: -7\n"), "");
  EXPECT_NE(faults_of("language: xx\nnumbers:\n  diez-y-siete: 17\n"), "");
  const Language& english = *shipped_languages().find("en");
  EXPECT_EQ(english.number(english.find(fold_hash("Seventeen"))), 17U);
  EXPECT_EQ(english.scale(english.find(fold_hash("million"))), 1'000'000U);
  EXPECT_EQ(english.number(english.find(fold_hash("million"))), 0U);
  EXPECT_EQ(english.number(kUnknownWord), 0U);
}

TEST(LanguageLoader, ARuleOfSensesNeedsItsExamples) {
  const std::string start = "language: xx\nsenses:\n  place:\n    - {id: a, rank: 1, why: b, ";
  EXPECT_EQ(faults_of(start + "when: is_sinle, example: {text: a, name: a, is: a}}\n"),
            "xx/words.yaml:4:7: unknown condition 'is_sinle', did you mean 'is_single'?\n"
            "xx/words.yaml:4:7: a rule needs `example` and `not`\n");
  EXPECT_EQ(
      faults_of(start + "example: {text: a, name: a, is: a}, not: {text: a, name: b, is: a}}\n"),
      "xx/words.yaml:4:73: an example needs `text`, a `name` that stands in it, and what it "
      "`is`\n");
}

TEST(LanguageLoader, ALanguageHasOneFolderAndAClassOneFile) {
  const std::vector<DataFile> files = {{"en/a.yaml", "language: en\nclasses: {genitive: of}\n"},
                                       {"en/b.yaml", "classes: {genitive: de}\n"},
                                       {"more/a.yaml", "language: en\n"},
                                       {"es/a.yaml", "language: es\nclasses: {genitive: de}\n"}};
  const LoadedLanguages loaded = load_languages(files);
  EXPECT_EQ(faults_of(loaded.faults),
            "en/b.yaml:1:11: 'genitive' is in en/a.yaml already\n"
            "more/a.yaml:0:0: language 'en' has another folder already\n");
  const Language* spanish = loaded.languages.find("es");
  ASSERT_NE(spanish, nullptr);
  EXPECT_TRUE(spanish->is(spanish->find(fold_hash("de")), WordClass::genitive));
  EXPECT_FALSE(spanish->is(spanish->find(fold_hash("of")), WordClass::genitive));
}

TEST(LexiconLoader, ASecondLanguageIsAFault) {
  const std::vector<DataFile> files = {{"a.yaml", "language: en\n"}, {"b.yaml", "language: es\n"}};
  EXPECT_EQ(faults_of(load_lexicon(files, shipped_languages()).faults),
            "b.yaml:1:11: language 'es' beside 'en': the files of a lexicon are of one language\n");
  const DataFile other{"c.yaml", "language: qq\n"};
  EXPECT_EQ(faults_of(load_lexicon({&other, 1}, shipped_languages()).faults),
            "c.yaml:0:0: there is no data for the language 'qq'\n");
}

TEST(LexiconLoader, FaultsHaveTheirPlace) {
  const DataFile file{"a.yaml",
                      "event: ASSAULT\n"
                      "rules:\n"
                      "  - id: assault.one.01\n"
                      "    scale: -70\n"
                      "    match: [attack.v]\n"
                      "    matches: [raid.v]\n"};
  EXPECT_EQ(faults_of(load_lexicon({&file, 1}, shipped_languages()).faults),
            "a.yaml:6:5: unknown key 'matches', did you mean 'match'?\n"
            "a.yaml:4:12: expected a number from -10 to 10\n");
}

TEST(LexiconLoader, TwoRulesOfOneNameAreAFault) {
  const std::string rule =
      "event: ASSAULT\n"
      "rules:\n"
      "  - {id: assault.one.01, scale: -7, match: [attack.v]}\n";
  const std::vector<DataFile> files = {{"a.yaml", rule}, {"b.yaml", rule}};
  EXPECT_EQ(faults_of(load_lexicon(files, shipped_languages()).faults),
            "b.yaml:3:5: another rule is called 'assault.one.01'\n");
}

TEST(LexiconLoader, OperatorsAreKnownAndThere) {
  const DataFile cues{"a.yaml", "cues:\n  - {kind: negated, match: [not]}\n"};
  EXPECT_EQ(faults_of(load_lexicon({&cues, 1}, shipped_languages()).faults),
            "a.yaml:1:1: cues need `operators:`, what each kind does to an act\n");
  const DataFile file{"a.yaml",
                      "operators:\n"
                      "  - {kind: negated, phase: {done: gone}}\n"
                      "  - {kind: refuse}\n"
                      "  - {kind: denied, sets: lied}\n"
                      "moods:\n"
                      "  - {mood: actual, modality: real}\n"};
  EXPECT_EQ(faults_of(load_lexicon({&file, 1}, shipped_languages()).faults),
            "a.yaml:2:35: unknown phase or mood 'gone'\n"
            "a.yaml:3:5: unknown kind of operator\n"
            "a.yaml:4:5: an operator sets denied, failed or hedged, not 'lied'\n"
            "a.yaml:6:5: expected a mood and a modality\n");
}

// The table of words against what the files say, word by word.
TEST(Language, FindsEveryWordOfItsFilesInItsClassesAndNoOther) {
  const Language& english = *shipped_languages().find("en");
  std::map<std::string, std::set<std::string>> classes;  // word → its classes
  std::map<std::string, std::string> groups;
  for (const bool is_group : {true, false}) {
    for (const EmbeddedFile& file : embedded_files()) {
      if (!file.name.starts_with("language/en/")) continue;
      std::vector<Fault> faults;
      const YamlNode root = parse_yaml(file.name, file.content, faults);
      const YamlNode* lists = root.find(is_group ? "groups" : "classes");
      if (lists == nullptr) continue;
      for (const auto& [key, value] : lists->entries) {
        if (is_group) groups[key.value] = value.value;
        std::istringstream words(value.value);
        for (std::string word; !is_group && words >> word;) {
          std::istringstream members(word.front() == '<' ? groups[word.substr(1, word.size() - 2)]
                                                         : word);
          for (std::string member; members >> member;) classes[fold(member)].insert(key.value);
        }
      }
    }
  }
  ASSERT_GT(classes.size(), 1000U);
  for (const auto& [word, wanted] : classes) {
    const WordId id = english.find(fold_hash(word));
    std::set<std::string> found;
    for (std::size_t i = 0; i < kWordClasses; ++i) {
      if (english.is(id, static_cast<WordClass>(i))) found.insert(std::string(kWordClassNames[i]));
    }
    EXPECT_EQ(found, wanted) << word;
    const WordId longer = english.find(fold_hash(word + "qx"));
    EXPECT_EQ(longer, kUnknownWord) << word;
  }
}

TEST(Inflection, SpellsEnglish) {
  const Inflection& english = shipped_languages().find("en")->inflection();
  EXPECT_EQ(forms_of(english.verb_forms("plan")), "plan plans planned planning");
  EXPECT_EQ(forms_of(english.verb_forms("fix")), "fix fixes fixed fixing");
  EXPECT_EQ(forms_of(english.verb_forms("die")), "die dies died dying");
  EXPECT_EQ(forms_of(english.verb_forms("flee")), "flee flees fleeing fled fled");
  EXPECT_EQ(forms_of(english.verb_forms("deny")), "deny denies denied denying");
  EXPECT_EQ(forms_of(english.verb_forms("travel")),
            "travel travels travelled travelling traveled traveling");
  EXPECT_EQ(forms_of(english.verb_forms("mobilize")),
            "mobilize mobilizes mobilized mobilizing mobilise mobilises mobilised mobilising");
  EXPECT_EQ(forms_of(english.noun_forms("embargo")), "embargo embargoes");
  EXPECT_EQ(forms_of(english.noun_forms("ally")), "ally allies");
}

}  // namespace
}  // namespace tocsin
