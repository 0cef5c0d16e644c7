#include "pipeline/alerts/alert_rules.h"

#include <algorithm>
#include <array>

#include "pipeline/text/ascii.h"
#include "pipeline/text/fold.h"

namespace tocsin {
namespace {

bool is_letter(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

constexpr std::uint16_t kAnyStart = 0;
constexpr std::uint16_t kOtherStart = 1;  // no two letters, whatever it folds to

// The first two letters of a token that is folded or will be: letters of ASCII fold one by one,
// numbers stay, of others nothing is known.
std::uint16_t start_of(std::string_view token) {
  const char first = token.empty() ? '\0' : ascii_lower(token[0]);
  const char second = token.size() < 2 ? '0' : ascii_lower(token[1]);
  if (is_letter(first) && is_letter(second))
    return static_cast<std::uint16_t>(2 + ((first - 'a') << 5 | (second - 'a')));
  const bool is_plain =
      (is_letter(first) || is_digit(first)) && (is_letter(second) || is_digit(second));
  return is_plain ? kOtherStart : kAnyStart;
}

}  // namespace

Keyword::Keyword(std::string_view text, int its_weight) : weight(its_weight) {
  const bool is_prefix = text.ends_with('*');
  if (is_prefix) text.remove_suffix(1);
  const std::vector<Token> found = tokenize(text);
  for (const Token& token : found) tokens.push_back(token.hash);
  if (!is_prefix || found.empty()) return;
  prefix = fold(text.substr(found.back().begin, found.back().end - found.back().begin));
  start = start_of(prefix);
  if (start == kOtherStart) start = kAnyStart;  // one letter, or a number: rare
}

void KeywordSearch::note_tokens() {
  is_noted_ = true;
  start_of_.reserve(text_->tokens.size());
  for (const Token& token : text_->tokens) {
    hashes_.set(token.hash % kHashBits);
    start_of_.push_back(start_of(text_->slice(token)));
    starts_.set(start_of_.back());
  }
}

// False: its first token, or what that begins with, is nowhere.
bool KeywordSearch::may_stand(const Keyword& keyword) const {
  if (keyword.tokens.size() > 1 || keyword.prefix.empty())
    return hashes_.test(keyword.tokens.front() % kHashBits);
  return keyword.start == kAnyStart || starts_.test(kAnyStart) || starts_.test(keyword.start);
}

bool KeywordSearch::is_at(const Keyword& keyword, std::size_t at) const {
  const std::size_t hashed = keyword.tokens.size() - (keyword.prefix.empty() ? 0 : 1);
  for (std::size_t i = 0; i < hashed; ++i) {
    if (text_->tokens[at + i].hash != keyword.tokens[i]) return false;
  }
  if (keyword.prefix.empty()) return true;
  const std::uint16_t start = start_of_[at + hashed];
  if (start != kAnyStart && keyword.start != kAnyStart && start != keyword.start) return false;
  return fold(text_->slice(text_->tokens[at + hashed])).starts_with(keyword.prefix);
}

std::vector<std::uint32_t> KeywordSearch::places_of(const Keyword& keyword) {
  std::vector<std::uint32_t> places;
  if (keyword.tokens.empty()) return places;
  if (!is_noted_) note_tokens();
  if (!may_stand(keyword)) return places;
  for (std::size_t at = 0; at + keyword.tokens.size() <= text_->tokens.size(); ++at) {
    if (is_at(keyword, at)) places.push_back(static_cast<std::uint32_t>(at));
  }
  return places;
}

namespace {

struct Found {
  std::uint32_t token;
  std::size_t keyword;
};

// The best sum of distinct keywords that lie within so many tokens of each other; 0: anywhere.
int best_sum(const AlertRule& rule, std::vector<Found> found) {
  std::sort(found.begin(), found.end(), [](const Found& a, const Found& b) {
    return std::pair(a.token, a.keyword) < std::pair(b.token, b.keyword);
  });
  int best = 0;
  int sum = 0;
  std::vector<std::uint32_t> inside(rule.keywords.size(), 0);
  std::size_t begin = 0;
  for (const Found& last : found) {
    if (inside[last.keyword]++ == 0) sum += rule.keywords[last.keyword].weight;
    while (rule.keywords_within > 0 && last.token - found[begin].token > rule.keywords_within) {
      const std::size_t left = found[begin++].keyword;
      if (--inside[left] == 0) sum -= rule.keywords[left].weight;
    }
    best = std::max(best, sum);
  }
  return best;
}

bool has_keywords(const AlertRule& rule, KeywordSearch& search) {
  if (rule.keywords.empty()) return true;
  std::vector<Found> found;
  int against = 0;
  for (std::size_t k = 0; k < rule.keywords.size(); ++k) {
    const std::vector<std::uint32_t> places = search.places_of(rule.keywords[k]);
    if (places.empty()) continue;
    if (rule.keywords[k].weight < 0) {
      against += rule.keywords[k].weight;
    } else {
      for (const std::uint32_t place : places) found.push_back({place, k});
    }
  }
  return best_sum(rule, std::move(found)) + against >= rule.keywords_min;
}

// Where armed people act, who tells of it under politics or business tells of no less.
constexpr std::array kSections = {Topic::conflict, Topic::diplomacy, Topic::politics,
                                  Topic::business, Topic::health,    Topic::scitech};

bool is_about_topics(const AlertRule& rule, const TopicShares& topics, bool is_armed) {
  if (rule.topics.empty() || !topics.is_known()) return true;
  unsigned about = 0;
  unsigned strongest = 0;
  for (const Topic topic : rule.topics) {
    about += topics.of(topic);
    strongest = std::max<unsigned>(strongest, topics.of(topic));
  }
  const bool is_of_conflict =
      std::find(rule.topics.begin(), rule.topics.end(), Topic::conflict) != rule.topics.end();
  if (is_armed && is_of_conflict) {
    unsigned sections = 0;
    for (const Topic topic : kSections) sections += topics.of(topic);
    about = std::max(about, sections);
  }
  return about >= rule.topics_min &&
         std::none_of(rule.topics_over.begin(), rule.topics_over.end(),
                      [&](Topic other) { return topics.of(other) > strongest; });
}

bool is_side(const std::string& wanted, const std::string& id, const std::string& code) {
  return !id.empty() && (wanted == id || wanted == code);
}

}  // namespace

const AlertRule* AlertRules::find(std::string_view id) const {
  const auto found = std::find_if(rules_.begin(), rules_.end(),
                                  [&](const AlertRule& rule) { return rule.id == id; });
  return found == rules_.end() ? nullptr : &*found;
}

bool is_named(const AlertRule& rule, const Event& event) {
  if (rule.events.empty()) return event.weight < 0;
  return std::any_of(rule.events.begin(), rule.events.end(), [&](const EventCondition& want) {
    if (want.type != event.type) return false;
    const bool is_cameo = !want.mode.empty() && want.mode[0] >= '0' && want.mode[0] <= '9';
    if (is_cameo) return event.cameo.starts_with(want.mode);
    return want.mode.empty() || want.mode == event.mode;
  });
}

bool is_armed_act(const Event& event) {
  const bool is_force = event.type == EventType::assault || event.type == EventType::mobilize ||
                        (event.type == EventType::coerce && event.mode == "seize");
  return event.is_armed && is_force;
}

bool holds_for_article(const AlertRule& rule, const Source& source, const TopicShares& topics,
                       bool is_armed, KeywordSearch& search) {
  const auto tier = static_cast<unsigned>(source.tier * 100 + 0.5);
  return tier >= rule.tier_min && is_about_topics(rule, topics, is_armed) &&
         has_keywords(rule, search);
}

bool is_about(const AlertRule& rule, const PairName& pair) {
  if (pair.second.empty() ? !rule.with_alone : rule.only_alone) return false;
  const auto has = [&](const std::string& wanted) {
    return is_side(wanted, pair.first, pair.first_code) ||
           is_side(wanted, pair.second, pair.second_code);
  };
  if (!rule.between.empty()) {
    return std::any_of(rule.between.begin(), rule.between.end(),
                       [&](const auto& wanted) { return has(wanted.first) && has(wanted.second); });
  }
  return rule.actors.empty() || std::any_of(rule.actors.begin(), rule.actors.end(), has);
}

}  // namespace tocsin
