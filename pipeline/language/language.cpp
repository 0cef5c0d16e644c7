#include "pipeline/language/language_builder.h"

#include <algorithm>

#include "pipeline/text/phrase_table.h"
#include "pipeline/text/text.h"

namespace tocsin {

Language::Language()
    : words_(std::make_shared<const Vocabulary>()),
      classes_(1),
      role_phrases_(std::make_unique<const PhraseTable>()),
      senses_(std::make_unique<const SenseTable>()) {}
Language::~Language() = default;

std::span<const std::string> Language::title_offices(WordId title) const noexcept {
  const auto at = std::lower_bound(title_offices_.begin(), title_offices_.end(), title,
                                   [](const auto& entry, WordId id) { return entry.first < id; });
  if (at == title_offices_.end() || at->first != title) return {};
  return at->second;
}

std::uint64_t Language::value(const Values& values, WordId word) noexcept {
  const auto at = std::lower_bound(values.begin(), values.end(), word,
                                   [](const auto& entry, WordId id) { return entry.first < id; });
  return at == values.end() || at->first != word ? 0 : at->second;
}

bool Language::is_presidential(std::string_view code) const noexcept {
  return std::find(presidential_states_.begin(), presidential_states_.end(), code) !=
         presidential_states_.end();
}

struct LanguageBuilder::State {
  std::shared_ptr<Language> language = std::make_shared<Language>();
  Vocabulary words;
  PhraseTable::Builder role_phrases;

  // The id of the word, new or not; kUnknownWord when it is not one token.
  WordId word(std::string_view text) {
    const std::vector<Token> tokens = tokenize(text);
    if (tokens.size() != 1 || tokens[0].begin != 0 || tokens[0].end != text.size()) {
      return kUnknownWord;
    }
    const WordId id = words.add(tokens[0].hash);
    language->classes_.resize(words.size());
    return id;
  }
  void mark(WordId id, std::size_t bit) const {
    language->classes_[id][bit / 64] |= std::uint64_t{1} << bit % 64;
  }
};

LanguageBuilder::LanguageBuilder(std::string code) : state_(std::make_unique<State>()) {
  state_->language->code_ = std::move(code);
}
LanguageBuilder::~LanguageBuilder() = default;

bool LanguageBuilder::add_word(std::string_view word, WordClass its_class) {
  const WordId id = state_->word(word);
  if (id == kUnknownWord) return false;
  state_->mark(id, static_cast<std::size_t>(its_class));
  return true;
}

bool LanguageBuilder::add_title(std::string_view title, std::vector<std::string> offices) {
  const WordId id = state_->word(title);
  if (id == kUnknownWord) return false;
  state_->language->title_offices_.emplace_back(id, std::move(offices));
  return true;
}

bool LanguageBuilder::add_number(std::string_view word, std::uint64_t value, bool is_scale) {
  const WordId id = state_->word(word);
  if (id == kUnknownWord) return false;
  Language& language = *state_->language;
  state_->mark(id, is_scale ? WordClassSet::kScaleBit : WordClassSet::kNumberBit);
  (is_scale ? language.scales_ : language.numbers_).emplace_back(id, value);
  return true;
}

bool LanguageBuilder::add_role(Role role) {
  Language& language = *state_->language;
  const auto index = static_cast<std::uint32_t>(language.roles_.size());
  if (role.offices.empty() || !state_->role_phrases.add(role.phrase, index, CaseRule::any)) {
    return false;
  }
  language.roles_.push_back(std::move(role));
  return true;
}

void LanguageBuilder::add_phrase(std::string phrase, PhraseList list) {
  state_->language->phrases_[static_cast<std::size_t>(list)].push_back(std::move(phrase));
}
void LanguageBuilder::set_reads_others(bool reads_others) {
  state_->language->reads_others_ = reads_others;
}
void LanguageBuilder::set_ascii(bool is_ascii) {
  state_->language->is_ascii_ = is_ascii;
}
void LanguageBuilder::set_high_offices(std::vector<std::string> offices) {
  state_->language->high_offices_ = std::move(offices);
}
void LanguageBuilder::set_presidential_states(std::vector<std::string> codes) {
  state_->language->presidential_states_ = std::move(codes);
}
void LanguageBuilder::set_shared_name(SharedName shared_name) {
  state_->language->shared_name_ = std::move(shared_name);
}
void LanguageBuilder::set_senses(SenseTable senses) {
  state_->language->senses_ = std::make_unique<const SenseTable>(std::move(senses));
}
void LanguageBuilder::set_inflection(Inflection inflection) {
  std::sort(inflection.stressed.begin(), inflection.stressed.end());
  state_->language->inflection_ = std::move(inflection);
}

std::shared_ptr<const Language> LanguageBuilder::freeze() {
  Language& language = *state_->language;
  language.words_ = std::make_shared<const Vocabulary>(std::move(state_->words));
  language.role_phrases_ = std::make_unique<const PhraseTable>(state_->role_phrases.freeze());
  std::sort(language.title_offices_.begin(), language.title_offices_.end());
  std::sort(language.numbers_.begin(), language.numbers_.end());
  std::sort(language.scales_.begin(), language.scales_.end());
  return std::move(state_->language);
}

Languages::Languages() {
  fallback_.language = std::make_shared<const Language>();
  fallback_.words = fallback_.language->words();
}

void Languages::add(std::shared_ptr<const Language> language) {
  LanguageWords reader{std::move(language), nullptr};
  reader.words = reader.language->words();
  if (reader.language->reads_others()) fallback_ = reader;
  readers_.push_back(std::move(reader));
}

void Languages::look_up_in(std::string_view code, const std::shared_ptr<const Vocabulary>& words) {
  for (LanguageWords& reader : readers_) {
    if (reader.language->code() == code) reader.words = words;
  }
  if (fallback_.language->code() == code) fallback_.words = words;
}

const Language* Languages::find(std::string_view code) const noexcept {
  const auto at = std::find_if(readers_.begin(), readers_.end(),
                               [code](const auto& each) { return each.language->code() == code; });
  return at == readers_.end() ? nullptr : at->language.get();
}

const LanguageWords& Languages::reader_of(std::string_view code) const noexcept {
  const auto at = std::find_if(readers_.begin(), readers_.end(),
                               [code](const auto& each) { return each.language->code() == code; });
  return at == readers_.end() ? fallback_ : *at;
}

}  // namespace tocsin
