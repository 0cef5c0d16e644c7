// The second fold of the ledger: sightings become pairs and alerts. A pure function of the records,
// the verdicts on them and the rules; no clock but the records' own, no floating point.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pipeline/alerts/alert.h"
#include "pipeline/alerts/alert_rules.h"
#include "pipeline/alerts/pair_series.h"
#include "pipeline/ledger/dedup_state.h"

namespace tocsin {

// One record for news.alerts, and what a summary needs of it.
struct AlertRecord {
  std::string key;  // alert id
  std::string value;
  std::string brief;  // the same without evidence and stories, for a topic that takes no more
  AlertChange change = AlertChange::opened;
  Level level = Level::none;
  std::string rule;
  std::string sentence;
  std::int64_t time_ms = 0;        // the alert engine's clock
  std::int64_t first_seen_ms = 0;  // published_at of its first article
};

// One record for news.pairs: what people read, and what the alert engine itself is restored from.
struct StateRecord {
  std::string key;
  std::optional<std::string> value;  // nullopt: a tombstone
  std::string state;                 // goes into the header `tocsin.state`
};

struct AlertEngineSize {
  std::size_t pairs = 0;
  std::size_t open_alerts = 0;
};

class AlertEngine {
 public:
  static constexpr std::size_t kPairsMax = 4096;   // the one quiet for longest leaves first
  static constexpr std::size_t kAlertsMax = 4096;  // pending, open, or remembering a cooldown
  static constexpr std::int64_t kFreshMs = 24 * kHourMs;  // older articles alert of nothing

  explicit AlertEngine(const AlertRules& rules) : rules_(&rules) {}

  // Rules of a reload; alerts of rules that are gone close when they are next looked at.
  void set_rules(const AlertRules& rules) { rules_ = &rules; }
  // Folds one record. `verdict`: of a first sighting; nullopt for a redelivery and for a verdict
  // that is no longer known: both alert of nothing. Returns what is to be published, in order.
  [[nodiscard]] std::vector<AlertRecord> apply(std::int64_t offset, std::int64_t append_time_ms,
                                               const LedgerRecord& record,
                                               const std::optional<Verdict>& verdict);
  // What changed since the last call, for news.pairs.
  [[nodiscard]] std::vector<StateRecord> take_changes();
  // One record of news.pairs, in any order, before the first apply(). False: it cannot be read.
  [[nodiscard]] bool restore(std::string_view key, std::string_view state);

  [[nodiscard]] AlertEngineSize size() const;
  // Unix ms: record time of the newest article, going on with the ledger's ticks.
  [[nodiscard]] std::int64_t clock_ms() const { return clock_ms_; }

 private:
  using AlertKey = std::pair<std::string, std::string>;  // pair, rule

  void advance(std::int64_t to_ms);
  void pass_hour(Hour hour);
  void forget_old();
  void look_at_pending();
  void apply_sighting(const Sighting& sighting, const Verdict& verdict);
  void apply_copy(const Sighting& sighting, const Verdict& verdict);
  void apply_pair(const Sighting& sighting, const Verdict& verdict, const AlertSignal& signal,
                  const SignalPair& pair);
  void alert_of(const Sighting& sighting, const Verdict& verdict, const AlertSignal& signal,
                const SignalPair& pair, const PairSeries& series);
  [[nodiscard]] std::string open_rule_of(const PairName& pair, const std::string& rule) const;
  [[nodiscard]] Alert* war_at_home(const PairName& pair);
  void feed(Alert& alert, const AlertArticle& article, bool realised);
  void publish_due(Alert& alert);
  void emit(const Alert& alert, AlertChange change);
  void make_room();
  [[nodiscard]] bool make_room_for_alert();
  void forget_story(std::uint64_t story, const std::string& key);
  void drop_pair(const std::string& key);
  [[nodiscard]] Hour hour_now() const { return clock_ms_ / kHourMs; }

  const AlertRules* rules_;
  std::int64_t offset_ = 0;  // of the record in hand
  std::int64_t clock_ms_ = 0;
  std::int64_t article_clock_ms_ = 0;  // the clock and the append time at the newest sighting
  std::int64_t article_append_ms_ = 0;
  AllArticles all_;
  std::map<std::string, PairSeries> pairs_;
  std::map<std::uint64_t, std::set<std::string>> pairs_of_story_;  // by the stories of pairs_
  std::map<AlertKey, Alert> alerts_;
  std::vector<AlertRecord> records_;  // of the apply() in hand
  std::set<std::string> changed_pairs_;
  std::set<AlertKey> changed_alerts_;
  bool changed_clock_ = false;
  bool is_restored_ = false;  // and nothing was applied since
};

// ---- bytes

// Published records (docs/records.md, "Alert", "Pair").
enum class AlertDetail : std::uint8_t { whole, brief };  // brief: no evidence, no stories
[[nodiscard]] std::string encode_alert(const Alert& alert, AlertChange change,
                                       const AlertRule& rule, const PairFigures& figures,
                                       std::int64_t now_ms, std::int64_t ledger_offset,
                                       AlertDetail detail);
[[nodiscard]] std::string encode_pair(const PairSeries& series, const PairFigures& figures,
                                      Hour hour);
// One line for a phone: "HIGH Norland – Estavia: <title> (3 outlets)".
[[nodiscard]] std::string sentence_of(const Alert& alert, AlertChange change);

// State for the header; nothing that is read from it is trusted before its checksum.
[[nodiscard]] std::string encode_state(const PairSeries& series);
[[nodiscard]] std::string encode_state(const Alert& alert);
[[nodiscard]] std::optional<PairSeries> decode_series(std::string_view bytes);
// Of a version before, when levels meant something else: such a pair begins anew. Alerts of that
// version go on, so that what was opened is closed.
[[nodiscard]] bool is_earlier_series(std::string_view bytes);
[[nodiscard]] std::optional<Alert> decode_alert(std::string_view bytes);

}  // namespace tocsin
