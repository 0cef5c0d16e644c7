#include "daemon/service.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "daemon/failpoint.h"
#include "daemon/kafka/topics.h"
#include "daemon/ledger_rules.h"
#include "daemon/sandbox.h"
#include "daemon/wait.h"

namespace tocsin {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t kBatchesInFlightMax = 3;  // one published, one resolved, one sighted
// So many records are worth a transaction of their own behind one that is under way; fewer wait for
// its end, and take along what comes until then.
constexpr std::size_t kAheadRecordsMin = 250;
constexpr auto kBusyPollWait = 1ms;  // nor does the end of a transaction end a poll
constexpr auto kPollWait = 100ms;
constexpr auto kJoinPollWait = 10ms;  // an assignment does not end a poll

constexpr auto kSandboxLimit = 20s;  // for one article

RawRecord record_of(const Item& item) {
  return {item.position, item.payload(), item.message.timestamp_ms(), PublishedAtSource::kafka};
}

// What it holds in memory. A header may be as large as a value.
std::size_t bytes_of(const kafka::Record& record) {
  std::size_t bytes = record.value().size() + record.key().size();
  record.each_header(
      [&](std::string_view name, std::string_view value) { bytes += name.size() + value.size(); });
  return bytes;
}

double seconds_since(std::int64_t started_ms) {
  return static_cast<double>(steady_ms() - started_ms) / 1000.0;
}

}  // namespace

Service::Service(Config config, std::shared_ptr<const Pipeline> pipeline)
    : config_(std::move(config)),
      ledger_(config_, metrics_),
      follower_(config_, state_, ledger_, metrics_),
      intake_(config_, metrics_),
      publisher_(config_, metrics_, queue_, intake_, ledger_, follower_, state_),
      fork_join_(config_.worker_count()),
      pipeline_(std::move(pipeline)) {
  intake_.on_revoke = [this](bool) { handle_revoke(); };
  intake_.on_gap = [this](const OffsetGap& gap) { retract_gap(gap); };
  intake_.on_unreadable = [this](const OffsetGap& gap, const std::string& why) {
    held_.push_back({nullptr, gap, "cannot be read from its topic: " + why});
  };
  intake_.began_at = [this](const kafka::Partition& partition) -> std::optional<std::int64_t> {
    return state_.read([&](const DedupState& state) -> std::optional<std::int64_t> {
      if (!state.header()) return std::nullopt;
      for (const Position& start : state.header()->starts) {
        if (start.topic == partition.topic && start.partition == partition.number) {
          return start.offset;
        }
      }
      return std::nullopt;
    });
  };
  intake_.is_judged = [this](const Position& position, std::string_view value) {
    return state_.read([&](const DedupState& state) {
      return state.verdict(position, raw_hash(value)).has_value();
    });
  };
  const auto stop_with = [this](const StopError& error) { fail(error.exit_code(), error.what()); };
  follower_.on_stop = stop_with;
  publisher_.on_stop = stop_with;
}

ExitCode Service::run() {
  try {
    run_intake();
  } catch (const StopError& error) {
    fail(error.exit_code(), error.what());
  } catch (const std::exception& error) {
    fail(ExitCode::failed, error.what());
  }
  publisher_.stop();
  // Not left to the destructor: leaving the group calls on_revoke, which uses the queue.
  intake_.close();
  return static_cast<ExitCode>(exit_code_.load());
}

void Service::fail(ExitCode exit_code, const std::string& reason) {
  spdlog::error("service: failed: {}", reason);
  {
    const std::lock_guard lock(failure_mutex_);
    if (failure_.empty()) failure_ = reason;
  }
  int expected = 0;
  exit_code_.compare_exchange_strong(expected, static_cast<int>(exit_code));
  // A failed thread cannot publish any more: draining would only wait for its time-out.
  publisher_.stop();
  stopping_ = true;
}

std::string Service::failure() const {
  const std::lock_guard lock(failure_mutex_);
  return failure_;
}

void Service::set_pipeline(std::shared_ptr<const Pipeline> pipeline) {
  const std::lock_guard lock(pipeline_mutex_);
  pipeline_ = std::move(pipeline);
}

std::shared_ptr<const Pipeline> Service::pipeline() const {
  const std::lock_guard lock(pipeline_mutex_);
  return pipeline_;
}

Health Service::health() const {
  return {.stopping = stopping_,
          .exit_code = static_cast<ExitCode>(exit_code_.load()),
          .restored = restored_,
          .in_doubt = follower_.is_in_doubt(),
          .producer_up = publisher_.is_up(),
          .stalled = publisher_.stalled(config_.limits.publish_stall),
          .denied = intake_.denied().empty() ? follower_.denied() : intake_.denied(),
          .assigned = intake_.is_assigned(),
          .unassigned = intake_.unassigned(),
          .intake_busy = intake_busy_ || intake_.is_busy(),
          .intake_ms = intake_heartbeat_.ms(),
          .follower_ms = follower_.heartbeat_ms(),
          .publisher_ms = publisher_.heartbeat_ms(),
          .publisher_in_call_since_ms = publisher_.in_call_since_ms()};
}

// ---- the loop: fill → analyse → sight → (publisher: resolve → publish)

void Service::run_intake() {
  intake_heartbeat_.begin();
  open_ledger();
  publisher_.init(stopping_);
  if (stopping_) return;
  follower_.start();
  publisher_.start();
  intake_.subscribe();
  restored_ = true;
  intake_busy_ = false;
  while (!stopping_) {
    std::unique_ptr<Batch> batch = fill();
    if (!batch) continue;
    batch->pipeline = pipeline();
    if (!try_out(*batch)) continue;
    failpoint("before_sight");
    sight(*batch);
    failpoint("after_sight");
    queue_.push(std::move(batch));
  }
  drain();
}

// Commits what the ranges say before anything is read from there, without any output, and waits for
// it. False when it was not committed: the assignment changes, or the loop ends.
bool Service::announce(OffsetRanges ranges) {
  auto batch = std::make_unique<Batch>();
  const auto is_committed = std::make_shared<std::atomic<bool>>(false);
  batch->assignment = assignment_;
  batch->announced = std::move(ranges);
  batch->is_committed = is_committed;
  batch->pipeline = pipeline();
  queue_.push(std::move(batch));
  return settle() && *is_committed;
}

// Waits until nothing is in flight, and reads ahead meanwhile: who goes on after a pause waits up
// to a second for the next fetch. False when the assignment changed.
bool Service::settle() {
  while (!stopping_ && assignment_ == intake_.assignment() && !queue_.wait_idle(10ms)) {
    intake_heartbeat_.beat();
    regulate(0);
    hold(intake_.poll(1ms));
  }
  return assignment_ == intake_.assignment();
}

void Service::hold(kafka::Message message) {
  if (!message) return;
  held_bytes_ += bytes_of(message);
  held_.push_back({std::move(message), {}, {}});
}

void Service::begin_assignment() {
  assignment_ = intake_.assignment();
  held_.clear();
  held_bytes_ = 0;
  trials_.begin(intake_.commits());
}

// What a fetch brings may end the process before anything of it is read, so where it begins and
// that it begins is committed first. That also lets nobody begin elsewhere later, and a position in
// the ledger always had a commit before it.
void Service::begin_fetching() {
  OffsetRanges ranges = Trials::announce_fetch(intake_.commits(), intake_.next());
  if (ranges.empty() || announce(std::move(ranges))) intake_.fetch();
}

// Partitions that hold nothing new kill nobody.
void Service::acquit_ended() {
  OffsetRanges ranges;
  for (const auto& [partition, offset] : intake_.take_ended()) {
    ranges[partition] = {offset, offset};
  }
  if (!ranges.empty()) static_cast<void>(announce(std::move(ranges)));
}

// Analysis, with what a record that kills the process needs around it (daemon/trials.h). False when
// the batch is not ours any more.
bool Service::try_out(Batch& batch) {
  // Who dies before an announced batch is committed would blame that one.
  if (std::exchange(has_trial_, false) && !settle()) return false;
  const std::int64_t deaths = trials_.deaths(batch);
  const OffsetRanges announced = trials_.announce(batch);
  has_trial_ = !announced.empty();
  if (has_trial_ && !announce(announced)) return false;
  if (is_deadly(*batch.pipeline, batch, deaths)) {
    Item& item = batch.items.front();
    spdlog::error("intake: processes died over a record, dead-lettering it position={} deaths={}",
                  default_article_id(item.position), deaths);
    item.raw_hash = raw_hash(item.payload());
    item.rejected =
        Rejected{item.position, "", {Stage::analyse, Errc::poison, "the process died over it"}};
    return true;
  }
  analyse(batch);
  OffsetRanges acquitted = Trials::acquit(announced);
  return acquitted.empty() || announce(std::move(acquitted));
}

// Whether the one record of the batch is to blame for the deaths: all by itself it kills another
// process, too.
bool Service::is_deadly(const Pipeline& pipeline, const Batch& batch, std::int64_t deaths) {
  if (deaths < Trials::kDeathsSuspicious) return false;
  if (batch.items.front().is_null || batch.items.front().rejected) return false;
  if (deaths >= Trials::kDeathsCertain) return true;
  const Item& item = batch.items.front();
  const auto analyse_alone = [&] {
    const RawRecord record = record_of(item);
    failpoint_on("analyse", record.payload);
    const Result<Reading> reading = read(pipeline, record);
    if (!reading) return;
    for (const bool is_copy : {false, true}) {
      static_cast<void>(draft(pipeline, *reading, is_copy));
    }
  };
  intake_busy_ = true;
  const bool dies = dies_over(item.payload(), analyse_alone, kSandboxLimit);
  intake_busy_ = false;
  spdlog::warn("intake: tried a record in a process of its own position={} deaths={} dies={}",
               default_article_id(item.position), deaths, dies);
  return dies;
}

kafka::Message Service::next_message(std::chrono::milliseconds wait) {
  if (held_.empty()) return intake_.poll(wait);
  kafka::Message message = std::move(held_.front().message);
  held_.pop_front();
  held_bytes_ -= bytes_of(message);
  return message;
}

// Whether the batch may grow by the record: what is under suspicion is tried alone.
bool Service::fits(const Batch& batch, const kafka::Record& message) const {
  if (batch.items.empty()) return true;
  const Position& first = batch.items.front().position;
  const kafka::Partition suspect{first.topic, first.partition};
  const kafka::Partition partition = message.partition();
  const auto max = trials_.records_max(suspect, first.offset);
  if (!max) return !trials_.records_max(partition, message.offset());
  return partition == suspect && batch.items.size() < *max;
}

// One batch: what has arrived, at most the limits. While a transaction is under way it grows until
// that ends or it is worth one of its own, at least for batch_wait. nullptr when stopping.
std::unique_ptr<Batch> Service::fill() {
  auto batch = std::make_unique<Batch>();
  batch->assignment = assignment_;
  std::int64_t first_ms = 0;
  while (!stopping_) {
    intake_heartbeat_.beat();
    if (assignment_ != intake_.assignment()) begin_assignment();
    if (batch->assignment != assignment_) {  // a rebalance: what was read is not ours
      *batch = Batch{};
      batch->assignment = assignment_;
    }
    if (batch->items.empty() && held_.empty() && intake_.is_waiting()) begin_fetching();
    const bool has_room = regulate(batch->bytes);
    if (!held_.empty() && !held_.front().message) {  // a batch of its own
      if (batch->items.empty()) add_unreadable(*batch);
      if (has_room) return batch;
      intake_.pause();
      hold(intake_.poll(kPollWait));
      continue;
    }
    const bool is_idle = queue_.batches() == 0;
    const auto wait = !intake_.is_assigned() ? kJoinPollWait
                      : batch->items.empty() ? kPollWait
                      : is_idle              ? 0ms
                                             : kBusyPollWait;
    kafka::Message message = next_message(wait);
    if (assignment_ != intake_.assignment()) continue;  // what came is of the one before
    const bool came = static_cast<bool>(message);
    if (!came && batch->items.empty()) acquit_ended();
    if (came && !fits(*batch, message)) {
      held_bytes_ += bytes_of(message);
      held_.push_front({std::move(message), {}, {}});
      return batch;
    }
    if (came) {
      if (batch->items.empty()) first_ms = steady_ms();
      add(*batch, std::move(message));
    }
    if (batch->items.empty()) continue;
    const bool is_full = batch->items.size() >= config_.limits.batch_records_max ||
                         batch->bytes >= config_.limits.batch_bytes_max;
    const bool is_due = is_full || (is_idle && !came) ||
                        steady_ms() - first_ms >= config_.limits.batch_wait.count();
    const bool may_go = is_idle || is_full || batch->items.size() >= kAheadRecordsMin;
    if (has_room && is_due && may_go) return batch;
    if (is_full) intake_.pause();
  }
  return nullptr;
}

// Backpressure: true while another batch may be handed on. Polling never stops, partitions pause.
bool Service::regulate(std::size_t batch_bytes) {
  const std::size_t bytes = queue_.bytes() + batch_bytes + held_bytes_;
  metrics_.inflight_bytes.Set(static_cast<double>(bytes));
  metrics_.inflight_batches.Set(static_cast<double>(queue_.batches()));
  // Records without anything in them, tombstones, take room, too.
  const bool is_held_full = held_.size() >= config_.limits.batch_records_max;
  if (bytes >= config_.limits.inflight_bytes_max || is_held_full) intake_.pause();
  const bool has_room = queue_.batches() < kBatchesInFlightMax;
  if (has_room && !is_held_full && bytes < config_.limits.inflight_bytes_max / 2 + 1) {
    intake_.resume();
  }
  return has_room;
}

void Service::add(Batch& batch, kafka::Message message) {
  Item item;
  item.position = {std::string(message.topic()), message.number(), message.offset()};
  item.is_null = !message.has_value();
  const std::size_t bytes = bytes_of(message);
  batch.bytes += bytes;
  metrics_.received_bytes.Increment(static_cast<double>(bytes));
  item.message = std::move(message);
  batch.items.push_back(std::move(item));
  metrics_.articles_received.Increment();
  if (batch.items.back().is_null) metrics_.null_values_skipped.Increment();
}

// As many of the run in front as a batch may have: dead letters of which the position is known.
void Service::add_unreadable(Batch& batch) {
  OffsetGap& run = held_.front().unreadable;
  while (run.from < run.to && batch.items.size() < config_.limits.batch_records_max) {
    Item item;
    item.position = {run.partition.topic, run.partition.number, run.from++};
    item.rejected = Rejected{item.position, "", {Stage::decode, Errc::poison, held_.front().why}};
    batch.items.push_back(std::move(item));
    metrics_.articles_received.Increment();
  }
  if (run.from == run.to) held_.pop_front();
}

void Service::analyse(Batch& batch) {
  const std::int64_t started_ms = steady_ms();
  fork_join_.for_each(batch.items.size(), [&](std::size_t i) {
    if (!batch.items[i].is_null && !batch.items[i].rejected)
      prepare(*batch.pipeline, batch.items[i]);
  });
  metrics_.batch_records.Observe(static_cast<double>(batch.items.size()));
  metrics_.batch_bytes.Observe(static_cast<double>(batch.bytes));
  metrics_.analyse_seconds.Observe(seconds_since(started_ms));
}

// What one article becomes before its sighting: drafts of its records, or a rejection.
void Service::prepare(const Pipeline& pipeline, Item& item) {
  const RawRecord record = record_of(item);
  item.raw_hash = raw_hash(record.payload);
  failpoint_on("analyse", record.payload);
  const Result<Reading> reading = read(pipeline, record);
  if (!reading) {
    item.rejected = Rejected{item.position, "", reading.error()};
    return;
  }
  metrics_.read(*reading);
  // Early skip: only a position that nobody has sighted yet.
  const std::optional<std::int64_t> copy_of =
      state_.read([&](const DedupState& state) -> std::optional<std::int64_t> {
        if (state.is_sighted(item.position)) return std::nullopt;
        return state.find_copy(reading->signature, reading->time_ms);
      });
  const Analysis analysis = copy_of ? Analysis() : tocsin::analyse(pipeline, *reading);
  if (!copy_of) metrics_.analysed(*reading, analysis.assessment);
  const bool is_told = reading->text.language != "und" || analysis.assessment.tension;
  (is_told ? metrics_.languages_known : metrics_.languages_unknown).Increment();
  Result<Drafts> drafts =
      copy_of ? draft_copy(pipeline, *reading) : draft(pipeline, *reading, analysis);
  if (!drafts) {
    item.rejected = Rejected{item.position, reading->article.id, drafts.error()};
    return;
  }
  if (copy_of) metrics_.early_skips.Increment();
  item.drafts = *std::move(drafts);
  item.sighting = encode(LedgerRecord(tocsin::sight(*reading, copy_of, item.drafts->signal)));
}

void Service::sight(Batch& batch) {
  std::vector<std::string> records;
  if (follower_.is_epoch_due()) records = epoch_records();
  for (const Item& item : batch.items) {
    if (item.drafts) records.push_back(item.sighting);
  }
  batch.ledger_offset_min = follower_.next_offset();
  batch.ticket = ledger_.append(records, stopping_);
  batch.sighted_ms = steady_ms();
}

// ---- the ledger at start

std::vector<std::string> Service::epoch_records() const {
  const Epoch epoch = state_.read(
      [&](const DedupState& state) { return state.epoch().value_or(config_.dedupe.epoch()); });
  return {encode(LedgerRecord(header({}))), encode(LedgerRecord(epoch))};
}

// The ledger's own, or a new one.
LedgerHeader Service::header(std::vector<Position> starts) const {
  return state_.read([&](const DedupState& state) {
    return state.header().value_or(
        LedgerHeader{cluster_id_, config_.kafka.group, config_.topics.raw, std::move(starts)});
  });
}

// Checks that the ledger is ours and whole, rebuilds the dedup state from it, resolves the epoch.
void Service::open_ledger() {
  const kafka::TopicsState topics = kafka::prepare_topics(config_);
  cluster_id_ = topics.cluster_id;
  ledger_.begin();
  follower_.restore(stopping_);
  if (stopping_) return;
  const bool has_header =
      state_.read([](const DedupState& state) { return state.header().has_value(); });
  if (!has_header && topics.group_has_offsets()) {
    throw StopError(ExitCode::state_refused,
                    "ledger " + config_.topics.ledger + " is empty although group " +
                        config_.kafka.group +
                        " has committed offsets: it was lost or truncated. "
                        "`tocsin ledger init` starts a new one");
  }
  refuse_lost_offsets(topics);
  Epoch wanted = config_.dedupe.epoch();
  if (config_.dedupe.entries_granted > 0) wanted.entries_max = config_.dedupe.entries_granted;
  const auto epoch = state_.read([](const DedupState& state) { return state.epoch(); });
  if (!has_header || !epoch || epoch->revision < wanted.revision) {
    const std::int64_t last = append_and_wait(
        {encode(LedgerRecord(header(has_header ? std::vector<Position>{} : starts_of(topics)))),
         encode(LedgerRecord(wanted))});
    // Another instance may have written its own before ours: the first one counts, so look again.
    follower_.read_to(last + 1, stopping_);
  }
  if (!stopping_) check_ledger();
}

// `input.start: latest` means the moment the ledger begins: written there, so that all instances
// agree on it, at whatever time they first see a partition.
std::vector<Position> Service::starts_of(const kafka::TopicsState& topics) {
  std::vector<Position> starts;
  if (config_.input.start != StartAt::latest) return starts;
  for (const auto& [partition, end] : intake_.ends(topics.committed)) {
    starts.push_back({partition.topic, partition.number, end});
  }
  return starts;
}

// A position is sighted only after its partition had a commit (begin_fetching), so sightings
// without one mean that the group's offsets expired or were deleted: what was published already
// would be published again.
void Service::refuse_lost_offsets(const kafka::TopicsState& topics) {
  const std::set<kafka::Partition>& sighted = follower_.sighted();
  if (sighted.empty()) return;
  // Asked after the ledger was read: others may have begun meanwhile.
  const auto committed = intake_.committed(topics.committed);
  const bool has_any = std::any_of(committed.begin(), committed.end(),
                                   [](const auto& entry) { return entry.second >= 0; });
  std::string lost;
  for (const auto& [partition, offset] : committed) {
    if (offset >= 0 || (has_any && !sighted.contains(partition))) continue;
    lost += " " + partition.topic + "-" + std::to_string(partition.number);
  }
  if (lost.empty()) return;
  throw StopError(
      ExitCode::state_refused,
      "group " + config_.kafka.group + " has no committed offset for" + lost + " although ledger " +
          config_.topics.ledger +
          " knows its records: the offsets expired (the brokers' offsets.retention.minutes, for a "
          "group without members) or were deleted, and what was published would be published "
          "again. "
          "`tocsin ledger resume --from ledger` goes on after what was published; `--from "
          "earliest` "
          "processes again all that the raw topic holds");
}

// The header and the epoch that are in force are ours, or the service must not go on.
void Service::check_ledger() const {
  const auto [header, epoch] = state_.read([](const DedupState& state) {
    return std::pair(state.header().value(), state.epoch().value());
  });
  check_cluster(header, cluster_id_, config_);
  const Epoch wanted = config_.dedupe.epoch();
  if (epoch.revision == wanted.revision && !config_.dedupe.agrees_with(epoch)) {
    const bool other_signatures = epoch.signature_version != wanted.signature_version;
    const std::string has =
        other_signatures
            ? " has signatures of version " + std::to_string(epoch.signature_version) +
                  ", this tocsin makes version " + std::to_string(wanted.signature_version)
            : " has other parameters";
    throw StopError(ExitCode::state_refused,
                    "ledger: its dedupe revision " + std::to_string(wanted.revision) + has +
                        "; set dedupe.revision to " + std::to_string(wanted.revision + 1) +
                        " on every instance to begin a new epoch");
  }
  if (epoch.revision > wanted.revision) {
    spdlog::warn("ledger: adopting its dedupe revision={} configured={}", epoch.revision,
                 wanted.revision);
  }
}

// Returns the highest ledger offset of the records; -1 when stopped before they were delivered.
std::int64_t Service::append_and_wait(const std::vector<std::string>& records) {
  const std::shared_ptr<AppendTicket> ticket = ledger_.append(records, stopping_);
  while (!stopping_ && !ticket->delivered() && !ticket->failed()) ledger_.serve(20ms);
  if (ticket->failed()) {
    throw StopError(ExitCode::failed, "ledger: cannot be written: " +
                                          kafka::reason(config_.kafka, ticket->fault(), "WRITE",
                                                        "topic " + config_.topics.ledger));
  }
  return ticket->delivered().value_or(-1);
}

// ---- rebalances, gaps, the end

// Inside poll(): what is in flight is published, or dropped when the partitions are lost.
void Service::handle_revoke() {
  if (!queue_.wait_idle(kRevokeWait)) {
    spdlog::warn("intake: batches are still in flight; they will be dropped");
  }
}

// Sighted positions that were never published and can never be: later copies must not match them.
void Service::retract_gap(const OffsetGap& gap) {
  // What was appended before this record counts, too, though the dedup state may not have it yet.
  const std::int64_t last = append_and_wait(epoch_records());
  while (!stopping_ && !follower_.wait_applied(last + 1, 100ms)) {
  }
  const std::vector<Retract> retracts = state_.read([&](const DedupState& state) {
    return state.sighted_between(gap.partition.topic, gap.partition.number, gap.from, gap.to);
  });
  std::vector<std::string> records;
  for (const Retract& retract : retracts) records.push_back(encode(LedgerRecord(retract)));
  if (records.empty()) return;
  static_cast<void>(append_and_wait(records));
  metrics_.retracts.Increment(static_cast<double>(records.size()));
  spdlog::error("intake: retracted sightings of lost records count={}", records.size());
}

void Service::drain() {
  intake_busy_ = true;
  intake_.pause();
  spdlog::info("service: draining batches={}", queue_.batches());
  if (!queue_.wait_idle(config_.limits.drain_timeout)) {
    // Safe by construction: what was not committed is read again by the next owner.
    spdlog::warn("service: not drained, leaving batches={}", queue_.batches());
    publisher_.stop();
  }
  intake_.close();
}

}  // namespace tocsin
