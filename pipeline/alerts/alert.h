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
// Why a revision of an open alert was published.
enum class UpdateReason : std::uint8_t { none, level, kind, toll, realised, outlets, daily };
[[nodiscard]] std::string_view name(AlertChange) noexcept;
[[nodiscard]] std::string_view name(CloseReason) noexcept;
[[nodiscard]] std::string_view name(UpdateReason) noexcept;

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
  static constexpr std::int64_t kDailyMs = 24 * kHourMs;      // while it is fed
  // A peace made over an assault of so long ago waits, and is void if another comes.
  static constexpr std::int64_t kPeaceHoldMs = 12 * kHourMs;
  static constexpr std::size_t kPeaceTitleBytesMax = 120;
  static constexpr std::uint16_t kAttackTenths = 400;  // so much of an act by assault
  static constexpr std::uint8_t kTierFirst = 90;       // hundredths: wires and majors

  std::string rule;
  PairName pair;

  // A hostile article. Afterwards try_open() and try_update() say whether that is worth a record.
  void add(const AlertArticle& article, std::int64_t now_ms);
  // A copy of one of its articles, by another outlet.
  void add_copy(std::uint64_t story, std::uint64_t outlet);
  // A ceasefire, a treaty, a withdrawal between the two.
  void calm(std::string_view title, std::int64_t now_ms);

  // True: it opened now, as revision 1 of a new id.
  [[nodiscard]] bool try_open(const AlertRule& its_rule, const PairFigures& figures,
                              std::int64_t now_ms, std::int64_t offset);
  // True: a new revision is due.
  [[nodiscard]] bool try_update(const AlertRule& its_rule, bool threat_realised,
                                std::int64_t now_ms);
  // True: it closed now. A pending alert that no longer holds becomes idle silently.
  [[nodiscard]] bool try_close(const AlertRule& its_rule, std::int64_t now_ms);

  // Tenths: the strongest article and what further attacks add while it is open, halved every 24
  // hours, weighted by independent outlets.
  [[nodiscard]] std::uint16_t score(std::int64_t now_ms) const;
  [[nodiscard]] bool has_story(std::uint64_t story) const;
  // What is left of it when it has closed: cooldowns, and how high it was.
  [[nodiscard]] Alert idle() const;
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
  bool attacked = false;   // not only threatened or coerced
  bool witnessed = false;  // one article tells an attack in several sentences
  bool realised = false;
  std::uint16_t kinds = 0;            // bit of each ActKind told since it opened
  std::uint16_t published_kinds = 0;  // ... and of each of the last revision
  std::uint16_t toll = 0;             // the largest told
  std::uint16_t published_toll = 0;
  std::uint32_t published_articles = 0;
  std::int64_t assault_ms = 0;     // alert engine's clock of the last assault
  std::int64_t calmed_ms = 0;      // of the peace that no assault followed; 0: none
  std::string calm_title;          // of the article that told of it
  Level last_level = Level::none;  // of the alert before, for kRememberMs
  std::int64_t last_closed_ms = 0;
  CloseReason closed_reason = CloseReason::none;
  UpdateReason update_reason = UpdateReason::none;
  std::vector<std::uint64_t> outlets;
  std::vector<std::uint64_t> stories;             // newest last
  std::vector<AlertEvidence> evidence;            // best first
  std::array<std::int64_t, 5> silent_until_ms{};  // by Level

 private:
  void clear();
  void note_score(std::uint16_t score, bool is_further_attack, std::int64_t now_ms);
  // Outlets, and two more for a source of the first tier: it stands for itself; three where one
  // article of it tells an attack in several sentences.
  [[nodiscard]] std::uint32_t voices() const;
  [[nodiscard]] Level level_now(const AlertRule& its_rule, std::int64_t now_ms) const;
  [[nodiscard]] bool is_usual(const PairFigures& figures, Level now_level,
                              std::int64_t now_ms) const;
  [[nodiscard]] UpdateReason reason_to_update(Level now_level, bool threat_realised,
                                              std::int64_t now_ms) const;
  void note_published(std::int64_t now_ms);
};

}  // namespace tocsin
