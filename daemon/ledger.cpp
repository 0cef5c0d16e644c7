#include "daemon/ledger.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "daemon/failpoint.h"
#include "daemon/ledger_rules.h"

namespace tocsin {

using namespace std::chrono_literals;

namespace {

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

kafka::Failure AppendTicket::fault() const {
  const std::lock_guard lock(mutex_);
  return fault_;
}

LedgerWriter::LedgerWriter(const Config& config, Metrics& metrics)
    : config_(config), metrics_(metrics) {
  create_producer();
}

void LedgerWriter::begin() {
  producer()->learn({config_.topics.ledger});
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

void LedgerWriter::create_producer() {
  auto producer = std::make_shared<kafka::Producer>(
      conf(config_), kafka::Producer::Hooks{.on_delivery = &LedgerWriter::note_delivery});
  const std::lock_guard lock(producer_mutex_);
  producer_ = std::move(producer);
}

std::shared_ptr<kafka::Producer> LedgerWriter::producer() {
  const std::lock_guard lock(producer_mutex_);
  return producer_;
}

void LedgerWriter::note_delivery(const kafka::DeliveryReport& delivery) {
  // Each record owns one reference to its ticket, handed over as its tag.
  const std::unique_ptr<std::shared_ptr<AppendTicket>> reference(
      static_cast<std::shared_ptr<AppendTicket>*>(delivery.tag()));
  AppendTicket& ticket = **reference;
  const std::lock_guard lock(ticket.mutex_);
  --ticket.pending_;
  if (!delivery.is_record()) {
    if (!ticket.failed_) ticket.fault_ = delivery.fault();
    ticket.failed_ = true;
  }
  ticket.offset_max_ = std::max(ticket.offset_max_, delivery.offset());
}

std::shared_ptr<AppendTicket> LedgerWriter::append(const std::vector<std::string>& records,
                                                   const std::atomic<bool>& stop) {
  auto ticket = std::make_shared<AppendTicket>();
  ticket->pending_ = records.size();
  const std::shared_ptr<kafka::Producer> producer = this->producer();
  for (const std::string& record : records) {
    auto reference = std::make_unique<std::shared_ptr<AppendTicket>>(ticket);
    kafka::Failure fault =
        producer->send({config_.topics.ledger, 0, {}, record, {}, reference.get()}, stop);
    if (!fault) {
      static_cast<void>(reference.release());  // the delivery report frees it
      continue;
    }
    const std::lock_guard lock(ticket->mutex_);
    --ticket->pending_;
    if (!ticket->failed_) ticket->fault_ = std::move(fault);
    ticket->failed_ = true;
  }
  metrics_.sightings_appended.Increment(static_cast<double>(records.size()));
  return ticket;
}

void LedgerWriter::serve(std::chrono::milliseconds wait) {
  const std::shared_ptr<kafka::Producer> producer = this->producer();
  producer->serve(wait);
  if (const kafka::Failure fatal = producer->fatal()) {
    spdlog::error("ledger: producer is lost, making a new one: {}", fatal.text());
    producer->purge();
    producer->serve(0ms);
    create_producer();
    begin();
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
      consumer_(conf(config)),
      denied_lines_(100ms, 100ms) {}

Follower::~Follower() {
  stopping_ = true;
  thread_.join();
}

void Follower::assign(std::int64_t offset) {
  if (const kafka::Failure fault = consumer_.assign({{{config_.topics.ledger, 0}, offset}})) {
    throw StopError(ExitCode::failed, "ledger: cannot assign: " + fault.text());
  }
}

std::int64_t Follower::newest_append_ms(std::int64_t high) {
  // It comes from the newest record, not from this machine's clock: a clock ten years ahead must
  // not make the restore read nothing.
  assign(high - 1);
  kafka::Message last;
  const std::int64_t deadline = steady_ms() + std::chrono::milliseconds(30s).count();
  while (!last || !last.is_record()) {
    if (steady_ms() > deadline) {
      throw StopError(ExitCode::failed, "ledger: its last record cannot be read: " +
                                            (last ? last.fault().full_text() : "time-out"));
    }
    last = consumer_.poll(200ms);
    if (last && last.fault().denied() == kafka::Denied::topic) {
      throw StopError(ExitCode::failed,
                      kafka::denied(config_.kafka, "READ", "topic " + config_.topics.ledger));
    }
  }
  return last.timestamp_ms();
}

// First record that was appended then or later.
std::int64_t Follower::offset_at(std::int64_t append_time_ms, std::int64_t low) {
  const kafka::Partition partition{config_.topics.ledger, 0};
  const auto found = kafka::ask("offsets for times", [&] {
    return consumer_.offsets_for_times({{partition, std::max<std::int64_t>(0, append_time_ms)}});
  });
  if (!found) {
    throw StopError(ExitCode::failed, "ledger: offsets for times: " + found.error().text());
  }
  return std::max(found->at(partition).offset, low);
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

kafka::Watermarks Follower::watermarks() {
  const auto marks = kafka::ask("watermarks of the ledger", [&] {
    return consumer_.watermarks({config_.topics.ledger, 0});
  });
  if (!marks) {
    throw StopError(ExitCode::failed,
                    "ledger: watermarks: " + kafka::reason(config_.kafka, marks.error(), "READ",
                                                           "topic " + config_.topics.ledger));
  }
  return *marks;
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
  const auto [low, high] = watermarks();
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
    heartbeat_.beat();
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
  heartbeat_.begin();
  is_live_ = true;
  while (!stopping_) {
    heartbeat_.beat();
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
    heartbeat_.beat();
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
  kafka::Message first = consumer_.poll(wait);
  if (!first) return 0;
  messages.push_back(std::move(first));
  while (messages.size() < kApplyBatch) {
    kafka::Message next = consumer_.poll(0ms);
    if (!next) break;
    messages.push_back(std::move(next));
  }
  std::vector<std::optional<LedgerRecord>> records(messages.size());
  for (std::size_t i = 0; i < messages.size(); ++i) {
    if (messages[i].is_record()) records[i] = decode_ledger_message(messages[i]);
  }
  const auto record_at = [&](std::size_t i) -> const LedgerRecord* {
    return i < records.size() && records[i] ? &*records[i] : nullptr;
  };
  std::size_t applied = 0;
  std::int64_t next_offset = next_offset_;
  const DedupStateSize size = state_.write([&](DedupState& state) {
    for (std::size_t i = 0; i < messages.size(); ++i) {
      const kafka::Record& message = messages[i];
      if (const auto* far = record_at(i + DedupState::kFarAhead)) state.prefetch_far(*far);
      if (const auto* near = record_at(i + DedupState::kNearAhead)) state.prefetch_near(*near);
      const kafka::Failure fault = message.fault();
      if (fault.is_offset_gone()) {
        throw StopError(ExitCode::state_refused,
                        "ledger: offset " + std::to_string(next_offset) +
                            " no longer exists: the topic was truncated or created again; "
                            "see `tocsin ledger --help`");
      }
      note_denied(fault);
      // Transport errors: librdkafka retries, error_cb logged it.
      if (fault || message.offset() < next_offset) continue;
      apply(message, records[i], state);
      next_offset = message.offset() + 1;
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

void Follower::note_denied(const kafka::Failure& fault) {
  if (!fault) {
    denied_.end();
  } else if (fault.denied() == kafka::Denied::topic) {
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

void Follower::apply(const kafka::Record& message, const std::optional<LedgerRecord>& record,
                     DedupState& state) {
  if (!record) {
    metrics_.ledger_bad_records.Increment();
    spdlog::error("ledger: bad checksum, skipped offset={}", message.offset());
    return;
  }
  const std::int64_t append_time_ms = message.timestamp_ms();
  append_time_ms_ = std::max<std::int64_t>(append_time_ms_, append_time_ms);
  if (const auto* epoch = std::get_if<Epoch>(&*record)) {
    epoch_time_ms_ = append_time_ms;
    epoch_window_max_ms_ = std::max(epoch_window_max_ms_, epoch->window_ms);
  }
  if (is_before_epoch(*record, state)) return;
  if (std::holds_alternative<Sighting>(*record) && is_planted_skip(message.offset())) return;
  if (const auto* header = std::get_if<LedgerHeader>(&*record)) check_owner(*header, config_);
  if (!is_live_) note_sighted(*record);
  const Applied applied = state.apply(message.offset(), append_time_ms, *record);
  if (applied == Applied::tick && is_live_) compare(std::get<Tick>(*record), state);
  if (applied == Applied::recreated) {
    metrics_.positions_recreated.Increment();
    spdlog::warn(
        "ledger: a position came back with other content: was its topic created again? offset={}",
        message.offset());
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
