#include "daemon/service.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <csignal>

#include "daemon/failpoint.h"
#include "daemon/fork_join.h"
#include "daemon/kafka/topics.h"
#include "daemon/systemd.h"

namespace tocsin {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t kBatchesInFlightMax = 3;  // one published, one settled, one sighted
constexpr auto kPollWait = 100ms;
constexpr auto kWatchInterval = 500ms;
constexpr std::int64_t kHeartbeatLimitMs = 30'000;
constexpr std::int64_t kStallLimitMs = 150'000;  // one Kafka call while the brokers do answer
constexpr auto kRevokeWait = 30s;

double seconds_since(std::int64_t started_ms) {
  return static_cast<double>(steady_ms() - started_ms) / 1000.0;
}

}  // namespace

Service::Service(Config config, std::shared_ptr<const Pipeline> pipeline, PipelineLoader reload)
    : config_(std::move(config)),
      reload_(std::move(reload)),
      ledger_(config_, metrics_),
      follower_(config_, board_, metrics_),
      intake_(config_, metrics_),
      publisher_(config_, metrics_, queue_, intake_, ledger_, follower_, board_),
      pool_(config_.worker_count()),
      pipeline_(std::move(pipeline)),
      signals_(io_, SIGTERM, SIGINT, SIGHUP),
      timer_(io_) {
  intake_.on_revoke = [this](bool) { handle_revoke(); };
  intake_.on_gap = [this](const OffsetGap& gap) { retract_gap(gap); };
  const auto stop = [this](const StopError& error) { begin_stop(error.exit_code(), error.what()); };
  follower_.on_stop = stop;
  publisher_.on_stop = stop;
}

Service::~Service() {
  if (reloader_.joinable()) reloader_.join();
  if (intake_thread_.joinable()) intake_thread_.join();
}

ExitCode Service::run() {
  if (!config_.admin.listen.is_off()) {
    admin_ = std::make_unique<AdminServer>(
        io_, config_.admin,
        AdminPages{[this] { return not_live(); }, [this] { return not_ready(); },
                   [this] { return metrics_.text(); }, [this] { begin_reload(); }});
    spdlog::info("admin: listening host={} port={}", config_.admin.listen.host, admin_->port());
  }
  intake_thread_ = std::thread([this] {
    try {
      run_intake();
    } catch (const StopError& error) {
      begin_stop(error.exit_code(), error.what());
    } catch (const std::exception& error) {
      begin_stop(ExitCode::failed, error.what());
    }
    boost::asio::post(io_, [this] { io_.stop(); });
  });
  wait_for_signal();
  watch();
  io_.run();
  stopping_ = true;
  intake_thread_.join();
  publisher_.stop();
  pool_.join();
  notify_service_manager("STOPPING=1");
  spdlog::info("service: stopped exit_code={}", exit_code_.load());
  return static_cast<ExitCode>(exit_code_.load());
}

// ---- the loop: fill → analyse → sight → (publisher: settle → publish)

void Service::run_intake() {
  intake_heartbeat_ms_ = steady_ms();
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
    {
      const std::lock_guard lock(pipeline_mutex_);
      batch->pipeline = pipeline_;
    }
    analyse(*batch);
    failpoint("before_sight");
    sight(*batch);
    failpoint("after_sight");
    queue_.push(std::move(batch));
  }
  drain();
}

// One batch: whatever has arrived by batch_wait after its first record, at most the limits; it
// keeps growing while the publisher is busy. nullptr when nothing came or when stopping.
std::unique_ptr<Batch> Service::fill() {
  auto batch = std::make_unique<Batch>();
  batch->assignment = intake_.assignment();
  std::int64_t first_ms = 0;
  while (!stopping_) {
    intake_heartbeat_ms_ = steady_ms();
    const bool has_room = regulate(batch->bytes);
    const bool waits_long = batch->items.empty() || !has_room;
    kafka::Message message = intake_.poll(waits_long ? kPollWait : config_.limits.batch_wait);
    if (batch->assignment != intake_.assignment()) {  // a rebalance: what was read is not ours
      *batch = Batch{};
      batch->assignment = intake_.assignment();
    }
    const bool came = message != nullptr;
    if (came) {
      if (batch->items.empty()) first_ms = steady_ms();
      add(*batch, std::move(message));
    }
    if (batch->items.empty()) continue;
    const bool is_full = batch->items.size() >= config_.limits.batch_records_max ||
                         batch->bytes >= config_.limits.batch_bytes_max;
    const bool is_due = !came || steady_ms() - first_ms >= config_.limits.batch_wait.count();
    if (has_room && (is_full || is_due)) return batch;
    if (is_full) intake_.pause();
  }
  return nullptr;
}

// Backpressure: true while another batch may be handed on. Polling never stops, partitions pause.
bool Service::regulate(std::size_t batch_bytes) {
  const std::size_t bytes = queue_.bytes() + batch_bytes;
  metrics_.inflight_bytes.Set(static_cast<double>(bytes));
  metrics_.inflight_batches.Set(static_cast<double>(queue_.batches()));
  if (bytes >= config_.limits.inflight_bytes_max) intake_.pause();
  const bool has_room = queue_.batches() < kBatchesInFlightMax;
  if (has_room && bytes < config_.limits.inflight_bytes_max / 2 + 1) intake_.resume();
  return has_room;
}

void Service::add(Batch& batch, kafka::Message message) {
  Item item;
  item.position = {rd_kafka_topic_name(message->rkt), message->partition, message->offset};
  item.is_null = message->payload == nullptr;
  batch.bytes += message->len + message->key_len;
  item.message = std::move(message);
  batch.items.push_back(std::move(item));
  metrics_.articles_received.Increment();
  if (batch.items.back().is_null) metrics_.null_values_skipped.Increment();
}

void Service::analyse(Batch& batch) {
  const std::int64_t started_ms = steady_ms();
  for_each_on(pool_, config_.worker_count(), batch.items.size(), [&](std::size_t i) {
    if (!batch.items[i].is_null) prepare(*batch.pipeline, batch.items[i]);
  });
  metrics_.batch_records.Observe(static_cast<double>(batch.items.size()));
  metrics_.analyse_seconds.Observe(seconds_since(started_ms));
}

// What one article becomes before its sighting: drafts of its records, or a rejection.
void Service::prepare(const Pipeline& pipeline, Item& item) {
  const RawRecord record{item.position, item.payload(),
                         rd_kafka_message_timestamp(item.message.get(), nullptr),
                         PublishedAtSource::kafka};
  const Result<Reading> reading = read(pipeline, record);
  if (!reading) {
    item.rejected = Rejected{item.position, "", reading.error()};
    return;
  }
  // Early skip: only a position that nobody has sighted yet (DESIGN.md, rules of the fold, 3).
  const std::optional<std::int64_t> copy_of =
      board_.read([&](const Board& board) -> std::optional<std::int64_t> {
        if (board.is_sighted(item.position)) return std::nullopt;
        return board.find_copy(reading->signature, reading->time_ms);
      });
  Result<Drafts> drafts = copy_of ? draft_copy(pipeline, *reading)
                                  : draft(pipeline, *reading, tocsin::analyse(pipeline, *reading));
  if (!drafts) {
    item.rejected = Rejected{item.position, reading->article.id, drafts.error()};
    return;
  }
  if (copy_of) metrics_.early_skips.Increment();
  item.raw_hash = reading->raw_hash;
  item.drafts = *std::move(drafts);
  item.sighting = encode(LedgerRecord(tocsin::sight(*reading, copy_of)));
}

void Service::sight(Batch& batch) {
  std::vector<std::string> records;
  const auto interval = epoch_interval(config_.dedupe.window);
  if (follower_.append_time_ms() - follower_.epoch_time_ms() > interval.count()) {
    records = epoch_records();
  }
  for (const Item& item : batch.items) {
    if (item.drafts) records.push_back(item.sighting);
  }
  batch.ticket = ledger_.append(records, stopping_);
  batch.sighted_ms = steady_ms();
}

// ---- the ledger at start

std::vector<std::string> Service::epoch_records() const {
  const Epoch epoch = board_.read(
      [&](const Board& board) { return board.epoch().value_or(config_.dedupe.epoch()); });
  return {encode(LedgerRecord(LedgerHeader{cluster_id_, config_.kafka.group, config_.topics.raw})),
          encode(LedgerRecord(epoch))};
}

// Checks that the ledger is ours and whole, rebuilds the board from it, settles the epoch.
void Service::open_ledger() {
  const kafka::TopicsState topics = kafka::prepare_topics(config_);
  cluster_id_ = topics.cluster_id;
  follower_.restore(stopping_);
  if (stopping_) return;
  const auto [header, epoch] =
      board_.read([](const Board& board) { return std::pair(board.header(), board.epoch()); });
  if (!header && topics.group_has_offsets) {
    throw StopError(ExitCode::state_refused,
                    "ledger " + config_.topics.ledger + " is empty although group " +
                        config_.kafka.group +
                        " has committed offsets: it was lost or truncated. "
                        "`tocsin ledger init` starts a new one");
  }
  if (header && !header->cluster_id.empty() && header->cluster_id != cluster_id_) {
    throw StopError(ExitCode::state_refused,
                    "ledger " + config_.topics.ledger +
                        " was written for another cluster: " + header->cluster_id);
  }
  const Epoch wanted = config_.dedupe.epoch();
  if (epoch && epoch->revision == wanted.revision && *epoch != wanted) {
    throw StopError(ExitCode::state_refused,
                    "ledger: its dedupe revision " + std::to_string(wanted.revision) +
                        " has other parameters; raise dedupe.revision to change them");
  }
  if (epoch && epoch->revision > wanted.revision) {
    spdlog::warn("ledger: adopting its dedupe revision={} configured={}", epoch->revision,
                 wanted.revision);
  }
  if (!header || !epoch || epoch->revision < wanted.revision) {
    append_and_wait(
        {encode(LedgerRecord(LedgerHeader{cluster_id_, config_.kafka.group, config_.topics.raw})),
         encode(LedgerRecord(wanted))});
  }
}

void Service::append_and_wait(const std::vector<std::string>& records) {
  const std::shared_ptr<AppendTicket> ticket = ledger_.append(records, stopping_);
  while (!stopping_ && !ticket->delivered() && !ticket->failed()) ledger_.serve(20ms);
  if (ticket->failed()) throw StopError(ExitCode::failed, "ledger: cannot be written");
}

// ---- rebalances, gaps, the end

// Inside poll(): what is in flight is published, or dropped when the partitions are lost.
void Service::handle_revoke() {
  if (!queue_.wait_idle(kRevokeWait)) {
    spdlog::warn("intake: batches still in flight after {} s; they will be dropped",
                 std::chrono::seconds(kRevokeWait).count());
  }
}

// Sighted positions that were never published and can never be: later copies must not match them.
void Service::retract_gap(const OffsetGap& gap) {
  const std::vector<Retract> retracts = board_.read([&](const Board& board) {
    return board.sighted_between(gap.partition.topic, gap.partition.number, gap.from, gap.to);
  });
  std::vector<std::string> records;
  for (const Retract& retract : retracts) records.push_back(encode(LedgerRecord(retract)));
  if (records.empty()) return;
  append_and_wait(records);
  metrics_.retracts.Increment(static_cast<double>(records.size()));
  spdlog::error("intake: retracted sightings of lost records count={}", records.size());
}

void Service::drain() {
  intake_busy_ = true;
  intake_.pause();
  spdlog::info("service: draining batches={}", queue_.batches());
  if (!queue_.wait_idle(config_.limits.drain_timeout)) {
    // Safe by construction: what was not committed is read again by the next owner.
    spdlog::warn("service: not drained in time, leaving batches={}", queue_.batches());
    publisher_.stop();
  }
  intake_.close();
}

// ---- the io thread: signals, health, reload

void Service::wait_for_signal() {
  signals_.async_wait([this](const boost::system::error_code& error, int signal) {
    if (error) return;
    if (signal == SIGHUP) {
      begin_reload();
    } else if (stopping_) {
      spdlog::warn("service: second signal, stopping at once");
      ::_exit(static_cast<int>(ExitCode::failed));
    } else {
      begin_stop(ExitCode::fine, "");
    }
    wait_for_signal();
  });
}

void Service::begin_stop(ExitCode exit_code, const std::string& reason) {
  if (!reason.empty()) spdlog::error("service: {}", reason);
  int expected = 0;
  exit_code_.compare_exchange_strong(expected, static_cast<int>(exit_code));
  // A failed thread cannot publish any more: draining would only wait for its time-out.
  if (exit_code != ExitCode::fine) publisher_.stop();
  stopping_ = true;
}

void Service::begin_reload() {
  if (reloading_.exchange(true)) return;
  if (reloader_.joinable()) reloader_.join();
  notify_service_manager("RELOADING=1");
  reloader_ = std::thread([this] {
    std::shared_ptr<const Pipeline> fresh = reload_();
    if (fresh) {
      const std::lock_guard lock(pipeline_mutex_);
      pipeline_ = std::move(fresh);
      spdlog::info("service: reloaded config={} lexicon={}", pipeline_->stamp.config,
                   pipeline_->stamp.lexicon);
      metrics_.reloads_good.Increment();
    } else {
      spdlog::error("service: reload refused, the old configuration stays");
      metrics_.reloads_bad.Increment();
    }
    notify_service_manager("READY=1");
    reloading_ = false;
  });
}

void Service::watch() {
  timer_.expires_after(kWatchInterval);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    const bool is_ready = not_ready().empty();
    metrics_.ready.Set(is_ready ? 1 : 0);
    if (is_ready && !announced_ready_) {
      announced_ready_ = true;
      spdlog::info("service: ready");
      notify_service_manager("READY=1");
    }
    if (not_live().empty()) notify_service_manager("WATCHDOG=1");
    watch_stall();
    watch();
  });
}

// send_offsets can hang for good in librdkafka (DESIGN.md, 4.7): a call that takes minutes although
// the brokers answer ends the process; a restart is safe by construction.
void Service::watch_stall() {
  const std::int64_t since_ms = publisher_.in_call_since_ms();
  if (since_ms == 0 || steady_ms() - since_ms < kStallLimitMs) return;
  const rd_kafka_metadata_t* answer = nullptr;
  if (rd_kafka_metadata(intake_.consumer(), 0, nullptr, &answer, 1000) !=
      RD_KAFKA_RESP_ERR_NO_ERROR) {
    return;  // the brokers are away: waiting is right
  }
  rd_kafka_metadata_destroy(answer);
  spdlog::critical(
      "service: the publisher hangs in one call for {} s although the brokers answer; "
      "leaving for a restart",
      kStallLimitMs / 1000);
  ::_exit(static_cast<int>(ExitCode::failed));
}

std::string Service::not_live() const {
  const std::int64_t now_ms = steady_ms();
  if (!intake_busy_ && now_ms - intake_heartbeat_ms_ > kHeartbeatLimitMs + kRevokeWait / 1ms) {
    return "intake makes no progress";
  }
  if (!restored_) return "";  // busy: restoring
  if (now_ms - follower_.heartbeat_ms() > kHeartbeatLimitMs) return "follower makes no progress";
  const bool in_call = publisher_.in_call_since_ms() != 0;  // brokers away: not our fault
  if (!in_call && now_ms - publisher_.heartbeat_ms() > kHeartbeatLimitMs) {
    return "publisher makes no progress";
  }
  return "";
}

std::string Service::not_ready() const {
  if (stopping_) return "draining";
  if (!restored_) return "restoring the board from the ledger";
  if (!publisher_.is_up()) return "the producer is not up";
  if (!intake_.is_assigned()) return "no assignment yet";
  return "";
}

}  // namespace tocsin
