// One article while it is tagged: what stands where, before anything is decided. Internal to
// tag(); promises only views and vectors bounded by the article's tokens.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "pipeline/entities/gazetteer_state.h"

namespace tocsin {

inline constexpr std::uint16_t kCapitalShapes = shape::kTitle | shape::kUpper | shape::kMixed;
// Marks that end a name.
inline constexpr std::uint16_t kSeparators =
    before::kComma | before::kStop | before::kColon | before::kSemicolon | before::kDash |
    before::kQuoteOpen | before::kQuoteClose | before::kParenOpen | before::kParenClose |
    before::kParagraph | before::kOther;

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

// Who was introduced by which surname; the first one stays. Open addressing over a list in order.
class Introductions {
 public:
  void clear();
  // False when the surname has somebody already.
  bool add(std::uint64_t surname, const Introduction& introduction);
  [[nodiscard]] const Introduction* find(std::uint64_t surname) const noexcept;
  [[nodiscard]] const std::vector<std::pair<std::uint64_t, Introduction>>& all() const noexcept {
    return list_;
  }

 private:
  // Where the surname stands in `slots_`, or would.
  [[nodiscard]] std::size_t slot_of(std::uint64_t surname) const noexcept;

  std::vector<std::pair<std::uint64_t, Introduction>> list_;
  std::vector<std::uint32_t> slots_ =
      std::vector<std::uint32_t>(64);  // index into list_ + 1; 0 free
};

// Letters in brackets after a name: a known one, or an unknown one by its tokens.
struct Abbreviation {
  EntityIndex known = kNoEntity;
  TokenSpan name;
};

// What stands after the comma of "Town, State" and "City, Country".
struct PlaceAfter {
  enum class Kind : std::uint8_t { nothing, us_state, country };
  Kind kind = Kind::nothing;
  EntityIndex country = kNoEntity;  // of Kind::country
};

// What a Scene needs memory for. Belongs to a worker and is reused: an article allocates only what
// none before it needed.
struct SceneMemory {
  std::vector<std::uint8_t> flags;
  std::vector<std::uint32_t> noted;
  std::vector<PhraseMatch> matches;
  std::vector<std::uint32_t> matches_begin;
  std::vector<PhraseMatch> roles;
  std::vector<std::int32_t> role_at;
  std::vector<Run> runs;
  std::vector<std::int32_t> run_at;
  Introductions introduced;
  std::vector<std::string_view> codes_named;
  std::vector<std::uint64_t> small_words;
  std::vector<std::pair<std::uint64_t, std::string_view>> located;
  std::vector<std::pair<std::uint64_t, Abbreviation>> abbreviations;

  // Empty, for an article of so many tokens.
  void reset(std::size_t tokens);
};

struct Scene {
  Scene(const Gazetteer& from, const Text& article, std::int64_t published_at_ms,
        SceneMemory& memory);

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
  std::vector<std::uint8_t>& flags;
  // Tokens with a capital, and words beside which a name may stand: kBesideNames. Most passes look
  // at these only.
  std::vector<std::uint32_t>& noted;
  static constexpr WordClassSet kBesideNames{WordClass::honorific, WordClass::named_for};
  std::vector<PhraseMatch>& matches;          // names: by start, longer first
  std::vector<std::uint32_t>& matches_begin;  // per token and one more
  std::vector<PhraseMatch>& roles;            // by start
  std::vector<std::int32_t>& role_at;         // per token: index into roles or -1
  std::vector<Run>& runs;
  std::vector<std::int32_t>& run_at;  // per token: index into runs or -1
  Introductions& introduced;
  std::vector<std::string_view>& codes_named;  // of countries whose name or demonym stands here
  // One-word names of states that stand somewhere in small letters, sorted.
  std::vector<std::uint64_t>& small_words;
  // "Lebanon, Ohio", "Tripoli, Lebanon": by name_key(), the code of where it lies; sorted.
  std::vector<std::pair<std::uint64_t, std::string_view>>& located;
  // "National Salvation Front (NSF)": by the letters; sorted.
  std::vector<std::pair<std::uint64_t, Abbreviation>>& abbreviations;
  bool is_small = false;  // no word of the article has a capital
  bool names_us_state = false;
  bool is_shared_name_state = false;  // where nothing nearer says which Georgia is meant

  [[nodiscard]] std::uint32_t size() const {
    return static_cast<std::uint32_t>(text.tokens.size());
  }
  [[nodiscard]] bool names_country(std::string_view code) const noexcept;
  [[nodiscard]] bool is(const Token& token, WordClass wanted) const {
    return language.is(token.word, wanted);
  }
  [[nodiscard]] bool is(std::uint32_t token, WordClass wanted) const {
    return is(text.tokens[token], wanted);
  }
  [[nodiscard]] bool is_capital(std::uint32_t token) const {
    return (text.tokens[token].shape & kCapitalShapes) != 0;
  }
  [[nodiscard]] bool is_lower(std::uint32_t token) const {
    return (text.tokens[token].shape & shape::kLower) != 0;
  }
  [[nodiscard]] bool has_flag(std::uint32_t token, std::uint8_t flag) const {
    return (flags[token] & flag) != 0;
  }
  // The token goes on where the one before it stopped: same sentence, no comma or other mark.
  [[nodiscard]] bool joins(std::uint32_t token) const {
    if (token == 0 || token >= size()) return false;
    std::uint16_t marks = text.tokens[token].before & kSeparators;
    const Token& last = text.tokens[token - 1];
    if ((marks & before::kStop) != 0 && ends_with_point(last)) {
      marks = static_cast<std::uint16_t>(marks & ~before::kStop);
    }
    return marks == 0 && !has_flag(token, kSentenceStart);
  }
  // The token before, when it joins; otherwise nullptr. The same for the one after.
  [[nodiscard]] const Token* previous(std::uint32_t token) const {
    return joins(token) ? &text.tokens[token - 1] : nullptr;
  }
  [[nodiscard]] const Token* next(std::uint32_t token) const {
    return joins(token + 1) ? &text.tokens[token + 1] : nullptr;
  }
  // "Dar" of "Dar'a": an apostrophe and small letters follow in the same word.
  [[nodiscard]] bool goes_on_in_word(std::uint32_t token) const {
    return token + 1 < size() && (text.tokens[token + 1].before & before::kApostrophe) != 0 &&
           is_lower(token + 1);
  }
  [[nodiscard]] const Entity& entity(EntityIndex index) const { return gazetteer.entities[index]; }
  // A town that texts name without saying where it lies.
  [[nodiscard]] bool is_known_town(EntityIndex city) const;
  // Some name that starts here has at least `tokens` tokens and one of the wanted types.
  [[nodiscard]] bool starts_name(std::uint32_t token, std::uint32_t tokens_min,
                                 std::initializer_list<EntityType> types) const;
  // "Igor Putin" is not Putin: a word like a name stands before the surname and is no title.
  [[nodiscard]] bool follows_name_word(std::uint32_t token) const;
  // What starts here has the name of one state's body, but another's demonym stands before it:
  // "Indonesian Democratic Party"; or a word of a longer name: "Garo National Liberation Army".
  [[nodiscard]] bool is_foreign_body(std::uint32_t token) const;
  [[nodiscard]] bool ends_longer_body(std::uint32_t token) const;
  // The US state or country named by the tokens from here on, after "City, "; kNoEntity.
  [[nodiscard]] bool is_us_state_at(std::uint32_t token) const;
  [[nodiscard]] EntityIndex country_at(std::uint32_t token) const;
  [[nodiscard]] EntityIndex land_at(std::uint32_t token) const;
  [[nodiscard]] PlaceAfter place_after(TokenSpan span) const;
  // The code of where the article says that the place of this name lies; empty: it does not say.
  [[nodiscard]] std::string_view located_in(TokenSpan span) const;
  [[nodiscard]] std::uint64_t name_key(TokenSpan span) const {
    return text.tokens[span.end - 1].hash * 31 + text.tokens[span.begin].hash + span.size();
  }
  // What the article says that these letters stand for; nullptr when it does not.
  [[nodiscard]] const Abbreviation* abbreviation_of(std::uint32_t token) const;

 private:
  // An abbreviation: its point is no full stop.
  [[nodiscard]] static bool ends_with_point(const Token& token) {
    constexpr std::uint32_t kBytesMax = 3;
    return (token.shape & shape::kPointed) != 0 ||
           ((token.shape & (shape::kTitle | shape::kUpper)) != 0 &&
            token.end - token.begin <= kBytesMax);
  }
};

// Fills runs and run_at.
void find_runs(Scene& scene);
// Fills abbreviations, and runs for the names that only they tell; after find_runs.
void find_abbreviations(Scene& scene);
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
