// One article while it is tagged: what stands where, before anything is decided. Internal to
// tag(); promises only views and vectors bounded by the article's tokens.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "pipeline/entities/gazetteer_state.h"

namespace tocsin {

// A capitalised sequence that looks like a name, known or not.
struct Run {
  TokenSpan tokens;
  EntityType type = EntityType::person;  // person or org
};

// Somebody the article introduces by a full name.
struct Introduction {
  EntityIndex person = kNoEntity;  // kNoEntity: an unknown one
  TokenSpan tokens;                // the full name
};

struct Scene {
  Scene(const Gazetteer& from, const Text& article, std::int64_t published_at_ms);

  const Gazetteer::State& gazetteer;
  const Text& text;
  const Language& language;  // the text is read with
  std::int32_t day = 0;
  bool is_sport = false;

  // Per token.
  enum Flag : std::uint8_t {
    kSentenceStart = 1,
    kCaps = 2,      // the whole sentence is in capitals
    kHeadline = 4,  // every word is capitalised
    kDateline = 8,  // the place at the start of a report
  };
  std::vector<std::uint8_t> flags;
  std::vector<PhraseMatch> matches;          // names: by start, longer first
  std::vector<std::uint32_t> matches_begin;  // per token and one more
  std::vector<PhraseMatch> roles;            // by start
  std::vector<std::int32_t> role_at;         // per token: index into roles or -1
  std::vector<Run> runs;
  std::vector<std::int32_t> run_at;                            // per token: index into runs or -1
  std::unordered_map<std::uint64_t, Introduction> introduced;  // by surname; the first one wins
  std::unordered_set<std::string> codes_named;  // countries whose name or demonym stands somewhere
  bool names_us_state = false;
  bool is_shared_name_state = false;  // where nothing nearer says which Georgia is meant

  [[nodiscard]] std::uint32_t size() const {
    return static_cast<std::uint32_t>(text.tokens.size());
  }
  [[nodiscard]] bool is(const Token& token, WordClass wanted) const {
    return language.is(token.word, wanted);
  }
  [[nodiscard]] bool is(std::uint32_t token, WordClass wanted) const {
    return is(text.tokens[token], wanted);
  }
  [[nodiscard]] bool is_capital(std::uint32_t token) const;
  [[nodiscard]] bool is_lower(std::uint32_t token) const;
  [[nodiscard]] bool has_flag(std::uint32_t token, std::uint8_t flag) const {
    return (flags[token] & flag) != 0;
  }
  // The token goes on where the one before it stopped: same sentence, no comma or other mark.
  [[nodiscard]] bool joins(std::uint32_t token) const;
  // The token before, when it joins; otherwise nullptr. The same for the one after.
  [[nodiscard]] const Token* previous(std::uint32_t token) const;
  [[nodiscard]] const Token* next(std::uint32_t token) const;
  [[nodiscard]] const Entity& entity(EntityIndex index) const { return gazetteer.entities[index]; }
  // Some name that starts here has at least `tokens` tokens and one of the wanted types.
  [[nodiscard]] bool starts_name(std::uint32_t token, std::uint32_t tokens_min,
                                 std::initializer_list<EntityType> types) const;
  // "Igor Putin" is not Putin: a word like a name stands before the surname and is no title.
  [[nodiscard]] bool follows_name_word(std::uint32_t token) const;
  // What starts here has the name of one state's body, but another's demonym stands before it:
  // "Indonesian Democratic Party".
  [[nodiscard]] bool is_foreign_body(std::uint32_t token) const;
  // The US state or country named by the tokens from here on, after "City, "; kNoEntity.
  [[nodiscard]] bool is_us_state_at(std::uint32_t token) const;
  [[nodiscard]] EntityIndex country_at(std::uint32_t token) const;
};

// Fills runs and run_at.
void find_runs(Scene& scene);
// Fills introduced; after find_runs.
void find_introductions(Scene& scene);
[[nodiscard]] bool is_sports_page(const Text& text);

// What a name means here.
struct NameReading {
  TokenSpan tokens;
  EntityIndex entity = kNoEntity;
  Via via = Via::name;
  bool is_team = false;
};
// The longest name from this token on whose sense fits; entity is kNoEntity when none does.
[[nodiscard]] NameReading read_name(const Scene& scene, std::uint32_t token);

}  // namespace tocsin
