// The counters and gauges an operator sees at /metrics, all with the prefix `tocsin_`.
// Promises: every series exists from the start; thread-safe; no label has an unbounded set of
// values.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "daemon/kafka/client.h"
#include "daemon/process_metrics.h"
#include "pipeline/alerts/alert_engine.h"
#include "pipeline/error.h"
#include "pipeline/ledger/dedup_state.h"
#include "pipeline/pipeline.h"

namespace tocsin {

class Metrics {
 public:
  Metrics();

  prometheus::Registry registry;

  prometheus::Counter& articles_received;
  prometheus::Counter& received_bytes;
  prometheus::Counter& null_values_skipped;
  prometheus::Counter& early_skips;
  prometheus::Counter& sightings_appended;
  prometheus::Counter& positions_recreated;
  prometheus::Counter& ledger_bad_records;
  prometheus::Counter& retracts;
  prometheus::Counter& ticks_equal;
  prometheus::Counter& ticks_different;
  prometheus::Counter& ticks_unchecked;
  prometheus::Counter& dedup_divergences;
  prometheus::Counter& offset_gaps;
  prometheus::Counter& offsets_moved;
  prometheus::Counter& guard_refused;
  prometheus::Counter& rebalances;
  prometheus::Counter& transactions_committed;
  prometheus::Counter& transactions_aborted;
  prometheus::Counter& transactions_unknown;
  prometheus::Counter& producer_fatal;
  prometheus::Counter& reloads_good;
  prometheus::Counter& reloads_bad;
  prometheus::Gauge& ready;
  prometheus::Gauge& partitions_assigned;
  prometheus::Gauge& last_commit_timestamp;
  prometheus::Gauge& alerts_owner;
  prometheus::Counter& alerts_left_out;
  prometheus::Gauge& restore_seconds;
  prometheus::Gauge& inflight_bytes;
  prometheus::Gauge& inflight_batches;
  prometheus::Gauge& dedup_bytes;
  prometheus::Gauge& dedup_entries;
  prometheus::Gauge& dedup_positions;
  prometheus::Gauge& dedup_window_seconds;
  prometheus::Counter& dedup_hot_lookups;
  prometheus::Counter& dedup_cap_evictions;
  prometheus::Gauge& dedup_next_offset;
  prometheus::Gauge& ledger_lag;
  prometheus::Gauge& dedup_digest;  // low 52 bits: what a double holds exactly
  prometheus::Counter& dates_unread;
  prometheus::Counter& fields_unread;
  prometheus::Counter& characters_repaired;
  prometheus::Counter& languages_known;
  prometheus::Counter& languages_unknown;
  prometheus::Counter& articles_undated;
  prometheus::Counter& tokens;
  prometheus::Counter& tokens_parsed;
  prometheus::Gauge& reload_seconds;
  prometheus::Gauge& reload_succeeded;
  prometheus::Gauge& reload_timestamp;
  prometheus::Histogram& batch_records;
  prometheus::Histogram& batch_bytes;
  prometheus::Histogram& analyse_seconds;
  prometheus::Histogram& resolve_seconds;
  prometheus::Histogram& publish_seconds;
  prometheus::Histogram& commit_seconds;
  prometheus::Histogram& end_to_end_seconds;
  prometheus::Histogram& alerts_fold_seconds;
  prometheus::Histogram& alerts_publish_seconds;
  prometheus::Histogram& alerts_delay_seconds;

  // Copies the dedup state's sizes and digest; the caller holds the dedup state's lock.
  DedupStateSize observe(const DedupState& state);
  void published(OutcomeKind kind, Method method, Relation relation);
  void alert(AlertChange change);
  void read(const Reading& reading);
  void analysed(const Reading& reading, const Assessment& assessment);
  // What the alert engine holds, where it is; nullopt: it is not here, and the series are gone.
  void alert_engine(const std::optional<AlertEngineSize>& size);
  // The end of a reload.
  void reloaded(bool is_good, double seconds);
  void dead_letter(const Error& error);
  void lag(const kafka::Partition& partition, std::int64_t records, double seconds);
  void forget_lag(const kafka::Partition& partition);
  // The keys of the configuration file that wait for a restart; those of the last reload only.
  void restart_needed(const std::vector<std::string>& keys);

  [[nodiscard]] std::string text(Exposition format) const;

 private:
  void count_by_level_and_topic();
  void count_outcomes();

  // Of each article: looked up once, a family is searched under a lock.
  std::array<prometheus::Counter*, 3> published_{};   // by OutcomeKind
  std::array<prometheus::Counter*, 4> duplicates_{};  // by Method; none stays null
  prometheus::Counter* updates_ = nullptr;
  prometheus::Family<prometheus::Counter>& dead_letters_;
  std::array<prometheus::Counter*, 3> alerts_{};  // by AlertChange
  prometheus::Family<prometheus::Gauge>& alert_pairs_;
  prometheus::Family<prometheus::Gauge>& alerts_open_;
  prometheus::Gauge* alert_pairs_here_ = nullptr;  // the alerts thread's own
  prometheus::Gauge* alerts_open_here_ = nullptr;
  std::array<prometheus::Counter*, 5> levels_{};            // by Level
  std::array<prometheus::Counter*, kTopics + 1> topics_{};  // by Topic; the last: unknown
  prometheus::Family<prometheus::Gauge>& lag_;
  prometheus::Family<prometheus::Gauge>& lag_seconds_;
  prometheus::Family<prometheus::Gauge>& restart_needed_;
  std::vector<prometheus::Gauge*> restart_keys_;
  DedupStateSize observed_;  // the counts of a dedup state begin anew when it is rebuilt
};

}  // namespace tocsin
