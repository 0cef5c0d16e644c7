// What a name means where it stands: which of its senses fits, or none.
#include <algorithm>

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
  return previous != nullptr && scene.is(*previous, WordClass::location);
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
  const Token* previous = scene.previous(span.begin);
  if (previous != nullptr && scene.is(*previous, WordClass::between)) {
    return true;
  }
  // "Moscow, which wants"
  if (span.end + 1 < scene.size() && scene.is(span.end, WordClass::relative_thing) &&
      (scene.text.tokens[span.end].before & before::kComma) != 0) {
    return scene.is(span.end + 1, WordClass::government_act);
  }
  for (std::uint32_t i = span.end; i < scene.size() && i < span.end + 3 && scene.joins(i); ++i) {
    const Token& token = scene.text.tokens[i];
    if (scene.is(token, WordClass::government_act)) {
      return true;
    }
    if (!scene.is(token, WordClass::before_act)) {
      return false;
    }
  }
  return false;
}

bool is_possessive(const Scene& scene, TokenSpan span) {
  return (scene.text.tokens[span.end - 1].shape & shape::kPossessive) != 0 ||
         (span.end < scene.size() && scene.is(span.end, WordClass::possessive_letter) &&
          (scene.is_lower(span.end) || scene.has_flag(span.end, Scene::kCaps)));
}

// "The Irish", "the Germans": people as a whole; "the Brazilian" is one of them.
bool is_collective(const Scene& scene, TokenSpan span) {
  const std::string_view word = scene.text.slice(scene.text.tokens[span.end - 1]);
  const std::vector<std::string>& endings = scene.language.phrases(PhraseList::people_ending);
  return std::any_of(endings.begin(), endings.end(), [word](std::string_view ending) {
    return word.size() >= ending.size() &&
           std::equal(ending.rbegin(), ending.rend(), word.rbegin(), [](char a, char b) {
             return a == b || (b >= 'A' && b <= 'Z' && a == b + 32);
           });
  });
}

// On a sports page a country is its team, but for places: "in Germany", "(Germany)", datelines.
bool is_team_here(const Scene& scene, TokenSpan span, Via via) {
  if (!scene.is_sport) {
    return false;
  }
  const Token& first = scene.text.tokens[span.begin];
  const Token* previous = scene.previous(span.begin);
  if (via == Via::demonym) {
    // "The Irish took the lead": the team; "the Irish striker": its country.
    if (previous == nullptr && scene.has_flag(span.begin, Scene::kCaps)) {
      return is_collective(scene, span);
    }
    if (previous == nullptr || !scene.is(*previous, WordClass::definite_article)) {
      return false;
    }
    const Token* next = scene.next(span.end - 1);
    return is_collective(scene, span) &&
           (next == nullptr || scene.is(*next, WordClass::people_play));
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
  if (via == Via::acronym && next != nullptr && scene.is_lower(span.end) &&
      !scene.is(*next, WordClass::acronym_plays)) {
    return false;
  }
  if (previous == nullptr) {
    return true;
  }
  if (scene.is(*previous, WordClass::goal)) {
    const Token* verb = scene.previous(span.begin - 1);
    return verb == nullptr || !scene.is(*verb, WordClass::movement);
  }
  // "DETROIT AT TEXAS": two teams.
  return scene.has_flag(span.begin, Scene::kCaps) || !scene.is(*previous, WordClass::location);
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
           scene_.is(span.end, WordClass::origin_suffix);
  }

 private:
  // In a sentence in capitals "US", "WHO" and "IT" may be words.
  bool is_shouted_word(TokenSpan span, const NameSense& sense) const {
    if (span.size() != 1) {
      return false;
    }
    const Token& token = scene_.text.tokens[span.begin];
    // "Plan", "Fact": acronyms in small letters that are words.
    const bool is_shouted = scene_.has_flag(span.begin, Scene::kCaps);
    if (scene_.is(token, WordClass::acronym_word) &&
        (is_shouted || (token.shape & shape::kTitle) != 0) &&
        (sense.via == Via::acronym || sense.via == Via::alias)) {
      return true;
    }
    if (!is_shouted) {
      return false;
    }
    if ((token.shape & shape::kPointed) != 0) {
      return false;
    }
    if (scene_.is(token, WordClass::pronoun_or_country)) {
      const Token* previous = scene_.previous(span.begin);
      return previous != nullptr && scene_.is(*previous, WordClass::before_pronoun);
    }
    return sense.via == Via::acronym && (scene_.is(token, WordClass::shouted_word) ||
                                         scene_.is(token, WordClass::function_word));
  }

  int metonym(TokenSpan span, bool has_other) const {
    if (has_other) {
      return acts(scene_, span) ? 70 : 0;
    }
    return follows_location_word(scene_, span.begin) || is_rare_metonym(span) ? 0 : 40;
  }
  // A capital that the gazetteer holds as a metonym only must act all the same.
  bool is_rare_metonym(TokenSpan span) const {
    return !scene_.is(span.end - 1, WordClass::seat_of_government) && !acts(scene_, span);
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
    const Token* previous = scene_.previous(span.begin);
    if (previous != nullptr && (scene_.is(*previous, WordClass::location_strict) ||
                                scene_.follows_name_word(span.begin))) {
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
      is_generic = is_generic && scene_.is(i, WordClass::generic_body);
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
    return scene_.is(span.end - 1, WordClass::armed_service);
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
        scene_.is(*previous, WordClass::function_word) ||
        scene_.is(*previous, WordClass::land_modifier) ||
        scene_.is(*previous, WordClass::honorific) || scene_.is(*previous, WordClass::location) ||
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
    return via == Via::demonym && scene_.is(at, WordClass::demonym_surname) &&
           !scene_.starts_name(
               at - 1, 1,
               {EntityType::country, EntityType::place, EntityType::city, EntityType::org});
  }

  // "North Las Vegas", "Western Pennsylvania": another place.
  bool is_part_of_town(TokenSpan span) const {
    const Token* previous = scene_.previous(span.begin);
    if (previous != nullptr && (previous->shape & shape::kTitle) != 0 &&
        !scene_.has_flag(span.begin - 1, Scene::kSentenceStart) &&
        !scene_.has_flag(span.begin, Scene::kHeadline) &&
        scene_.is(*previous, WordClass::town_part)) {
      return true;
    }
    // "Michigan State beat Ohio": a university, but not "Washington State Department".
    const Token* next = scene_.next(span.end - 1);
    if (next == nullptr || !scene_.is(*next, WordClass::state_word) ||
        (next->shape & shape::kTitle) == 0 ||
        scene_.has_flag(span.begin, Scene::kHeadline | Scene::kCaps)) {
      return false;
    }
    const Token* after = scene_.next(span.end);
    return after == nullptr || !scene_.is(*after, WordClass::state_office);
  }

  // "South China", "East Germany", "Statistics Canada": the word before makes another name.
  bool is_other_land(TokenSpan span, Via via) const {
    const Token* previous = scene_.previous(span.begin);
    if (via == Via::demonym || previous == nullptr ||
        (previous->shape & (shape::kTitle | shape::kUpper)) == 0) {
      return false;
    }
    if (scene_.is(*previous, WordClass::land_part)) {
      return !scene_.has_flag(span.begin - 1, Scene::kSentenceStart) &&
             !scene_.has_flag(span.begin, Scene::kHeadline | Scene::kCaps);
    }
    return scene_.is(*previous, WordClass::country_institution) &&
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
    if (span.size() == 1 && scene_.is(first, WordClass::shared_name) &&
        is_shared_name_state_at(span)) {
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
    // "New Iraq policy" begins a headline; names with New are few.
    if (scene_.is(previous, WordClass::new_word)) {
      return scene_.is(first, WordClass::new_land);
    }
    return scene_.is(previous, WordClass::other_land) ||
           (scene_.is(previous, WordClass::west_word) && scene_.is(first, WordClass::west_people));
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
    if (previous == nullptr || !scene_.is(*previous, WordClass::speaking)) {
      return false;
    }
    const Token* next = scene_.next(span.end - 1);
    return next == nullptr || scene_.is(*next, WordClass::after_language);
  }

  bool is_shared_name_state_at(TokenSpan span) const {
    if ((scene_.text.tokens[span.begin].before & before::kComma) != 0 && span.begin > 0) {
      if (scene_.is(span.begin - 1, WordClass::shared_name_town)) {
        return true;
      }
    }
    return scene_.is_shared_name_state;
  }

  int place(TokenSpan span, const Entity& entity) const {
    if (span.size() == 1 && scene_.is(span.begin, WordClass::shared_name) && entity.code == "USA") {
      return is_shared_name_state_at(span) ? 85 : 0;
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
        (scene_.is(first, WordClass::common_word_place) ||
         scene_.is(first, WordClass::function_word)) &&
        !is_located) {
      return 0;
    }
    // "SALVADOR ALLENDE"
    if (span.size() == 1 && scene_.has_flag(span.begin, Scene::kCaps) && !is_located &&
        scene_.is(first, WordClass::given_name_or_place)) {
      return 0;
    }
    const Token* previous = scene_.previous(span.begin);
    if (previous != nullptr && scene_.is(*previous, WordClass::given_name) &&
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
            !scene_.is(*previous, WordClass::function_word)) ||
           (next != nullptr && (next->shape & shape::kTitle) != 0 &&
            !scene_.is(*next, WordClass::function_word) &&
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
