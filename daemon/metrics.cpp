#include "daemon/metrics.h"

#include <algorithm>
#include <utility>

namespace tocsin {
namespace {

using prometheus::BuildCounter;
using prometheus::BuildGauge;
using prometheus::BuildHistogram;

constexpr std::uint64_t kExactInDouble = (std::uint64_t{1} << 52) - 1;

prometheus::Counter& counter(prometheus::Registry& registry, const char* name, const char* help) {
  return BuildCounter().Name(name).Help(help).Register(registry).Add({});
}

prometheus::Gauge& gauge(prometheus::Registry& registry, const char* name, const char* help) {
  return BuildGauge().Name(name).Help(help).Register(registry).Add({});
}

prometheus::Histogram& seconds(prometheus::Registry& registry, const char* name, const char* help) {
  return BuildHistogram().Name(name).Help(help).Register(registry).Add(
      {}, prometheus::Histogram::BucketBoundaries{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                                  0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30});
}

// By what a count grew that begins anew at times.
void raise(prometheus::Counter& counter, std::uint64_t before, std::uint64_t now) {
  counter.Increment(static_cast<double>(now >= before ? now - before : now));
}

prometheus::Counter& transactions(prometheus::Registry& registry, const char* result) {
  return BuildCounter()
      .Name("tocsin_transactions_total")
      .Help("Transactions by how they ended; unknown ones were looked up and resolved")
      .Register(registry)
      .Add({{"result", result}});
}

prometheus::Counter& ticks(prometheus::Registry& registry, const char* result) {
  return BuildCounter()
      .Name("tocsin_ticks_total")
      .Help(
          "The alert engine's ticks read, by how its dedup state's digest compares with this "
          "one's; "
          "unchecked: "
          "too old, or while a disagreement is being resolved")
      .Register(registry)
      .Add({{"result", result}});
}

prometheus::Counter& languages(prometheus::Registry& registry, const char* language) {
  return BuildCounter()
      .Name("tocsin_articles_language_total")
      .Help("Articles read, by whether their language could be told")
      .Register(registry)
      .Add({{"language", language}});
}

prometheus::Counter& reloads(prometheus::Registry& registry, const char* result) {
  return BuildCounter()
      .Name("tocsin_config_reloads_total")
      .Help("Reloads by SIGHUP or POST /-/reload; a refused one kept the old configuration")
      .Register(registry)
      .Add({{"result", result}});
}

std::string label(OutcomeKind kind) {
  return kind == OutcomeKind::enriched    ? "enriched"
         : kind == OutcomeKind::duplicate ? "duplicate"
                                          : "deadletter";
}

prometheus::Labels labels_of(const kafka::Partition& partition) {
  return {{"topic", partition.topic}, {"partition", std::to_string(partition.number)}};
}

}  // namespace

Metrics::Metrics()
    : articles_received(counter(registry, "tocsin_articles_received_total",
                                "Raw records taken in, redeliveries included")),
      received_bytes(
          counter(registry, "tocsin_received_bytes_total",
                  "Bytes of raw keys, values and headers taken in, redeliveries included")),
      null_values_skipped(counter(registry, "tocsin_null_values_skipped_total",
                                  "Raw records without a value: skipped")),
      early_skips(counter(registry, "tocsin_early_skips_total",
                          "Articles found to be copies before they were tagged and scored")),
      sightings_appended(counter(registry, "tocsin_ledger_appended_total",
                                 "Records handed to the ledger's producer")),
      positions_recreated(counter(registry, "tocsin_positions_recreated_total",
                                  "Sighted positions that came back with other content")),
      ledger_bad_records(counter(registry, "tocsin_ledger_bad_records_total",
                                 "Ledger records skipped for a bad checksum")),
      retracts(counter(registry, "tocsin_retracts_total",
                       "Sighted articles that ended as dead letters after all")),
      ticks_equal(ticks(registry, "equal")),
      ticks_different(ticks(registry, "different")),
      ticks_unchecked(ticks(registry, "unchecked")),
      dedup_divergences(
          counter(registry, "tocsin_dedup_divergences_total",
                  "Times this dedup state was rebuilt because a tick told another digest")),
      offset_gaps(counter(registry, "tocsin_offset_gaps_total",
                          "Raw offsets that no longer existed when they were due")),
      offsets_moved(
          counter(registry, "tocsin_offsets_moved_total",
                  "Offsets of the group that somebody else has moved past unseen records")),
      guard_refused(counter(registry, "tocsin_commit_guard_refused_total",
                            "Commits refused because the group membership was not valid")),
      rebalances(counter(registry, "tocsin_rebalances_total", "Assignments of raw partitions")),
      transactions_committed(transactions(registry, "committed")),
      transactions_aborted(transactions(registry, "aborted")),
      transactions_unknown(transactions(registry, "unknown")),
      producer_fatal(counter(registry, "tocsin_producer_fatal_total",
                             "Fatal errors of the outputs' producer; each got a new one")),
      reloads_good(reloads(registry, "applied")),
      reloads_bad(reloads(registry, "refused")),
      ready(gauge(registry, "tocsin_ready", "1 when /readyz answers 200")),
      partitions_assigned(
          gauge(registry, "tocsin_partitions_assigned", "Raw partitions this instance reads now")),
      last_commit_timestamp(gauge(registry, "tocsin_last_commit_timestamp_seconds",
                                  "Unix time of the last commit of outputs; 0 before the first")),
      alerts_owner(gauge(registry, "tocsin_alerts_owner", "1 where the alert engine is")),
      alerts_left_out(counter(registry, "tocsin_alerts_left_out_total",
                              "Alert records that their topic takes in no size: see the log")),
      restore_seconds(gauge(registry, "tocsin_ledger_restore_seconds",
                            "How long the dedup state took to be rebuilt at start")),
      inflight_bytes(gauge(registry, "tocsin_inflight_bytes",
                           "Bytes of raw records taken in and not yet published")),
      inflight_batches(gauge(registry, "tocsin_inflight_batches", "Batches not yet published")),
      dedup_bytes(gauge(registry, "tocsin_dedup_bytes", "Memory of the dedup state, all of it")),
      dedup_entries(gauge(registry, "tocsin_dedup_entries", "Sightings in the duplicate window")),
      dedup_positions(gauge(registry, "tocsin_dedup_positions", "Honoured positions")),
      dedup_window_seconds(gauge(registry, "tocsin_dedup_effective_window_seconds",
                                 "The window as it is; shorter than configured when full")),
      dedup_hot_lookups(counter(registry, "tocsin_dedup_hot_band_lookups_total",
                                "Look-ups cut at dedupe.band_candidates_max")),
      dedup_cap_evictions(counter(registry, "tocsin_dedup_cap_evictions_total",
                                  "Sightings that left the window early: it was full")),
      dedup_next_offset(gauge(registry, "tocsin_dedup_next_offset",
                              "Ledger offset up to which the dedup state is folded")),
      ledger_lag(
          gauge(registry, "tocsin_ledger_lag_records", "Ledger records that are not folded yet")),
      dedup_digest(gauge(registry, "tocsin_dedup_digest",
                         "Low 52 bits of the dedup state's digest; equal on all instances at equal "
                         "tocsin_dedup_next_offset")),
      dates_unread(counter(registry, "tocsin_dates_unread_total",
                           "Articles with a published_at that no rule of docs/input.md reads: "
                           "undated, they never alert")),
      fields_unread(counter(registry, "tocsin_fields_unread_total",
                            "Optional fields of another type, as good as absent")),
      characters_repaired(counter(registry, "tocsin_characters_repaired_total",
                                  "Characters that were UTF-8 read as Windows-1252 or Latin-1")),
      languages_known(languages(registry, "known")),
      languages_unknown(languages(registry, "und")),
      articles_undated(counter(registry, "tocsin_articles_undated_total",
                               "Articles without a time of their own: the record's stands in")),
      tokens(counter(registry, "tocsin_tokens_total", "Tokens of analysed articles")),
      tokens_parsed(
          counter(registry, "tocsin_tokens_parsed_total", "Tokens of sentences that were parsed")),
      reload_seconds(gauge(registry, "tocsin_config_last_reload_seconds",
                           "How long the last reload took, applied or refused")),
      reload_succeeded(gauge(registry, "tocsin_config_last_reload_successful",
                             "0 when the last reload was refused; 1 before the first")),
      reload_timestamp(gauge(registry, "tocsin_config_last_reload_success_timestamp_seconds",
                             "Unix time of the last reload that was applied; 0 before the first")),
      batch_records(BuildHistogram()
                        .Name("tocsin_batch_records")
                        .Help("Records a batch")
                        .Register(registry)
                        .Add({}, prometheus::Histogram::BucketBoundaries{1, 3, 10, 30, 100, 300,
                                                                         1000, 3000, 10000})),
      batch_bytes(
          BuildHistogram()
              .Name("tocsin_batch_bytes")
              .Help("Bytes of raw keys, values and headers a batch")
              .Register(registry)
              .Add({}, prometheus::Histogram::BucketBoundaries{1e3, 1e4, 1e5, 1e6, 4e6, 1e7, 1e8})),
      analyse_seconds(seconds(registry, "tocsin_analyse_seconds", "Analysis of a batch")),
      resolve_seconds(seconds(registry, "tocsin_resolve_seconds",
                              "From the sighting of a batch to its verdicts")),
      publish_seconds(seconds(registry, "tocsin_publish_seconds",
                              "From verdicts to committed outputs of a batch")),
      commit_seconds(seconds(registry, "tocsin_commit_seconds",
                             "Of that, the call that commits the transaction")),
      end_to_end_seconds(
          BuildHistogram()
              .Name("tocsin_end_to_end_seconds")
              .Help("From a raw record's timestamp to its committed outcome")
              .Register(registry)
              .Add({}, prometheus::Histogram::BucketBoundaries{0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
                                                               30, 60, 300, 3600, 86400})),
      alerts_fold_seconds(seconds(registry, "tocsin_alerts_fold_seconds",
                                  "The alert engine's fold of what the ledger brought at once")),
      alerts_publish_seconds(seconds(registry, "tocsin_alerts_publish_seconds",
                                     "The transaction of its alerts, pairs and ledger offset")),
      alerts_delay_seconds(seconds(registry, "tocsin_alerts_delay_seconds",
                                   "From the sighting that rang to the committed alert")),
      dead_letters_(BuildCounter()
                        .Name("tocsin_deadletter_total")
                        .Help("Dead letters published")
                        .Register(registry)),
      alert_pairs_(BuildGauge()
                       .Name("tocsin_alerts_pairs")
                       .Help("Pairs the alert engine knows; only where it is")
                       .Register(registry)),
      alerts_open_(BuildGauge()
                       .Name("tocsin_alerts_open")
                       .Help("Open alerts; only where the alert engine is")
                       .Register(registry)),
      lag_(BuildGauge()
               .Name("tocsin_consumer_lag_records")
               .Help("High watermark minus the committed raw offset, transaction markers apart")
               .Register(registry)),
      lag_seconds_(BuildGauge()
                       .Name("tocsin_consumer_lag_seconds")
                       .Help("Age of the oldest raw record that is not committed; 0: none")
                       .Register(registry)),
      restart_needed_(BuildGauge()
                          .Name("tocsin_config_restart_needed")
                          .Help("1 for each key that a reload could not bring into force")
                          .Register(registry)) {
  count_outcomes();
  count_by_level_and_topic();
  reload_succeeded.Set(1);
  BuildGauge()
      .Name("tocsin_build_info")
      .Help("Version of this binary and of librdkafka")
      .Register(registry)
      .Add({{"version", TOCSIN_VERSION}, {"librdkafka", kafka::library_version()}})
      .Set(1);
}

void Metrics::count_outcomes() {
  auto& published = BuildCounter()
                        .Name("tocsin_articles_published_total")
                        .Help("Outcomes published and committed")
                        .Register(registry);
  for (const OutcomeKind kind :
       {OutcomeKind::enriched, OutcomeKind::duplicate, OutcomeKind::deadletter}) {
    published_[static_cast<std::size_t>(kind)] = &published.Add({{"outcome", label(kind)}});
  }
  auto& duplicates = BuildCounter()
                         .Name("tocsin_duplicates_total")
                         .Help("Copies published, by how they were found")
                         .Register(registry);
  for (const Method method : {Method::exact, Method::near, Method::lead}) {
    duplicates_[static_cast<std::size_t>(method)] =
        &duplicates.Add({{"method", std::string(name(method))}});
  }
  updates_ = &counter(registry, "tocsin_updates_total",
                      "Enriched records that are news of an earlier story");
  auto& alerts = BuildCounter()
                     .Name("tocsin_alerts_total")
                     .Help("Alert records published and committed")
                     .Register(registry);
  for (const AlertChange change :
       {AlertChange::opened, AlertChange::updated, AlertChange::closed}) {
    alerts_[static_cast<std::size_t>(change)] = &alerts.Add({{"state", std::string(name(change))}});
  }
}

void Metrics::count_by_level_and_topic() {
  auto& levels = BuildCounter()
                     .Name("tocsin_articles_level_total")
                     .Help("Analysed articles by level of tension")
                     .Register(registry);
  for (std::size_t i = 0; i < levels_.size(); ++i) {
    levels_[i] = &levels.Add({{"level", std::string(name(static_cast<Level>(i)))}});
  }
  auto& topics = BuildCounter()
                     .Name("tocsin_articles_topic_total")
                     .Help("Analysed articles by what they are mostly about")
                     .Register(registry);
  for (std::size_t i = 0; i <= kTopics; ++i) {
    topics_[i] = &topics.Add(
        {{"topic", i < kTopics ? std::string(name(static_cast<Topic>(i))) : "unknown"}});
  }
}

DedupStateSize Metrics::observe(const DedupState& state) {
  const DedupStateSize size = state.size();
  dedup_bytes.Set(static_cast<double>(size.bytes));
  dedup_entries.Set(static_cast<double>(size.window_entries));
  dedup_positions.Set(static_cast<double>(size.position_entries));
  dedup_window_seconds.Set(static_cast<double>(size.effective_window_ms) / 1000.0);
  raise(dedup_hot_lookups, observed_.hot_band_lookups, size.hot_band_lookups);
  dedup_next_offset.Set(static_cast<double>(state.next_offset()));
  raise(dedup_cap_evictions, observed_.cap_evictions, size.cap_evictions);
  dedup_digest.Set(static_cast<double>(state.digest() & kExactInDouble));
  observed_ = size;
  return size;
}

void Metrics::published(OutcomeKind kind, Method method, Relation relation) {
  published_[static_cast<std::size_t>(kind)]->Increment();
  if (kind == OutcomeKind::enriched && relation == Relation::update) updates_->Increment();
  prometheus::Counter* copies = duplicates_[static_cast<std::size_t>(method)];
  if (kind == OutcomeKind::duplicate && copies != nullptr) copies->Increment();
}

void Metrics::analysed(const Reading& reading, const Assessment& assessment) {
  tokens.Increment(static_cast<double>(reading.text.tokens.size()));
  std::size_t parsed = 0;
  for (const TokenSpan& span : assessment.read) parsed += span.size();
  tokens_parsed.Increment(static_cast<double>(parsed));
  if (assessment.tension) levels_[static_cast<std::size_t>(assessment.tension->level)]->Increment();
  const auto& shares = assessment.topics.per_mille;
  const auto best = std::max_element(shares.begin(), shares.end()) - shares.begin();
  topics_[assessment.topics.is_known() ? static_cast<std::size_t>(best) : kTopics]->Increment();
}

void Metrics::alert_engine(const std::optional<AlertEngineSize>& size) {
  if (!size && alert_pairs_here_ != nullptr) {
    alert_pairs_.Remove(std::exchange(alert_pairs_here_, nullptr));
    alerts_open_.Remove(std::exchange(alerts_open_here_, nullptr));
  }
  if (!size) return;
  if (alert_pairs_here_ == nullptr) alert_pairs_here_ = &alert_pairs_.Add({});
  if (alerts_open_here_ == nullptr) alerts_open_here_ = &alerts_open_.Add({});
  alert_pairs_here_->Set(static_cast<double>(size->pairs));
  alerts_open_here_->Set(static_cast<double>(size->open_alerts));
}

void Metrics::reloaded(bool is_good, double seconds) {
  (is_good ? reloads_good : reloads_bad).Increment();
  reload_seconds.Set(seconds);
  reload_succeeded.Set(is_good ? 1 : 0);
  if (is_good) reload_timestamp.SetToCurrentTime();
}

void Metrics::read(const Reading& reading) {
  if (reading.article.published_at_source != PublishedAtSource::record) {
    articles_undated.Increment();
  }
  const Flaws& flaws = reading.article.flaws;
  if (flaws.date_unread) dates_unread.Increment();
  if (flaws.fields_unread > 0) fields_unread.Increment(flaws.fields_unread);
  if (flaws.characters_repaired > 0) characters_repaired.Increment(flaws.characters_repaired);
}

void Metrics::dead_letter(const Error& error) {
  dead_letters_
      .Add({{"stage", std::string(name(error.stage))}, {"code", std::string(name(error.code))}})
      .Increment();
}

void Metrics::alert(AlertChange change) {
  alerts_[static_cast<std::size_t>(change)]->Increment();
}

void Metrics::lag(const kafka::Partition& partition, std::int64_t records, double seconds) {
  const prometheus::Labels labels = labels_of(partition);
  lag_.Add(labels).Set(static_cast<double>(records));
  lag_seconds_.Add(labels).Set(seconds);
}

void Metrics::forget_lag(const kafka::Partition& partition) {
  const prometheus::Labels labels = labels_of(partition);
  lag_.Remove(&lag_.Add(labels));
  lag_seconds_.Remove(&lag_seconds_.Add(labels));
}

void Metrics::restart_needed(const std::vector<std::string>& keys) {
  for (prometheus::Gauge* gauge : restart_keys_) restart_needed_.Remove(gauge);
  restart_keys_.clear();
  for (const std::string& key : keys) {
    restart_keys_.push_back(&restart_needed_.Add({{"key", key}}));
    restart_keys_.back()->Set(1);
  }
}

std::string Metrics::text(Exposition format) const {
  return exposition(registry.Collect(), format);
}

}  // namespace tocsin
