// The vocabulary that each word of a text is looked up in, and what language and parser know of its
// words, beside ordered maps.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <iterator>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "pipeline/language/language_builder.h"
#include "pipeline/syntax/token_rows.h"
#include "pipeline/tension/lexicon_state.h"
#include "tests/english.h"

namespace tocsin {
namespace {

// Hashes of which many want the same slot.
std::set<std::uint64_t> some_hashes() {
  const auto high =
      *rc::gen::container<std::vector<std::uint64_t>>(rc::gen::inRange<std::uint64_t>(0, 1'000));
  std::set<std::uint64_t> hashes;
  for (const std::uint64_t each : high) hashes.insert(each << 56 | (each & 7));
  return hashes;
}

// Those, and some that are in no table.
std::vector<std::uint64_t> asked_for(const std::set<std::uint64_t>& hashes) {
  std::vector<std::uint64_t> asked(hashes.begin(), hashes.end());
  for (std::uint64_t i = 0; i < 64; ++i) asked.push_back(i << 56 | (i & 7) | 1U << 20);
  return asked;
}

RC_GTEST_PROP(LookUp, words_are_found_as_in_a_map, ()) {
  Vocabulary vocabulary;
  std::map<std::uint64_t, WordId> slow;
  for (int part = 0; part < 2; ++part) {  // the second has words of the first
    for (const std::uint64_t hash : some_hashes()) {
      const auto [at, is_new] = slow.try_emplace(hash, static_cast<WordId>(slow.size() + 1));
      const std::uint64_t before = vocabulary.fingerprint();
      RC_ASSERT(vocabulary.add(hash) == at->second);
      RC_ASSERT((vocabulary.fingerprint() == before) == !is_new);
    }
    RC_ASSERT(vocabulary.size() == slow.size() + 1);
    for (const std::uint64_t hash : asked_for(some_hashes())) {
      const auto at = slow.find(hash);
      RC_ASSERT(vocabulary.find(hash) == (at == slow.end() ? kUnknownWord : at->second));
    }
  }
}

// Of the words of a lexicon what they can be; nothing of those that the language or the parser
// knows besides.
RC_GTEST_PROP(LookUp, words_of_a_lexicon_are_found_as_in_a_map, ()) {
  const std::shared_ptr<const Language>& english = shipped_languages().reader_of("en").language;
  const std::vector<std::string> lemmas = {"attack", "bomb", "occupy", "plan", "say", "the"};
  LexiconBuilder builder(english);
  std::map<std::string, std::uint16_t> slow;
  std::set<std::string> asked = {"the", "seventeen", "zzyzzx"};
  for (const std::string& lemma : lemmas) {
    const Forms forms = english->inflection().verb_forms(lemma);
    for (const auto& [text, bits] : forms) asked.insert(text);
    if (!*rc::gen::arbitrary<bool>()) continue;
    RuleSpec rule;
    rule.patterns = {lemma + ".v"};
    std::string message;
    RC_ASSERT(builder.add_rule(rule, message));
    for (const auto& [text, bits] : forms) slow[text] |= bits;
  }
  Lexicon lexicon = builder.freeze();
  if (*rc::gen::arbitrary<bool>()) {
    std::set<std::uint64_t> hashes;
    for (const std::string& text : asked) hashes.insert(fold_hash(text));
    SyntaxModel model;
    model.words = WordIds({hashes.begin(), hashes.end()});
    lexicon.set_syntax(std::move(model));
  }
  for (const std::string& text : asked) {
    Token token;
    token.word = lexicon.vocabulary()->find(fold_hash(text));
    const std::uint32_t word = lexicon.state().find(token);
    RC_ASSERT((word == kNoWord) == !slow.contains(text));
    if (word != kNoWord) RC_ASSERT(lexicon.state().words[word].forms == slow.at(text));
  }
}

// A word that stands in more lists than can be counted is a fault, and the last that fits is kept.
TEST(LookUp, AWordInTooManyListsIsAFault) {
  LexiconBuilder builder(shipped_languages().reader_of("en").language);
  std::string message;
  for (std::size_t i = 0; i <= kMembershipsMax; ++i) {
    ASSERT_TRUE(message.empty()) << i;
    const bool is_fine = builder.add_idiom("quayside|x" + std::to_string(i), message);
    ASSERT_EQ(is_fine, i < kMembershipsMax) << message;
  }
  EXPECT_EQ(message, "'quayside' stands in more than 65000 lists of alternatives");
  const Lexicon lexicon = builder.freeze();
  Token token;
  token.word = lexicon.vocabulary()->find(fold_hash("quayside"));
  EXPECT_EQ(lexicon.state().words[lexicon.state().find(token)].membership_count, kMembershipsMax);
}

RC_GTEST_PROP(LookUp, words_of_the_parser_are_found_as_in_a_map, ()) {
  const std::set<std::uint64_t> hashes = some_hashes();
  WordIds words({hashes.begin(), hashes.end()});
  Vocabulary vocabulary;
  for (const std::uint64_t hash : some_hashes()) vocabulary.add(hash);
  words.join(vocabulary);
  Text text;
  text.bytes = "word";
  for (const std::uint64_t hash : asked_for(hashes)) {
    Token token;
    token.end = 4;
    token.hash = hash;
    token.word = vocabulary.find(hash);
    token.shape = shape::kLower;
    const auto at = hashes.find(hash);
    const auto place = static_cast<std::size_t>(std::distance(hashes.begin(), at));
    RC_ASSERT(words.id(text, token) == (at == hashes.end() ? 0 : WordIds::kFirstWord + place));
  }
}

RC_GTEST_PROP(LookUp, words_of_a_language_are_found_as_in_a_map, ()) {
  const auto word = rc::gen::map(rc::gen::inRange(0, 300), [](int i) {
    return std::string("word") + static_cast<char>('a' + i % 26) + static_cast<char>('a' + i / 26);
  });
  struct Known {
    std::set<WordClass> classes;
    std::uint64_t number = 0;
  };
  std::map<std::string, Known> slow;
  LanguageBuilder builder("xx");
  for (const std::string& each : *rc::gen::container<std::vector<std::string>>(word)) {
    const auto its_class = static_cast<WordClass>(*rc::gen::inRange<std::size_t>(0, kWordClasses));
    RC_ASSERT(builder.add_word(each, its_class));
    Known& known = slow[each];
    known.classes.insert(its_class);
    if (known.number != 0 || !*rc::gen::arbitrary<bool>()) continue;
    known.number = *rc::gen::inRange<std::uint64_t>(1, 1'000);
    RC_ASSERT(builder.add_number(each, known.number, false));
  }
  const std::shared_ptr<const Language> language = builder.freeze();
  std::set<WordId> ids;
  for (const auto& [each, known] : slow) {
    const WordId id = language->find(fold_hash(each));
    RC_ASSERT(id != kUnknownWord);
    RC_ASSERT(ids.insert(id).second);
    RC_ASSERT(language->number(id) == known.number);
    RC_ASSERT(language->scale(id) == 0U);
    for (std::size_t c = 0; c < kWordClasses; ++c) {
      const auto its_class = static_cast<WordClass>(c);
      RC_ASSERT(language->is(id, its_class) == known.classes.contains(its_class));
    }
  }
  for (const std::string& other : *rc::gen::container<std::vector<std::string>>(word)) {
    if (!slow.contains(other)) RC_ASSERT(language->find(fold_hash(other)) == kUnknownWord);
  }
}

}  // namespace
}  // namespace tocsin
