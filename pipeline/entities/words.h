// Closed classes of English words that decide what a capitalised name is: titles, honorifics, heads
// of organisation names, verbs of saying, sport. Built once, const, shared by all threads.
#pragma once

#include <string_view>
#include <vector>

#include "pipeline/entities/phrase_table.h"
#include "pipeline/text/word_set.h"

namespace tocsin {

// A title in a text and the offices (gazetteer column `offices`) it may mean, first match wins.
struct Role {
  std::string_view phrase;
  std::vector<std::string_view> offices;
};

struct Words {
  Words();

  WordSet function_words;  // never begin a name: the, in, but, when
  WordSet honorifics;      // stand before a surname: mr, gen, president
  WordSet former;          // "former president" is not the president
  WordSet given_names;
  WordSet place_names_as_given;  // jordan, chad, paris: person only with more evidence
  WordSet organisation_heads;    // "Iran Air", "Bank of Canada": the country is part of the name
  WordSet headline_heads;        // of them those that are safe in a headline
  WordSet sport_heads;           // on a sports page also in capitals
  WordSet government_heads;      // "Iranian Navy": the country stays
  WordSet acting_verbs;          // after a capital: its government acts
  WordSet location_words;        // before a place: in, near, from
  WordSet movement_words;        // "travelled to Germany"
  WordSet common_place_names;    // nice, reading, mobile: place only in the context of one
  WordSet common_surnames;       // never a known person without an introduction
  WordSet state_abbreviations;   // "Moscow, Ida."
  WordSet strong_sport;
  WordSet weak_sport;
  WordSet conflict;
  WordSet before_pronoun_us;  // "GIVE US"
  WordSet particles;          // inside a person's name: van, bin, al
  WordSet directions;         // "Northern Iraq": still the country
  WordSet generic_bodies;     // words of names that every state has: senate, labour
  WordSet not_actors;         // after a hyphen: "Moscow-based"
  WordSet speaking;           // "in Russian": the language
  std::vector<Role> roles;
  PhraseTable role_phrases;  // payload: index into roles
};

[[nodiscard]] const Words& words();

}  // namespace tocsin
