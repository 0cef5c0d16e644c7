// What a name means where it stands: which of its senses fits, or none.
#include <algorithm>

#include "pipeline/entities/scene.h"
#include "pipeline/language/sense_table.h"

namespace tocsin {
namespace {

bool follows_location_word(const Scene& scene, std::uint32_t token) {
  const Token* previous = scene.previous(token);
  return previous != nullptr && scene.is(*previous, WordClass::location);
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

SenseKind kind_of(const Entity& entity, Via via) {
  if (via == Via::metonym) return SenseKind::metonym;
  switch (entity.type) {
    case EntityType::person:
      return SenseKind::person;
    case EntityType::country:
      return SenseKind::country;
    case EntityType::place:
      return SenseKind::place;
    case EntityType::city:
      return SenseKind::city;
    case EntityType::org:
    case EntityType::group:
    case EntityType::weapon:
      break;
  }
  return SenseKind::body;
}

// Of one occurrence of a name: the answers to what the table of senses asks.
class Chooser {
 public:
  explicit Chooser(const Scene& scene) : scene_(scene) {}

  // Rank of a sense, higher is better; 0 when it does not fit.
  int rank(TokenSpan span, const NameSense& sense, bool has_other) const {
    const Entity& entity = scene_.entity(sense.entity);
    const auto kind = static_cast<std::size_t>(kind_of(entity, sense.via));
    const Asked asked{span, sense, entity, has_other};
    Answers answers;
    for (const SenseRule& rule : scene_.language.senses().rules[kind]) {
      const bool fits = std::all_of(rule.when.begin(), rule.when.end(), [&](const SenseTest& test) {
        return answer(asked, test.cue, answers) == test.is_wanted;
      });
      if (fits) return rule.rank;
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
  // What a question is about.
  struct Asked {
    TokenSpan span;
    NameSense sense;
    const Entity& entity;
    bool has_other = false;
  };
  // A question is answered once.
  struct Answers {
    std::uint64_t given = 0;
    std::uint64_t yes = 0;
  };
  static_assert(kSenseCues <= 64);

  bool answer(const Asked& asked, SenseCue cue, Answers& answers) const {
    const std::uint64_t bit = std::uint64_t{1} << static_cast<unsigned>(cue);
    if ((answers.given & bit) == 0) {
      answers.given |= bit;
      if (holds(asked, cue)) answers.yes |= bit;
    }
    return (answers.yes & bit) != 0;
  }

  bool holds(const Asked& asked, SenseCue cue) const {
    const std::uint32_t first = asked.span.begin;
    const std::uint32_t last = asked.span.end - 1;
    switch (cue) {
      case SenseCue::is_single:
        return asked.span.size() == 1;
      case SenseCue::is_demonym:
        return asked.sense.via == Via::demonym;
      case SenseCue::has_other_sense:
        return asked.has_other;
      case SenseCue::acts:
        return acts(scene_, asked.span);
      case SenseCue::follows_location:
        return follows_location_word(scene_, first);
      case SenseCue::follows_strict_location:
        return follows(first, WordClass::location_strict);
      case SenseCue::names_house:
        return scene_.is(last, WordClass::seat_of_government);
      case SenseCue::follows_name_word:
        return scene_.follows_name_word(first);
      case SenseCue::is_armed_service:
        return scene_.is(last, WordClass::armed_service);
      case SenseCue::is_only_origin:
        return is_only_origin(asked.span);
      case SenseCue::is_language:
        return is_language(asked.span);
      case SenseCue::precedes_thing:
        return precedes_thing(asked.span, asked.sense.via);
      case SenseCue::is_people_of_town:
        return is_people_of_town(asked.span, asked.sense.via);
      case SenseCue::is_plain_word:
        return is_plain_word(asked.span, asked.sense);
      case SenseCue::is_introduced_surname:
        return is_introduced_surname(first);
      case SenseCue::is_shouted_word:
        return is_shouted_word(asked.span, asked.sense);
      case SenseCue::is_part_of_longer:
        return is_part_of_longer(first);
      case SenseCue::is_other_land:
        return is_other_land(asked.span, asked.sense.via);
      case SenseCue::ends_longer_name:
        return ends_longer_name(asked.span, asked.sense.via);
      default:
        return holds_of_place(asked, cue);
    }
  }

  bool holds_of_place(const Asked& asked, SenseCue cue) const {
    const std::uint32_t first = asked.span.begin;
    switch (cue) {
      case SenseCue::is_shared_name:
        return asked.span.size() == 1 && scene_.is(first, WordClass::shared_name);
      case SenseCue::is_shared_name_state:
        return is_shared_name_state_at(asked.span);
      case SenseCue::is_part_of_town:
        return is_part_of_town(asked.span);
      case SenseCue::precedes_state:
        return scene_.place_after(asked.span).kind == PlaceAfter::Kind::us_state;
      case SenseCue::precedes_own_country: {
        const PlaceAfter after = scene_.place_after(asked.span);
        return after.kind == PlaceAfter::Kind::country &&
               scene_.entity(after.country).code == asked.entity.code;
      }
      case SenseCue::is_town_here:
        return scene_.located_in(asked.span) == scene_.language.shared_name().state_of &&
               asked.entity.code != scene_.language.shared_name().state_of;
      case SenseCue::is_elsewhere: {
        const std::string_view code = scene_.located_in(asked.span);
        return !code.empty() && code != asked.entity.code;
      }
      case SenseCue::is_part_of_state:
        return is_part_of_state(asked.span);
      case SenseCue::is_in_state_country:
        return asked.entity.code == scene_.language.shared_name().state_of;
      case SenseCue::is_common_word:
        return scene_.is(first, WordClass::common_word_place) ||
               scene_.is(first, WordClass::function_word);
      case SenseCue::is_located:
        return follows_location_word(scene_, first) || scene_.has_flag(first, Scene::kDateline) ||
               !scene_.located_in(asked.span).empty();
      case SenseCue::is_shouted_given_name:
        return scene_.has_flag(first, Scene::kCaps) &&
               scene_.is(first, WordClass::given_name_or_place);
      case SenseCue::follows_given_name:
        return follows(first, WordClass::given_name) && !scene_.is_lower(first - 1);
      case SenseCue::is_known_town:
        return scene_.is_known_town(asked.sense.entity);
      case SenseCue::is_inside_capitals:
        return is_inside_capitals(asked.span);
      case SenseCue::has_named_country:
        return scene_.names_country(asked.entity.code);
      default:
        return holds_of_actor(asked, cue);
    }
  }

  bool holds_of_actor(const Asked& asked, SenseCue cue) const {
    const std::uint32_t first = asked.span.begin;
    switch (cue) {
      case SenseCue::holds_office:
        return has_office(asked.entity, [this](const Office& office) {
          return office.from_day <= scene_.day && scene_.day <= office.to_day;
        });
      case SenseCue::has_held_office:
        return has_office(asked.entity,
                          [this](const Office& office) { return office.from_day <= scene_.day; });
      case SenseCue::is_introduced_other: {
        const Introduction* owner = scene_.introduced.find(scene_.text.tokens[first].hash);
        return owner != nullptr && owner->person != asked.sense.entity;
      }
      case SenseCue::is_named_for_person:
        return asked.entity.type == EntityType::org && is_named_for_person(first);
      case SenseCue::is_foreign_body:
        return scene_.is_foreign_body(first);
      case SenseCue::is_generic_body: {
        bool is_generic = true;
        for (std::uint32_t i = first; i < asked.span.end; ++i)
          is_generic = is_generic && scene_.is(i, WordClass::generic_body);
        return is_generic;
      }
      case SenseCue::goes_on:
        return asked.span.size() == 1 && scene_.next(first) != nullptr &&
               scene_.is_capital(asked.span.end) && !scene_.has_flag(first, Scene::kHeadline);
      case SenseCue::has_unnamed_state:
        return !asked.entity.code.empty() && !scene_.names_country(asked.entity.code);
      case SenseCue::has_own_id:
        return !asked.entity.id.starts_with("tocsin:");
      case SenseCue::is_letters:
        return asked.sense.via == Via::acronym && !scene_.is(first, WordClass::known_letters);
      case SenseCue::is_state_and_noun:
        return is_state_and_noun(asked.span, asked.entity);
      default:
        return false;
    }
  }

  template <class Test>
  static bool has_office(const Entity& person, const Test& test) {
    return std::any_of(person.offices.begin(), person.offices.end(), test);
  }

  [[nodiscard]] bool follows(std::uint32_t token, WordClass wanted) const {
    const Token* previous = scene_.previous(token);
    return previous != nullptr && scene_.is(*previous, wanted);
  }

  // In a sentence in capitals "US", "WHO" and "IT" may be words.
  bool is_shouted_word(TokenSpan span, const NameSense& sense) const {
    if (span.size() != 1) {
      return false;
    }
    const Token& token = scene_.text.tokens[span.begin];
    // "US$2 million"
    if (token.end < scene_.text.bytes.size() && scene_.text.bytes[token.end] == '$') return true;
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
        scene_.is(*previous, WordClass::beside_stamp) ||
        scene_.is(*previous, WordClass::stamp_word) ||
        (scene_.text.tokens[at].before & (before::kJoinedHyphen | before::kJoinedSlash)) != 0) {
      return false;
    }
    const bool is_acronym = (previous->shape & shape::kUpper) != 0;
    if (via == Via::name && is_acronym) {
      return false;  // "KDP Iraq"
    }
    // "By Milan Petrovic BELGRADE (Danube News)"
    if ((via == Via::name || via == Via::alias) &&
        (scene_.text.tokens[at].shape & shape::kUpper) != 0) {
      return false;
    }
    if (via == Via::name) {
      // A name that ends here is over: "Vladimir Putin Russia" does not go on.
      return !is_known_before(at);
    }
    // "Jools Holland"
    if (via == Via::acronym || via == Via::alias) {
      return !scene_.text.words->knows(previous->word) && !is_known_before(at);
    }
    return via == Via::demonym && scene_.is(at, WordClass::demonym_surname) && !is_known_before(at);
  }

  // A name stands right before it, other than of a small town: those are surnames as well.
  bool is_known_before(std::uint32_t at) const {
    constexpr std::uint32_t kTokensMax = 4;
    const std::uint32_t first = at - std::min(at, kTokensMax);
    for (std::uint32_t i = scene_.matches_begin[first]; i < scene_.matches_begin[at]; ++i) {
      // What begins right before it goes on there; of longer ones what ends there.
      const TokenSpan name = scene_.matches[i].tokens;
      if (name.begin + 1 != at && name.end != at) continue;
      const auto [named, via] = NameSense::of(scene_.matches[i].payload);
      const EntityType type = scene_.entity(named).type;
      const bool is_letters =
          via == Via::acronym && (scene_.text.tokens[at - 1].shape & shape::kUpper) == 0;
      if (type == EntityType::country || type == EntityType::place ||
          (type == EntityType::org && !is_letters) ||
          (type == EntityType::city && scene_.is_known_town(named)))
        return true;
    }
    return false;
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
    // "San Francisco de Macoris"
    const Token* link = scene_.next(span.end - 1);
    if (link != nullptr && scene_.is(*link, WordClass::name_particle) &&
        scene_.next(span.end) != nullptr && scene_.is_capital(span.end + 1) &&
        (scene_.text.tokens[span.end + 1].before & before::kJoinedHyphen) == 0 &&
        (scene_.text.tokens[span.end - 1].shape & shape::kPossessive) == 0) {
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

  // "New Mexico", "West Indian", "African American": what stands before belongs to it.
  bool is_part_of_longer(std::uint32_t first) const {
    const Token* before_it = scene_.previous(first);
    if (before_it == nullptr || (before_it->shape & shape::kLower) != 0) {
      return false;
    }
    const Token& previous = *before_it;
    // "New Iraq policy" begins a headline; names with New are few.
    if (scene_.is(previous, WordClass::new_word)) {
      return scene_.is(first, WordClass::new_land);
    }
    return scene_.is(previous, WordClass::other_land) ||
           (scene_.is(previous, WordClass::west_word) && scene_.is(first, WordClass::west_people));
  }

  // "Michael Jordan ... Jordan said", but "in Jordan" is the country.
  bool is_introduced_surname(std::uint32_t token) const {
    if (scene_.introduced.find(scene_.text.tokens[token].hash) == nullptr ||
        follows_location_word(scene_, token)) {
      return false;
    }
    // "Amman, Jordan"
    if (token > 0 && (scene_.text.tokens[token].before & before::kComma) != 0 &&
        scene_.starts_name(token - 1, 1, {EntityType::city})) {
      return false;
    }
    return !scene_.has_flag(token, Scene::kCaps);
  }

  // "Jacques Roche, a poet ... Roche": somebody nobody knows, where the body of the article has not
  // named a firm so before him ("Ford said ... Bill Ford ... Ford").
  bool is_named_for_person(std::uint32_t token) const {
    if (!is_introduced_surname(token)) return false;
    const std::uint64_t word = scene_.text.tokens[token].hash;
    const Introduction& introduction = *scene_.introduced.find(word);
    if (introduction.person != kNoEntity) return false;
    const TokenSpan person = introduction.tokens;
    for (std::uint32_t i = 0; i < person.begin; ++i) {
      if (scene_.text.tokens[i].hash == word && scene_.is_capital(i) &&
          scene_.text.sentences[scene_.text.sentence_of(i)].field == Field::body) {
        return false;
      }
    }
    return true;
  }

  // "German shepherd", "Russian roulette", "Canada goose".
  bool precedes_thing(TokenSpan span, Via via) const {
    const Token* next = scene_.next(span.end - 1);
    if (next != nullptr && scene_.is(*next, WordClass::armed_service)) {
      next = scene_.next(span.end);  // "Swiss army knife"
    } else if (next != nullptr && !scene_.is(*next, WordClass::thing_of_people) &&
               scene_.is(*next, WordClass::thing_modifier)) {
      next = scene_.next(span.end);  // "German chocolate cake"
    }
    return next != nullptr && (via == Via::demonym || via == Via::name) &&
           (scene_.text.tokens[span.end - 1].shape & shape::kPossessive) == 0 &&
           scene_.is(*next, WordClass::thing_of_people);
  }

  // "Mumbai Indians", "London Irish": a team.
  bool is_people_of_town(TokenSpan span, Via via) const {
    const Token* previous = scene_.previous(span.begin);
    return via == Via::demonym && previous != nullptr && is_collective(scene_, span) &&
           !scene_.has_flag(span.begin, Scene::kCaps | Scene::kHeadline) &&
           (previous->shape & shape::kPossessive) == 0 &&
           scene_.starts_name(span.begin - 1, 1, {EntityType::city}) &&
           !follows_location_word(scene_, span.begin - 1);
  }

  // "Wild Turkey" over "a wild turkey"; in a text without capitals any single word that is no state
  // or people, or that is a word as well.
  bool is_plain_word(TokenSpan span, const NameSense& sense) const {
    if (span.size() > 1) {
      return false;
    }
    if (scene_.is_small) {
      return scene_.entity(sense.entity).type != EntityType::country || sense.via == Via::acronym ||
             sense.via == Via::metonym ||
             (scene_.is(span.begin, WordClass::small_word) && !is_state_in_small(span.begin));
    }
    return scene_.has_flag(span.begin, Scene::kHeadline | Scene::kCaps | Scene::kSentenceStart) &&
           std::binary_search(scene_.small_words.begin(), scene_.small_words.end(),
                              scene_.text.tokens[span.begin].hash);
  }

  // "india and china", "turkey with iran"
  bool is_joined_to_state(std::uint32_t token) const {
    const auto is_state = [this](std::uint32_t at) {
      return scene_.country_at(at) != kNoEntity && !scene_.is(at, WordClass::small_word);
    };
    return (token > 1 && follows(token, WordClass::function_word) && scene_.joins(token - 1) &&
            is_state(token - 2)) ||
           (token + 2 < scene_.size() && scene_.joins(token + 1) && scene_.joins(token + 2) &&
            scene_.is(token + 1, WordClass::function_word) && is_state(token + 2));
  }

  // "turkey warns iran", "bombs fall near turkey": where a sentence begins or a place is expected,
  // beside a state that is no word.
  bool is_state_in_small(std::uint32_t token) const {
    const bool opens = scene_.has_flag(token, Scene::kSentenceStart);
    if (!opens && !follows(token, WordClass::location_strict) && !is_joined_to_state(token))
      return false;
    const TokenSpan sentence = scene_.text.sentences[scene_.text.sentence_of(token)].tokens;
    for (std::uint32_t i = sentence.begin; i < sentence.end; ++i) {
      if (i != token && scene_.country_at(i) != kNoEntity && !scene_.is(i, WordClass::small_word)) {
        return true;
      }
    }
    return false;
  }

  // "Niger State", but not "Egypt State TV".
  bool is_part_of_state(TokenSpan span) const {
    const Token* next = scene_.next(span.end - 1);
    return next != nullptr && (next->shape & shape::kTitle) != 0 &&
           scene_.is(*next, WordClass::state_word) &&
           (scene_.text.tokens[span.end - 1].shape & shape::kPossessive) == 0 &&
           (scene_.next(span.end) == nullptr || !scene_.is_capital(span.end + 1));
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

namespace {

// "U.S. Food and Drug Administration": the state is part of its body's name.
bool precedes_own_body(const Scene& scene, TokenSpan span, const NameSense& sense) {
  const Entity& state = scene.entity(sense.entity);
  if (state.type != EntityType::country || span.end >= scene.size() || !scene.joins(span.end) ||
      (scene.text.tokens[span.end - 1].shape & shape::kPossessive) != 0)
    return false;
  for (std::uint32_t i = scene.matches_begin[span.end]; i < scene.matches_begin[span.end + 1];
       ++i) {
    const NameSense next = NameSense::of(scene.matches[i].payload);
    const Entity& body = scene.entity(next.entity);
    if (scene.matches[i].tokens.size() >= 2 && body.type == EntityType::org &&
        next.via == Via::name && body.code == state.code)
      return true;
  }
  return false;
}

}  // namespace

namespace {

// What looks like the name of a body that does not act: "New York's Times Square" is no newspaper,
// "Rt Rev Michael" no channel, "Group Economist" no magazine.
bool only_looks_so(const Scene& scene, TokenSpan span, const NameSense& sense) {
  constexpr std::size_t kLettersMax = 3;
  const Entity& entity = scene.entity(sense.entity);
  if (entity.type != EntityType::org) return false;
  // "Laquan McDonald" is no restaurant: "McDonald's", "Lloyd's".
  if (sense.via == Via::name && entity.name.ends_with("'s") &&
      (scene.text.tokens[span.end - 1].shape & shape::kPossessive) == 0)
    return true;
  if (entity.part != Part::none) return false;
  const Token& first = scene.text.tokens[span.begin];
  if (span.size() > 1) {
    bool is_parted = false;
    for (std::uint32_t i = span.begin; i + 1 < span.end; ++i)
      is_parted = is_parted || (scene.text.tokens[i].shape & shape::kPossessive) != 0;
    return is_parted && entity.name.find('\'') == std::string::npos;
  }
  if ((first.shape & shape::kTitle) == 0) return false;
  if (first.end - first.begin <= kLettersMax) return entity.name.size() <= kLettersMax;
  const Token* previous = scene.previous(span.begin);
  return sense.via == Via::alias && previous != nullptr && (previous->shape & shape::kTitle) != 0 &&
         !scene.has_flag(span.begin, Scene::kHeadline) &&
         !scene.is(*previous, WordClass::function_word);
}

}  // namespace

NameReading read_name(const Scene& scene, std::uint32_t token) {
  const Chooser chooser(scene);
  std::uint32_t i = scene.matches_begin[token];
  const std::uint32_t end = scene.matches_begin[token + 1];
  while (i < end) {
    const TokenSpan span = scene.matches[i].tokens;
    if (span.size() == 1 && scene.goes_on_in_word(token)) {
      ++i;
      continue;
    }
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
      const int rank = only_looks_so(scene, span, sense) ? 0 : chooser.rank(span, sense, has_other);
      if (rank > best) {
        best = rank;
        chosen = sense;
      }
    }
    // "Oklahoma City-based" does not speak of Oklahoma.
    if (best == 0 && span.size() > 1 && chooser.is_only_origin(span)) {
      return {};
    }
    if (best > 0 && precedes_own_body(scene, span, chosen)) return {};
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
