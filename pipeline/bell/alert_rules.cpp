#include "pipeline/bell/alert_rules.h"

#include <algorithm>

namespace tocsin {
namespace {

constexpr double kEventWeightMin = 0.1;

bool has_event(const AlertRule& rule, const Assessment& assessment) {
  if (rule.events.empty()) return true;
  return std::any_of(assessment.events.begin(), assessment.events.end(), [&](const Event& event) {
    const double weight = event.weight < 0 ? -event.weight : event.weight;
    if (event.polarity != Polarity::asserted || weight < kEventWeightMin) return false;
    return std::any_of(rule.events.begin(), rule.events.end(), [&](const EventCondition& want) {
      return want.type == event.type && (want.mode.empty() || want.mode == event.mode);
    });
  });
}

// One token of a keyword against one of the text.
bool is_token(std::string_view want, std::uint64_t want_hash, bool is_prefix, const Text& text,
              const Token& token) {
  if (!is_prefix) return token.hash == want_hash;
  return fold(text.slice(token)).starts_with(want);
}

// First tokens of every place where the keyword stands.
std::vector<std::uint32_t> places_of(const Keyword& keyword, const Text& text) {
  const bool is_prefix = keyword.text.ends_with('*');
  const std::string_view phrase =
      std::string_view(keyword.text).substr(0, keyword.text.size() - (is_prefix ? 1 : 0));
  const std::vector<Token> wanted = tokenize(phrase);
  std::vector<std::uint32_t> places;
  if (wanted.empty()) return places;
  const std::string last =
      fold(phrase.substr(wanted.back().begin, wanted.back().end - wanted.back().begin));
  for (std::size_t at = 0; at + wanted.size() <= text.tokens.size(); ++at) {
    bool is_here = true;
    for (std::size_t i = 0; i < wanted.size() && is_here; ++i) {
      const bool is_last = i + 1 == wanted.size();
      is_here = is_token(last, wanted[i].hash, is_prefix && is_last, text, text.tokens[at + i]);
    }
    if (is_here) places.push_back(static_cast<std::uint32_t>(at));
  }
  return places;
}

// The best sum of positive weights within the window, and all negative ones of the article.
bool has_keywords(const AlertRule& rule, const Text& text) {
  if (rule.keywords.empty()) return true;
  struct Found {
    std::uint32_t token;
    std::size_t keyword;
  };
  std::vector<Found> found;
  int against = 0;
  for (std::size_t k = 0; k < rule.keywords.size(); ++k) {
    const std::vector<std::uint32_t> places = places_of(rule.keywords[k], text);
    if (places.empty()) continue;
    if (rule.keywords[k].weight < 0) {
      against += rule.keywords[k].weight;
    } else {
      for (const std::uint32_t place : places) found.push_back({place, k});
    }
  }
  std::sort(found.begin(), found.end(), [](const Found& a, const Found& b) {
    return std::pair(a.token, a.keyword) < std::pair(b.token, b.keyword);
  });
  for (std::size_t begin = 0; begin < found.size(); ++begin) {
    std::vector<bool> counted(rule.keywords.size(), false);
    int sum = against;
    for (std::size_t i = begin; i < found.size(); ++i) {
      if (rule.keywords_within > 0 && found[i].token - found[begin].token > rule.keywords_within) {
        break;
      }
      if (counted[found[i].keyword]) continue;
      counted[found[i].keyword] = true;
      sum += rule.keywords[found[i].keyword].weight;
    }
    if (sum >= rule.keywords_min) return true;
    if (rule.keywords_within == 0) break;  // the first window is the whole article
  }
  return false;
}

bool is_side(const std::string& wanted, const std::string& id, const std::string& code) {
  return !id.empty() && (wanted == id || wanted == code);
}

}  // namespace

std::vector<std::string> AlertRules::matches(const NoticeSource& article) const {
  const auto tier = static_cast<unsigned>(article.source.tier * 100 + 0.5);
  std::vector<std::string> ids;
  for (const AlertRule& rule : rules_) {
    if (tier >= rule.tier_min && has_event(rule, article.assessment) &&
        has_keywords(rule, article.text)) {
      ids.push_back(rule.id);
    }
  }
  return ids;
}

const AlertRule* AlertRules::find(std::string_view id) const {
  const auto found = std::find_if(rules_.begin(), rules_.end(),
                                  [&](const AlertRule& rule) { return rule.id == id; });
  return found == rules_.end() ? nullptr : &*found;
}

bool is_about(const AlertRule& rule, const NoticePair& noticed) {
  const PairName& pair = noticed.name;
  if (pair.second.empty() && !rule.with_alone) return false;
  const bool has_event =
      rule.events.empty() ||
      std::any_of(rule.events.begin(), rule.events.end(), [&](const EventCondition& want) {
        return (noticed.events & 1U << static_cast<unsigned>(want.type)) != 0;
      });
  if (!has_event) return false;
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
