#include "pipeline/language/inflection.h"

#include <algorithm>

namespace tocsin {
namespace {

bool is_vowel(const Inflection& inflection, char c) {
  return inflection.vowels.find(c) != std::string::npos;
}

bool ends(const Inflection& inflection, std::string_view lemma, std::string_view ending) {
  if (lemma.size() < ending.size()) return false;
  const std::string_view tail = lemma.substr(lemma.size() - ending.size());
  for (std::size_t i = 0; i < ending.size(); ++i) {
    const bool vowel = is_vowel(inflection, tail[i]);
    if (ending[i] == 'C' ? vowel : ending[i] == 'V' ? !vowel : ending[i] != tail[i]) return false;
  }
  return true;
}

bool ends_any(const Inflection& inflection, std::string_view lemma,
              const std::vector<std::string>& endings) {
  return std::any_of(endings.begin(), endings.end(),
                     [&](const std::string& ending) { return ends(inflection, lemma, ending); });
}

bool fits(const Inflection& inflection, const SpellingRule& rule, const std::string& lemma) {
  if (lemma.size() < rule.letters_min || lemma.size() < rule.cut) return false;
  if (!rule.endings.empty() && !ends_any(inflection, lemma, rule.endings)) return false;
  if (ends_any(inflection, lemma, rule.not_endings)) return false;
  if (rule.is_listed &&
      !std::binary_search(inflection.stressed.begin(), inflection.stressed.end(), lemma)) {
    return false;
  }
  const auto vowels =
      std::count_if(lemma.begin(), lemma.end(), [&](char c) { return is_vowel(inflection, c); });
  return rule.vowels_exact == 0 || vowels == rule.vowels_exact;
}

std::string spelled(const SpellingRule& rule, const std::string& lemma) {
  std::string word = lemma.substr(0, lemma.size() - rule.cut);
  if (rule.is_doubled && !word.empty()) word += word.back();
  return word + rule.add;
}

void add_forms(const Inflection& inflection, const std::vector<FormRules>& tables,
               const std::string& lemma, Forms& forms) {
  for (const FormRules& table : tables) {
    const auto rule =
        std::find_if(table.rules.begin(), table.rules.end(),
                     [&](const SpellingRule& each) { return fits(inflection, each, lemma); });
    if (rule != table.rules.end()) forms.emplace_back(spelled(*rule, lemma), table.forms);
  }
}

}  // namespace

Forms Inflection::verb_forms(const std::string& lemma) const {
  Forms forms;
  add_forms(*this, verb, lemma, forms);
  for (const SpellingRule& rule : spellings) {
    if (fits(*this, rule, lemma)) add_forms(*this, verb, spelled(rule, lemma), forms);
  }
  add_forms(*this, verb_also, lemma, forms);
  const auto exception = irregular.find(lemma);
  if (exception == irregular.end()) return forms;
  std::erase_if(forms,
                [](const auto& f) { return (f.second & (form::kPast | form::kParticiple)) != 0; });
  forms.emplace_back(exception->second.first, form::kPast);
  forms.emplace_back(exception->second.second, form::kParticiple);
  return forms;
}

Forms Inflection::noun_forms(const std::string& lemma) const {
  Forms forms;
  add_forms(*this, noun, lemma, forms);
  return forms;
}

}  // namespace tocsin
