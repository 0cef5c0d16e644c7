#include "daemon/intake.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "daemon/kafka/unreadable.h"
#include "daemon/wait.h"
#include "pipeline/ledger/dedup_state.h"

namespace tocsin {
namespace {

using namespace std::chrono_literals;

constexpr int kQueryTimeoutMs = 10'000;
constexpr int kReadAttempts = 5;
constexpr auto kDamageWait = 2s;
constexpr std::int64_t kLargeJumpBack = 1'000'000;  // records

}  // namespace

bool is_valid_membership(const rd_kafka_consumer_group_metadata_t* metadata) {
  // The C API shows generation and member only through the serialised form:
  // "CGMDv2:" int32 generation, group id NUL, member id NUL, ...
  constexpr std::string_view kMagic = "CGMDv2:";
  if (metadata == nullptr) return false;
  void* buffer = nullptr;
  std::size_t size = 0;
  if (const kafka::Fault error{rd_kafka_consumer_group_metadata_write(metadata, &buffer, &size)}) {
    return false;
  }
  const std::string bytes(static_cast<const char*>(buffer), size);
  rd_kafka_mem_free(nullptr, buffer);
  std::int32_t generation = -1;
  if (!bytes.starts_with(kMagic) || bytes.size() < kMagic.size() + sizeof generation) return false;
  std::memcpy(&generation, bytes.data() + kMagic.size(), sizeof generation);
  const std::size_t group_end = bytes.find('\0', kMagic.size() + sizeof generation);
  if (group_end == std::string::npos || group_end + 1 >= bytes.size()) return false;
  return generation >= 0 && bytes[group_end + 1] != '\0';
}

kafka::Conf Intake::conf(const Config& config) {
  return kafka::make_conf(
      config.kafka,
      {{"session.timeout.ms", "10000"},
       {"heartbeat.interval.ms", "3000"},
       {"queued.max.messages.kbytes", "16384"},
       {"fetch.message.max.bytes", "1048576"},
       {"fetch.max.bytes", "8388608"},
       // What a batch may decompress to. librdkafka before 2.4 may give up at a third of it, and an
       // article may have 64 MiB.
       {"receive.message.max.bytes", "268435456"},
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
    : config_(config), metrics_(metrics), error_lines_(100ms, 100ms) {
  kafka::Conf conf = Intake::conf(config_);
  rd_kafka_conf_set_opaque(conf.get(), this);
  rd_kafka_conf_set_rebalance_cb(conf.get(), &Intake::on_rebalance);
  consumer_ = kafka::make_consumer(std::move(conf));
}

Intake::~Intake() {
  close();
}

void Intake::subscribe() {
  const kafka::PartitionList topics(
      rd_kafka_topic_partition_list_new(static_cast<int>(config_.topics.raw.size())));
  for (const std::string& topic : config_.topics.raw) {
    rd_kafka_topic_partition_list_add(topics.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
  }
  const rd_kafka_resp_err_t error = rd_kafka_subscribe(consumer_.get(), topics.get());
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw StopError(ExitCode::failed, "intake: cannot subscribe: " + kafka::text(error));
  }
}

kafka::Message Intake::poll(std::chrono::milliseconds wait) {
  if (rejoin_requested_.exchange(false)) {
    spdlog::warn("intake: joining the group again, from the committed offsets");
    revoke(true);
    rd_kafka_unsubscribe(consumer_.get());
    subscribe();
  }
  kafka::Message message;
  do {  // the end of a partition is no reason to return
    if (message) note_end(*message);
    message.reset(rd_kafka_consumer_poll(consumer_.get(), static_cast<int>(wait.count())));
  } while (message && message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF);
  if (callback_error_) std::rethrow_exception(std::exchange(callback_error_, nullptr));
  if (!message) return nullptr;
  if (message->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET) {
    heal_gap(*message);
    return nullptr;
  }
  if (kafka::is_unreadable(*message)) {
    note_unreadable(*message);
    return nullptr;
  }
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    if (rd_kafka_fatal_error(consumer_.get(), nullptr, 0) != RD_KAFKA_RESP_ERR_NO_ERROR) {
      throw StopError(ExitCode::failed,
                      "intake: the consumer is lost: " + kafka::text(message->err));
    }
    note_error(*message);
    return nullptr;
  }
  note_allowed(*message);
  const auto due = next_.find({rd_kafka_topic_name(message->rkt), message->partition});
  // A record that slipped through a rebalance, a pause or a new assignment.
  if (due == next_.end() || message->offset < due->second) return nullptr;
  if (was_unreadable(*message)) return nullptr;
  due->second = message->offset + 1;
  return message;
}

void Intake::note_error(const rd_kafka_message_t& event) {
  if (!kafka::is_denied(event.err)) {
    error_lines_.log("intake: " + kafka::text(event.err) + " " + rd_kafka_message_errstr(&event));
    return;
  }
  const bool is_topic = event.err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
  denied_resource_ = "group " + config_.kafka.group;
  if (is_topic) {
    denied_resource_ =
        std::string("topic ") + (event.rkt != nullptr ? rd_kafka_topic_name(event.rkt)
                                                      : config_.topics.raw.front().c_str());
  }
  const std::string what = kafka::denied(config_.kafka, "READ", denied_resource_);
  denied_.begin();
  denied_.note(what);
  error_lines_.log("intake: " + what);
}

void Intake::note_allowed(const rd_kafka_message_t& message) {
  if (denied_resource_.empty()) return;
  if (denied_resource_ != std::string("topic ") + rd_kafka_topic_name(message.rkt)) return;
  denied_resource_.clear();
  denied_.end();
}

// Between the last record and the end there are transaction markers and aborted records only.
void Intake::note_end(const rd_kafka_message_t& event) {
  const kafka::Partition partition{rd_kafka_topic_name(event.rkt), event.partition};
  note_allowed(event);
  const auto due = next_.find(partition);
  if (on_end && due != next_.end()) on_end(partition, due->second, event.offset);
}

void Intake::pause() {
  if (is_paused_ || next_.empty()) return;
  const kafka::PartitionList list = kafka::make_list(next_);
  rd_kafka_pause_partitions(consumer_.get(), list.get());
  is_paused_ = true;
}

void Intake::resume() {
  if (!is_paused_) return;
  const kafka::PartitionList list = kafka::make_list(next_);
  rd_kafka_resume_partitions(consumer_.get(), list.get());
  is_paused_ = false;
}

void Intake::close() {
  if (!consumer_ || rd_kafka_consumer_closed(consumer_.get())) return;
  rd_kafka_consumer_close(consumer_.get());
}

// ---- rebalances

void Intake::on_rebalance(rd_kafka_t*, rd_kafka_resp_err_t event,
                          rd_kafka_topic_partition_list_t* partitions, void* self) {
  auto& intake = *static_cast<Intake*>(self);
  try {
    if (event == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
      intake.assign(partitions);
    } else {
      intake.revoke(rd_kafka_assignment_lost(intake.consumer_.get()) != 0);
    }
  } catch (const std::exception&) {
    intake.callback_error_ = std::current_exception();
    rd_kafka_assign(intake.consumer_.get(), nullptr);
  }
}

void Intake::assign(rd_kafka_topic_partition_list_t* partitions) {
  const rd_kafka_resp_err_t error = kafka::ask("committed offsets", [&] {
    return rd_kafka_committed(consumer_.get(), partitions, kQueryTimeoutMs);
  });
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw StopError(ExitCode::failed, "intake: committed offsets: " + kafka::text(error));
  }
  std::map<kafka::Partition, std::int64_t> offsets;
  commits_.clear();
  for (int i = 0; i < partitions->cnt; ++i) {
    const rd_kafka_topic_partition_t& entry = partitions->elems[i];
    const kafka::Partition partition{entry.topic, entry.partition};
    offsets[partition] = start_of(partition, entry.offset);
    Commit& commit = commits_[partition];
    commit.offset = std::max<std::int64_t>(entry.offset, -1);
    commit.start = offsets[partition];
    commit.metadata.assign(static_cast<const char*>(entry.metadata), entry.metadata_size);
  }
  assign_at(offsets);
  ++assignment_;
  is_assigned_ = true;
  if (denied_resource_.starts_with("group ")) {
    denied_resource_.clear();
    denied_.end();
  }
  metrics_.rebalances.Increment();
  metrics_.partitions_assigned.Set(static_cast<double>(offsets.size()));
  spdlog::info("intake: assigned partitions={}", offsets.size());
  std::vector<kafka::Partition> assigned;
  for (const auto& [partition, offset] : offsets) assigned.push_back(partition);
  if (on_assign) on_assign(std::move(assigned));
}

std::pair<std::int64_t, std::int64_t> Intake::watermarks(const kafka::Partition& partition) {
  std::int64_t low = 0;
  std::int64_t high = 0;
  const rd_kafka_resp_err_t error = kafka::ask("watermarks", [&] {
    return rd_kafka_query_watermark_offsets(consumer_.get(), partition.topic.c_str(),
                                            partition.number, &low, &high, kQueryTimeoutMs);
  });
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw StopError(ExitCode::failed,
                    "intake: watermarks of " + partition.topic + ": " + kafka::text(error));
  }
  return {low, high};
}

std::map<kafka::Partition, std::int64_t> Intake::ends(
    const std::map<kafka::Partition, std::int64_t>& partitions) {
  std::map<kafka::Partition, std::int64_t> found;
  for (const auto& [partition, committed] : partitions) {
    found[partition] = watermarks(partition).second;
  }
  return found;
}

std::map<kafka::Partition, std::int64_t> Intake::committed(
    const std::map<kafka::Partition, std::int64_t>& partitions) {
  const kafka::PartitionList list = kafka::make_list(partitions);
  const rd_kafka_resp_err_t error = kafka::ask("committed offsets", [&] {
    return rd_kafka_committed(consumer_.get(), list.get(), kQueryTimeoutMs);
  });
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw StopError(ExitCode::failed, "intake: committed offsets: " + kafka::text(error));
  }
  std::map<kafka::Partition, std::int64_t> found;
  for (int i = 0; i < list->cnt; ++i) {
    const rd_kafka_topic_partition_t& entry = list->elems[i];
    found[{entry.topic, entry.partition}] = std::max<std::int64_t>(entry.offset, -1);
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
  if (committed < low) {
    note_gap({partition, committed, low});
  } else {
    spdlog::error(
        "intake: committed offset is beyond the end, was the topic created again? "
        "topic={} partition={} committed={} end={}",
        partition.topic, partition.number, committed, high);
    if (committed - high > kLargeJumpBack) {
      spdlog::warn(
          "intake: going back records={}; to process history again use another group, "
          "ledger and outputs",
          committed - low);
    }
    metrics_.offset_gaps.Increment();
  }
  return low;
}

void Intake::assign_at(const std::map<kafka::Partition, std::int64_t>& offsets) {
  const kafka::PartitionList list = kafka::make_list(offsets);
  const rd_kafka_resp_err_t error = rd_kafka_assign(consumer_.get(), list.get());
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw StopError(ExitCode::failed, "intake: cannot assign: " + kafka::text(error));
  }
  next_ = offsets;
}

void Intake::revoke(bool lost) {
  // Lost partitions are another's already: the publisher drops what it has of them at once.
  if (lost) ++assignment_;
  if (on_revoke && is_assigned_) on_revoke(lost);
  ++assignment_;
  is_assigned_ = false;
  metrics_.partitions_assigned.Set(0);
  resume();  // a partition that is paused would stay so when it is assigned to us again
  next_.clear();
  commits_.clear();
  unreadable_.clear();
  rd_kafka_assign(consumer_.get(), nullptr);
  spdlog::info("intake: revoked lost={}", lost);
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
void Intake::note_unreadable(const rd_kafka_message_t& event) {
  const kafka::Partition partition{rd_kafka_topic_name(event.rkt), event.partition};
  const auto due = next_.find(partition);
  if (due == next_.end()) return;
  Unreadable& batch = unreadable_[partition];
  if (batch.attempts == 0 || batch.offset != event.offset)
    batch = {event.offset, 0, steady_ms(), ""};
  batch.why = rd_kafka_message_errstr(&event);
  error_lines_.log("intake: a batch cannot be read: " + partition.topic + "-" +
                   std::to_string(partition.number) + " " + batch.why);
  ++batch.attempts;
  const bool lasts = steady_ms() - batch.since_ms >= std::chrono::milliseconds(kDamageWait).count();
  if (batch.attempts < kReadAttempts || !lasts) return;
  const std::int64_t end =
      kafka::end_of_unreadable(config_, partition, batch.offset, watermarks(partition).second);
  pass_over({partition, std::max(due->second, batch.offset), end}, batch.why);
}

// True when the client passed an unreadable batch by itself, and told of it once.
bool Intake::was_unreadable(const rd_kafka_message_t& message) {
  const kafka::Partition partition{rd_kafka_topic_name(message.rkt), message.partition};
  const auto batch = unreadable_.find(partition);
  if (batch == unreadable_.end()) return false;
  const std::int64_t from = std::max(next_.at(partition), batch->second.offset);
  const std::string why = batch->second.why;
  unreadable_.erase(batch);  // or it could be read at last
  if (message.offset <= from) return false;
  pass_over({partition, from, message.offset}, why);
  return true;
}

void Intake::pass_over(const OffsetGap& gap, const std::string& why) {
  spdlog::error(
      "intake: records cannot be read, passing over them topic={} partition={} from={} to={}",
      gap.partition.topic, gap.partition.number, gap.from, gap.to);
  if (on_unreadable) on_unreadable(gap, why);
  unreadable_.erase(gap.partition);  // with `why`
  std::map<kafka::Partition, std::int64_t> offsets = next_;
  offsets[gap.partition] = gap.to;
  resume();
  assign_at(offsets);
}

void Intake::heal_gap(const rd_kafka_message_t& event) {
  const kafka::Partition partition{rd_kafka_topic_name(event.rkt), event.partition};
  const auto due = next_.find(partition);
  if (due == next_.end()) return;
  std::map<kafka::Partition, std::int64_t> offsets = next_;
  offsets[partition] = start_of(partition, due->second);
  resume();
  assign_at(offsets);
}

}  // namespace tocsin
