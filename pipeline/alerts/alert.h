// The life of one alert: pending, open with revisions, closed, then silent for a while.
// Pure: every step takes the alert engine's clock and gives what is to be published.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/alerts/alert_rules.h"
#include "pipeline/alerts/pair_series.h"

namespace tocsin {

enum class AlertState : std::uint8_t { idle, pending, open };
enum class AlertChange : std::uint8_t { opened, updated, closed };
enum class CloseReason : std::uint8_t { none, quiet, cooperation };
[[nodiscard]] std::string_view name(AlertChange) noexcept;
[[nodiscard]] std::string_view name(CloseReason) noexcept;

// One article that speaks for an alert.
struct AlertEvidence {
  std::uint16_t score = 0;  // tenths, of the article between the pair
  std::int64_t published_at_ms = 0;
  std::string title;
  std::string url;
  std::string text;
  std::string rule;
  std::string article_id;
  friend bool operator==(const AlertEvidence&, const AlertEvidence&) = default;
};

// One article as an alert takes it.
struct AlertArticle {
  std::int64_t offset = 0;  // of its sighting in the ledger
  std::uint64_t story = 0;
  std::uint64_t outlet = 0;  // hash of the owner; 0 unknown
  std::uint8_t tier = 0;     // hundredths
  const SignalPair* pair = nullptr;
  AlertEvidence evidence;
};

// The alert of one rule on one pair. Between two crises it is idle and remembers its cooldowns.
class Alert {
 public:
  static constexpr std::size_t kOutletsMax = 32;
  static constexpr std::size_t kStoriesMax = 10;
  static constexpr std::size_t kEvidenceMax = 3;
  static constexpr std::int64_t kUpdateIntervalMs = kHourMs;  // between revisions of one level
  static constexpr std::uint16_t kAttackTenths = 400;         // so much of an act by assault
  static constexpr std::uint8_t kTierFirst = 90;              // hundredths: wires and majors

  std::string rule;
  PairName pair;

  // A hostile article. Afterwards try_open() and try_update() say whether that is worth a record.
  void add(const AlertArticle& article, std::int64_t now_ms);
  // A copy of one of its articles, by another outlet.
  void add_copy(std::uint64_t story, std::uint64_t outlet);
  // The pair agrees, withdraws, gives in: once a story.
  void calm(std::uint64_t story, std::int64_t now_ms);

  // True: it opened now, as revision 1 of a new id.
  [[nodiscard]] bool try_open(const AlertRule& its_rule, const PairFigures& figures,
                              std::int64_t now_ms, std::int64_t offset);
  // True: a new revision is due.
  [[nodiscard]] bool try_update(bool threat_realised, std::int64_t now_ms);
  // True: it closed now. A pending alert that no longer holds becomes idle silently.
  [[nodiscard]] bool try_close(const AlertRule& its_rule, std::int64_t now_ms);

  // Tenths: the strongest article, halved every 24 hours, weighted by independent outlets.
  [[nodiscard]] std::uint16_t score(std::int64_t now_ms) const;
  [[nodiscard]] bool has_story(std::uint64_t story) const;
  // Nothing to remember any more.
  [[nodiscard]] bool is_spent(std::int64_t now_ms) const;

  AlertState state = AlertState::idle;
  std::uint64_t id = 0;
  std::uint32_t revision = 0;
  Level level = Level::none;  // highest since it opened
  std::uint16_t peak = 0;     // tenths, as of peak_ms
  std::int64_t peak_ms = 0;
  std::int64_t since_ms = 0;       // pending since
  std::int64_t published_ms = 0;   // engine's clock of the last revision
  std::int64_t first_seen_ms = 0;  // published_at of its articles
  std::int64_t last_seen_ms = 0;
  std::int64_t hostile_ms = 0;  // engine's clock of the last hostile article
  std::uint32_t articles = 0;
  std::uint32_t published_outlets = 0;
  std::uint8_t tier = 0;
  bool attacked = false;  // not only threatened or coerced
  bool calmed = false;    // cooperation came after the last hostile article
  bool realised = false;
  CloseReason closed_reason = CloseReason::none;
  std::vector<std::uint64_t> outlets;
  std::vector<std::uint64_t> stories;             // newest last
  std::vector<std::uint64_t> calm_stories;        // counted once each
  std::vector<AlertEvidence> evidence;            // best first
  std::array<std::int64_t, 5> silent_until_ms{};  // by Level

 private:
  void clear();
  // Outlets, and two more for a source of the first tier: it stands for itself.
  [[nodiscard]] std::uint32_t voices() const;
  [[nodiscard]] Level level_now(std::int64_t now_ms) const;
};

}  // namespace tocsin
