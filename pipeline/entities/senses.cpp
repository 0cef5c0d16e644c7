// What a name means where it stands: which of its senses fits, or none.
#include <algorithm>
#include <array>

#include "pipeline/entities/scene.h"

namespace tocsin {
namespace {

// Cities above this are known by their bare name; others need "in", ", France" or a dateline.
constexpr std::uint32_t kKnownCityPopulation = 400'000;

bool is_qid(const Entity& entity) {
  return entity.id.size() > 1 && entity.id[0] == 'Q';
}

bool follows_location_word(const Scene& scene, std::uint32_t token) {
  const Token* previous = scene.previous(token);
  return previous != nullptr && scene.word.location_words.has(*previous);
}

// The country, or US state, that stands after "City, ".
enum class After : std::uint8_t { nothing, us_state, country };
After place_after(const Scene& scene, TokenSpan span, EntityIndex& country) {
  const std::uint32_t next = span.end;
  if (next >= scene.size() || (scene.text.tokens[next].before & before::kComma) == 0 ||
      scene.has_flag(next, Scene::kSentenceStart)) {
    return After::nothing;
  }
  country = scene.country_at(next);
  const bool is_state = scene.is_us_state_at(next);
  // "Atlanta, Georgia" and "Tbilisi, Georgia": the city knows.
  if (is_state) {
    return After::us_state;
  }
  return country == kNoEntity ? After::nothing : After::country;
}

// A capital is the subject of what governments do: "Moscow said", "Tehran has warned".
bool acts(const Scene& scene, TokenSpan span) {
  if (follows_location_word(scene, span.begin) ||
      (scene.text.tokens[span.end - 1].shape & shape::kPossessive) != 0) {
    return false;
  }
  static const WordSet kAuxiliaries{"has",  "have",  "had", "will",  "would", "also",  "is", "was",
                                    "then", "again", "now", "later", "not",   "could", "may"};
  static const std::uint64_t kBetween = fold_hash("between");
  const Token* previous = scene.previous(span.begin);
  if (previous != nullptr && previous->hash == kBetween) {
    return true;
  }
  // "Moscow, which wants"
  static const std::uint64_t kWhich = fold_hash("which");
  if (span.end + 1 < scene.size() && scene.text.tokens[span.end].hash == kWhich &&
      (scene.text.tokens[span.end].before & before::kComma) != 0) {
    return scene.word.acting_verbs.has(scene.text.tokens[span.end + 1]);
  }
  for (std::uint32_t i = span.end; i < scene.size() && i < span.end + 3 && scene.joins(i); ++i) {
    const Token& token = scene.text.tokens[i];
    if (scene.word.acting_verbs.has(token)) {
      return true;
    }
    if (!kAuxiliaries.has(token)) {
      return false;
    }
  }
  return false;
}

bool is_possessive(const Scene& scene, TokenSpan span) {
  static const std::uint64_t kS = fold_hash("s");
  return (scene.text.tokens[span.end - 1].shape & shape::kPossessive) != 0 ||
         (span.end < scene.size() && scene.text.tokens[span.end].hash == kS &&
          (scene.is_lower(span.end) || scene.has_flag(span.end, Scene::kCaps)));
}

// "The Irish", "the Germans": people as a whole; "the Brazilian" is one of them.
bool is_collective(const Scene& scene, TokenSpan span) {
  const std::string_view word = scene.text.slice(scene.text.tokens[span.end - 1]);
  constexpr std::array<std::string_view, 8> kEndings = {"sh", "ch", "se", "s",
                                                        "SH", "CH", "SE", "S"};
  return std::any_of(kEndings.begin(), kEndings.end(),
                     [word](std::string_view ending) { return word.ends_with(ending); });
}

// On a sports page a country is its team, but for places: "in Germany", "(Germany)", datelines.
bool is_team_here(const Scene& scene, TokenSpan span, Via via) {
  if (!scene.is_sport) {
    return false;
  }
  static const std::uint64_t kThe = fold_hash("the");
  static const std::uint64_t kTo = fold_hash("to");
  const Token& first = scene.text.tokens[span.begin];
  const Token* previous = scene.previous(span.begin);
  if (via == Via::demonym) {
    // "The Irish took the lead": the team; "the Irish striker": its country.
    if (previous == nullptr && scene.has_flag(span.begin, Scene::kCaps)) {
      return is_collective(scene, span);
    }
    if (previous == nullptr || previous->hash != kThe) {
      return false;
    }
    const Token* next = scene.next(span.end - 1);
    static const WordSet kTeamVerbs{"are",  "were",   "have", "had", "will", "took", "won",  "lost",
                                    "beat", "scored", "who",  "and", "in",   "on",   "at",   "to",
                                    "with", "their",  "a",    "an",  "the",  "by",   "from", "for"};
    return is_collective(scene, span) && (next == nullptr || kTeamVerbs.has(*next));
  }
  if ((first.before & before::kParenOpen) != 0 ||
      (span.end < scene.size() &&
       (scene.text.tokens[span.end].before & before::kParenClose) != 0)) {
    return false;
  }
  if (scene.has_flag(span.begin, Scene::kDateline) && !scene.has_flag(span.begin, Scene::kCaps)) {
    return false;
  }
  // "ESCHEN, Liechtenstein", "Milan, Italy"
  if ((first.before & before::kComma) != 0 && span.begin > 0 &&
      (scene.starts_name(span.begin - 1, 1, {EntityType::city}) ||
       ((scene.text.tokens[span.begin - 1].shape & shape::kUpper) != 0 &&
        (first.shape & shape::kTitle) != 0))) {
    return false;
  }
  // "India's Leander Paes": the player's country; "a former U.S. champion".
  const Token* next = scene.next(span.end - 1);
  if (next != nullptr && is_possessive(scene, span) &&
      (scene.is_capital(span.end) || (span.end + 1 < scene.size() && next->end - next->begin == 1 &&
                                      scene.is_capital(span.end + 1)))) {
    return false;
  }
  static const WordSet kPlaying{"beat",   "won", "lost", "have",   "had",   "has",  "will",
                                "were",   "are", "play", "played", "face",  "drew", "took",
                                "scored", "and", "v",    "in",     "to",    "at",   "on",
                                "by",     "for", "with", "team",   "team's"};
  if (via == Via::acronym && next != nullptr && scene.is_lower(span.end) && !kPlaying.has(*next)) {
    return false;
  }
  if (previous == nullptr) {
    return true;
  }
  if (previous->hash == kTo) {
    const Token* verb = scene.previous(span.begin - 1);
    return verb == nullptr || !scene.word.movement_words.has(*verb);
  }
  // "DETROIT AT TEXAS": two teams.
  return scene.has_flag(span.begin, Scene::kCaps) || !scene.word.location_words.has(*previous);
}

class Chooser {
 public:
  explicit Chooser(const Scene& scene) : scene_(scene) {}

  // Rank of a sense, higher is better; 0 when it does not fit.
  int rank(TokenSpan span, const NameSense& sense, bool has_other) const {
    const Entity& entity = scene_.entity(sense.entity);
    if (is_shouted_word(span, sense)) {
      return 0;
    }
    if (sense.via == Via::metonym) {
      return metonym(span, has_other);
    }
    switch (entity.type) {
      case EntityType::person:
        return person(span, sense.entity);
      case EntityType::country:
        return country(span, sense);
      case EntityType::org:
      case EntityType::group:
      case EntityType::weapon:
        return body(span, sense);
      case EntityType::place:
        return place(span, entity);
      case EntityType::city:
        return city(span, sense.entity, entity);
    }
    return 0;
  }

  // "Moscow-based" and "France-registered": where, not who.
  bool is_only_origin(TokenSpan span) const {
    return span.end < scene_.size() &&
           (scene_.text.tokens[span.end].before & before::kJoinedHyphen) != 0 &&
           scene_.word.not_actors.has(scene_.text.tokens[span.end]);
  }

 private:
  // In a sentence in capitals "US", "WHO" and "IT" may be words.
  bool is_shouted_word(TokenSpan span, const NameSense& sense) const {
    if (span.size() != 1) {
      return false;
    }
    const Token& token = scene_.text.tokens[span.begin];
    // "Plan", "Fact": acronyms in small letters that are words.
    static const WordSet kCommon{"plan", "fact", "act",  "real", "star",  "stop",  "core", "pact",
                                 "care", "left", "arms", "rest", "peace", "arena", "base", "mass"};
    const bool is_shouted = scene_.has_flag(span.begin, Scene::kCaps);
    if (kCommon.has(token) && (is_shouted || (token.shape & shape::kTitle) != 0) &&
        (sense.via == Via::acronym || sense.via == Via::alias)) {
      return true;
    }
    if (!is_shouted) {
      return false;
    }
    if ((token.shape & shape::kPointed) != 0) {
      return false;
    }
    static const std::uint64_t kUs = fold_hash("us");
    if (token.hash == kUs) {
      const Token* previous = scene_.previous(span.begin);
      return previous != nullptr && scene_.word.before_pronoun_us.has(*previous);
    }
    static const WordSet kWords{"who",    "it",     "aid",  "ice", "car",  "pa",
                                "plan",   "start",  "act",  "is",  "un",   "eta",
                                "polish", "turkey", "chad", "set", "shell"};
    return sense.via == Via::acronym &&
           (kWords.has(token) || scene_.word.function_words.has(token));
  }

  int metonym(TokenSpan span, bool has_other) const {
    if (has_other) {
      return acts(scene_, span) ? 70 : 0;
    }
    return follows_location_word(scene_, span.begin) || is_rare_metonym(span) ? 0 : 40;
  }
  // A capital that the gazetteer holds as a metonym only must act all the same.
  bool is_rare_metonym(TokenSpan span) const {
    static const WordSet kHouses{"kremlin", "street",    "house",       "elysee",     "palace",
                                 "bottom",  "whitehall", "zhongnanhai", "kantei",     "office",
                                 "rock",    "matignon",  "moncloa",     "miraflores", "malacanang"};
    return !kHouses.has(scene_.text.tokens[span.end - 1]) && !acts(scene_, span);
  }

  // Namesakes ("George Bush"): who serves on the day, then who had served before it.
  int namesake(const Entity& entity) const {
    int best = 0;
    for (const Office& office : entity.offices) {
      const bool has_begun = office.from_day <= scene_.day;
      best = std::max(best, has_begun && scene_.day <= office.to_day ? 2 : has_begun ? 1 : 0);
    }
    return best;
  }

  int person(TokenSpan span, EntityIndex index) const {
    if (span.size() > 1) {
      return 90 + namesake(scene_.entity(index));
    }
    // "Hugo Banzer ... Banzer" is his, whoever else is known by that name alone.
    const auto owner = scene_.introduced.find(scene_.text.tokens[span.begin].hash);
    if (owner != scene_.introduced.end() && owner->second.person != index) {
      return 0;
    }
    static const WordSet kPlaced{"in", "near", "outside", "across", "inside", "throughout"};
    const Token* previous = scene_.previous(span.begin);
    if (previous != nullptr && (kPlaced.has(*previous) || scene_.follows_name_word(span.begin))) {
      return 0;
    }
    return 30;
  }

  int body(TokenSpan span, const NameSense& sense) const {
    const Entity& entity = scene_.entity(sense.entity);
    if (scene_.is_foreign_body(span.begin)) {
      return 0;
    }
    bool is_generic = true;
    for (std::uint32_t i = span.begin; i < span.end; ++i) {
      is_generic = is_generic && scene_.word.generic_bodies.has(scene_.text.tokens[i]);
    }
    // "the House of Representatives": whose? "Labour Day" is no party's.
    if (is_generic) {
      const Token* next = scene_.next(span.end - 1);
      const bool goes_on = span.size() == 1 && next != nullptr && scene_.is_capital(span.end) &&
                           !scene_.has_flag(span.begin, Scene::kHeadline);
      if (goes_on || (!entity.code.empty() && !scene_.codes_named.contains(entity.code))) {
        return 0;
      }
    }
    // "the Israeli government": without an id of its own the state says more.
    if (entity.id.starts_with("tocsin:") && !is_armed_service(span) &&
        is_state_and_noun(span, entity)) {
      return 0;
    }
    return 60;
  }

  // "the Iraqi army" is a body even in small letters; "Iraqi soldiers" are some of it.
  bool is_armed_service(TokenSpan span) const {
    static const WordSet kServices{"army",  "military", "forces", "navy",
                                   "force", "guard",    "police"};
    return kServices.has(scene_.text.tokens[span.end - 1]);
  }

  // The demonym of the body's own country, then words in small letters.
  bool is_state_and_noun(TokenSpan span, const Entity& entity) const {
    if (span.size() < 2 || !scene_.is_lower(span.begin + 1)) {
      return false;
    }
    for (std::uint32_t i = scene_.matches_begin[span.begin];
         i < scene_.matches_begin[span.begin + 1]; ++i) {
      const NameSense sense = NameSense::of(scene_.matches[i].payload);
      const Entity& named = scene_.entity(sense.entity);
      if (named.type == EntityType::country && named.code == entity.code &&
          scene_.matches[i].tokens.size() < span.size()) {
        return true;
      }
    }
    return false;
  }

  // "Statistics Canada", "Veronica Finn": a capital before it that is no word of the sentence.
  bool ends_longer_name(TokenSpan span, Via via) const {
    const std::uint32_t at = span.begin;
    const Token* previous = scene_.previous(at);
    if (previous == nullptr || span.size() > 1 ||
        scene_.has_flag(at, Scene::kCaps | Scene::kHeadline) ||
        scene_.has_flag(at - 1, Scene::kSentenceStart) ||
        (previous->shape & (shape::kTitle | shape::kMixed | shape::kUpper)) == 0 ||
        (previous->shape & shape::kPossessive) != 0 || previous->end - previous->begin < 3 ||
        scene_.word.function_words.has(*previous) || scene_.word.directions.has(*previous) ||
        scene_.word.honorifics.has(*previous) || scene_.word.location_words.has(*previous) ||
        (scene_.text.tokens[at].before & before::kJoinedHyphen) != 0) {
      return false;
    }
    const bool is_acronym = (previous->shape & shape::kUpper) != 0;
    if (via == Via::name && is_acronym) {
      return false;  // "KDP Iraq"
    }
    if (via == Via::name) {
      // A name that ends here is over: "Vladimir Putin Russia" does not go on.
      return !scene_.starts_name(
          at - 1, 1, {EntityType::country, EntityType::place, EntityType::city, EntityType::org});
    }
    static const WordSet kNouns{"finn",   "dane",  "pole",    "turk",  "swede",   "scot",  "serb",
                                "croat",  "brit",  "kiwi",    "czech", "polish",  "dutch", "french",
                                "german", "irish", "english", "welsh", "holland", "roman"};
    return via == Via::demonym && kNouns.has(scene_.text.tokens[at]) &&
           !scene_.starts_name(
               at - 1, 1,
               {EntityType::country, EntityType::place, EntityType::city, EntityType::org});
  }

  // "North Las Vegas", "Western Pennsylvania": another place.
  bool is_part_of_town(TokenSpan span) const {
    static const WordSet kParts{"north",   "south",   "east",    "west",  "northern", "southern",
                                "eastern", "western", "central", "upper", "lower"};
    const Token* previous = scene_.previous(span.begin);
    if (previous != nullptr && (previous->shape & shape::kTitle) != 0 &&
        !scene_.has_flag(span.begin - 1, Scene::kSentenceStart) &&
        !scene_.has_flag(span.begin, Scene::kHeadline) && kParts.has(*previous)) {
      return true;
    }
    // "Michigan State beat Ohio": a university, but not "Washington State Department".
    static const std::uint64_t kState = fold_hash("state");
    static const WordSet kOffices{"department", "police", "troopers",  "senator",   "senate",
                                  "house",      "court",  "secretary", "university"};
    const Token* next = scene_.next(span.end - 1);
    if (next == nullptr || next->hash != kState || (next->shape & shape::kTitle) == 0 ||
        scene_.has_flag(span.begin, Scene::kHeadline | Scene::kCaps)) {
      return false;
    }
    const Token* after = scene_.next(span.end);
    return after == nullptr || !kOffices.has(*after);
  }

  // "South China", "East Germany", "Statistics Canada": the word before makes another name.
  bool is_other_land(TokenSpan span, Via via) const {
    const Token* previous = scene_.previous(span.begin);
    if (via == Via::demonym || previous == nullptr ||
        (previous->shape & (shape::kTitle | shape::kUpper)) == 0) {
      return false;
    }
    static const WordSet kQuarters{"north", "south", "east", "west"};
    static const WordSet kInstitutions{
        "statistics", "elections",   "transport", "media",       "air",     "aero",   "radio",
        "tourism",    "telecom",     "hockey",    "rugby",       "cricket", "tennis", "athletics",
        "cycling",    "environment", "health",    "corrections", "teen"};
    if (kQuarters.has(*previous)) {
      return !scene_.has_flag(span.begin - 1, Scene::kSentenceStart) &&
             !scene_.has_flag(span.begin, Scene::kHeadline | Scene::kCaps);
    }
    return kInstitutions.has(*previous) &&
           (scene_.text.tokens[span.end - 1].shape & shape::kPossessive) == 0;
  }

  int country(TokenSpan span, const NameSense& sense) const {
    const Token& first = scene_.text.tokens[span.begin];
    const Token* previous = scene_.previous(span.begin);
    if (span.size() == 1 && previous != nullptr && is_part_of_longer(*previous, first)) {
      return 0;
    }
    if ((span.size() == 1 && is_introduced_surname(span.begin)) || is_only_origin(span) ||
        ends_longer_name(span, sense.via) || is_other_land(span, sense.via)) {
      return 0;
    }
    if (sense.via == Via::demonym && is_language(span)) {
      return 0;
    }
    static const std::uint64_t kGeorgia = fold_hash("georgia");
    if (span.size() == 1 && first.hash == kGeorgia && is_georgia_the_state(span)) {
      return 0;
    }
    // "Lebanon, Pennsylvania"
    EntityIndex after = kNoEntity;
    if (sense.via != Via::demonym && span.size() == 1 &&
        place_after(scene_, span, after) == After::us_state &&
        scene_.starts_name(span.begin, 1, {EntityType::city}) &&
        !follows_location_word(scene_, span.begin)) {
      return 0;
    }
    return sense.via == Via::demonym ? 75 : 80;
  }

  // "New Mexico", "West Indian", "African American": what stands before belongs to it.
  bool is_part_of_longer(const Token& previous, const Token& first) const {
    if ((previous.shape & shape::kLower) != 0) {
      return false;
    }
    static const WordSet kBefore{"new", "african", "native", "latin", "miss", "captain", "little"};
    static const WordSet kWestBefore{"indian", "indians"};
    static const std::uint64_t kWest = fold_hash("west");
    // "New Iraq policy" begins a headline; names with New are few.
    static const WordSet kNewNames{"mexico", "zealand", "guinea", "britain", "ireland", "england"};
    static const std::uint64_t kNew = fold_hash("new");
    if (previous.hash == kNew) {
      return kNewNames.has(first);
    }
    return kBefore.has(previous) || (previous.hash == kWest && kWestBefore.has(first));
  }

  // "Michael Jordan ... Jordan said", but "in Jordan" is the country.
  bool is_introduced_surname(std::uint32_t token) const {
    const auto found = scene_.introduced.find(scene_.text.tokens[token].hash);
    if (found == scene_.introduced.end() || follows_location_word(scene_, token)) {
      return false;
    }
    // "Amman, Jordan"
    if (token > 0 && (scene_.text.tokens[token].before & before::kComma) != 0 &&
        scene_.starts_name(token - 1, 1, {EntityType::city})) {
      return false;
    }
    return !scene_.has_flag(token, Scene::kCaps);
  }

  bool is_language(TokenSpan span) const {
    const Token* previous = scene_.previous(span.begin);
    if (previous == nullptr || !scene_.word.speaking.has(*previous)) {
      return false;
    }
    const Token* next = scene_.next(span.end - 1);
    static const WordSet kAfter{"and", "or", "with", "by", "at", "on", "to", "as", "that", "for"};
    return next == nullptr || kAfter.has(*next);
  }

  bool is_georgia_the_state(TokenSpan span) const {
    if ((scene_.text.tokens[span.begin].before & before::kComma) != 0 && span.begin > 0) {
      static const WordSet kTowns{"atlanta", "savannah", "augusta",  "macon",
                                  "athens",  "columbus", "marietta", "brunswick",
                                  "albany",  "decatur",  "rome"};
      if (kTowns.has(scene_.text.tokens[span.begin - 1])) {
        return true;
      }
    }
    return scene_.is_georgia_american;
  }

  int place(TokenSpan span, const Entity& entity) const {
    static const std::uint64_t kGeorgia = fold_hash("georgia");
    if (span.size() == 1 && scene_.text.tokens[span.begin].hash == kGeorgia &&
        entity.code == "USA") {
      return is_georgia_the_state(span) ? 85 : 0;
    }
    if ((span.size() == 1 && is_introduced_surname(span.begin)) || is_only_origin(span) ||
        is_part_of_town(span)) {
      return 0;
    }
    return 65;
  }

  int city(TokenSpan span, EntityIndex index, const Entity& entity) const {
    EntityIndex country = kNoEntity;
    const After after = place_after(scene_, span, country);
    if (after == After::us_state) {
      return entity.code == "USA" ? 86 : 0;
    }
    if (after == After::country && country != kNoEntity &&
        scene_.entity(country).code == entity.code) {
      return 84;
    }
    if (is_only_origin(span) || is_part_of_town(span)) {
      return 0;
    }
    const bool is_located =
        follows_location_word(scene_, span.begin) || scene_.has_flag(span.begin, Scene::kDateline);
    if (span.size() == 1 && is_introduced_surname(span.begin)) {
      return 0;
    }
    const Token& first = scene_.text.tokens[span.begin];
    if (span.size() == 1 &&
        (scene_.word.common_place_names.has(first) || scene_.word.function_words.has(first)) &&
        !is_located) {
      return 0;
    }
    // "SALVADOR ALLENDE"
    if (span.size() == 1 && scene_.has_flag(span.begin, Scene::kCaps) && !is_located &&
        scene_.word.place_names_as_given.has(first)) {
      return 0;
    }
    const Token* previous = scene_.previous(span.begin);
    if (previous != nullptr && scene_.word.given_names.has(*previous) &&
        (previous->shape & shape::kLower) == 0) {
      return 0;
    }
    const bool is_known =
        is_qid(entity) || scene_.gazetteer.populations[index] >= kKnownCityPopulation;
    if (!is_known && !is_located) {
      return 0;
    }
    if (!is_known && is_inside_capitals(span)) {
      return 0;
    }
    // Namesakes: a known one first ("Vienna" is no town in Virginia because Washington spoke), then
    // the one whose country the article names, then the larger (it comes first).
    return (is_known ? 54 : 50) + (scene_.codes_named.contains(entity.code) ? 2 : 0);
  }

  // Part of a longer unknown name.
  bool is_inside_capitals(TokenSpan span) const {
    if (scene_.has_flag(span.begin, Scene::kCaps | Scene::kHeadline)) {
      return true;
    }
    const Token* previous = scene_.previous(span.begin);
    const Token* next = scene_.next(span.end - 1);
    return (previous != nullptr && (previous->shape & shape::kTitle) != 0 &&
            !scene_.word.function_words.has(*previous)) ||
           (next != nullptr && (next->shape & shape::kTitle) != 0 &&
            !scene_.word.function_words.has(*next) &&
            (scene_.text.tokens[span.end - 1].shape & shape::kPossessive) == 0);
  }

  const Scene& scene_;
};

}  // namespace

NameReading read_name(const Scene& scene, std::uint32_t token) {
  const Chooser chooser(scene);
  std::uint32_t i = scene.matches_begin[token];
  const std::uint32_t end = scene.matches_begin[token + 1];
  while (i < end) {
    const TokenSpan span = scene.matches[i].tokens;
    std::uint32_t group_end = i;
    bool has_other = false;
    while (group_end < end && scene.matches[group_end].tokens == span) {
      has_other = has_other || NameSense::of(scene.matches[group_end].payload).via != Via::metonym;
      ++group_end;
    }
    int best = 0;
    NameSense chosen;
    for (; i < group_end; ++i) {
      const NameSense sense = NameSense::of(scene.matches[i].payload);
      const int rank = chooser.rank(span, sense, has_other);
      if (rank > best) {
        best = rank;
        chosen = sense;
      }
    }
    // "Oklahoma City-based" does not speak of Oklahoma.
    if (best == 0 && span.size() > 1 && chooser.is_only_origin(span)) {
      return {};
    }
    if (best > 0) {
      const Entity& entity = scene.entity(chosen.entity);
      const bool can_play =
          entity.type == EntityType::country || entity.type == EntityType::city ||
          (entity.type == EntityType::place && (entity.code == "GBR" || entity.code == "USA"));
      return {span, chosen.entity, chosen.via,
              can_play && chosen.via != Via::metonym && is_team_here(scene, span, chosen.via)};
    }
  }
  return {};
}

}  // namespace tocsin
