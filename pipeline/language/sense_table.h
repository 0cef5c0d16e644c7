// The rules by which a name is given one of its senses, or none, where it stands: a table in the
// language's files (config/language/en/senses.yaml), whose conditions entities/ answers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin {

// What a sense is of; each kind has its own rules.
enum class SenseKind : std::uint8_t { metonym, person, body, country, place, city, count_ };
inline constexpr std::size_t kSenseKinds = static_cast<std::size_t>(SenseKind::count_);
inline constexpr std::array<std::string_view, kSenseKinds> kSenseKindNames = {
    "metonym", "person", "body", "country", "place", "city"};

// What can be asked of a name where it stands. Answered in pipeline/entities/senses.cpp.
enum class SenseCue : std::uint8_t {
  is_single,                // of one token
  is_shouted_word,          // in capitals, or an acronym in small letters: a word and no name
  is_demonym,               // by the demonym
  has_other_sense,          // the same words are no metonym as well
  acts,                     // what follows is what governments do
  follows_location,         // "in", "near", "the city of" stands before it
  follows_strict_location,  // of those the ones that stand before no person
  names_house,              // its last word is a seat of government
  holds_office,             // that day
  has_held_office,          // that day or before
  is_introduced_other,      // the article introduces somebody else by this name
  is_introduced_surname,    // the article introduces somebody by it, and this is no place
  is_named_for_person,      // the article introduces somebody by it before any firm of that name
  follows_name_word,        // "Igor" before "Putin"
  is_foreign_body,          // another state's demonym stands before it
  is_generic_body,          // all its words are those of bodies that every state has
  goes_on,                  // one word, and a capital after it
  has_unnamed_state,        // its state is not named in the article
  has_own_id,               // one that others know
  is_armed_service,         // "army", "navy"
  is_letters,               // an acronym that not everybody knows
  is_state_and_noun,        // its state's demonym, then small letters
  is_part_of_longer,        // "New Mexico", "West Indian"
  is_only_origin,           // "Moscow-based"
  ends_longer_name,         // "Statistics Canada"
  is_other_land,            // "South China"
  is_language,              // "in Russian"
  precedes_thing,           // "German shepherd", "Russian roulette"
  is_people_of_town,        // "Mumbai Indians"
  is_plain_word,            // "Wild Turkey" over "a wild turkey"; any in a text without capitals
  is_part_of_state,         // "Niger State"
  is_town_here,             // "Peru, Indiana", here or elsewhere in the article
  is_elsewhere,             // "Tripoli, Lebanon" is not in Libya, here or elsewhere in the article
  is_shared_name,           // of a country and a state
  is_shared_name_state,     // and here the state is meant
  is_part_of_town,          // "North Las Vegas"
  precedes_state,           // a US state after the comma
  precedes_own_country,     // its country after the comma
  is_in_state_country,      // of the country whose state shares a name
  is_common_word,           // a word first and a town second
  is_located,               // "in" before it, or in a dateline
  is_shouted_given_name,    // "SALVADOR ALLENDE"
  follows_given_name,       // "Kerrigan Nancy"
  is_known_town,            // large, or in Wikidata
  is_inside_capitals,       // a capital before or after it
  has_named_country,        // its country is named in the article
  count_,
};
inline constexpr std::size_t kSenseCues = static_cast<std::size_t>(SenseCue::count_);
inline constexpr std::array<std::string_view, kSenseCues> kSenseCueNames = {
    "is_single",
    "is_shouted_word",
    "is_demonym",
    "has_other_sense",
    "acts",
    "follows_location",
    "follows_strict_location",
    "names_house",
    "holds_office",
    "has_held_office",
    "is_introduced_other",
    "is_introduced_surname",
    "is_named_for_person",
    "follows_name_word",
    "is_foreign_body",
    "is_generic_body",
    "goes_on",
    "has_unnamed_state",
    "has_own_id",
    "is_armed_service",
    "is_letters",
    "is_state_and_noun",
    "is_part_of_longer",
    "is_only_origin",
    "ends_longer_name",
    "is_other_land",
    "is_language",
    "precedes_thing",
    "is_people_of_town",
    "is_plain_word",
    "is_part_of_state",
    "is_town_here",
    "is_elsewhere",
    "is_shared_name",
    "is_shared_name_state",
    "is_part_of_town",
    "precedes_state",
    "precedes_own_country",
    "is_in_state_country",
    "is_common_word",
    "is_located",
    "is_shouted_given_name",
    "follows_given_name",
    "is_known_town",
    "is_inside_capitals",
    "has_named_country"};

struct SenseTest {
  SenseCue cue = SenseCue::is_single;
  bool is_wanted = true;
};

// Fits when all its tests do; the first rule that fits decides. Rank 0: the name has not this
// sense here; of several senses the one of the highest rank is meant.
struct SenseRule {
  std::string id;
  std::vector<SenseTest> when;
  std::uint8_t rank = 0;
};

struct SenseTable {
  std::array<std::vector<SenseRule>, kSenseKinds> rules;
  std::uint32_t known_town_population = 0;  // larger ones are known by their bare name
};

}  // namespace tocsin
