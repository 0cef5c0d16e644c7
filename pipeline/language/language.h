// What tocsin knows of one language, as data: words by class, inflection, titles, phrases. Read
// from config/language (by config/), frozen, then shared const between threads. Promises: no I/O,
// no YAML; its words are the first of every vocabulary that texts are read with.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pipeline/language/inflection.h"
#include "pipeline/language/vocabulary.h"

namespace tocsin {

class PhraseTable;
struct SenseTable;

// What a word can be in its language. Each is a class of config/language/*/, where it says what it
// is for.
enum class WordClass : std::uint8_t {
  function_word,
  sentence_starter,
  telltale,
  definite_article,
  genitive,
  goal,
  between,
  relative_thing,
  possessive_letter,
  name_link,
  before_act,
  after_language,
  abbreviation_before_name,
  abbreviation_before_number,
  abbreviation,
  honorific,
  former,
  before_role,
  given_name,
  given_name_or_place,
  given_name_rarely,
  common_surname,
  name_particle,
  demonym_surname,
  location,
  location_strict,
  movement,
  common_word_place,
  land_modifier,
  town_part,
  land_part,
  other_land,
  new_word,
  new_land,
  west_word,
  west_people,
  origin_suffix,
  after_place,
  thing_of_people,
  thing_modifier,
  speaking,
  organisation_head,
  headline_head,
  named_for,
  ship_prefix,
  government_head,
  generic_body,
  armed_service,
  country_institution,
  acronym_word,
  known_letters,
  shouted_word,
  small_word,
  government_act,
  seat_of_government,
  pronoun_or_country,
  before_pronoun,
  sport_sure,
  sport_hint,
  conflict_hint,
  sport_head,
  people_play,
  acronym_plays,
  first_person,
  first_person_small,
  reporting,
  state_abbreviation,
  state_and_town,
  shared_name,
  shared_name_country,
  shared_name_state,
  shared_name_town,
  state_word,
  state_office,
  reader_word,
  own_word,
  call_to_reader,
  this_text,
  text_itself,
  trade_word,
  told_by,
  cut_unit,
  month,
  stamp_word,
  beside_stamp,
  byline,
  byline_role,
  opener,
  vague_number,
  percent,
  percent_first,
  percent_second,
  count_,
};
inline constexpr std::size_t kWordClasses = static_cast<std::size_t>(WordClass::count_);
inline constexpr std::array<std::string_view, kWordClasses> kWordClassNames = {
    "function_word",
    "sentence_starter",
    "telltale",
    "definite_article",
    "genitive",
    "goal",
    "between",
    "relative_thing",
    "possessive_letter",
    "name_link",
    "before_act",
    "after_language",
    "abbreviation_before_name",
    "abbreviation_before_number",
    "abbreviation",
    "honorific",
    "former",
    "before_role",
    "given_name",
    "given_name_or_place",
    "given_name_rarely",
    "common_surname",
    "name_particle",
    "demonym_surname",
    "location",
    "location_strict",
    "movement",
    "common_word_place",
    "land_modifier",
    "town_part",
    "land_part",
    "other_land",
    "new_word",
    "new_land",
    "west_word",
    "west_people",
    "origin_suffix",
    "after_place",
    "thing_of_people",
    "thing_modifier",
    "speaking",
    "organisation_head",
    "headline_head",
    "named_for",
    "ship_prefix",
    "government_head",
    "generic_body",
    "armed_service",
    "country_institution",
    "acronym_word",
    "known_letters",
    "shouted_word",
    "small_word",
    "government_act",
    "seat_of_government",
    "pronoun_or_country",
    "before_pronoun",
    "sport_sure",
    "sport_hint",
    "conflict_hint",
    "sport_head",
    "people_play",
    "acronym_plays",
    "first_person",
    "first_person_small",
    "reporting",
    "state_abbreviation",
    "state_and_town",
    "shared_name",
    "shared_name_country",
    "shared_name_state",
    "shared_name_town",
    "state_word",
    "state_office",
    "reader_word",
    "own_word",
    "call_to_reader",
    "this_text",
    "text_itself",
    "trade_word",
    "told_by",
    "cut_unit",
    "month",
    "stamp_word",
    "beside_stamp",
    "byline",
    "byline_role",
    "opener",
    "vague_number",
    "percent",
    "percent_first",
    "percent_second",
};

// Classes that are asked for at once: most words are in none of them.
class WordClassSet {
 public:
  constexpr WordClassSet(std::initializer_list<WordClass> classes) {
    for (const WordClass each : classes) {
      const auto bit = static_cast<unsigned>(each);
      bits_[bit / 64] |= std::uint64_t{1} << bit % 64;
    }
  }

 private:
  friend class Language;
  friend class LanguageBuilder;
  // Two more bits of a word tell that it has a value, or a scale.
  static constexpr std::size_t kNumberBit = kWordClasses;
  static constexpr std::size_t kScaleBit = kWordClasses + 1;
  static constexpr std::size_t kWords = (kScaleBit + 64) / 64;
  std::array<std::uint64_t, kWords> bits_{};
};

// Lists of texts that are looked for in small letters, in fields that are no running text.
enum class PhraseList : std::uint8_t {
  opinion_label,    // begins a headline, or is the section: "analysis"
  opinion_section,  // is the section
  opinion_path,     // stands in the address: "/opinion"
  history_series,   // stands in a headline of a look back
  history_hint,     // the same, where nothing hostile stands before it
  people_ending,    // a demonym's that means the people as a whole: the Irish
  count_,
};
inline constexpr std::size_t kPhraseLists = static_cast<std::size_t>(PhraseList::count_);
inline constexpr std::array<std::string_view, kPhraseLists> kPhraseListNames = {
    "opinion_label",  "opinion_section", "opinion_path",
    "history_series", "history_hint",    "people_ending"};

// A title in a text and the offices (gazetteer column `offices`) it may mean, first match wins.
struct Role {
  std::string phrase;
  std::vector<std::string> offices;
  bool is_leader = false;  // of a state with president and prime minister either
};

// A country that shares its name with a state of another.
struct SharedName {
  std::string name;            // of both in the gazetteer
  std::string state_of;        // alpha-3: whose state
  std::string unless_country;  // alpha-3: where this one is named, the country is meant
};

class Language {
 public:
  Language();
  ~Language();
  Language(const Language&) = delete;
  Language& operator=(const Language&) = delete;

  [[nodiscard]] const std::string& code() const noexcept { return code_; }
  // Texts in languages without data of their own are read with it.
  [[nodiscard]] bool reads_others() const noexcept { return reads_others_; }
  // Its words are written without diacritics.
  [[nodiscard]] bool is_ascii() const noexcept { return is_ascii_; }

  // Its own words.
  [[nodiscard]] const std::shared_ptr<const Vocabulary>& words() const noexcept { return words_; }
  // Of its own words the one with this fold_hash.
  [[nodiscard]] WordId find(std::uint64_t hash) const noexcept { return words_->find(hash); }
  // One of its own, not one that only a lexicon or a parser knows.
  [[nodiscard]] bool knows(WordId word) const noexcept {
    return word != kUnknownWord && word < classes_.size();
  }
  [[nodiscard]] bool is(WordId word, WordClass wanted) const noexcept {
    return has(word, static_cast<std::size_t>(wanted));
  }
  [[nodiscard]] bool is_any(WordId word, const WordClassSet& wanted) const noexcept {
    const Classes& own = classes_[word < classes_.size() ? word : kUnknownWord];
    std::uint64_t both = 0;
    for (std::size_t i = 0; i < own.size(); ++i) both |= own[i] & wanted.bits_[i];
    return both != 0;
  }

  // The value that a word stands for ("seven", "twenty"), and what a word multiplies ("million");
  // 0: none.
  [[nodiscard]] std::uint64_t number(WordId word) const noexcept {
    return has(word, WordClassSet::kNumberBit) ? value(numbers_, word) : 0;
  }
  [[nodiscard]] std::uint64_t scale(WordId word) const noexcept {
    return has(word, WordClassSet::kScaleBit) ? value(scales_, word) : 0;
  }

  [[nodiscard]] const std::vector<std::string>& phrases(PhraseList list) const noexcept {
    return phrases_[static_cast<std::size_t>(list)];
  }
  [[nodiscard]] std::span<const Role> roles() const noexcept { return roles_; }
  // Payload: index into roles().
  [[nodiscard]] const PhraseTable& role_phrases() const noexcept { return *role_phrases_; }
  // The offices a title right before a surname may mean; empty: any.
  [[nodiscard]] std::span<const std::string> title_offices(WordId title) const noexcept;
  // Offices whose holders the press calls by their surname alone.
  [[nodiscard]] std::span<const std::string> high_offices() const noexcept { return high_offices_; }
  // A state with president and prime minister (alpha-3) whose president leads.
  [[nodiscard]] bool is_presidential(std::string_view code) const noexcept;
  [[nodiscard]] const SharedName& shared_name() const noexcept { return shared_name_; }
  // Which of its senses a name has where it stands.
  [[nodiscard]] const SenseTable& senses() const noexcept { return *senses_; }
  [[nodiscard]] const Inflection& inflection() const noexcept { return inflection_; }

 private:
  friend class LanguageBuilder;
  using Classes = std::array<std::uint64_t, WordClassSet::kWords>;
  [[nodiscard]] bool has(WordId word, std::size_t bit) const noexcept {
    const Classes& own = classes_[word < classes_.size() ? word : kUnknownWord];
    return (own[bit / 64] >> bit % 64 & 1U) != 0;
  }
  using Values = std::vector<std::pair<WordId, std::uint64_t>>;  // by word
  [[nodiscard]] static std::uint64_t value(const Values& values, WordId word) noexcept;

  std::string code_;
  bool reads_others_ = false;
  bool is_ascii_ = false;
  std::shared_ptr<const Vocabulary> words_;
  std::vector<Classes> classes_;  // by word of its own
  std::array<std::vector<std::string>, kPhraseLists> phrases_;
  Values numbers_;
  Values scales_;
  std::vector<Role> roles_;
  std::unique_ptr<const PhraseTable> role_phrases_;
  std::vector<std::pair<WordId, std::vector<std::string>>> title_offices_;  // by word
  std::vector<std::string> high_offices_;
  std::vector<std::string> presidential_states_;
  SharedName shared_name_;
  std::unique_ptr<const SenseTable> senses_;
  Inflection inflection_;
};

// A language and the words that its texts are looked up in: its own first.
struct LanguageWords {
  std::shared_ptr<const Language> language;
  std::shared_ptr<const Vocabulary> words;
};

// The languages by code. There is always one to read with: without data, one that knows no word.
class Languages {
 public:
  Languages();

  void add(std::shared_ptr<const Language> language);
  // Has the texts that the language reads looked up in `words`, which begin with its own; nothing
  // without such a language.
  void look_up_in(std::string_view code, const std::shared_ptr<const Vocabulary>& words);
  // With data of its own; nullptr.
  [[nodiscard]] const Language* find(std::string_view code) const noexcept;
  // That of the code, else the one that reads others.
  [[nodiscard]] const LanguageWords& reader_of(std::string_view code) const noexcept;
  [[nodiscard]] std::span<const LanguageWords> all() const noexcept { return readers_; }

 private:
  std::vector<LanguageWords> readers_;
  LanguageWords fallback_;
};

}  // namespace tocsin
