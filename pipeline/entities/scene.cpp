#include "pipeline/entities/scene.h"

#include <algorithm>
#include <array>

#include "pipeline/language/sense_table.h"

namespace tocsin {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::uint32_t kLongWordBytesMin = 3;
constexpr std::uint32_t kNameTokensBefore = 4;
constexpr std::size_t kTokensKept = 1 << 16;  // memory for longer articles is not kept

std::int32_t day_of(std::int64_t ms) {
  return static_cast<std::int32_t>((ms >= 0 ? ms : ms - kDayMs + 1) / kDayMs);
}

// Capital letters in the whole sentence, or on all its words: there case says nothing.
void mark_sentences(Scene& scene) {
  for (const Sentence& sentence : scene.text.sentences) {
    std::uint32_t letters = 0;
    std::uint32_t upper = 0;
    std::uint32_t capital = 0;
    for (std::uint32_t i = sentence.tokens.begin; i < sentence.tokens.end; ++i) {
      // Function words are small in a headline; in capitals they count. Sums without a branch:
      // which words they are cannot be guessed.
      const Token& token = scene.text.tokens[i];
      const auto is_small = static_cast<unsigned>((token.shape & shape::kNumber) != 0) |
                            static_cast<unsigned>(scene.is(token, WordClass::function_word));
      const auto is_upper = static_cast<unsigned>((token.shape & shape::kUpper) != 0);
      const auto is_capital = static_cast<unsigned>((token.shape & kCapitalShapes) != 0);
      const auto is_long = static_cast<unsigned>(token.end - token.begin > 1);
      letters += is_upper | (is_small ^ 1U);
      upper += is_upper & (is_long | (is_small ^ 1U));
      capital += is_upper | (is_capital & (is_small ^ 1U));
    }
    std::uint8_t flags = 0;
    if (letters >= 3 && upper * 10 >= letters * 7) {
      flags = Scene::kCaps;
    } else if (letters >= 4 &&
               capital * 10 >= letters * (sentence.field == Field::title ? 8U : 10U)) {
      flags = Scene::kHeadline;
    }
    if (flags != 0) {
      std::fill(scene.flags.begin() + sentence.tokens.begin,
                scene.flags.begin() + sentence.tokens.end, flags);
    }
    if (sentence.tokens.begin < sentence.tokens.end) {
      scene.flags[sentence.tokens.begin] |= Scene::kSentenceStart;
    }
  }
}

// "MOSCOW (Reuters) -", "ESCHEN, Liechtenstein 1996-08-31": capitals, then a place or a mark.
void mark_datelines(Scene& scene) {
  for (const Sentence& sentence : scene.text.sentences) {
    if (sentence.field != Field::body || !sentence.paragraph_start) {
      continue;
    }
    for (std::uint32_t i = sentence.tokens.begin; i < sentence.tokens.end; ++i) {
      if ((scene.text.tokens[i].shape & shape::kUpper) == 0 ||
          (i > sentence.tokens.begin && !scene.joins(i))) {
        break;
      }
      scene.flags[i] |= Scene::kDateline;
    }
  }
}

void note_tokens(Scene& scene) {
  for (std::uint32_t i = 0; i < scene.size(); ++i) {
    if (scene.is_capital(i) ||
        scene.language.is_any(scene.text.tokens[i].word, Scene::kBesideNames))
      scene.noted.push_back(i);
  }
}

// An article without a capital letter: there case says nothing.
bool is_small_text(const Text& text) {
  constexpr std::size_t kWordsMin = 3;
  std::size_t words = 0;
  for (const Token& token : text.tokens) {
    if ((token.shape & kCapitalShapes) != 0) return false;
    words += (token.shape & shape::kLower) != 0 && (token.shape & shape::kNonAscii) == 0 ? 1U : 0U;
  }
  return words >= kWordsMin;
}

// Of the one-word names of states those that stand somewhere in small letters, and nowhere in
// capitals where a word would be small.
void find_small_words(Scene& scene) {
  if (scene.is_small) return;
  std::vector<std::uint64_t>& found = scene.small_words;
  std::vector<std::uint64_t> sure;
  for (const PhraseMatch& match : scene.matches) {
    const std::uint32_t token = match.tokens.begin;
    if (match.tokens.size() == 1 && scene.is_capital(token) &&
        scene.entity(NameSense::of(match.payload).entity).type == EntityType::country) {
      found.push_back(scene.text.tokens[token].hash);
      if (!scene.has_flag(token, Scene::kHeadline | Scene::kCaps | Scene::kSentenceStart))
        sure.push_back(scene.text.tokens[token].hash);
    }
  }
  if (found.empty()) return;
  std::sort(sure.begin(), sure.end());
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  std::uint64_t seen = 0;  // a bit for the last six of each hash: most words are told by them
  for (const std::uint64_t hash : found) seen |= std::uint64_t{1} << (hash & 63);
  std::vector<bool> is_small(found.size(), false);
  for (std::uint32_t i = 0; i < scene.size(); ++i) {
    const bool may_be = (seen >> (scene.text.tokens[i].hash & 63) & 1U) != 0;
    if (!may_be || !scene.is_lower(i)) continue;
    const auto at = std::lower_bound(found.begin(), found.end(), scene.text.tokens[i].hash);
    if (at != found.end() && *at == scene.text.tokens[i].hash) {
      is_small[static_cast<std::size_t>(at - found.begin())] = true;
    }
  }
  std::size_t kept = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (is_small[i] && !std::binary_search(sure.begin(), sure.end(), found[i]))
      found[kept++] = found[i];
  }
  found.resize(kept);
}

template <class Value>
const Value* find_by_key(const std::vector<std::pair<std::uint64_t, Value>>& sorted,
                         std::uint64_t key) {
  const auto at =
      std::lower_bound(sorted.begin(), sorted.end(), key,
                       [](const auto& entry, std::uint64_t value) { return entry.first < value; });
  return at != sorted.end() && at->first == key ? &at->second : nullptr;
}

// "Armenia, Colombia": a town of the country after the comma has the name, too.
bool is_town_of(const Scene& scene, TokenSpan span, EntityIndex country) {
  const auto begin = scene.matches.begin();
  return std::any_of(begin + scene.matches_begin[span.begin],
                     begin + scene.matches_begin[span.begin + 1], [&](const PhraseMatch& match) {
                       const Entity& named = scene.entity(NameSense::of(match.payload).entity);
                       return match.tokens == span && named.type == EntityType::city &&
                              named.code == scene.entity(country).code;
                     });
}

// "Camden, London": the code of the known town after the comma; a smaller one lies in it. Empty:
// none stands there.
std::string_view town_around(const Scene& scene, TokenSpan span) {
  const std::uint32_t next = span.end;
  if (next >= scene.size() || (scene.text.tokens[next].before & before::kComma) == 0 ||
      scene.has_flag(next, Scene::kSentenceStart))
    return {};
  for (std::uint32_t i = scene.matches_begin[next]; i < scene.matches_begin[next + 1]; ++i) {
    const NameSense sense = NameSense::of(scene.matches[i].payload);
    const Entity& named = scene.entity(sense.entity);
    if (named.type == EntityType::city && sense.via == Via::name &&
        scene.is_known_town(sense.entity))
      return named.code;
  }
  return {};
}

void find_located(Scene& scene) {
  for (const PhraseMatch& match : scene.matches) {
    const NameSense sense = NameSense::of(match.payload);
    const EntityType type = scene.entity(sense.entity).type;
    if ((type != EntityType::city && type != EntityType::country) || sense.via == Via::demonym ||
        sense.via == Via::acronym) {
      continue;
    }
    const PlaceAfter after = scene.place_after(match.tokens);
    if (after.kind == PlaceAfter::Kind::us_state) {
      scene.located.emplace_back(scene.name_key(match.tokens),
                                 scene.language.shared_name().state_of);
    } else if (after.kind == PlaceAfter::Kind::country &&
               (type == EntityType::city || is_town_of(scene, match.tokens, after.country))) {
      scene.located.emplace_back(scene.name_key(match.tokens), scene.entity(after.country).code);
    } else if (after.kind == PlaceAfter::Kind::nothing && type == EntityType::city &&
               !scene.is_known_town(sense.entity)) {
      const std::string_view code = town_around(scene, match.tokens);
      if (!code.empty()) scene.located.emplace_back(scene.name_key(match.tokens), code);
    }
  }
  std::stable_sort(scene.located.begin(), scene.located.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
}

// Georgia alone is the US state when the article speaks of such, and of nothing near the country.
bool means_the_state(const Scene& scene) {
  bool has_town = false;
  for (const Token& token : scene.text.tokens) {
    if (scene.is(token, WordClass::shared_name_country)) {
      return false;
    }
    has_town = has_town || scene.is(token, WordClass::shared_name_state);
  }
  return (scene.names_us_state || has_town) &&
         !scene.names_country(scene.language.shared_name().unless_country);
}

}  // namespace

void Introductions::clear() {
  list_.clear();
  std::fill(slots_.begin(), slots_.end(), 0U);
}

std::size_t Introductions::slot_of(std::uint64_t surname) const noexcept {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = surname & mask;
  while (slots_[at] != 0 && list_[slots_[at] - 1].first != surname) at = (at + 1) & mask;
  return at;
}

bool Introductions::add(std::uint64_t surname, const Introduction& introduction) {
  const std::size_t at = slot_of(surname);
  if (slots_[at] != 0) return false;
  list_.emplace_back(surname, introduction);
  slots_[at] = static_cast<std::uint32_t>(list_.size());
  if (list_.size() * 4 <= slots_.size()) return true;
  slots_.assign(slots_.size() * 2, 0);
  for (std::uint32_t i = 0; i < list_.size(); ++i) slots_[slot_of(list_[i].first)] = i + 1;
  return true;
}

const Introduction* Introductions::find(std::uint64_t surname) const noexcept {
  const std::uint32_t index = slots_[slot_of(surname)];
  return index == 0 ? nullptr : &list_[index - 1].second;
}

void SceneMemory::reset(std::size_t tokens) {
  // What a hostile text needed once is given back.
  if (flags.size() > kTokensKept) *this = SceneMemory();
  flags.assign(tokens, 0);
  noted.clear();
  matches.clear();
  matches_begin.assign(tokens + 1, 0);
  roles.clear();
  role_at.assign(tokens, -1);
  runs.clear();
  run_at.assign(tokens, -1);
  introduced.clear();
  codes_named.clear();
  small_words.clear();
  located.clear();
  abbreviations.clear();
}

Scene::Scene(const Gazetteer& from, const Text& article, std::int64_t published_at_ms,
             SceneMemory& memory)
    : gazetteer(from.state()),
      text(article),
      language(*article.words),
      day(day_of(published_at_ms)),
      flags(memory.flags),
      noted(memory.noted),
      matches(memory.matches),
      matches_begin(memory.matches_begin),
      roles(memory.roles),
      role_at(memory.role_at),
      runs(memory.runs),
      run_at(memory.run_at),
      introduced(memory.introduced),
      codes_named(memory.codes_named),
      small_words(memory.small_words),
      located(memory.located),
      abbreviations(memory.abbreviations) {
  memory.reset(article.tokens.size());
  mark_sentences(*this);
  mark_datelines(*this);
  note_tokens(*this);
  is_sport = is_sports_page(text);
  is_small = is_small_text(text);
  gazetteer.names.match(text, MatchDepth::all, matches);
  const SharedName& shared = language.shared_name();
  bool names_shared = false;
  for (const PhraseMatch& match : matches) {
    ++matches_begin[match.tokens.begin + 1];
    const NameSense sense = NameSense::of(match.payload);
    const Entity& named = entity(sense.entity);
    if (named.type == EntityType::country && sense.via != Via::metonym) {
      if (!names_country(named.code)) codes_named.push_back(named.code);
    }
    if (named.type == EntityType::place && named.code == language.shared_name().state_of) {
      (named.name == shared.name ? names_shared : names_us_state) = true;
    }
  }
  is_shared_name_state = names_shared && means_the_state(*this);
  for (std::size_t i = 1; i < matches_begin.size(); ++i) {
    matches_begin[i] += matches_begin[i - 1];
  }
  language.role_phrases().match(text, MatchDepth::longest, roles);
  for (std::size_t i = 0; i < roles.size(); ++i) {
    role_at[roles[i].tokens.begin] = static_cast<std::int32_t>(i);
  }
  find_small_words(*this);
  find_located(*this);
  find_runs(*this);
  find_abbreviations(*this);
  find_introductions(*this);
}

bool Scene::names_country(std::string_view code) const noexcept {
  return std::find(codes_named.begin(), codes_named.end(), code) != codes_named.end();
}

bool Scene::is_known_town(EntityIndex city) const {
  const std::string& id = entity(city).id;
  return (id.size() > 1 && id[0] == 'Q') ||
         gazetteer.populations[city] >= language.senses().known_town_population;
}

bool Scene::starts_name(std::uint32_t token, std::uint32_t tokens_min,
                        std::initializer_list<EntityType> types) const {
  for (std::uint32_t i = matches_begin[token]; i < matches_begin[token + 1]; ++i) {
    const Entity& named = entity(NameSense::of(matches[i].payload).entity);
    if (matches[i].tokens.size() >= tokens_min &&
        std::find(types.begin(), types.end(), named.type) != types.end()) {
      return true;
    }
  }
  return false;
}

bool Scene::follows_name_word(std::uint32_t token) const {
  const Token* last = previous(token);
  if (last == nullptr || (last->shape & shape::kTitle) == 0 || has_flag(token, kCaps) ||
      (last->shape & shape::kPossessive) != 0 || is(*last, WordClass::name_particle)) {
    return false;
  }
  if (is(*last, WordClass::given_name) || gazetteer.is_given_name(last->hash)) {
    return !is(*last, WordClass::honorific);
  }
  constexpr std::uint32_t kNameBytesMin = 3;
  const bool is_named = starts_name(token - 1, 1,
                                    {EntityType::country, EntityType::place, EntityType::city,
                                     EntityType::org, EntityType::group});
  return !has_flag(token, kHeadline) && !is_named && last->end - last->begin >= kNameBytesMin &&
         !is(*last, WordClass::function_word) && !is(*last, WordClass::honorific) &&
         !is(*last, WordClass::former) && !is(*last, WordClass::government_act) &&
         !is(*last, WordClass::land_modifier);
}

bool Scene::is_foreign_body(std::uint32_t token) const {
  if (!joins(token)) {
    return false;
  }
  const std::uint32_t first = matches_begin[token];
  if (first == matches_begin[token + 1]) {
    return false;
  }
  const std::string& code = entity(NameSense::of(matches[first].payload).entity).code;
  // The demonym or name that ends where this one starts; two tokens at most ("South Korean").
  for (std::uint32_t back = 1; back <= 2 && back <= token; ++back) {
    const std::uint32_t at = token - back;
    for (std::uint32_t i = matches_begin[at]; i < matches_begin[at + 1]; ++i) {
      const Entity& named = entity(NameSense::of(matches[i].payload).entity);
      if (matches[i].tokens.end == token && named.type == EntityType::country) {
        return !code.empty() && named.code != code;
      }
    }
  }
  return ends_longer_body(token);
}

// All its words are such as many bodies have, and a capital of no class that ends no name stands
// right before it.
bool Scene::ends_longer_body(std::uint32_t token) const {
  const PhraseMatch& match = matches[matches_begin[token]];
  const Token* last = previous(token);
  // "Arab National Liberation Army": of words for lands and faiths all begin a name.
  const bool is_word =
      last != nullptr && text.words->knows(last->word) && !is(*last, WordClass::land_modifier);
  // "the National Congress"
  const bool is_generic = is_word && match.tokens.size() == 1 && is(*last, WordClass::generic_body);
  if (last == nullptr || (last->shape & shape::kTitle) == 0 ||
      (last->shape & shape::kPossessive) != 0 || (is_word && !is_generic) ||
      last->end - last->begin < kLongWordBytesMin || has_flag(token, kCaps | kHeadline) ||
      has_flag(token - 1, kSentenceStart))
    return false;
  for (std::uint32_t i = match.tokens.begin; i < match.tokens.end; ++i) {
    if (!is(i, WordClass::generic_body) && !is(i, WordClass::organisation_head) &&
        !is(i, WordClass::government_head) && !is(i, WordClass::function_word))
      return false;
  }
  for (std::uint32_t back = 1; back <= kNameTokensBefore && back <= token; ++back) {
    const std::uint32_t at = token - back;
    for (std::uint32_t i = matches_begin[at]; i < matches_begin[at + 1]; ++i) {
      if (matches[i].tokens.end == token) return false;
    }
  }
  return true;
}

bool Scene::is_us_state_at(std::uint32_t token) const {
  if (token >= size()) {
    return false;
  }
  for (std::uint32_t i = matches_begin[token]; i < matches_begin[token + 1]; ++i) {
    const Entity& named = entity(NameSense::of(matches[i].payload).entity);
    if (named.type == EntityType::place && named.code == language.shared_name().state_of) {
      return named.name != language.shared_name().name ||
             names_country(language.shared_name().state_of) || names_us_state;
    }
    // "Jamaica, New York", but not "in Moscow, New York, Paris"
    const std::uint32_t end = matches[i].tokens.end;
    const bool is_listed =
        end < size() && (text.tokens[end].before & before::kComma) != 0 && is_capital(end);
    if (named.type == EntityType::city && named.code == language.shared_name().state_of &&
        is(end - 1, WordClass::state_and_town) && !is_listed) {
      return true;
    }
  }
  return is_capital(token) && is(token, WordClass::state_abbreviation);
}

EntityIndex Scene::country_at(std::uint32_t token) const {
  if (token >= size()) {
    return kNoEntity;
  }
  for (std::uint32_t i = matches_begin[token]; i < matches_begin[token + 1]; ++i) {
    const NameSense sense = NameSense::of(matches[i].payload);
    if (entity(sense.entity).type == EntityType::country && sense.via != Via::metonym &&
        sense.via != Via::demonym) {
      return sense.entity;
    }
  }
  return kNoEntity;
}

// A country, or a part of one that is none of the states with abbreviations: Ontario.
EntityIndex Scene::land_at(std::uint32_t token) const {
  const EntityIndex country = country_at(token);
  if (country != kNoEntity || token >= size()) return country;
  for (std::uint32_t i = matches_begin[token]; i < matches_begin[token + 1]; ++i) {
    const NameSense sense = NameSense::of(matches[i].payload);
    const Entity& named = entity(sense.entity);
    if (named.type == EntityType::place && !named.code.empty() && sense.via == Via::name) {
      return sense.entity;
    }
  }
  return kNoEntity;
}

PlaceAfter Scene::place_after(TokenSpan span) const {
  const std::uint32_t next = span.end;
  if (next >= size() || (text.tokens[next].before & before::kComma) == 0 ||
      has_flag(next, kSentenceStart)) {
    return {};
  }
  PlaceAfter found;
  found.country = land_at(next);
  const bool is_state = is_us_state_at(next);
  if (!is_state && found.country == kNoEntity) return {};
  found.kind = is_state ? PlaceAfter::Kind::us_state : PlaceAfter::Kind::country;
  // "In Kabul, Pakistan said" and "Mexico, Texas and Ohio" say nothing of where it lies.
  std::uint32_t end = next + 1;
  for (std::uint32_t i = matches_begin[next]; i < matches_begin[next + 1]; ++i) {
    end = std::max(end, matches[i].tokens.end);
  }
  const bool is_list = span.begin > 0 && (text.tokens[span.begin].before & before::kComma) != 0 &&
                       starts_name(span.begin - 1, 1, {EntityType::country, EntityType::place});
  if (is_list || (joins(end) && !is(end, WordClass::after_place))) return {};
  return found;
}

std::string_view Scene::located_in(TokenSpan span) const {
  const std::string_view* code = find_by_key(located, name_key(span));
  return code == nullptr ? std::string_view() : *code;
}

const Abbreviation* Scene::abbreviation_of(std::uint32_t token) const {
  const Abbreviation* found = find_by_key(abbreviations, text.tokens[token].hash);
  const bool is_told =
      found != nullptr && (token >= found->name.end || token + 1 == found->name.begin);
  return is_told ? found : nullptr;
}

bool is_sports_page(const Text& text) {
  std::array<std::uint64_t, 8> strong{};  // different ones; more make no difference
  std::size_t strong_count = 0;
  std::uint32_t weight = 0;
  std::uint32_t against = 0;
  static constexpr WordClassSet kHints{WordClass::sport_sure, WordClass::sport_hint,
                                       WordClass::conflict_hint};
  for (const Token& token : text.tokens) {
    if (!text.words->is_any(token.word, kHints)) continue;
    if (text.is(token, WordClass::sport_sure)) {
      weight += 2;
      const auto end = strong.begin() + static_cast<std::ptrdiff_t>(strong_count);
      if (strong_count < strong.size() && std::find(strong.begin(), end, token.hash) == end)
        strong[strong_count++] = token.hash;
    } else if (text.is(token, WordClass::sport_hint)) {
      ++weight;
    } else if (text.is(token, WordClass::conflict_hint)) {
      against += 2;
    }
  }
  // "SOCCER - ...": wires name the sport first.
  const std::size_t head = std::min<std::size_t>(text.tokens.size(), 3);
  const bool is_headed = std::any_of(
      text.tokens.begin(), text.tokens.begin() + static_cast<std::ptrdiff_t>(head),
      [&text](const Token& token) {
        return (token.shape & shape::kUpper) != 0 && text.is(token, WordClass::sport_sure);
      });
  if (is_headed) {
    return weight > against;
  }
  constexpr std::size_t kStrongMin = 2;
  return strong_count >= kStrongMin && weight > against && weight * 30 >= text.tokens.size();
}

}  // namespace tocsin
