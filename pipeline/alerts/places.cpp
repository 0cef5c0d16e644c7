#include "pipeline/alerts/places.h"

#include <algorithm>

#include "pipeline/tension/lexicon_facts.h"

namespace tocsin {
namespace {

// The country of a name: itself, or where it lies.
EntityIndex country_of(const Gazetteer& gazetteer, EntityIndex index) {
  if (index == kNoEntity) return kNoEntity;
  const Entity& entity = gazetteer[index];
  if (entity.part == Part::state) return index;
  const bool is_place = entity.type == EntityType::city || entity.type == EntityType::place ||
                        entity.type == EntityType::country;
  if (!is_place || entity.code.empty()) return kNoEntity;
  const EntityIndex country = gazetteer.by_code(entity.code);
  return country != kNoEntity && gazetteer[country].part == Part::state ? country : kNoEntity;
}

// "in", "in the", "in northern", "north of", or a comma stands before it.
bool is_told_as_place(const Text& text, const Mention& mention) {
  std::uint32_t begin = mention.tokens.begin;
  if (mention.via == Via::demonym || begin == 0) return false;
  if ((text.tokens[begin].before & before::kComma) != 0) return true;
  if (begin > 1 && text.is(text.tokens[begin - 1], WordClass::definite_article)) --begin;
  const Token& one = text.tokens[begin - 1];
  if (text.is(one, WordClass::location_strict)) return true;
  if (begin == 1 || !text.is(one, WordClass::location)) return false;
  const Token& two = text.tokens[begin - 2];
  const bool is_side = text.is(one, WordClass::function_word) &&  // "north of", "the town of"
                       text.is(two, WordClass::location) && !text.is(two, WordClass::function_word);
  if (is_side || text.is(two, WordClass::location_strict)) return true;
  // "in the Peruvian capital Lima"
  constexpr std::uint32_t kBetweenMax = 3;
  for (std::uint32_t back = 3; back < 2 + kBetweenMax && back <= begin; ++back) {
    if (text.is(one, WordClass::function_word)) return false;
    if (text.is(text.tokens[begin - back], WordClass::location_strict)) return true;
  }
  return false;
}

}  // namespace

Places::Places(const SignalSource& from) : text_(from.text) {
  for (const Mention& mention : from.tagging.mentions) {
    const TaggedEntity& tagged = from.tagging.entities[mention.entity];
    if (tagged.is_team) continue;
    const EntityIndex country = country_of(from.gazetteer, tagged.gazetteer);
    if (country == kNoEntity) continue;
    const std::uint32_t begin = mention.tokens.begin;
    const bool is_country = tagged.gazetteer == country;
    if (lies_beside(from.lexicon, text_, mention.tokens, is_country)) continue;
    const bool is_told = is_told_as_place(text_, mention);
    if (mention.via == Via::metonym && !is_told) continue;  // "what Ankara calls": a government
    // "pro-Chilean", "the Chile army": whom they side with, whose they are
    const bool is_of_people =
        (text_.tokens[begin].before & before::kJoinedHyphen) != 0 ||
        (is_country && !is_told && owns_next(from.lexicon, text_, mention.tokens));
    const bool is_people = mention.via == Via::demonym || is_of_people;
    named_.push_back({begin, country, is_people, is_told, is_country});
    if (is_told) told_.emplace(text_.sentence_of(begin), country);
  }
}

PlaceOfAct Places::of(const Event& event) const {
  const std::size_t sentence = text_.sentence_of(event.evidence.begin);
  const TokenSpan tokens = text_.sentences[sentence].tokens;
  const auto first = from(tokens.begin);
  const auto last = from(tokens.end);
  const auto behind = std::clamp(from(event.evidence.end), first, last);
  PlaceOfAct best;
  std::uint32_t best_cost = 0xFFFFFFFF;
  for (auto it = behind; it != first;) {
    --it;
    const std::uint32_t distance =
        2 * (event.evidence.begin - std::min(event.evidence.begin, it->begin));
    if (distance > best_cost) break;
    const std::uint32_t cost = distance + penalty(*it, event);
    if (cost > best_cost) continue;
    best.country = it->country;
    best_cost = cost;
  }
  for (auto it = behind; it != last; ++it) {
    const std::uint32_t distance = it->begin - event.evidence.end;
    if (distance >= best_cost) break;
    const std::uint32_t cost = distance + penalty(*it, event);
    if (cost >= best_cost) continue;
    best.country = it->country;
    best_cost = cost;
  }
  best.is_told = told_.contains({sentence, best.country});
  return best;
}

EntityIndex Places::told_beside(const Event& event) const {
  const std::size_t sentence = text_.sentence_of(event.evidence.begin);
  const auto first = told_.lower_bound({sentence, 0});
  if (first == told_.end() || first->first != sentence) return kNoEntity;
  const auto next = std::next(first);
  const bool is_only = next == told_.end() || next->first != sentence;
  return is_only ? first->second : kNoEntity;
}

std::span<const Places::Named> Places::in_sentence_of(const Event& event) const {
  const TokenSpan tokens = text_.sentences[text_.sentence_of(event.evidence.begin)].tokens;
  return {from(tokens.begin), from(tokens.end)};
}

bool Places::may_be_in(const Event& event, EntityIndex country) const {
  const std::size_t sentence = text_.sentence_of(event.evidence.begin);
  if (told_.contains({sentence, country})) return true;
  const std::span<const Named> here = in_sentence_of(event);
  return std::all_of(here.begin(), here.end(), [&](const Named& named) {
    return named.is_demonym || named.country == country;
  });
}

bool Places::names_people_of_other(const Event& event, EntityIndex country,
                                   EntityIndex teller) const {
  const std::size_t sentence = text_.sentence_of(event.evidence.begin);
  if (told_.contains({sentence, country})) return false;
  const std::span<const Named> here = in_sentence_of(event);
  return std::any_of(here.begin(), here.end(), [&](const Named& named) {
    return named.is_demonym && named.country != country && named.country != teller;
  });
}

bool Places::names(const Event& event, EntityIndex country) const {
  const std::span<const Named> here = in_sentence_of(event);
  return std::any_of(here.begin(), here.end(), [&](const Named& named) {
    return !named.is_demonym && named.country == country;
  });
}

bool Places::names_any(const Event& event) const {
  const std::span<const Named> here = in_sentence_of(event);
  return std::any_of(here.begin(), here.end(),
                     [](const Named& named) { return !named.is_demonym; });
}

EntityIndex Places::before(const Event& event) const {
  const auto here = from(text_.sentences[text_.sentence_of(event.evidence.begin)].tokens.begin);
  return here == named_.begin() ? kNoEntity : std::prev(here)->country;
}

std::vector<Places::Named>::const_iterator Places::from(std::uint32_t token) const {
  return std::lower_bound(
      named_.begin(), named_.end(), token,
      [](const Named& named, std::uint32_t begin) { return named.begin < begin; });
}

// "kills four US troops in Mali": who it is about says least about where.
std::uint32_t Places::penalty(const Named& named, const Event& event) {
  const bool is_party = named.country == event.actor || named.country == event.recipient;
  if (named.is_demonym || (is_party && !named.is_told)) return 100;
  // Many towns share a name: "the town of Palma in northern Mozambique".
  constexpr std::uint32_t kTown = 12;
  // "in Baghdad ... a match against South Korea"
  constexpr std::uint32_t kUntold = 24;
  return (named.is_country ? 0 : kTown) + (named.is_told ? 0 : kUntold);
}

}  // namespace tocsin
