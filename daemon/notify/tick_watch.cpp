#include "daemon/notify/tick_watch.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "daemon/notify/webhook.h"
#include "daemon/stop.h"
#include "daemon/unix_time.h"
#include "pipeline/ledger/ledger_record.h"

namespace tocsin {

using namespace std::chrono_literals;
using SilenceStage = SilenceState::Stage;

namespace {

constexpr auto kQuestion = 2'000ms;
constexpr std::int64_t kAskAgainMs = 2'000;
constexpr std::int64_t kMemoryPatienceMs = 10'000;  // for the committed offset and its metadata
constexpr std::int64_t kSaveIntervalMs = 5'000;     // of ticks; a new stage is saved at once
constexpr std::int64_t kCatchUpMax = 1'000'000;     // records; a second or two
constexpr std::int64_t kPartingMs = 2'000;          // to save what is unsaved when leaving

}  // namespace

TickWatch::TickWatch(const Config& config)
    : group_(config.kafka.group),
      ledger_(config.topics.ledger),
      consumer_(kafka::make_conf(config.kafka,
                                 {{"fetch.wait.max.ms", "500"},
                                  {"queued.max.messages.kbytes", "4096"},
                                  {"fetch.error.backoff.ms", "500"}},
                                 {{"group.id", group_ + ".notify"},
                                  {"enable.auto.commit", "false"},
                                  {"enable.auto.offset.store", "false"},
                                  {"isolation.level", "read_uncommitted"},
                                  // A ledger that was made anew is heard from its beginning.
                                  {"auto.offset.reset", "earliest"}}),
                {.on_commit = [this](const kafka::Failure& fault) { note_saved(fault); }}),
      silence_max_ms_(config.alerts.silence_max.count()) {}

TickWatch::~TickWatch() {
  stop();
  join();
  consumer_.close();  // while what its hook uses is there
}

void TickWatch::set_targets(std::vector<std::string> names, std::vector<std::string> renewed) {
  const std::lock_guard lock(mutex_);
  targets_ = std::move(names);
  renewed_.insert(renewed_.end(), renewed.begin(), renewed.end());
}

void TickWatch::told(const std::string& target, std::int64_t revision) {
  const std::lock_guard lock(mutex_);
  answers_.emplace_back(target, revision);
}

void TickWatch::start() {
  ticked_ms_ = steady_ms();
  heartbeat_ms_ = ticked_ms_;
  thread_ = Thread("tick_watch", [this] { run(); });
}

void TickWatch::run() {
  while (!stopping_) {
    const std::int64_t now_ms = steady_ms();
    heartbeat_ms_ = now_ms;
    if (!is_loaded_ && now_ms - loaded_ms_ >= kAskAgainMs) load();
    const kafka::Message message = consumer_.poll(200ms);
    if (message && message.is_record()) take(message);
    note_time();
    tell();
    save();
  }
  const std::int64_t until_ms = steady_ms() + kPartingMs;
  while ((!is_saved_ || is_saving_) && is_loaded_ && steady_ms() < until_ms) {
    save();
    static_cast<void>(consumer_.poll(50ms));
  }
}

// What an earlier notify left, and where to read on. Nobody answers while the brokers are away:
// what was begun meanwhile stays begun.
void TickWatch::load() {
  loaded_ms_ = steady_ms();
  const kafka::Partition partition{ledger_, 0};
  const auto answer = consumer_.committed({partition}, kQuestion);
  kafka::Mark kept;
  if (answer) kept = answer->at(partition);
  if (!answer) kept.fault = answer.error();
  if (kept.fault) {
    // The ledger may be readable all the same: better no memory than a false alarm.
    if (loaded_ms_ - ticked_ms_ < kMemoryPatienceMs) return;
    spdlog::warn("notify: what was rung before this start is not known: {}", kept.fault.text());
    kept = {};
  }
  const auto marks = consumer_.watermarks(partition, kQuestion);
  const bool is_missing = !marks && marks.error().is_missing();
  if (!marks && !is_missing) return;
  const auto [low, high] = marks ? *marks : kafka::Watermarks{};
  const SilenceState state = parse_silence_state(kept.metadata);
  std::int64_t from = is_missing || kept.offset < 0 ? high : std::clamp(kept.offset, low, high);
  const bool is_far = high - from > kCatchUpMax;
  if (is_far) from = high - kCatchUpMax;
  state_.tick_ms = is_far ? 0 : state.tick_ms;
  if (state_.stage == SilenceStage::fine && state.stage != SilenceStage::fine) {
    state_.stage = state.stage;
    state_.revision = state.revision;
    state_.told = state.told;
    spdlog::info("notify: a silence was rung before this start stage={}",
                 state.stage == SilenceStage::silent ? "silent" : "closing");
  }
  is_silent_ = state_.stage == SilenceStage::silent;
  live_from_ = high;
  next_offset_ = from;
  if (const kafka::Failure fault = consumer_.assign({{partition, from}})) {
    spdlog::error("notify: cannot read the ledger: {}", fault.text());
    return;
  }
  is_loaded_ = true;
}

void TickWatch::take(const kafka::Record& message) {
  // Records that cannot be read are the service's trouble, not the alarm's.
  const auto record = decode_ledger_record(message.value());
  if (!record || !std::holds_alternative<Tick>(*record)) return;
  const std::int64_t append_ms = message.timestamp_ms();
  next_offset_ = message.offset() + 1;
  if (message.offset() < live_from_) {
    state_.tick_ms = append_ms;
    return;
  }
  note_tick(append_ms);
}

void TickWatch::note_tick(std::int64_t append_ms) {
  const std::int64_t now_ms = steady_ms();
  const std::int64_t silent_ms = now_ms - std::exchange(ticked_ms_, now_ms);
  const std::int64_t gap_ms = state_.tick_ms == 0 ? 0 : append_ms - state_.tick_ms;
  // Silent across this start: whoever ran before may have rung when no broker could keep it.
  const bool was_silent_before = std::exchange(is_first_, false) && gap_ms > silence_max_ms_;
  state_.tick_ms = append_ms;
  ++ticks_;
  is_saved_ = false;
  if (state_.stage != SilenceStage::silent &&
      !(state_.stage == SilenceStage::fine && was_silent_before))
    return;
  spdlog::info("notify: the ledger brings ticks again after_ms={}", std::max(silent_ms, gap_ms));
  change(SilenceStage::closing);
}

void TickWatch::note_time() {
  const std::int64_t silent_ms = steady_ms() - ticked_ms_;
  if (state_.stage == SilenceStage::silent || silent_ms < silence_max_ms_) return;
  silent_ms_ = silent_ms;
  spdlog::error("notify: no tick in the ledger for_ms={}", silent_ms);
  change(SilenceStage::silent);
}

void TickWatch::change(SilenceStage stage) {
  state_.stage = stage;
  state_.revision = std::max(unix_seconds(), state_.revision + 1);
  state_.told.clear();
  rung_.clear();
  is_silent_ = stage == SilenceStage::silent;
  is_saved_ = false;
  saved_ms_ = 0;
}

// Hands the alert to those that have not got it; when all know that ticks are back, all is well.
void TickWatch::tell() {
  std::vector<std::string> targets;
  std::vector<std::pair<std::string, std::int64_t>> answers;
  {
    const std::lock_guard lock(mutex_);
    targets = targets_;
    answers.swap(answers_);
    for (const std::string& target : renewed_) rung_.erase(target);
    renewed_.clear();
  }
  for (const auto& [target, revision] : answers) {
    if (revision != state_.revision || !state_.told.insert(mark_of(target)).second) continue;
    is_saved_ = false;
    saved_ms_ = 0;
  }
  if (state_.stage == SilenceStage::fine) return;
  const bool is_closed = state_.stage == SilenceStage::closing;
  bool all_told = true;
  for (const std::string& target : targets) {
    if (state_.told.contains(mark_of(target))) continue;
    all_told = false;
    if (!rung_.insert(target).second || !ring) continue;
    ring(target, silence_alert(group_, is_closed, state_.revision,
                               std::chrono::seconds(silent_ms_ / 1000)));
  }
  if (!is_closed || !all_told) return;
  state_.stage = SilenceStage::fine;
  state_.told.clear();
  is_saved_ = false;
  saved_ms_ = 0;
}

// Without waiting: brokers may be away, that is when this counts.
void TickWatch::save() {
  const std::int64_t now_ms = steady_ms();
  if (is_saved_ || is_saving_ || !is_loaded_ || now_ms - saved_ms_ < kSaveIntervalMs) return;
  saved_ms_ = now_ms;
  is_saved_ = true;
  is_saving_ = !consumer_.commit_soon(
      {{{ledger_, 0}, {std::max<std::int64_t>(next_offset_, 0), encode(state_), {}}}});
  if (!is_saving_) is_saved_ = false;
}

void TickWatch::note_saved(const kafka::Failure& fault) {
  is_saving_ = false;
  if (fault) is_saved_ = false;
}

}  // namespace tocsin
