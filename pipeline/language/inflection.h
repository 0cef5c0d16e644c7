// The forms a word takes, by the spelling rules and exceptions of its language's files.
// Promises: pure; linear in the word; knows no language of its own.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace tocsin {

// Inflected forms a word can be, as bits.
namespace form {
inline constexpr std::uint16_t kBase = 1 << 0;
inline constexpr std::uint16_t kThird = 1 << 1;
inline constexpr std::uint16_t kPast = 1 << 2;
inline constexpr std::uint16_t kParticiple = 1 << 3;
inline constexpr std::uint16_t kIng = 1 << 4;
inline constexpr std::uint16_t kSingular = 1 << 5;
inline constexpr std::uint16_t kPlural = 1 << 6;
inline constexpr std::uint16_t kLiteral = 1 << 7;
inline constexpr std::uint16_t kVerb = kBase | kThird | kPast | kParticiple | kIng;
inline constexpr std::uint16_t kNoun = kSingular | kPlural;
}  // namespace form

// Forms of a lemma with their bits.
using Forms = std::vector<std::pair<std::string, std::uint16_t>>;

// One way to spell a form. It fits a lemma with one of the endings (none: any lemma) and within
// the other bounds; C in an ending is any consonant, V any vowel.
struct SpellingRule {
  std::vector<std::string> endings;
  std::vector<std::string> not_endings;
  bool is_listed = false;         // only for the words of Inflection::stressed
  std::uint8_t letters_min = 0;   // of the lemma
  std::uint8_t vowels_exact = 0;  // 0: any number
  std::uint8_t cut = 0;           // bytes taken off the lemma
  bool is_doubled = false;        // its last letter is written twice
  std::string add;
};

// The first rule that fits spells the form; none: the word has no such form.
struct FormRules {
  std::uint16_t forms = 0;
  std::vector<SpellingRule> rules;
};

struct Inflection {
  std::string vowels;
  std::vector<std::string> stressed;    // lemmas that double their last letter all the same; sorted
  std::vector<SpellingRule> spellings;  // another spelling of the lemma: mobilize, mobilise
  std::vector<FormRules> verb;
  std::vector<FormRules> verb_also;  // spelled so, too: signalled, signaled
  std::vector<FormRules> noun;
  // lemma → past and participle, instead of the ruled ones
  std::unordered_map<std::string, std::pair<std::string, std::string>> irregular;

  [[nodiscard]] Forms verb_forms(const std::string& lemma) const;
  [[nodiscard]] Forms noun_forms(const std::string& lemma) const;
};

}  // namespace tocsin
