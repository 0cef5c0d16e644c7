#include "daemon/ledger.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "daemon/failpoint.h"
#include "daemon/ledger_rules.h"

namespace tocsin {

using namespace std::chrono_literals;

namespace {

constexpr int kQueryTimeoutMs = 10'000;
constexpr std::size_t kApplyBatch =
    2000;  // records applied under one hold of the dedup state's lock
constexpr std::int64_t kFullWarningMs = 3'600'000;
constexpr auto kEverything = std::chrono::milliseconds::max();  // a window without a beginning
// A dedup state that differs twice within this time is not healed by rebuilding it.
constexpr std::int64_t kDisagreementLimitMs = std::chrono::milliseconds(1h).count();

}  // namespace

std::chrono::milliseconds epoch_interval(std::chrono::milliseconds window) {
  return std::min<std::chrono::milliseconds>(window / 12, 6h);
}

// ---- AppendTicket, LedgerWriter

std::optional<std::int64_t> AppendTicket::delivered() const {
  const std::lock_guard lock(mutex_);
  if (pending_ > 0 || failed_) return std::nullopt;
  return offset_max_;
}

bool AppendTicket::failed() const {
  const std::lock_guard lock(mutex_);
  return failed_;
}

rd_kafka_resp_err_t AppendTicket::error() const {
  const std::lock_guard lock(mutex_);
  return error_;
}

LedgerWriter::LedgerWriter(const Config& config, Metrics& metrics)
    : config_(config), metrics_(metrics) {
  recreate();
}

kafka::Conf LedgerWriter::conf(const Config& config) {
  return kafka::make_conf(
      config.kafka,
      {{"linger.ms", "1"},
       {"compression.codec", "lz4"},
       {"queue.buffering.max.kbytes", "65536"},
       {"queue.buffering.max.messages", "200000"}},
      {{"enable.idempotence", "true"}, {"acks", "all"}, {"message.timeout.ms", "0"}});
}

void LedgerWriter::recreate() {
  kafka::Conf conf = LedgerWriter::conf(config_);
  rd_kafka_conf_set_dr_msg_cb(conf.get(), &LedgerWriter::on_delivery);
  std::shared_ptr<rd_kafka_t> producer = kafka::make_producer(std::move(conf));
  const std::lock_guard lock(producer_mutex_);
  producer_ = std::move(producer);
}

void LedgerWriter::on_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void*) {
  // Each record owns one reference to its ticket, handed over as the message's opaque.
  const std::unique_ptr<std::shared_ptr<AppendTicket>> reference(
      static_cast<std::shared_ptr<AppendTicket>*>(message->_private));
  AppendTicket& ticket = **reference;
  const std::lock_guard lock(ticket.mutex_);
  --ticket.pending_;
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    if (!ticket.failed_) ticket.error_ = message->err;
    ticket.failed_ = true;
  }
  ticket.offset_max_ = std::max(ticket.offset_max_, message->offset);
}

std::shared_ptr<AppendTicket> LedgerWriter::append(const std::vector<std::string>& records,
                                                   const std::atomic<bool>& stop) {
  auto ticket = std::make_shared<AppendTicket>();
  ticket->pending_ = records.size();
  std::shared_ptr<rd_kafka_t> producer;
  {
    const std::lock_guard lock(producer_mutex_);
    producer = producer_;
  }
  for (const std::string& record : records) {
    auto* reference = new std::shared_ptr<AppendTicket>(ticket);
    rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
    do {
      error = rd_kafka_producev(
          producer.get(), RD_KAFKA_V_TOPIC(config_.topics.ledger.c_str()), RD_KAFKA_V_PARTITION(0),
          RD_KAFKA_V_VALUE(const_cast<char*>(record.data()), record.size()),
          RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_OPAQUE(reference), RD_KAFKA_V_END);
      if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL) rd_kafka_poll(producer.get(), 50);
    } while (error == RD_KAFKA_RESP_ERR__QUEUE_FULL && !stop);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
      delete reference;
      const std::lock_guard lock(ticket->mutex_);
      --ticket->pending_;
      if (!ticket->failed_) ticket->error_ = error;
      ticket->failed_ = true;
    }
  }
  metrics_.sightings_appended.Increment(static_cast<double>(records.size()));
  return ticket;
}

void LedgerWriter::serve(std::chrono::milliseconds wait) {
  std::shared_ptr<rd_kafka_t> producer;
  {
    const std::lock_guard lock(producer_mutex_);
    producer = producer_;
  }
  rd_kafka_poll(producer.get(), static_cast<int>(wait.count()));
  std::array<char, 512> reason{};
  const rd_kafka_resp_err_t fatal =
      rd_kafka_fatal_error(producer.get(), reason.data(), reason.size());
  if (fatal != RD_KAFKA_RESP_ERR_NO_ERROR) {
    spdlog::error("ledger: producer is lost, making a new one: {} {}", kafka::text(fatal),
                  reason.data());
    rd_kafka_purge(producer.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_poll(producer.get(), 0);
    recreate();
  }
}

// ---- Follower

kafka::Conf Follower::conf(const Config& config) {
  // The group id is never joined: assign() only. Uncommitted, to the high watermark: the ledger is
  // written without transactions, and a restore bounded by the LSO would under-read (KAFKA-10167).
  // A full queue is looked at again only once a second (librdkafka 2.0), so it must hold what is
  // folded in that time: 96 MB, some 300,000 records.
  return kafka::make_conf(
      config.kafka,
      {{"fetch.wait.max.ms", "100"},
       {"queued.min.messages", "1000000"},
       {"queued.max.messages.kbytes", std::to_string(config.limits.restore_queue_bytes >> 10)},
       {"fetch.error.backoff.ms", "100"}},
      {{"group.id", config.kafka.group},
       {"enable.auto.commit", "false"},
       {"enable.auto.offset.store", "false"},
       {"isolation.level", "read_uncommitted"},
       {"auto.offset.reset", "error"},
       {"enable.partition.eof", "false"}});
}

Follower::Follower(const Config& config, SharedDedupState& state, LedgerWriter& ledger,
                   Metrics& metrics)
    : config_(config),
      state_(state),
      ledger_(ledger),
      metrics_(metrics),
      denied_lines_(100ms, 100ms) {
  kafka::Conf conf = Follower::conf(config_);
  consumer_ = kafka::make_consumer(std::move(conf));
}

Follower::~Follower() {
  stopping_ = true;
  thread_.join();
  rd_kafka_consumer_close(consumer_.get());
}

void Follower::assign(std::int64_t offset) {
  const kafka::PartitionList list = kafka::make_list({{{config_.topics.ledger, 0}, offset}});
  const rd_kafka_resp_err_t error = rd_kafka_assign(consumer_.get(), list.get());
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw StopError(ExitCode::failed, "ledger: cannot assign: " + kafka::text(error));
  }
}

std::int64_t Follower::newest_append_ms(std::int64_t high) {
  // It comes from the newest record, not from this machine's clock: a clock ten years ahead must
  // not make the restore read nothing.
  assign(high - 1);
  kafka::Message last;
  const std::int64_t deadline = steady_ms() + std::chrono::milliseconds(30s).count();
  while (!last || last->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    if (steady_ms() > deadline) {
      throw StopError(ExitCode::failed, "ledger: its last record cannot be read: " +
                                            (last ? kafka::text(last->err) : "time-out"));
    }
    last.reset(rd_kafka_consumer_poll(consumer_.get(), 200));
    if (last && last->err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED) {
      throw StopError(ExitCode::failed,
                      kafka::denied(config_.kafka, "READ", "topic " + config_.topics.ledger));
    }
  }
  return rd_kafka_message_timestamp(last.get(), nullptr);
}

// First record that was appended then or later.
std::int64_t Follower::offset_at(std::int64_t append_time_ms, std::int64_t low) {
  const kafka::PartitionList list =
      kafka::make_list({{{config_.topics.ledger, 0}, std::max<std::int64_t>(0, append_time_ms)}});
  const rd_kafka_resp_err_t error = kafka::ask("offsets for times", [&] {
    return rd_kafka_offsets_for_times(consumer_.get(), list.get(), kQueryTimeoutMs);
  });
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw StopError(ExitCode::failed, "ledger: offsets for times: " + kafka::text(error));
  }
  return std::max(list->elems[0].offset, low);
}

Follower::Extent Follower::extent_of(std::int64_t low, std::int64_t high,
                                     std::chrono::milliseconds window) {
  if (high <= low || window == kEverything) return {low, 0};
  const std::int64_t newest_ms = newest_append_ms(high);
  const auto reach = 3 * window + 2 * epoch_interval(window);
  const auto resident = static_cast<std::uint64_t>(
      std::max<std::int64_t>(0, high - offset_at(newest_ms - window.count(), low)));
  return {offset_at(newest_ms - reach.count(), low),
          std::min(resident, config_.dedupe.entries_max)};
}

void Follower::query_watermarks(std::int64_t& low, std::int64_t& high) {
  const rd_kafka_resp_err_t error = kafka::ask("watermarks of the ledger", [&] {
    return rd_kafka_query_watermark_offsets(consumer_.get(), config_.topics.ledger.c_str(), 0, &low,
                                            &high, kQueryTimeoutMs);
  });
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw StopError(ExitCode::failed,
                    "ledger: watermarks: " + kafka::reason(config_.kafka, error, "READ",
                                                           "topic " + config_.topics.ledger));
  }
}

void Follower::restore(const std::atomic<bool>& stop) {
  const std::int64_t started_ms = steady_ms();
  const std::int64_t from = read_windows(stop);
  const double seconds = static_cast<double>(steady_ms() - started_ms) / 1000.0;
  metrics_.restore_seconds.Set(seconds);
  spdlog::info("ledger: restored records={} from={} to={} seconds={:.2f}", next_offset_ - from,
               from, next_offset_, seconds);
}

// Three windows up to the high watermark; returns the offset it began at.
std::int64_t Follower::read_windows(const std::atomic<bool>& stop) {
  std::int64_t low = 0;
  std::int64_t high = 0;
  query_watermarks(low, high);
  std::chrono::milliseconds window = config_.dedupe.window;
  while (true) {
    const auto [from, resident] = extent_of(low, high, window);
    state_.reset(resident);
    read(from, high, stop);
    // An epoch of the ledger may have a longer window than the configuration: more of it counts.
    const bool is_whole = epoch_window_max_ms_ != 0 && epoch_window_max_ms_ <= window.count();
    if (stop || from == low || is_whole) return from;
    spdlog::info("ledger: its window is longer than the configured one, reading more of it");
    window =
        epoch_window_max_ms_ == 0 ? kEverything : std::chrono::milliseconds(epoch_window_max_ms_);
  }
}

// Applies the records [from, to).
void Follower::read(std::int64_t from, std::int64_t to, const std::atomic<bool>& stop) {
  assign(from);
  {
    const std::lock_guard lock(applied_mutex_);
    next_offset_ = from;
  }
  read_to(to, stop);
}

void Follower::read_to(std::int64_t to, const std::atomic<bool>& stop) {
  std::int64_t logged_ms = steady_ms();
  std::int64_t progressed_ms = logged_ms;
  while (next_offset_ < to && !stop) {
    heartbeat_ms_ = steady_ms();
    if (apply_available(100ms) > 0) progressed_ms = steady_ms();
    if (steady_ms() - progressed_ms > std::chrono::milliseconds(60s).count()) {
      throw StopError(ExitCode::failed, "ledger: restore makes no progress at offset " +
                                            std::to_string(next_offset_));
    }
    if (steady_ms() - logged_ms > 2000) {
      logged_ms = steady_ms();
      spdlog::info("ledger: restoring offset={} of={}", next_offset_, to);
    }
  }
}

void Follower::start() {
  thread_ = Thread("follower", [this] {
    try {
      run();
    } catch (const StopError& error) {
      if (on_stop) on_stop(error);
    }
  });
}

void Follower::run() {
  is_live_ = true;
  while (!stopping_) {
    heartbeat_ms_ = steady_ms();
    apply_available(100ms);
    if (disagreement_) end_disagreement();
  }
}

// ---- ticks: one digest for all dedup states

void Follower::compare(const Tick& tick, const DedupState& state) {
  const std::optional<std::uint64_t> own = state.digest_at(tick.through);
  if (!own || in_doubt_ || tick.through < disputed_until_) {
    metrics_.ticks_unchecked.Increment();
  } else if (*own == tick.digest) {
    metrics_.ticks_equal.Increment();
  } else {
    metrics_.ticks_different.Increment();
    disagreement_ = Disagreement{tick, *own};
    in_doubt_ = true;
  }
}

// Either this dedup state is wrong or its author's. The ledger read once more tells which: if our
// dedup state comes out as it was, the author is wrong and has to hear so.
void Follower::end_disagreement() {
  const Disagreement disagreement = *std::exchange(disagreement_, std::nullopt);
  const std::int64_t now_ms = steady_ms();
  const std::string where = "dedup: its digest at ledger offset " +
                            std::to_string(disagreement.tick.through) + " is not the tick's";
  if (disagreed_ms_ && now_ms - *disagreed_ms_ < kDisagreementLimitMs) {
    throw StopError(ExitCode::state_refused, where + ", for the second time within an hour");
  }
  disagreed_ms_ = now_ms;
  metrics_.dedup_divergences.Increment();
  spdlog::error("dedup: rebuilding it: {}", where);
  rebuild();
  if (stopping_) return;
  const std::optional<std::uint64_t> rebuilt = state_.read(
      [&](const DedupState& state) { return state.digest_at(disagreement.tick.through); });
  if (rebuilt == disagreement.own_digest) {
    spdlog::error("dedup: rebuilt, and as it was: the author of the tick differs");
    dispute();
  } else if (rebuilt && *rebuilt != disagreement.tick.digest) {
    throw StopError(ExitCode::state_refused, where + ", and rebuilding it gave a third one");
  } else {
    spdlog::warn("dedup: rebuilt, and now: {}", rebuilt ? "as the tick says" : "past the tick");
  }
  in_doubt_ = false;
}

void Follower::rebuild() {
  is_live_ = false;
  {
    const std::lock_guard lock(applied_mutex_);
    next_offset_ = 0;  // nothing is applied any more: who waits goes on waiting
  }
  ++rebuilds_;
  read_windows(stopping_);
  is_live_ = true;
}

// Appends our own digest, for the author to compare with. Ticks made before anyone can have read it
// say nothing new.
void Follower::dispute() {
  const Tick own = state_.read([](const DedupState& state) {
    return Tick{state.next_offset(), state.digest()};
  });
  std::shared_ptr<AppendTicket> ticket;
  while (!stopping_ && (!ticket || !ticket->delivered())) {
    heartbeat_ms_ = steady_ms();
    if (!ticket || ticket->failed())
      ticket = ledger_.append({encode(LedgerRecord(own))}, stopping_);
    ledger_.serve(20ms);
  }
  if (const auto offset = ticket ? ticket->delivered() : std::nullopt)
    disputed_until_ = *offset + 1;
}

// A test's divergence: one sighting is not applied, once or whenever it is read.
bool Follower::is_planted_skip(std::int64_t offset) {
  if (offset == skipped_offset_) return failpoint_armed("skip_sighting_always");
  if (!failpoint_reached("skip_sighting") && !failpoint_reached("skip_sighting_always")) {
    return false;
  }
  skipped_offset_ = offset;
  return true;
}

std::size_t Follower::apply_available(std::chrono::milliseconds wait) {
  std::vector<kafka::Message> messages;
  kafka::Message first(rd_kafka_consumer_poll(consumer_.get(), static_cast<int>(wait.count())));
  if (!first) return 0;
  messages.push_back(std::move(first));
  while (messages.size() < kApplyBatch) {
    kafka::Message next(rd_kafka_consumer_poll(consumer_.get(), 0));
    if (!next) break;
    messages.push_back(std::move(next));
  }
  std::vector<std::optional<LedgerRecord>> records(messages.size());
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const bool is_record = messages[i]->err == RD_KAFKA_RESP_ERR_NO_ERROR;
    if (is_record) records[i] = decode_ledger_message(*messages[i]);
  }
  const auto record_at = [&](std::size_t i) -> const LedgerRecord* {
    return i < records.size() && records[i] ? &*records[i] : nullptr;
  };
  std::size_t applied = 0;
  std::int64_t next_offset = next_offset_;
  const DedupStateSize size = state_.write([&](DedupState& state) {
    for (std::size_t i = 0; i < messages.size(); ++i) {
      const rd_kafka_message_t& message = *messages[i];
      if (const auto* far = record_at(i + DedupState::kFarAhead)) state.prefetch_far(*far);
      if (const auto* near = record_at(i + DedupState::kNearAhead)) state.prefetch_near(*near);
      if (message.err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET) {
        throw StopError(ExitCode::state_refused,
                        "ledger: offset " + std::to_string(next_offset) +
                            " no longer exists: the topic was truncated or created again; "
                            "see `tocsin ledger --help`");
      }
      note_denied(message);
      // Transport errors: librdkafka retries, error_cb logged it.
      if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR || message.offset < next_offset) continue;
      apply(message, records[i], state);
      next_offset = message.offset + 1;
      ++applied;
    }
    return metrics_.observe(state);
  });
  warn_when_full(size);
  {
    const std::lock_guard lock(applied_mutex_);
    next_offset_ = next_offset;
  }
  applied_.notify_all();
  return applied;
}

void Follower::note_denied(const rd_kafka_message_t& message) {
  if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    denied_.end();
  } else if (message.err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED) {
    denied_.begin();
    const std::string what = kafka::denied(config_.kafka, "READ", "topic " + config_.topics.ledger);
    denied_.note(what);
    denied_lines_.log("ledger: " + what);
  }
}

// The cap on entries shortens the window: counted in the metrics, said here once in a while.
void Follower::warn_when_full(const DedupStateSize& size) {
  const std::int64_t now_ms = steady_ms();
  if (size.cap_evictions == evictions_warned_) return;
  if (evictions_warned_ != 0 && now_ms - warned_ms_ < kFullWarningMs) return;
  evictions_warned_ = size.cap_evictions;
  warned_ms_ = now_ms;
  spdlog::warn("dedup: full, its window is shorter than dedupe.window entries={} window_s={}",
               size.window_entries, size.effective_window_ms / 1000);
}

void Follower::apply(const rd_kafka_message_t& message, const std::optional<LedgerRecord>& record,
                     DedupState& state) {
  if (!record) {
    metrics_.ledger_bad_records.Increment();
    spdlog::error("ledger: bad checksum, skipped offset={}", message.offset);
    return;
  }
  const std::int64_t append_time_ms = rd_kafka_message_timestamp(&message, nullptr);
  append_time_ms_ = std::max<std::int64_t>(append_time_ms_, append_time_ms);
  if (const auto* epoch = std::get_if<Epoch>(&*record)) {
    epoch_time_ms_ = append_time_ms;
    epoch_window_max_ms_ = std::max(epoch_window_max_ms_, epoch->window_ms);
  }
  if (is_before_epoch(*record, state)) return;
  if (std::holds_alternative<Sighting>(*record) && is_planted_skip(message.offset)) return;
  if (const auto* header = std::get_if<LedgerHeader>(&*record)) check_owner(*header, config_);
  if (!is_live_) note_sighted(*record);
  const Applied applied = state.apply(message.offset, append_time_ms, *record);
  if (applied == Applied::tick && is_live_) compare(std::get<Tick>(*record), state);
  if (applied == Applied::recreated) {
    metrics_.positions_recreated.Increment();
    spdlog::warn(
        "ledger: a position came back with other content: was its topic created again? offset={}",
        message.offset);
  }
}

// The last one is remembered, for a restore is quick: a few partitions take turns.
void Follower::note_sighted(const LedgerRecord& record) {
  const auto* sighting = std::get_if<Sighting>(&record);
  if (sighting == nullptr) return;
  const kafka::Partition partition{sighting->position.topic, sighting->position.partition};
  if (last_sighted_ == partition) return;
  last_sighted_ = partition;
  sighted_.insert(partition);
}

bool Follower::is_epoch_due() const {
  const auto window = state_.read([&](const DedupState& state) {
    return state.epoch() ? std::chrono::milliseconds(state.epoch()->window_ms)
                         : config_.dedupe.window;
  });
  return append_time_ms_ - epoch_time_ms_ > epoch_interval(window).count();
}

std::int64_t Follower::next_offset() {
  const std::lock_guard lock(applied_mutex_);
  return next_offset_;
}

bool Follower::wait_applied(std::int64_t offset, std::chrono::milliseconds wait) {
  std::unique_lock lock(applied_mutex_);
  return applied_.wait_for(lock, wait, [&] { return next_offset_ >= offset; });
}

}  // namespace tocsin
