// Capitalised sequences that form a longer name: "Bank of Canada", "Iran Air", "Kathy Ireland".
// A country inside them is part of that name; unknown persons and organisations come from here.
#include <algorithm>

#include "pipeline/entities/scene.h"
#include "pipeline/text/ascii.h"

namespace tocsin {
namespace {

constexpr std::uint32_t kRunTokensMax = 8;
constexpr std::uint32_t kSurnameTokensMax = 3;
constexpr std::uint32_t kRunBytesMax = 256;  // a longer one is no name; each mention may repeat it

void add_run(Scene& scene, TokenSpan tokens, EntityType type) {
  const ByteSpan bytes = scene.text.bytes_of(tokens);
  if (tokens.size() < 2 || bytes.end - bytes.begin > kRunBytesMax ||
      scene.run_at[tokens.begin] >= 0) {
    return;
  }
  scene.run_at[tokens.begin] = static_cast<std::int32_t>(scene.runs.size());
  scene.runs.push_back({tokens, type});
}

// A word that may stand inside a person's name.
bool is_name_word(const Scene& scene, std::uint32_t token) {
  const Token& t = scene.text.tokens[token];
  return scene.is_capital(token) && !scene.is(t, WordClass::function_word) &&
         !scene.is(t, WordClass::organisation_head) && !scene.is(t, WordClass::government_head) &&
         !scene.is(t, WordClass::honorific) && scene.role_at[token] < 0;
}

// End of the surname that starts at `token`: initials and particles, then one to three capitals.
std::uint32_t surname_end(const Scene& scene, std::uint32_t token, std::uint32_t names_max) {
  std::uint32_t end = token;
  std::uint32_t names = 0;
  for (std::uint32_t i = token; i < scene.size() && scene.joins(i) && names < names_max; ++i) {
    const Token& t = scene.text.tokens[i];
    const bool is_initial = t.end - t.begin == 1 && (t.shape & shape::kTitle) != 0;
    if (is_initial) {
      continue;
    }
    if (scene.is(t, WordClass::name_particle) && i + 1 < scene.size() && scene.joins(i + 1)) {
      continue;
    }
    if (!is_name_word(scene, i)) {
      break;
    }
    if (i > token && scene.starts_name(i, 1, {EntityType::country}) && names > 0) {
      break;  // "Tony Blair Iraq policy"
    }
    ++names;
    end = i + 1;
    if ((t.shape & shape::kPossessive) != 0) {
      break;
    }
  }
  return end;
}

bool is_surname(const Scene& scene, std::uint32_t token) {
  const auto [begin, end] = scene.gazetteer.with_surname(scene.text.tokens[token].hash);
  return scene.is(token, WordClass::common_surname) || begin != end;
}

// "Kathy Ireland", "Michael W. Jordan"; "Jordan Smith" only in running text.
void find_person(Scene& scene, std::uint32_t token) {
  if (!scene.is_capital(token)) {
    return;
  }
  const Token& t = scene.text.tokens[token];
  const bool is_given = scene.is(t, WordClass::given_name) || scene.gazetteer.is_given_name(t.hash);
  const bool is_rarely = scene.is(t, WordClass::given_name_rarely);
  const bool is_place = scene.is(t, WordClass::given_name_or_place) || is_rarely ||
                        scene.starts_name(token, 1, {EntityType::country, EntityType::place}) ||
                        (!is_given && scene.starts_name(token, 1, {EntityType::city}));
  if ((!is_given && !is_place) || scene.is(t, WordClass::name_particle) ||
      scene.is(t, WordClass::honorific)) {
    return;
  }
  if (scene.is(t, WordClass::function_word) || (t.shape & shape::kPossessive) != 0 ||
      scene.has_flag(token, Scene::kCaps) || (t.shape & shape::kUpper) != 0 ||
      token + 1 >= scene.size()) {
    return;
  }
  if (is_place) {
    const bool is_named = is_rarely ? is_surname(scene, token + 1)
                          : scene.is(t, WordClass::given_name_or_place)
                              ? true
                              : scene.is(token + 1, WordClass::common_surname) &&
                                    !scene.is(token + 1, WordClass::organisation_head);
    if (!is_named || scene.has_flag(token, Scene::kHeadline) ||
        scene.starts_name(token + 1, 1,
                          {EntityType::country, EntityType::org, EntityType::person}) ||
        scene.starts_name(token, 2, {EntityType::country, EntityType::place, EntityType::city})) {
      return;
    }
    const Token* previous = scene.previous(token);
    if (previous != nullptr && scene.is(*previous, WordClass::location)) {
      return;
    }
  }
  const bool is_headline = scene.has_flag(token, Scene::kHeadline);
  const std::uint32_t end =
      surname_end(scene, token + 1, is_headline || is_place ? 1 : kSurnameTokensMax);
  if (end > token + 1) {
    add_run(scene, {token, end}, EntityType::person);
  }
}

// "envoy Iran Air", but "singer Kenya Grace"
bool starts_other_name(const Scene& scene, std::uint32_t token) {
  const bool is_given = scene.is(token, WordClass::given_name_or_place) ||
                        scene.is(token, WordClass::given_name_rarely);
  if (scene.starts_name(token, 1, {EntityType::org, EntityType::group})) return true;
  return scene.starts_name(token, is_given ? 2 : 1, {EntityType::country});
}

// "spokesman Zamir Kabulov": a word for a person, then two capitals.
void find_titled_person(Scene& scene, std::uint32_t token) {
  const Token& t = scene.text.tokens[token];
  if (!scene.is(t, WordClass::honorific) ||
      scene.has_flag(token, Scene::kCaps | Scene::kHeadline) || token + 2 >= scene.size() ||
      !scene.joins(token + 1) || starts_other_name(scene, token + 1)) {
    return;
  }
  const std::uint32_t end = surname_end(scene, token + 1, kSurnameTokensMax);
  if (end > token + 2) {
    add_run(scene, {token + 1, end}, EntityType::person);
  }
}

// "USS Tripoli", "MV Ever Given": a ship, whatever it is called for.
void find_ship(Scene& scene, std::uint32_t token) {
  constexpr std::uint32_t kNamesMax = 3;
  if (!scene.is(token, WordClass::ship_prefix) ||
      (scene.text.tokens[token].shape & shape::kUpper) == 0)
    return;
  // In capitals or a headline any word may stand behind the name.
  const bool is_plain = !scene.has_flag(token, Scene::kCaps | Scene::kHeadline);
  std::uint32_t end = token + 1;
  while (end < scene.size() && end - token <= (is_plain ? kNamesMax : 1) && scene.joins(end) &&
         scene.is_capital(end) && !scene.is(end, WordClass::function_word)) {
    ++end;
    if ((scene.text.tokens[end - 1].shape & shape::kPossessive) != 0) break;
  }
  add_run(scene, {token, end}, EntityType::org);
}

// "Kennedy airport", "the Pulitzer prize": what is named for somebody is not he.
void find_named_for(Scene& scene, std::uint32_t token) {
  constexpr std::uint32_t kNamesMax = 4;
  if (!scene.is(token, WordClass::named_for) || token == 0 || !scene.joins(token) ||
      scene.has_flag(token, Scene::kCaps) || !scene.is_capital(token - 1) ||
      (scene.text.tokens[token - 1].shape & shape::kPossessive) != 0)
    return;
  std::uint32_t begin = token;
  for (std::uint32_t back = 1; back <= std::min(token, kNamesMax); ++back) {
    const std::uint32_t at = token - back;
    for (std::uint32_t i = scene.matches_begin[at]; i < scene.matches_begin[at + 1]; ++i) {
      if (scene.matches[i].tokens.end == token &&
          scene.entity(NameSense::of(scene.matches[i].payload).entity).type == EntityType::person)
        begin = at;
    }
  }
  if (begin == token && is_surname(scene, token - 1) &&
      !scene.is(token - 1, WordClass::function_word))
    begin = token - 1;
  add_run(scene, {begin, token + 1}, EntityType::org);
}

// True when a known organisation, group or person with more than one word starts inside the run.
bool holds_known_name(const Scene& scene, TokenSpan run) {
  for (std::uint32_t i = run.begin + 1; i < run.end; ++i) {
    if (scene.starts_name(i, 2, {EntityType::org, EntityType::group, EntityType::person}) &&
        !scene.is_foreign_body(i)) {
      return true;
    }
  }
  return false;
}

bool is_head(const Scene& scene, std::uint32_t token) {
  const bool is_plain = !scene.has_flag(token, Scene::kCaps | Scene::kHeadline);
  // "BANK OF TOKYO", but "FRENCH BANK CUTS RATES"
  const bool is_of = !is_plain && scene.is(token, WordClass::organisation_head) &&
                     scene.is(token, WordClass::generic_body) && scene.joins(token + 1) &&
                     scene.is(token + 1, WordClass::genitive);
  return scene.is_capital(token) &&
         (is_of ||
          scene.is(token, is_plain ? WordClass::organisation_head : WordClass::headline_head) ||
          (scene.is_sport && scene.is(token, WordClass::sport_head)));
}

// End of "of (the) Z" after a head; the head's own end when nothing of the kind follows.
std::uint32_t complement_end(const Scene& scene, std::uint32_t after_head) {
  std::uint32_t i = after_head;
  if (i >= scene.size() || !scene.joins(i) ||
      !(scene.is_lower(i) || scene.has_flag(i, Scene::kCaps)) ||
      !scene.is(i, WordClass::name_link)) {
    return after_head;
  }
  ++i;
  if (i < scene.size() && scene.is(i, WordClass::definite_article)) {
    ++i;
  }
  std::uint32_t end = after_head;
  while (i < scene.size() && scene.joins(i) && scene.is_capital(i) && i < after_head + 5) {
    end = ++i;
    if ((scene.text.tokens[i - 1].shape & shape::kPossessive) != 0) {
      break;
    }
  }
  return end;
}

// The place whose name starts here, where no longer name does; empty otherwise.
TokenSpan place_at(const Scene& scene, std::uint32_t token) {
  TokenSpan place{token, token};
  std::uint32_t longest = token;
  for (std::uint32_t i = scene.matches_begin[token]; i < scene.matches_begin[token + 1]; ++i) {
    const NameSense sense = NameSense::of(scene.matches[i].payload);
    const EntityType type = scene.entity(sense.entity).type;
    const std::uint32_t end = scene.matches[i].tokens.end;
    longest = std::max(longest, end);
    const bool is_place = type == EntityType::city || type == EntityType::place ||
                          (type == EntityType::country && !scene.is_sport);
    if (is_place && (sense.via == Via::name || sense.via == Via::alias))
      place.end = std::max(place.end, end);
  }
  return place.end == longest ? place : TokenSpan{token, token};
}

// The organisation's name in the capitals [begin, end), if one of them is a head.
void find_organisation(Scene& scene, std::uint32_t begin, std::uint32_t end) {
  // "The Iran Air" begins with Iran, but "New York" with New.
  while (
      begin < end &&
      !scene.starts_name(
          begin, 2, {EntityType::city, EntityType::place, EntityType::country, EntityType::org}) &&
      (scene.is(begin, WordClass::function_word) || scene.is(begin, WordClass::honorific))) {
    ++begin;
  }
  const bool is_plain = begin < end && !scene.has_flag(begin, Scene::kCaps | Scene::kHeadline);
  for (std::uint32_t head = end; head-- > begin;) {
    if (!is_head(scene, head)) {
      continue;
    }
    if (head + 1 < end && scene.is(head + 1, WordClass::government_head)) {
      continue;  // "Iranian Air Force"
    }
    // In a headline any word may stand before the name: take one.
    std::uint32_t from = is_plain ? begin : std::max(begin, head == 0 ? 0 : head - 1);
    if (from < head && !is_plain && scene.is(from, WordClass::function_word)) {
      from = head;
    }
    // "HONG KONG OPEN": the place is taken whole.
    for (std::uint32_t at = begin; !is_plain && at < from; ++at) {
      if (place_at(scene, at).end == head) from = at;
    }
    const TokenSpan run{from, complement_end(scene, head + 1)};
    const bool has_known_start = scene.starts_name(
        from, head + 1 - from, {EntityType::org, EntityType::group, EntityType::place});
    if (run.size() <= kRunTokensMax && !has_known_start && !holds_known_name(scene, run)) {
      add_run(scene, run, EntityType::org);
    }
    return;
  }
}

// A people and the word behind it, where that word may be the rest of a name.
struct PeopleAndWord {
  std::uint64_t word = 0;
  std::uint64_t people = 0;
  TokenSpan tokens;
};

// The word behind a demonym is a capital that no list knows, and the last one.
bool may_name_with_people(const Scene& scene, std::uint32_t next) {
  if (next >= scene.size() || !scene.joins(next) || scene.run_at[next] >= 0 ||
      scene.run_at[next - 1] >= 0 || scene.has_flag(next, Scene::kCaps | Scene::kHeadline))
    return false;
  const Token& word = scene.text.tokens[next];
  const bool goes_on = scene.joins(next + 1) && scene.is_capital(next + 1);
  return (word.shape & shape::kTitle) != 0 && !scene.text.words->knows(word.word) && !goes_on &&
         scene.matches_begin[next] == scene.matches_begin[next + 1] && scene.role_at[next] < 0 &&
         !scene.gazetteer.is_given_name(word.hash) && !is_surname(scene, next) &&
         !scene.text.slice(word).ends_with('s');  // "Iraqi Sunnis": some of them
}

// "British Printing rose ... British Printing said": said more than once, and nowhere in the
// article does the word stand without the people.
void find_named_after_people(Scene& scene) {
  std::vector<PeopleAndWord> pairs;
  for (const PhraseMatch& match : scene.matches) {
    const std::uint32_t next = match.tokens.end;
    if (NameSense::of(match.payload).via != Via::demonym || match.tokens.size() > 1 ||
        !may_name_with_people(scene, next))
      continue;
    const std::vector<Token>& tokens = scene.text.tokens;
    pairs.push_back({tokens[next].hash, tokens[next - 1].hash, {next - 1, next + 1}});
  }
  if (pairs.size() < 2) return;
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const auto& a, const auto& b) { return a.word < b.word; });
  // Of the first pair of each word: how often the word stands, and whether without that people.
  std::vector<std::uint32_t> together(pairs.size(), 0);
  std::vector<bool> is_alone(pairs.size(), false);
  for (std::uint32_t i = 0; i < scene.size(); ++i) {
    const std::uint64_t word = scene.text.tokens[i].hash;
    const auto first = std::lower_bound(
        pairs.begin(), pairs.end(), word,
        [](const PeopleAndWord& pair, std::uint64_t value) { return pair.word < value; });
    if (first == pairs.end() || first->word != word) continue;
    const auto at = static_cast<std::size_t>(first - pairs.begin());
    const bool is_together = i > 0 && scene.text.tokens[i - 1].hash == first->people;
    ++together[at];
    if (!is_together) is_alone[at] = true;
  }
  for (std::size_t i = 0, first = 0; i < pairs.size(); ++i) {
    if (pairs[i].word != pairs[first].word) first = i;
    if (together[first] > 1 && !is_alone[first]) add_run(scene, pairs[i].tokens, EntityType::org);
  }
}

// "Nevada Gold (NYSE: NGX)", "CAMBRIDGE MEDICAL <CMTC>": what stands before the letters of a stock
// exchange is a firm.
void find_listed(Scene& scene, std::uint32_t token) {
  constexpr std::uint32_t kSignBytesMax = 5;
  constexpr std::uint32_t kShoutedMax = 2;  // in capitals any word may stand before the name
  const Token& sign = scene.text.tokens[token];
  const std::string_view bytes = scene.text.bytes;
  if ((sign.shape & shape::kUpper) == 0 || sign.end - sign.begin > kSignBytesMax || token == 0 ||
      sign.end >= bytes.size())
    return;
  std::uint32_t open = token;
  if (bytes[sign.end] == ')' && (sign.before & before::kColon) != 0 &&
      (scene.text.tokens[token - 1].shape & shape::kUpper) != 0 &&
      (scene.text.tokens[token - 1].before & before::kParenOpen) != 0) {
    open = token - 1;
  } else if (bytes[sign.end] != '>' || bytes[sign.begin - 1] != '<') {
    return;
  }
  const std::uint32_t most =
      open > 0 && scene.has_flag(open - 1, Scene::kCaps) ? kShoutedMax : kRunTokensMax;
  std::uint32_t begin = open;
  while (begin > 0 && open - begin < most && !scene.has_flag(begin, Scene::kSentenceStart) &&
         (begin == open || scene.joins(begin)) && scene.is_capital(begin - 1) &&
         (scene.text.tokens[begin - 1].shape & shape::kPossessive) == 0 &&
         !scene.is(begin - 1, WordClass::function_word))
    --begin;
  if (open - begin < 2) return;
  for (std::uint32_t i = begin; i < open; ++i) {
    if (scene.starts_name(i, 1, {EntityType::org, EntityType::group})) return;
  }
  add_run(scene, {begin, open}, EntityType::org);
}

// What follows a place and is no part of a name with it: "Chicago Mayor", "Kansas Republicans",
// "Paris Monday", "Kosovo Albanians", "Germany Otto Braun".
bool stands_beside_place(const Scene& scene, std::uint32_t token) {
  const Token& t = scene.text.tokens[token];
  if ((t.shape & shape::kTitle) == 0 || t.end - t.begin < 3) return true;
  for (const WordClass each :
       {WordClass::function_word, WordClass::honorific, WordClass::former, WordClass::given_name,
        WordClass::government_head, WordClass::generic_body, WordClass::state_word,
        WordClass::location, WordClass::name_particle, WordClass::month}) {
    if (scene.is(t, each)) return true;
  }
  if (scene.role_at[token] >= 0 || scene.gazetteer.is_given_name(t.hash)) return true;
  // Small towns have the names of families: "India Willoughby".
  const auto begin = scene.matches.begin();
  return std::any_of(begin + scene.matches_begin[token], begin + scene.matches_begin[token + 1],
                     [&scene](const PhraseMatch& match) {
                       const EntityIndex named = NameSense::of(match.payload).entity;
                       return match.tokens.size() > 1 ||
                              scene.entity(named).type != EntityType::city ||
                              scene.is_known_town(named);
                     });
}

// "Boston Red Sox", "Panama Papers", "Berlin Wall": capitals in running text that go on behind a
// place are one name with it.
void find_named_after_place(Scene& scene, std::uint32_t begin, std::uint32_t end) {
  while (begin < end && scene.is(begin, WordClass::function_word) &&
         place_at(scene, begin).size() < 2)
    ++begin;
  if (begin >= end || scene.has_flag(begin, Scene::kCaps | Scene::kHeadline | Scene::kDateline))
    return;
  const TokenSpan place = place_at(scene, begin);
  if (place.size() == 0 || place.end >= end || stands_beside_place(scene, place.end)) return;
  if (scene.text.sentences.empty() ||
      scene.text.sentences[scene.text.sentence_of(begin)].field == Field::title)
    return;
  std::uint32_t last = place.end;
  while (last + 1 < end && !stands_beside_place(scene, last + 1)) ++last;
  add_run(scene, {begin, last + 1}, EntityType::org);
}

// "Mr Israel", "Sen. Brazil": a person.
void find_short_titled_person(Scene& scene, std::uint32_t token) {
  if (!scene.is(token, WordClass::honorific) || token + 1 >= scene.size() ||
      !scene.joins(token + 1) || scene.has_flag(token, Scene::kCaps | Scene::kHeadline))
    return;
  constexpr std::uint32_t kShortMax = 4;  // letters: "Mr", "Prof"
  const Token& title = scene.text.tokens[token];
  const Token& name = scene.text.tokens[token + 1];
  const bool is_short = title.end - title.begin <= kShortMax && (title.shape & shape::kTitle) != 0;
  if (is_short && (name.shape & shape::kTitle) != 0 && (name.shape & shape::kPossessive) == 0 &&
      place_at(scene, token + 1).size() == 1 &&
      (token + 2 >= scene.size() || !scene.joins(token + 2) || !scene.is_capital(token + 2)))
    add_run(scene, {token, token + 2}, EntityType::person);
}

// "Iran's Navy" is two names; "Traders' Association" is one.
bool ends_with_possessive(const Scene& scene, std::uint32_t token) {
  const Token& t = scene.text.tokens[token];
  return (t.shape & shape::kPossessive) != 0 && ascii_lower(scene.text.slice(t).back()) != 's';
}

// A headline says nothing by its capitals: "Guide Israel Concha killed" is read as the text below.
// Of the runs from `first` on.
void find_again(Scene& scene, std::size_t first, EntityType type) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> names;
  for (std::size_t r = first; r < scene.runs.size(); ++r) {
    const Run& run = scene.runs[r];
    if (run.type != type || run.tokens.size() != 2) continue;
    names.emplace_back(scene.text.tokens[run.tokens.begin].hash,
                       scene.text.tokens[run.tokens.begin + 1].hash);
  }
  if (names.empty()) return;
  std::sort(names.begin(), names.end());
  for (const std::uint32_t i : scene.noted) {
    if (!scene.joins(i + 1) || scene.run_at[i] >= 0 || !scene.is_capital(i)) continue;
    const std::pair name{scene.text.tokens[i].hash, scene.text.tokens[i + 1].hash};
    if (std::binary_search(names.begin(), names.end(), name)) {
      add_run(scene, {i, i + 2}, type);
    }
  }
}

// Calls `take` with the ends of each sequence of capitals.
template <class F>
void each_capitals(const Scene& scene, F&& take) {
  std::uint32_t end = 0;
  for (const std::uint32_t begin : scene.noted) {
    if (begin < end || !scene.is_capital(begin)) continue;
    end = begin + 1;
    while (end < scene.size() && scene.joins(end) && scene.is_capital(end) &&
           !ends_with_possessive(scene, end - 1)) {
      ++end;
    }
    take(begin, end);
  }
}

}  // namespace

void find_runs(Scene& scene) {
  for (const std::uint32_t i : scene.noted) {
    find_ship(scene, i);
    find_listed(scene, i);
    find_named_for(scene, i);
  }
  for (const std::uint32_t i : scene.noted) {
    find_person(scene, i);
    find_titled_person(scene, i);
    find_short_titled_person(scene, i);
  }
  find_again(scene, 0, EntityType::person);
  each_capitals(
      scene, [&](std::uint32_t begin, std::uint32_t end) { find_organisation(scene, begin, end); });
  const std::size_t first = scene.runs.size();
  each_capitals(scene, [&](std::uint32_t begin, std::uint32_t end) {
    find_named_after_place(scene, begin, end);
  });
  find_named_after_people(scene);
  find_again(scene, first, EntityType::org);
}

namespace {

constexpr std::uint32_t kLettersMin = 2;
constexpr std::uint32_t kLettersMax = 8;

// The known body or place of more than one word whose name ends right before the token.
EntityIndex known_before(const Scene& scene, std::uint32_t token, TokenSpan& name) {
  for (std::uint32_t back = std::min(token, kRunTokensMax); back >= 2; --back) {
    const std::uint32_t begin = token - back;
    for (std::uint32_t i = scene.matches_begin[begin]; i < scene.matches_begin[begin + 1]; ++i) {
      const NameSense sense = NameSense::of(scene.matches[i].payload);
      const EntityType type = scene.entity(sense.entity).type;
      if (scene.matches[i].tokens.end == token && sense.via != Via::metonym &&
          (type == EntityType::org || type == EntityType::group) && !scene.is_foreign_body(begin)) {
        name = scene.matches[i].tokens;
        return sense.entity;
      }
    }
  }
  return kNoEntity;
}

// The capitals right before the token whose first letters are the letters; small words between
// them are skipped. Empty when there are none.
TokenSpan spelled_before(const Scene& scene, std::uint32_t token, std::string_view letters) {
  std::uint32_t at = token;
  for (std::size_t left = letters.size(); left > 0;) {
    if (at == 0 || token - at >= kRunTokensMax || (at < token && !scene.joins(at))) {
      return {token, token};
    }
    --at;
    // "National People s Party": what became of an apostrophe.
    if (scene.is(at, WordClass::possessive_letter) && scene.is_lower(at)) continue;
    const std::string_view word = scene.text.slice(scene.text.tokens[at]);
    if (scene.is_capital(at) && word.front() == letters[left - 1]) {
      --left;
    } else if (scene.is_capital(at) || !scene.is(at, WordClass::function_word)) {
      return {token, token};
    }
  }
  return {at, token};
}

}  // namespace

namespace {

// "People's Liberation Army (EPL)": the letters of a body that is not the one named before them.
bool is_letters_of_another(const Scene& scene, std::uint32_t token, EntityIndex named) {
  bool is_another = false;
  for (std::uint32_t i = scene.matches_begin[token]; i < scene.matches_begin[token + 1]; ++i) {
    const NameSense sense = NameSense::of(scene.matches[i].payload);
    if (sense.entity == named) return false;
    is_another = is_another || sense.via == Via::acronym;
  }
  return named != kNoEntity && is_another;
}

// "RPF (Railway Police Force)": what the letters at `token` stand for stands in brackets after
// them.
void find_spelled_after(Scene& scene, std::uint32_t token) {
  const std::string_view letters = scene.text.slice(scene.text.tokens[token]);
  const std::uint32_t begin = token + 1;
  if ((scene.text.tokens[token].shape & shape::kUpper) == 0 || letters.size() < kLettersMin ||
      letters.size() > kLettersMax || begin >= scene.size() ||
      (scene.text.tokens[begin].before & before::kParenOpen) == 0 ||
      scene.has_flag(token, Scene::kCaps))
    return;
  std::uint32_t end = begin + 1;
  while (end < scene.size() && end - begin < kRunTokensMax && scene.joins(end)) ++end;
  Abbreviation abbreviation;
  abbreviation.name = spelled_before(scene, end, letters);
  if (abbreviation.name.begin != begin || abbreviation.name.size() < kLettersMin) return;
  TokenSpan known_name;
  abbreviation.known = known_before(scene, end, known_name);
  if (abbreviation.known != kNoEntity && known_name.begin != begin) return;
  add_run(scene, abbreviation.name, EntityType::org);
  scene.abbreviations.emplace_back(scene.text.tokens[token].hash, abbreviation);
}

}  // namespace

void find_abbreviations(Scene& scene) {
  for (const std::uint32_t i : scene.noted) find_spelled_after(scene, i);
  for (const std::uint32_t i : scene.noted) {
    const Token& letters = scene.text.tokens[i];
    const std::string_view word = scene.text.slice(letters);
    const bool closes =
        i + 1 == scene.size() || (scene.text.tokens[i + 1].before & before::kParenClose) != 0;
    if (i == 0 || (letters.before & before::kParenOpen) == 0 || !closes ||
        word.size() < kLettersMin || word.size() > kLettersMax ||
        (letters.shape & shape::kUpper) == 0 ||
        scene.has_flag(i, Scene::kCaps | Scene::kSentenceStart)) {
      continue;
    }
    Abbreviation abbreviation;
    abbreviation.known = known_before(scene, i, abbreviation.name);
    if (is_letters_of_another(scene, i, abbreviation.known)) continue;
    if (abbreviation.known == kNoEntity) {
      abbreviation.name = spelled_before(scene, i, word);
      if (abbreviation.name.size() < kLettersMin || abbreviation.name.size() > kRunTokensMax) {
        continue;
      }
      add_run(scene, abbreviation.name, EntityType::org);
    }
    scene.abbreviations.emplace_back(letters.hash, abbreviation);
  }
  // The first one stays.
  std::stable_sort(scene.abbreviations.begin(), scene.abbreviations.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
}

namespace {

// "Wanda Vazquez": a first name nobody knows before a surname that somebody else is known by.
void introduce_namesakes(Scene& scene) {
  for (const std::uint32_t i : scene.noted) {
    const std::uint64_t surname = scene.text.tokens[i].hash;
    if (!scene.is_capital(i) || !scene.joins(i) ||
        !scene.gazetteer.may_be_surname.may_have(surname) ||
        scene.has_flag(i, Scene::kCaps | Scene::kHeadline) ||
        scene.has_flag(i - 1, Scene::kSentenceStart) || scene.introduced.find(surname) != nullptr ||
        !scene.follows_name_word(i) || scene.is(i - 1, WordClass::beside_stamp) ||
        scene.is(i - 1, WordClass::stamp_word))
      continue;
    const auto [begin, end] = scene.gazetteer.with_surname(surname);
    if (begin != end) scene.introduced.add(surname, {kNoEntity, {i - 1, i + 1}});
  }
}

// Codes of the states whose people or adjective the article names, sorted.
std::vector<std::string_view> peoples_named(const Scene& scene) {
  std::vector<std::string_view> codes;
  for (const PhraseMatch& match : scene.matches) {
    const NameSense sense = NameSense::of(match.payload);
    if (sense.via == Via::demonym) codes.emplace_back(scene.entity(sense.entity).code);
  }
  std::sort(codes.begin(), codes.end());
  return codes;
}

// "Jordan Henderson signed. Jordan was happy": the country only where its people are named, too.
bool means_given_name(const Scene& scene, std::uint32_t token,
                      const std::vector<std::string_view>& peoples) {
  const EntityIndex country = scene.country_at(token);
  return country != kNoEntity &&
         (scene.is(token, WordClass::given_name_or_place) ||
          scene.is(token, WordClass::given_name_rarely)) &&
         !std::binary_search(peoples.begin(), peoples.end(),
                             std::string_view(scene.entity(country).code));
}

}  // namespace

void find_introductions(Scene& scene) {
  const std::vector<std::string_view> peoples = peoples_named(scene);
  for (std::uint32_t i = 0; i < scene.size();) {
    std::uint32_t end = i + 1;
    const std::uint32_t first = scene.matches_begin[i];
    if (first < scene.matches_begin[i + 1]) {
      const NameSense sense = NameSense::of(scene.matches[first].payload);
      const Entity& person = scene.entity(sense.entity);
      if (person.type == EntityType::person && scene.matches[first].tokens.size() > 1) {
        const TokenSpan tokens = scene.matches[first].tokens;
        for (const auto& [owner, hash] : scene.gazetteer.follow_ups_of(sense.entity)) {
          scene.introduced.add(hash, {owner, tokens});
        }
        scene.introduced.add(scene.text.tokens[tokens.end - 1].hash, {sense.entity, tokens});
        end = tokens.end;
      }
    }
    if (end == i + 1 && scene.run_at[i] >= 0) {
      const Run& run = scene.runs[static_cast<std::size_t>(scene.run_at[i])];
      if (run.type == EntityType::person) {
        scene.introduced.add(scene.text.tokens[run.tokens.end - 1].hash, {kNoEntity, run.tokens});
        if (means_given_name(scene, run.tokens.begin, peoples)) {
          scene.introduced.add(scene.text.tokens[run.tokens.begin].hash, {kNoEntity, run.tokens});
        }
        end = run.tokens.end;
      }
    }
    i = end;
  }
  introduce_namesakes(scene);
}

}  // namespace tocsin
