// From left to right: names, then who a surname or a title means, then what looks like a name.
#include <algorithm>
#include <span>
#include <string>
#include <unordered_map>

#include "pipeline/entities/scene.h"

namespace tocsin {
namespace {

constexpr std::int32_t kAroundOfficeDays = 10 * 365;
// Of an article without a date nobody is meant by his surname who left office before 1985.
constexpr std::int32_t kUndatedFromDay = 15 * 365;
// Salience: what stands in the title or the lead says what an article is about.
constexpr std::uint32_t kTitleWeight = 4;
constexpr std::uint32_t kLeadWeight = 2;
constexpr std::uint32_t kRestWeight = 1;
constexpr std::uint16_t kLeadSentences = 2;
constexpr std::size_t kEntitiesUsual = 16;  // room for so many is made at once

class Tagger {
 public:
  Tagger(const Gazetteer& gazetteer, const Text& text, std::int64_t published_at_ms,
         SceneMemory& memory)
      : scene_(gazetteer, text, published_at_ms, memory) {}

  Tagging run() {
    tagging_.is_sport = scene_.is_sport;
    tagging_.mentions.reserve(scene_.matches.size() + scene_.runs.size());
    tagging_.entities.reserve(kEntitiesUsual);
    introduce_titled();
    for (std::uint32_t token = 0; token < scene_.size();) {
      token = step(token);
    }
    weigh();
    return std::move(tagging_);
  }

 private:
  // "President Mossberg" introduces as a full name does, wherever it stands.
  void introduce_titled() {
    for (const std::uint32_t token : scene_.noted) {
      const Token* previous = scene_.previous(token);
      const std::uint64_t surname = scene_.text.tokens[token].hash;
      if (previous == nullptr || !scene_.is_capital(token) ||
          !scene_.is(*previous, WordClass::honorific) ||
          scene_.introduced.find(surname) != nullptr) {
        continue;
      }
      const EntityIndex person = known_by_surname(token);
      if (person != kNoEntity) {
        scene_.introduced.add(surname, {person, {token, token + 1}});
      }
    }
  }

  bool held_one_of(EntityIndex person, std::span<const std::string> titles) const {
    const std::vector<Office>& offices = scene_.entity(person).offices;
    return titles.empty() || std::any_of(offices.begin(), offices.end(), [&titles](const auto& o) {
             return std::find(titles.begin(), titles.end(), o.title) != titles.end();
           });
  }

  // Tags what starts at the token; returns where to go on.
  std::uint32_t step(std::uint32_t token) {
    if (!scene_.is_capital(token) && scene_.run_at[token] < 0 && scene_.role_at[token] < 0 &&
        scene_.matches_begin[token] == scene_.matches_begin[token + 1])
      return token + 1;
    if (const std::uint32_t end = abbreviation(token); end > token) {
      return end;
    }
    const NameReading reading = read_name(scene_, token);
    const bool has_name = reading.entity != kNoEntity;
    if (scene_.run_at[token] >= 0) {
      const Run& run = scene_.runs[static_cast<std::size_t>(scene_.run_at[token])];
      if (!has_name || run.tokens.end > reading.tokens.end) {
        emit_unknown(run);
        return run.tokens.end;
      }
    }
    if (has_name && begins_longer_name(reading.tokens)) return token + 1;
    if (has_name) {
      emit(reading.tokens, entity_of(reading.entity, reading.is_team), reading.via);
      return reading.tokens.end;
    }
    if (const std::uint32_t end = surname(token); end > token) {
      return end;
    }
    if (const std::uint32_t end = office(token); end > token) {
      return end;
    }
    if (const EntityIndex half = other_half(token); half != kNoEntity) {
      emit({token, token + 1}, entity_of(half, false), Via::name);
    }
    return token + 1;
  }

  // "North and South Korean warships": whose name shares its last word with the one behind it.
  EntityIndex other_half(std::uint32_t token) {
    if (token + 3 >= scene_.size() || !scene_.is_capital(token) ||
        !scene_.is(token, WordClass::land_part) || !scene_.is(token + 2, WordClass::land_part) ||
        !scene_.is(token + 1, WordClass::function_word) ||
        scene_.is(token + 1, WordClass::genitive))
      return kNoEntity;
    const NameReading reading = read_name(scene_, token + 2);
    if (reading.entity == kNoEntity || reading.is_team || reading.tokens.size() < 2) {
      return kNoEntity;
    }
    const Entity& whole = scene_.entity(reading.entity);
    const std::size_t shared = whole.name.find(' ');
    if (whole.type != EntityType::country || shared == std::string::npos) return kNoEntity;
    const std::string_view word = scene_.text.slice(scene_.text.bytes_of({token, token + 1}));
    const std::string name = std::string(word) + whole.name.substr(shared);
    // Few words make halves, and each is looked for once in an article.
    const auto [found, is_new] = halves_.try_emplace(name, kNoEntity);
    if (is_new) {
      const std::span<const Entity> all = scene_.gazetteer.entities;
      const auto half = std::find_if(all.begin(), all.end(), [&](const Entity& entity) {
        return entity.type == EntityType::country && entity.name == name;
      });
      if (half != all.end()) found->second = static_cast<EntityIndex>(half - all.begin());
    }
    return found->second;
  }

  // "The Sudan People's Liberation Army" is not the Sudan: behind the article a longer name begins.
  bool begins_longer_name(TokenSpan span) const {
    const std::uint32_t next = span.begin + 1;
    if (span.size() < 2 || !scene_.is(span.begin, WordClass::definite_article)) return false;
    if (scene_.run_at[next] >= 0) {
      return scene_.runs[static_cast<std::size_t>(scene_.run_at[next])].tokens.end > span.end;
    }
    return read_name(scene_, next).tokens.end > span.end;
  }

  // Letters that the article has given a meaning: "the National Salvation Front (NSF)".
  std::uint32_t abbreviation(std::uint32_t token) {
    if ((scene_.text.tokens[token].shape & shape::kUpper) == 0 ||
        scene_.has_flag(token, Scene::kCaps)) {
      return token;
    }
    const Abbreviation* meant = scene_.abbreviation_of(token);
    if (meant == nullptr) {
      return token;
    }
    emit({token, token + 1},
         meant->known != kNoEntity
             ? entity_of(meant->known, false)
             : unknown_of(std::string(scene_.text.slice(scene_.text.bytes_of(meant->name))),
                          EntityType::org),
         Via::acronym);
    return token + 1;
  }

  // "Mr Putin", "Putin": who was introduced by that name, or the one person known by it.
  std::uint32_t surname(std::uint32_t token) {
    const Token& t = scene_.text.tokens[token];
    if (!scene_.is_capital(token) || scene_.is(t, WordClass::function_word)) {
      return token;
    }
    // "V", "XI", "BA": abbreviations, unless everything is in capitals.
    if ((t.shape & shape::kUpper) != 0 && !scene_.has_flag(token, Scene::kCaps)) {
      return token;
    }
    const Introduction* found = scene_.introduced.find(t.hash);
    if (found != nullptr) {
      if (scene_.follows_name_word(token)) {
        return token;
      }
      const Introduction& introduction = *found;
      const EntityIndex entity =
          introduction.person != kNoEntity
              ? entity_of(introduction.person, false)
              : unknown_of(
                    std::string(scene_.text.slice(scene_.text.bytes_of(introduction.tokens))),
                    EntityType::person);
      emit({token, token + 1}, entity, Via::surname);
      return token + 1;
    }
    const EntityIndex person = known_by_surname(token);
    if (person == kNoEntity) {
      return token;
    }
    emit({token, token + 1}, entity_of(person, false), Via::surname);
    return token + 1;
  }

  bool is_high(const Office& office) const {
    const std::span<const std::string> high = scene_.language.high_offices();
    return std::find(high.begin(), high.end(), office.title) != high.end();
  }

  bool was_in_high_office(EntityIndex person) const {
    const std::vector<Office>& offices = scene_.entity(person).offices;
    return std::any_of(offices.begin(), offices.end(), [this](const Office& office) {
      if (!is_high(office)) return false;
      if (scene_.day == 0) return office.to_day >= kUndatedFromDay;
      return std::int64_t{office.from_day} - kAroundOfficeDays <= scene_.day &&
             scene_.day <= std::int64_t{office.to_day} + kAroundOfficeDays;
    });
  }

  // "Fox said" is Mexico's president while he serves, or where Mexico is spoken of.
  bool is_expected_here(EntityIndex person) const {
    const Entity& entity = scene_.entity(person);
    return entity.code.empty() || entity.part == Part::alliance || is_in_office(person) ||
           scene_.names_country(entity.code);
  }

  bool is_in_office(EntityIndex person) const {
    const std::vector<Office>& offices = scene_.entity(person).offices;
    return scene_.day != 0 &&
           std::any_of(offices.begin(), offices.end(), [this](const Office& office) {
             return is_high(office) && office.from_day <= scene_.day && scene_.day <= office.to_day;
           });
  }

  // A surname without an introduction: with a title before it, or known everywhere.
  EntityIndex known_by_surname(std::uint32_t token) const {
    const auto [begin, end] = scene_.gazetteer.with_surname(scene_.text.tokens[token].hash);
    if (begin == end || scene_.follows_name_word(token) || scene_.goes_on_in_word(token)) {
      return kNoEntity;
    }
    const Token* previous = scene_.previous(token);
    constexpr std::uint32_t kSurnameBytesMin = 2;
    if (scene_.text.tokens[token].end - scene_.text.tokens[token].begin < kSurnameBytesMin) {
      return kNoEntity;
    }
    const bool has_title = previous != nullptr && scene_.is(*previous, WordClass::honorific);
    const bool is_common =
        scene_.is(token, WordClass::common_surname) || scene_.is(token, WordClass::given_name);
    if (!has_title && is_common) {
      return kNoEntity;
    }
    if (!has_title && previous != nullptr && !scene_.has_flag(token, Scene::kCaps) &&
        (previous->shape & shape::kLower) == 0 && !scene_.is(*previous, WordClass::function_word) &&
        !scene_.is(*previous, WordClass::government_act) &&
        (previous->shape & shape::kPossessive) == 0) {
      return kNoEntity;
    }
    // "Rama Devi": the name goes on.
    const Token* next = scene_.next(token);
    if (!has_title && next != nullptr && !scene_.has_flag(token, Scene::kCaps | Scene::kHeadline) &&
        (next->shape & shape::kTitle) != 0 && !scene_.is(*next, WordClass::function_word) &&
        (scene_.text.tokens[token].shape & shape::kPossessive) == 0) {
      return kNoEntity;
    }
    const std::span<const std::string> wanted =
        has_title ? scene_.language.title_offices(previous->word) : std::span<const std::string>();
    // "Mecca and Medina"
    if (!has_title && token > 1 && !tagging_.mentions.empty() &&
        tagging_.mentions.back().tokens.end + 1 == token && previous != nullptr &&
        scene_.is(*previous, WordClass::function_word) &&
        tagging_.entities[tagging_.mentions.back().entity].type == EntityType::city &&
        scene_.starts_name(token, 1, {EntityType::city})) {
      return kNoEntity;
    }
    // "Sir Paul": given names are many people's.
    if (has_title && wanted.empty() && scene_.is(token, WordClass::given_name)) return kNoEntity;
    EntityIndex only = kNoEntity;
    EntityIndex serving = kNoEntity;
    std::uint32_t candidates = 0;
    std::uint32_t in_office = 0;
    for (const auto* entry = begin; entry != end; ++entry) {
      if (!was_in_high_office(entry->second) || !held_one_of(entry->second, wanted) ||
          (!has_title && !is_expected_here(entry->second))) {
        continue;
      }
      ++candidates;
      only = entry->second;
      if (is_in_office(entry->second)) {
        ++in_office;
        serving = entry->second;
      }
    }
    // In capitals any word may be anybody's name: only who serves that day.
    if (candidates == 1 && (has_title || !scene_.has_flag(token, Scene::kCaps) || in_office == 1)) {
      return only;
    }
    if (candidates == 0 && !wanted.empty() && !scene_.is(token, WordClass::given_name))
      return past_holder(begin, end, wanted);
    return in_office == 1 ? serving : kNoEntity;
  }

  // "President Bush", long after: who last held such an office, where all of the name were one
  // state's.
  EntityIndex past_holder(const std::pair<std::uint64_t, EntityIndex>* begin,
                          const std::pair<std::uint64_t, EntityIndex>* end,
                          std::span<const std::string> wanted) const {
    EntityIndex last = kNoEntity;
    std::int32_t until = 0;
    for (const auto* entry = begin; entry != end; ++entry) {
      const Entity& person = scene_.entity(entry->second);
      for (const Office& office : person.offices) {
        const bool is_it = is_high(office) && office.from_day <= scene_.day &&
                           std::find(wanted.begin(), wanted.end(), office.title) != wanted.end();
        if (!is_it) continue;
        if (last != kNoEntity && scene_.entity(last).code != person.code) return kNoEntity;
        if (last == kNoEntity || office.to_day > until) {
          last = entry->second;
          until = office.to_day;
        }
      }
    }
    return last;
  }

  // "the Russian president", "president of France", "NATO's secretary-general".
  std::uint32_t office(std::uint32_t token) {
    if (scene_.role_at[token] < 0) {
      return token;
    }
    const PhraseMatch& match = scene_.roles[static_cast<std::size_t>(scene_.role_at[token])];
    const Role& role = scene_.language.roles()[match.payload];
    std::uint32_t first = token;
    std::uint32_t end = match.tokens.end;
    EntityIndex body = body_before(token, first);
    const bool is_after = body == kNoEntity;
    if (is_after) {
      body = body_after(end);
    }
    if (!may_mean_holder(first)) {
      return token;
    }
    if (body == kNoEntity && role.offices.front() == "secretary_of_state" &&
        scene_.is_capital(token)) {
      body = country("USA");
    }
    if (body == kNoEntity) {
      return token;
    }
    const Beside beside = beside_office(first, end, !is_after, role, scene_.entity(body));
    if (beside.is_told) {
      if (beside.person == kNoEntity) return token;
      emit(match.tokens, beside.person, Via::title);
      return match.tokens.end;
    }
    const EntityIndex person = holder(role, scene_.entity(body));
    if (person == kNoEntity) {
      return token;
    }
    emit(match.tokens, entity_of(person, false), Via::title);
    return match.tokens.end;
  }

  // Not "the former president of", "served as president of", "was the president of".
  bool may_mean_holder(std::uint32_t first) const {
    const Token* previous = scene_.previous(first);
    if (previous != nullptr && first > 1 && scene_.is(*previous, WordClass::definite_article)) {
      previous = scene_.previous(first - 1);
    }
    return previous == nullptr || (!scene_.is(*previous, WordClass::former) &&
                                   !scene_.is(*previous, WordClass::before_role));
  }

  // Whom a name beside the title says it is: "Pierre Buyoya, the president of Burundi", "the
  // Turkish defence minister, Hulusi Akar", "Russian President Vladimir Putin".
  struct Beside {
    bool is_told = false;
    EntityIndex person = kNoEntity;  // into tagging_.entities; none: the name has its own mention
  };
  Beside beside_office(std::uint32_t first, std::uint32_t end, bool has_body_before,
                       const Role& role, const Entity& body) {
    if (first > 0 && scene_.joins(first) && scene_.is(first - 1, WordClass::definite_article)) {
      --first;
    }
    const bool is_apposed = (scene_.text.tokens[first].before & before::kComma) != 0;
    for (std::size_t i = tagging_.mentions.size(); is_apposed && i-- > 0;) {
      const Mention& mention = tagging_.mentions[i];
      if (mention.tokens.end < first) break;
      const TaggedEntity& named = tagging_.entities[mention.entity];
      if (mention.tokens.end != first || named.type != EntityType::person) continue;
      if (named.gazetteer == kNoEntity) return {true, kNoEntity};
      if (has_held(named.gazetteer, role, body)) return {true, mention.entity};
    }
    if (!has_body_before) {
      end = name_end_after(end);
    }
    if (end >= scene_.size() || !scene_.is_capital(end)) return {};
    const bool is_joined = scene_.joins(end);
    if (!is_joined && (scene_.text.tokens[end].before & before::kComma) == 0) return {};
    const NameReading reading = read_name(scene_, end);
    const bool is_person =
        reading.entity != kNoEntity && scene_.entity(reading.entity).type == EntityType::person;
    if (is_person && !is_joined && has_held(reading.entity, role, body)) {
      return {true, entity_of(reading.entity, false)};
    }
    const bool is_unknown =
        reading.entity == kNoEntity && scene_.run_at[end] >= 0 &&
        scene_.runs[static_cast<std::size_t>(scene_.run_at[end])].type == EntityType::person;
    return {is_joined || is_unknown, kNoEntity};
  }

  bool has_held(EntityIndex person, const Role& role, const Entity& body) const {
    const std::string_view code = code_of(body);
    const std::vector<Office>& offices = scene_.entity(person).offices;
    return std::any_of(offices.begin(), offices.end(), [&](const Office& office) {
      return office.code == code && std::find(role.offices.begin(), role.offices.end(),
                                              office.title) != role.offices.end();
    });
  }

  static std::string_view code_of(const Entity& body) {
    return body.type == EntityType::country && !body.code.empty() ? body.code : body.id;
  }

  EntityIndex country(std::string_view code) const {
    const auto found = scene_.gazetteer.codes.find(std::string(code));
    return found == scene_.gazetteer.codes.end() ? kNoEntity : found->second;
  }

  static bool has_offices(const Entity& entity) {
    return entity.type == EntityType::country || entity.type == EntityType::org ||
           entity.type == EntityType::group;
  }

  // The state or body whose mention ends where the title starts; `first` becomes its first token.
  EntityIndex body_before(std::uint32_t token, std::uint32_t& first) const {
    if (tagging_.mentions.empty() || tagging_.mentions.back().tokens.end != token ||
        !scene_.joins(token)) {
      return kNoEntity;
    }
    const Mention& mention = tagging_.mentions.back();
    const TaggedEntity& tagged = tagging_.entities[mention.entity];
    // "the first African-American president"
    const std::uint16_t marks = scene_.text.tokens[mention.tokens.begin].before;
    if ((marks & before::kJoinedHyphen) != 0) return kNoEntity;
    if (tagged.gazetteer == kNoEntity || !has_offices(scene_.entity(tagged.gazetteer))) {
      return kNoEntity;
    }
    first = mention.tokens.begin;
    return tagged.gazetteer;
  }

  // What "of (the)" behind a title names, but not "of the Tunisian League" or "of France's senate".
  NameReading name_after(std::uint32_t token) const {
    if (token + 1 >= scene_.size() || !scene_.joins(token) ||
        !scene_.is(token, WordClass::genitive)) {
      return {};
    }
    ++token;
    if (scene_.is(token, WordClass::definite_article) && token + 1 < scene_.size()) {
      ++token;
    }
    const NameReading reading = read_name(scene_, token);
    const bool is_part =
        reading.entity != kNoEntity &&
        (reading.via == Via::demonym ||
         (scene_.text.tokens[reading.tokens.end - 1].shape & shape::kPossessive) != 0);
    return is_part ? NameReading{} : reading;
  }
  EntityIndex body_after(std::uint32_t token) const {
    const NameReading reading = name_after(token);
    return reading.entity != kNoEntity && has_offices(scene_.entity(reading.entity))
               ? reading.entity
               : kNoEntity;
  }
  std::uint32_t name_end_after(std::uint32_t token) const {
    const NameReading reading = name_after(token);
    return reading.entity == kNoEntity ? token : reading.tokens.end;
  }

  EntityIndex holder(const Role& role, const Entity& body) const {
    const std::string_view code = code_of(body);
    if (scene_.day == 0) {
      return named_holder(role, code);
    }
    // "The leader" of a state with a president and a prime minister in office is either.
    if (role.is_leader) {
      const EntityIndex president = scene_.gazetteer.in_office("president", code, scene_.day);
      const EntityIndex minister = scene_.gazetteer.in_office("prime_minister", code, scene_.day);
      const EntityIndex supreme = scene_.gazetteer.in_office("supreme_leader", code, scene_.day);
      if (supreme == kNoEntity && president != kNoEntity && minister != kNoEntity) {
        return scene_.language.is_presidential(code) ? president : kNoEntity;
      }
    }
    for (const std::string& title : role.offices) {
      const EntityIndex person = scene_.gazetteer.in_office(title, code, scene_.day);
      if (person != kNoEntity) {
        return person;
      }
    }
    return kNoEntity;
  }

  // Without a date: the only one named in the article who ever held the office.
  EntityIndex named_holder(const Role& role, std::string_view body) const {
    EntityIndex found = kNoEntity;
    for (const auto& [surname, introduction] : scene_.introduced.all()) {
      const EntityIndex person = introduction.person;
      if (person == kNoEntity || person == found) {
        continue;
      }
      const std::vector<Office>& offices = scene_.entity(person).offices;
      const bool has_held = std::any_of(offices.begin(), offices.end(), [&](const Office& office) {
        return office.code == body && std::find(role.offices.begin(), role.offices.end(),
                                                office.title) != role.offices.end();
      });
      if (has_held && found != kNoEntity) {
        return kNoEntity;
      }
      if (has_held) {
        found = person;
      }
    }
    return found;
  }

  void emit(TokenSpan tokens, EntityIndex entity, Via via) {
    tagging_.mentions.push_back({tokens, entity, via});
  }

  void emit_unknown(const Run& run) {
    emit(run.tokens,
         unknown_of(std::string(scene_.text.slice(scene_.text.bytes_of(run.tokens))), run.type),
         Via::name);
  }

  EntityIndex entity_of(EntityIndex gazetteer, bool is_team) {
    const std::uint64_t key = std::uint64_t{gazetteer} << 1 | (is_team ? 1U : 0U);
    const auto [found, is_new] =
        known_.try_emplace(key, static_cast<EntityIndex>(tagging_.entities.size()));
    if (is_new) {
      const Entity& entity = scene_.entity(gazetteer);
      TaggedEntity tagged;
      if (is_team) {
        tagged.name = entity.name + " team";
        tagged.type = EntityType::org;
        tagged.is_team = true;
      } else {
        tagged.gazetteer = gazetteer;
        tagged.type = entity.type;
      }
      tagging_.entities.push_back(std::move(tagged));
    }
    return found->second;
  }

  EntityIndex unknown_of(std::string name, EntityType type) {
    const auto [found, is_new] =
        unknown_.try_emplace(name, static_cast<EntityIndex>(tagging_.entities.size()));
    if (is_new) {
      TaggedEntity tagged;
      tagged.name = std::move(name);
      tagged.type = type;
      tagging_.entities.push_back(std::move(tagged));
    }
    return found->second;
  }

  // Share of each entity in the weighted mentions; then orders entities by it.
  void weigh() {
    std::vector<std::uint32_t> weights(tagging_.entities.size(), 0);
    std::uint32_t total = 0;
    std::size_t at = 0;
    for (const Mention& mention : tagging_.mentions) {
      while (at + 1 < scene_.text.sentences.size() &&
             scene_.text.sentences[at].tokens.end <= mention.tokens.begin) {
        ++at;
      }
      const Sentence& sentence = scene_.text.sentences[at];
      const std::uint32_t weight = sentence.field == Field::title    ? kTitleWeight
                                   : sentence.index < kLeadSentences ? kLeadWeight
                                                                     : kRestWeight;
      weights[mention.entity] += weight;
      total += weight;
    }
    std::vector<EntityIndex> order(weights.size());
    for (EntityIndex i = 0; i < order.size(); ++i) {
      order[i] = i;
    }
    // Entities stand in the order of their first mentions already.
    std::stable_sort(order.begin(), order.end(),
                     [&weights](EntityIndex a, EntityIndex b) { return weights[a] > weights[b]; });
    std::vector<TaggedEntity> sorted;
    sorted.reserve(order.size());
    std::vector<EntityIndex> place(order.size());
    for (EntityIndex i = 0; i < order.size(); ++i) {
      place[order[i]] = i;
      sorted.push_back(std::move(tagging_.entities[order[i]]));
      sorted.back().salience = static_cast<double>(weights[order[i]]) / total;
    }
    tagging_.entities = std::move(sorted);
    for (Mention& mention : tagging_.mentions) {
      mention.entity = place[mention.entity];
    }
  }

  Scene scene_;
  Tagging tagging_;
  std::unordered_map<std::uint64_t, EntityIndex> known_;
  std::unordered_map<std::string, EntityIndex> unknown_;
  std::unordered_map<std::string, EntityIndex> halves_;
};

}  // namespace

Tagging tag(const Gazetteer& gazetteer, const Text& text, std::int64_t published_at_ms) {
  // Of the worker: empty before and after, so no article sees another.
  static thread_local SceneMemory memory;
  return Tagger(gazetteer, text, published_at_ms, memory).run();
}

}  // namespace tocsin
