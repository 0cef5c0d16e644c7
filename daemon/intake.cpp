#include "daemon/intake.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "daemon/kafka/reader.h"
#include "daemon/trials.h"
#include "daemon/wait.h"
#include "pipeline/ledger/dedup_state.h"

namespace tocsin {
namespace {

using namespace std::chrono_literals;

constexpr int kReadAttempts = 5;
constexpr auto kDamageWait = 2s;
constexpr std::int64_t kLargeJumpBack = 1'000'000;  // records
constexpr std::int64_t kTailRecords = 50;
constexpr std::int64_t kNearRecords = 3;
constexpr std::size_t kDetourBytesMax = 64 << 20;  // of one partition, read around deadly batches

}  // namespace

kafka::Conf Intake::conf(const Config& config) {
  return kafka::make_conf(
      config.kafka,
      {{"session.timeout.ms", "10000"},
       {"heartbeat.interval.ms", "3000"},
       {"queued.max.messages.kbytes", "16384"},
       {"fetch.message.max.bytes", "1048576"},
       {"fetch.max.bytes", "8388608"},
       {"receive.message.max.bytes", std::to_string(kafka::kDecompressedMax)},
       {"fetch.wait.max.ms", "100"},
       {"fetch.error.backoff.ms", "100"},
       {"check.crcs", "true"}},
      {{"group.id", config.kafka.group},
       // Cooperative commits can lose the assignment below librdkafka 2.10; one way for all
       // versions.
       {"partition.assignment.strategy", "range"},
       {"enable.auto.commit", "false"},
       {"enable.auto.offset.store", "false"},
       {"isolation.level", "read_committed"},
       {"auto.offset.reset", "error"},
       {"enable.partition.eof", "true"},
       {"max.poll.interval.ms", std::to_string(config.limits.poll_interval_max.count())}});
}

Intake::Intake(const Config& config, Metrics& metrics)
    : config_(config),
      metrics_(metrics),
      consumer_(conf(config), {.on_assign = [this](const auto& partitions) { assign(partitions); },
                               .on_revoke = [this](bool lost) { revoke(lost); }}),
      error_lines_(100ms, 100ms) {}

Intake::~Intake() {
  close();
}

void Intake::subscribe() {
  unassigned_.begin();
  if (const kafka::Failure fault = consumer_.subscribe(config_.topics.raw)) {
    throw StopError(ExitCode::failed, "intake: cannot subscribe: " + fault.text());
  }
}

kafka::Message Intake::poll(std::chrono::milliseconds wait) {
  if (rejoin_requested_.exchange(false)) {
    spdlog::warn("intake: joining the group again, from the committed offsets");
    revoke(true);
    consumer_.unsubscribe();
    subscribe();
  }
  if (!detours_.empty()) return take(follow_detour());
  kafka::Message message = consumer_.poll(wait);
  while (message && message.fault().is_end()) {  // the end of a partition is no reason to return
    note_end(message);
    message = consumer_.poll(wait);
  }
  if (!message || message.is_record()) return is_fetching_ ? take(std::move(message)) : nullptr;
  const kafka::Failure fault = message.fault();
  if (fault.is_offset_gone()) {
    heal_gap(fault.partition());
  } else if (fault.is_unreadable()) {
    note_unreadable(fault);
  } else if (const kafka::Failure fatal = consumer_.fatal()) {
    throw StopError(ExitCode::failed, "intake: the consumer is lost: " + fatal.text());
  } else {
    note_error(fault);
  }
  return nullptr;
}

// The record, if it is due.
kafka::Message Intake::take(kafka::Message message) {
  if (!message) return nullptr;
  note_allowed(message);
  const auto due = next_.find(message.partition());
  // A record that slipped through a rebalance, a pause or a new assignment.
  if (due == next_.end() || message.offset() < due->second) return nullptr;
  if (was_unreadable(message)) return nullptr;
  due->second = message.offset() + 1;
  unproven_.erase(due->first);
  ended_.erase(due->first);
  return message;
}

void Intake::note_error(const kafka::Failure& fault) {
  unassigned_.note(fault.full_text());
  if (!fault.is_denied()) return error_lines_.log("intake: " + fault.full_text());
  denied_resource_ = "group " + config_.kafka.group;
  if (fault.denied() == kafka::Denied::topic) {
    const std::string& topic = fault.partition().topic;
    denied_resource_ = "topic " + (topic.empty() ? config_.topics.raw.front() : topic);
  }
  const std::string what = kafka::denied(config_.kafka, "READ", denied_resource_);
  denied_.begin();
  denied_.note(what);
  error_lines_.log("intake: " + what);
}

void Intake::note_allowed(const kafka::Record& message) {
  if (denied_resource_.empty()) return;
  if (denied_resource_ != "topic " + std::string(message.topic())) return;
  denied_resource_.clear();
  denied_.end();
}

// Between the last record and the end there are transaction markers and aborted records only.
void Intake::note_end(const kafka::Record& event) {
  note_allowed(event);
  if (!is_fetching_) return;
  if (unproven_.erase(event.partition()) > 0) ended_.insert(event.partition());
  const auto due = next_.find(event.partition());
  if (on_end && due != next_.end()) on_end(due->first, due->second, event.offset());
}

void Intake::pause() {
  if (is_paused_ || !is_fetching_ || next_.empty()) return;
  consumer_.pause(kafka::partitions_of(next_));
  is_paused_ = true;
}

void Intake::resume() {
  if (!is_paused_) return;
  consumer_.resume(kafka::partitions_of(next_));
  is_paused_ = false;
}

void Intake::close() {
  consumer_.close();
}

// ---- rebalances

void Intake::assign(const std::vector<kafka::Partition>& partitions) {
  is_fetching_ = false;  // nobody revokes an assignment without partitions
  next_.clear();
  commits_.clear();
  for (const auto& [partition, mark] : ask_committed(partitions)) {
    next_[partition] = start_of(partition, mark.offset);
    if (mark.offset == next_[partition] && !mark.metadata.starts_with(kCommitMark)) {
      look_who_committed(partition, mark.offset);
    }
    commits_[partition] = {mark.offset, next_[partition], mark.metadata};
    if (Trials::is_fetch_suspicious(commits_[partition])) avoid_deadly(partition);
  }
  tell_client({});  // until fetch()
  ++assignment_;
  is_assigned_ = true;
  unassigned_.end();
  if (denied_resource_.starts_with("group ")) {
    denied_resource_.clear();
    denied_.end();
  }
  metrics_.rebalances.Increment();
  metrics_.partitions_assigned.Set(static_cast<double>(next_.size()));
  spdlog::info("intake: assigned partitions={}", next_.size());
}

void Intake::fetch() {
  tell_client(next_);
  is_fetching_ = true;
  for (const auto& [partition, offset] : next_) unproven_.insert(partition);
  if (on_fetch) on_fetch(kafka::partitions_of(next_));
}

kafka::Offsets Intake::take_ended() {
  kafka::Offsets ended;
  for (const kafka::Partition& partition : std::exchange(ended_, {})) {
    ended[partition] = next_.at(partition);
  }
  return ended;
}

kafka::Watermarks Intake::watermarks(const kafka::Partition& partition) {
  const auto marks = kafka::ask("watermarks", [&] { return consumer_.watermarks(partition); });
  if (!marks) {
    throw StopError(ExitCode::failed, "intake: watermarks: " + marks.error().full_text());
  }
  return *marks;
}

kafka::Offsets Intake::ends(const kafka::Offsets& partitions) {
  kafka::Offsets found;
  for (const auto& [partition, committed] : partitions) {
    found[partition] = watermarks(partition).high;
  }
  return found;
}

kafka::Marks Intake::ask_committed(const std::vector<kafka::Partition>& partitions) {
  auto marks = kafka::ask("committed offsets", [&] { return consumer_.committed(partitions); });
  if (!marks) {
    throw StopError(ExitCode::failed, "intake: committed offsets: " + marks.error().text());
  }
  return *std::move(marks);
}

kafka::Offsets Intake::committed(const kafka::Offsets& partitions) {
  kafka::Offsets found;
  for (const auto& [partition, mark] : ask_committed(kafka::partitions_of(partitions))) {
    found[partition] = mark.offset;
  }
  return found;
}

// Where a partition starts: the committed offset if it still exists; else where the group began, as
// its ledger says; the beginning of a partition that came later.
std::int64_t Intake::start_of(const kafka::Partition& partition, std::int64_t committed) {
  const auto [low, high] = watermarks(partition);
  if (committed < 0) {
    const std::int64_t began = began_at ? began_at(partition).value_or(low) : low;
    const std::int64_t start = began >= low && began <= high ? began : low;
    // Somebody may have sighted records before the first commit and died; if they are passed over
    // now, nobody ever publishes them.
    if (on_gap && start > 0) {
      on_gap({partition, std::max<std::int64_t>(0, start - DedupState::kGapOffsetsMax), start});
    }
    return start;
  }
  if (committed >= low && committed <= high) return committed;
  if (committed > high) return start_of_shrunk(partition, {low, high}, committed);
  note_gap({partition, committed, low});
  return low;
}

// The committed offset is beyond the end. Either the partition lost its end (an unclean election):
// what is left was published, and it goes on behind it. Or the topic was created again: all is new.
std::int64_t Intake::start_of_shrunk(const kafka::Partition& partition,
                                     const kafka::Watermarks& marks, std::int64_t committed) {
  metrics_.offset_gaps.Increment();
  if (is_judged_before(partition, marks.low, marks.high)) {
    spdlog::error(
        "intake: the partition lost its end, going on behind what is left topic={} partition={} "
        "committed={} end={}",
        partition.topic, partition.number, committed, marks.high);
    return marks.high;
  }
  spdlog::error(
      "intake: committed offset is beyond the end, was the topic created again? "
      "topic={} partition={} committed={} end={}",
      partition.topic, partition.number, committed, marks.high);
  if (committed - marks.high > kLargeJumpBack) {
    spdlog::warn(
        "intake: going back records={}; to process history again use another group, "
        "ledger and outputs",
        committed - marks.low);
  }
  return marks.low;
}

// Whether one of the newest records before `end` is what the ledger knows at its position; not
// every one is in it: dead letters are not, nor what is older than two windows.
bool Intake::is_judged_before(const kafka::Partition& partition, std::int64_t low,
                              std::int64_t end) {
  const std::int64_t from = std::max(low, end - kTailRecords);
  if (!is_judged || from >= end) return false;
  bool is_known = false;
  kafka::Reader reader(config_, kafka::Isolation::committed);
  reader.read({{partition, {from, end}}}, [&](const kafka::Message& message) {
    const Position position{partition.topic, partition.number, message.offset()};
    is_known = is_known || is_judged(position, message.value());
  });
  return is_known;
}

// An offset without our mark: of a version that made none, of a hand, or of another program that
// uses the group. What it was moved past was never seen here.
void Intake::look_who_committed(const kafka::Partition& partition, std::int64_t offset) {
  const std::int64_t low = watermarks(partition).low;
  if (offset <= low || is_judged_before(partition, std::max(low, offset - kNearRecords), offset)) {
    return;
  }
  metrics_.offsets_moved.Increment();
  spdlog::error(
      "intake: somebody else has moved the group's offset, what stands before it may be unread: "
      "does another program use the group? topic={} partition={} offset={} group={}",
      partition.topic, partition.number, offset, config_.kafka.group);
}

void Intake::tell_client(const kafka::Offsets& offsets) {
  if (const kafka::Failure fault = consumer_.assign(offsets)) {
    throw StopError(ExitCode::failed, "intake: cannot assign: " + fault.text());
  }
}

// Another place to go on from, inside an assignment.
void Intake::go_on_at(const kafka::Partition& partition, std::int64_t offset) {
  next_[partition] = offset;
  unproven_.erase(partition);
  ended_.erase(partition);
  resume();
  tell_client(next_);
}

void Intake::revoke(bool lost) {
  // Lost partitions are another's already: the publisher drops what it has of them at once.
  if (lost) ++assignment_;
  if (on_revoke && is_assigned_) on_revoke(lost);
  ++assignment_;
  is_assigned_ = false;
  unassigned_.begin();
  metrics_.partitions_assigned.Set(0);
  resume();  // a partition that is paused would stay so when it is assigned to us again
  next_.clear();
  commits_.clear();
  unreadable_.clear();
  detours_.clear();
  unproven_.clear();
  ended_.clear();
  is_fetching_ = false;
  consumer_.unassign();
  spdlog::info("intake: revoked lost={}", lost);
}

// ---- batches that kill whoever fetches them

// Looks for such batches from where the partition begins, in processes of their own, and reads what
// stands between them. Nothing behind the last one is fetched before all that is published.
void Intake::avoid_deadly(const kafka::Partition& partition) {
  std::int64_t offset = next_[partition];
  spdlog::warn(
      "intake: nobody has read from here and lived, trying it in another process topic={} "
      "partition={} offset={}",
      partition.topic, partition.number, offset);
  is_busy_ = true;
  const std::int64_t deadline_ms = steady_ms() + config_.limits.poll_interval_max.count() / 3;
  for (std::size_t bytes = 0; bytes < kDetourBytesMax && steady_ms() < deadline_ms;) {
    const auto deadly = kafka::deadly_batch(config_, partition, offset, watermarks(partition).high);
    if (!deadly) break;
    Detour& detour = detours_.emplace_back();
    detour.gap = {partition, deadly->low, deadly->high};
    if (!careful_) careful_.emplace(config_);
    kafka::read_before(*careful_, partition, {offset, deadly->low}, [&](kafka::Message message) {
      bytes += message.value().size();
      detour.records.push_back(std::move(message));
    });
    offset = deadly->high;
  }
  is_busy_ = false;
}

// What stands before the batch, then the batch as one that cannot be read.
kafka::Message Intake::follow_detour() {
  Detour& detour = detours_.front();
  if (!detour.records.empty()) {
    kafka::Message message = std::move(detour.records.front());
    detour.records.pop_front();
    return message;
  }
  const OffsetGap gap = detour.gap;
  detours_.pop_front();
  next_[gap.partition] = gap.to;
  spdlog::error(
      "intake: processes die over a batch when they fetch it, passing over it topic={} "
      "partition={} from={} to={}",
      gap.partition.topic, gap.partition.number, gap.from, gap.to);
  if (on_unreadable) on_unreadable(gap, "it decompresses to more than there is memory for");
  return nullptr;
}

// ---- raw offsets that no longer exist

void Intake::note_gap(const OffsetGap& gap) {
  metrics_.offset_gaps.Increment();
  spdlog::error(
      "intake: raw records are gone before they were processed topic={} partition={} "
      "from={} to={}",
      gap.partition.topic, gap.partition.number, gap.from, gap.to);
  if (config_.input.on_gap == OnGap::stop) {
    throw StopError(ExitCode::failed, "intake: raw records of " + gap.partition.topic +
                                          " are gone and input.on_gap is stop");
  }
  if (on_gap) on_gap(gap);
}

// ---- raw records that cannot be read

// Damage may be a disk's that another replica stands in for: only what lasts is passed over.
void Intake::note_unreadable(const kafka::Failure& fault) {
  const kafka::Partition& partition = fault.partition();
  const auto due = next_.find(partition);
  if (due == next_.end() || !is_fetching_) return;
  Unreadable& batch = unreadable_[partition];
  if (batch.attempts == 0 || batch.offset != fault.offset()) {
    batch = {fault.offset(), 0, steady_ms(), ""};
  }
  batch.why = fault.text();
  error_lines_.log("intake: a batch cannot be read: " + fault.full_text());
  ++batch.attempts;
  const bool lasts = steady_ms() - batch.since_ms >= std::chrono::milliseconds(kDamageWait).count();
  if (batch.attempts < kReadAttempts || !lasts) return;
  const std::int64_t end =
      kafka::end_of_unreadable(config_, partition, batch.offset, watermarks(partition).high);
  pass_over({partition, std::max(due->second, batch.offset), end}, batch.why);
}

// True when the client passed an unreadable batch by itself, and told of it once.
bool Intake::was_unreadable(const kafka::Record& message) {
  const kafka::Partition partition = message.partition();
  const auto batch = unreadable_.find(partition);
  if (batch == unreadable_.end()) return false;
  const std::int64_t from = std::max(next_.at(partition), batch->second.offset);
  const std::string why = batch->second.why;
  unreadable_.erase(batch);  // or it could be read at last
  if (message.offset() <= from) return false;
  pass_over({partition, from, message.offset()}, why);
  return true;
}

void Intake::pass_over(const OffsetGap& gap, const std::string& why) {
  spdlog::error(
      "intake: records cannot be read, passing over them topic={} partition={} from={} to={}",
      gap.partition.topic, gap.partition.number, gap.from, gap.to);
  if (on_unreadable) on_unreadable(gap, why);
  unreadable_.erase(gap.partition);  // with `why`
  go_on_at(gap.partition, gap.to);
}

void Intake::heal_gap(const kafka::Partition& partition) {
  const auto due = next_.find(partition);
  if (due == next_.end() || !is_fetching_) return;
  unreadable_.erase(partition);  // gone with what it stood in
  go_on_at(partition, start_of(partition, due->second));
}

}  // namespace tocsin
