// English inflection by rule: good for the regular words of a lexicon; irregular ones are listed
// there.
#include <algorithm>
#include <string_view>

#include "pipeline/tension/lexicon_state.h"

namespace tocsin {
namespace {

bool is_vowel(char c) {
  return std::string_view("aeiou").find(c) != std::string_view::npos;
}

bool ends(const std::string& word, std::string_view tail) {
  return word.size() >= tail.size() &&
         std::string_view(word).substr(word.size() - tail.size()) == tail;
}

// One vowel between consonants at the end of a word of one syllable, or a stressed last one.
bool doubles(const std::string& lemma) {
  constexpr std::string_view kStressed[] = {
      "admit",   "rebel",    "expel",  "compel", "refer",  "commit",  "permit", "submit", "repel",
      "deter",   "occur",    "abet",   "forget", "begin",  "outgun",  "regret", "propel", "cancel",
      "shovel",  "signal",   "travel", "model",  "label",  "quarrel", "acquit", "equip",  "patrol",
      "control", "transfer", "kidnap", "forbid", "unplug", "zap"};
  const std::size_t n = lemma.size();
  if (n < 3 || is_vowel(lemma[n - 1]) || !is_vowel(lemma[n - 2])) return false;
  if (std::find(std::begin(kStressed), std::end(kStressed), lemma) != std::end(kStressed))
    return true;
  if (std::string_view("wxy").find(lemma[n - 1]) != std::string_view::npos) return false;
  if (is_vowel(lemma[n - 3]) && !(n > 3 && lemma[n - 4] == 'q')) return false;
  const auto vowels = std::count_if(lemma.begin(), lemma.end(), is_vowel);
  return vowels == 1;
}

std::string with_s(const std::string& lemma) {
  if (ends(lemma, "s") || ends(lemma, "x") || ends(lemma, "z") || ends(lemma, "ch") ||
      ends(lemma, "sh"))
    return lemma + "es";
  if (ends(lemma, "o") && lemma.size() > 2 && !is_vowel(lemma[lemma.size() - 2]))
    return lemma + "es";
  if (ends(lemma, "y") && lemma.size() > 1 && !is_vowel(lemma[lemma.size() - 2]))
    return lemma.substr(0, lemma.size() - 1) + "ies";
  return lemma + "s";
}

std::string with_ed(const std::string& lemma) {
  if (ends(lemma, "e")) return lemma + "d";
  if (ends(lemma, "y") && lemma.size() > 1 && !is_vowel(lemma[lemma.size() - 2]))
    return lemma.substr(0, lemma.size() - 1) + "ied";
  return (doubles(lemma) ? lemma + lemma.back() : lemma) + "ed";
}

std::string with_ing(const std::string& lemma) {
  if (ends(lemma, "ie")) return lemma.substr(0, lemma.size() - 2) + "ying";
  if (ends(lemma, "e") && !ends(lemma, "ee") && !ends(lemma, "ye") && !ends(lemma, "oe"))
    return lemma.substr(0, lemma.size() - 1) + "ing";
  return (doubles(lemma) ? lemma + lemma.back() : lemma) + "ing";
}

void add_verb(Forms& forms, const std::string& lemma) {
  forms.emplace_back(lemma, form::kBase);
  forms.emplace_back(with_s(lemma), form::kThird);
  forms.emplace_back(with_ed(lemma), form::kPast | form::kParticiple);
  forms.emplace_back(with_ing(lemma), form::kIng);
}

}  // namespace

Forms verb_forms(const std::string& lemma) {
  Forms forms;
  add_verb(forms, lemma);
  // British and American spelling alike: mobilise, mobilize; signalled, signaled.
  if (lemma.size() > 5 && (ends(lemma, "ize") || ends(lemma, "yze"))) {
    std::string british = lemma;
    british[british.size() - 2] = 's';
    add_verb(forms, british);
  }
  if (doubles(lemma) && ends(lemma, "l")) {
    forms.emplace_back(lemma + "ed", form::kPast | form::kParticiple);
    forms.emplace_back(lemma + "ing", form::kIng);
  }
  return forms;
}

Forms noun_forms(const std::string& lemma) {
  return {{lemma, form::kSingular}, {with_s(lemma), form::kPlural}};
}

}  // namespace tocsin
