// Puts a Language together from data that others have read.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/language/language.h"
#include "pipeline/language/sense_table.h"

namespace tocsin {

// Collects the data of one language, then freezes it.
class LanguageBuilder {
 public:
  explicit LanguageBuilder(std::string code);
  ~LanguageBuilder();

  // False, and nothing is added, when `word` is not one token.
  [[nodiscard]] bool add_word(std::string_view word, WordClass its_class);
  // The same for the offices that a title before a surname may mean.
  [[nodiscard]] bool add_title(std::string_view title, std::vector<std::string> offices);
  // The same for a word that stands for a value, or multiplies one (`is_scale`).
  [[nodiscard]] bool add_number(std::string_view word, std::uint64_t value, bool is_scale);
  // False when the phrase is none (PhraseTable::Builder::add).
  [[nodiscard]] bool add_role(Role role);
  void add_phrase(std::string phrase, PhraseList list);
  void set_reads_others(bool reads_others);
  void set_ascii(bool is_ascii);
  void set_high_offices(std::vector<std::string> offices);
  void set_presidential_states(std::vector<std::string> codes);
  void set_shared_name(SharedName shared_name);
  void set_senses(SenseTable senses);
  void set_inflection(Inflection inflection);
  [[nodiscard]] std::shared_ptr<const Language> freeze();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tocsin
