// The rules of the alarm: what an article must say, and how a pair must stand, for an alert.
// Immutable once loaded (config/alert_rules_loader.h); knows no YAML and no files.
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pipeline/alerts/alert_signal.h"

namespace tocsin {

// An event type, and a mode of it where one is given.
struct EventCondition {
  EventType type = EventType::threaten;
  std::string mode;
};

// A word or phrase that speaks for the rule, or against it. Matched token by token by folded form;
// a '*' at its end stands for any ending.
struct Keyword {
  Keyword(std::string_view text, int its_weight);

  std::vector<std::uint64_t> tokens;  // hashes of the folded tokens
  std::string prefix;                 // folded, of the last token; "": that one, too, by its hash
  std::uint16_t start = 0;            // the first two letters of the prefix; 0: anything else
  int weight = 1;                     // added once an article, however often it stands there
};

// Finds keywords in one article. Most stand nowhere in it, which a few bits of its tokens tell.
class KeywordSearch {
 public:
  explicit KeywordSearch(const Text& text) : text_(&text) {}
  // First tokens of every place where it stands.
  [[nodiscard]] std::vector<std::uint32_t> places_of(const Keyword& keyword);

 private:
  static constexpr std::size_t kHashBits = 4096;
  static constexpr std::size_t kStarts = 1024;
  void note_tokens();
  [[nodiscard]] bool may_stand(const Keyword& keyword) const;
  [[nodiscard]] bool is_at(const Keyword& keyword, std::size_t at) const;

  const Text* text_;
  bool is_noted_ = false;
  std::bitset<kHashBits> hashes_;        // of its tokens
  std::bitset<kStarts> starts_;          // what its tokens begin with
  std::vector<std::uint16_t> start_of_;  // of each token, as Keyword::start
};

struct AlertRule {
  std::string id;

  // What the article must say. Empty lists hold always.
  std::vector<EventCondition> events;  // one of them, asserted, in the title or the lead
  std::vector<Keyword> keywords;
  int keywords_min = 1;               // sum of the weights found; 0: unless more speaks against it
  std::uint32_t keywords_within = 0;  // tokens the positive ones must lie within; 0: anywhere
  std::uint8_t tier_min = 0;          // of the source, hundredths
  std::vector<Topic> topics;          // what it must be about, together ...
  std::uint16_t topics_min = 0;       // ... per mille
  std::vector<Topic> topics_over;     // none of these weighs more than the strongest of `topics`
  std::uint16_t toll_min = 0;         // told with an assault between them

  // Between whom. Ids or alpha-3 codes; regions are resolved by the loader.
  std::vector<std::string> actors;                           // one side is among them
  std::vector<std::pair<std::string, std::string>> between;  // the pair is one of these
  bool with_alone = false;  // also an actor whose counterpart is not known
  bool only_alone = false;  // only such

  // How the pair must stand. Scores are tenths of a point.
  std::uint16_t open_at = 300;
  std::uint16_t close_at = 200;
  std::uint16_t pair_level_min = 0;
  std::uint32_t outlets_min = 1;
  std::optional<std::int32_t> z_min;  // hundredths
  bool needs_burst = false;
  Level level_max = Level::critical;  // it never says more

  // Its life.
  std::int64_t hold_ms = 0;  // `for`: how long it must hold before it opens
  std::int64_t cooldown_ms = 6 * kHourMs;
  std::int64_t quiet_ms = 48 * kHourMs;  // closed after so long without another article
  std::string severity;                  // "": by level
  std::vector<std::pair<std::string, std::string>> labels;
};

class AlertRules {
 public:
  AlertRules() = default;
  explicit AlertRules(std::vector<AlertRule> rules) : rules_(std::move(rules)) {}

  [[nodiscard]] const AlertRule* find(std::string_view id) const;
  [[nodiscard]] const std::vector<AlertRule>& all() const { return rules_; }

 private:
  std::vector<AlertRule> rules_;
};

// Whether it is one of the events the rule names; any hostile one where it names none.
[[nodiscard]] bool is_named(const AlertRule& rule, const Event& event);
// An act of those under arms, which no section of a paper silences but those of games and mishaps.
[[nodiscard]] bool is_armed_act(const Event& event);
// Its conditions on the article as a whole. `is_armed`: the event that meets the rule is such an
// act.
[[nodiscard]] bool holds_for_article(const AlertRule& rule, const Source& source,
                                     const TopicShares& topics, bool is_armed,
                                     KeywordSearch& search);
// Whether the rule is about this pair.
[[nodiscard]] bool is_about(const AlertRule& rule, const PairName& pair);

}  // namespace tocsin
