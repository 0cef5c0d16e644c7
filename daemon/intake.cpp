#include "daemon/intake.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstring>
#include <set>

#include "daemon/wait.h"
#include "pipeline/ledger/dedup_state.h"

namespace tocsin {
namespace {

using namespace std::chrono_literals;

constexpr int kQueryTimeoutMs = 10'000;
constexpr std::int64_t kLagIntervalMs = 2000;
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

Intake::Intake(const Config& config, Metrics& metrics) : config_(config), metrics_(metrics) {
  kafka::Conf conf = kafka::make_conf(
      config_.kafka,
      {{"session.timeout.ms", "10000"},
       {"heartbeat.interval.ms", "3000"},
       {"queued.max.messages.kbytes", "16384"},
       {"fetch.message.max.bytes", "1048576"},
       {"fetch.max.bytes", "8388608"},
       {"receive.message.max.bytes", "100000000"},
       {"fetch.wait.max.ms", "100"},
       {"fetch.error.backoff.ms", "100"},
       {"check.crcs", "true"}},
      {{"group.id", config_.kafka.group},
       // Cooperative commits can lose the assignment below librdkafka 2.10; one way for all
       // versions.
       {"partition.assignment.strategy", "range"},
       {"enable.auto.commit", "false"},
       {"enable.auto.offset.store", "false"},
       {"isolation.level", "read_committed"},
       {"auto.offset.reset", "error"},
       {"max.poll.interval.ms", std::to_string(config_.limits.poll_interval_max.count())}});
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
  kafka::Message message(rd_kafka_consumer_poll(consumer_.get(), static_cast<int>(wait.count())));
  if (callback_error_) std::rethrow_exception(std::exchange(callback_error_, nullptr));
  if (steady_ms() - lag_observed_ms_ > kLagIntervalMs) observe_lag();
  if (!message) return nullptr;
  if (message->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET) {
    heal_gap(*message);
    return nullptr;
  }
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    if (rd_kafka_fatal_error(consumer_.get(), nullptr, 0) != RD_KAFKA_RESP_ERR_NO_ERROR) {
      throw StopError(ExitCode::failed,
                      "intake: the consumer is lost: " + kafka::text(message->err));
    }
    spdlog::warn("intake: {} {}", kafka::text(message->err),
                 rd_kafka_message_errstr(message.get()));
    return nullptr;
  }
  const auto due = next_.find({rd_kafka_topic_name(message->rkt), message->partition});
  // A record that slipped through a rebalance, a pause or a new assignment.
  if (due == next_.end() || message->offset < due->second) return nullptr;
  due->second = message->offset + 1;
  return message;
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
  std::set<std::string> known_topics;  // that the group has read before
  for (int i = 0; i < partitions->cnt; ++i) {
    if (partitions->elems[i].offset >= 0) known_topics.insert(partitions->elems[i].topic);
  }
  std::map<kafka::Partition, std::int64_t> offsets;
  for (int i = 0; i < partitions->cnt; ++i) {
    const rd_kafka_topic_partition_t& entry = partitions->elems[i];
    const kafka::Partition partition{entry.topic, entry.partition};
    offsets[partition] = start_of(partition, entry.offset, !known_topics.contains(entry.topic));
  }
  assign_at(offsets);
  ++assignment_;
  is_assigned_ = true;
  metrics_.rebalances.Increment();
  metrics_.partitions_assigned.Set(static_cast<double>(offsets.size()));
  spdlog::info("intake: assigned partitions={}", offsets.size());
}

// Where a partition starts: the committed offset if it still exists; the beginning of a partition
// that is new to a group that knows the topic; input.start for a new group.
std::int64_t Intake::start_of(const kafka::Partition& partition, std::int64_t committed,
                              bool topic_is_new) {
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
  if (committed < 0) {
    const std::int64_t start = topic_is_new && config_.input.start == StartAt::latest ? high : low;
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
          "intake: going back {} records; to process history again use another group, "
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
  for (const auto& [partition, next] : next_) metrics_.forget_lag(partition);
  next_.clear();
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

void Intake::heal_gap(const rd_kafka_message_t& event) {
  const kafka::Partition partition{rd_kafka_topic_name(event.rkt), event.partition};
  const auto due = next_.find(partition);
  if (due == next_.end()) return;
  std::map<kafka::Partition, std::int64_t> offsets = next_;
  offsets[partition] = start_of(partition, due->second, false);
  resume();
  assign_at(offsets);
}

// Only what librdkafka already knows: no request.
void Intake::observe_lag() {
  lag_observed_ms_ = steady_ms();
  for (const auto& [partition, next] : next_) {
    std::int64_t low = 0;
    std::int64_t high = 0;
    const rd_kafka_resp_err_t error = rd_kafka_get_watermark_offsets(
        consumer_.get(), partition.topic.c_str(), partition.number, &low, &high);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR && high >= next) metrics_.lag(partition, high - next);
  }
}

}  // namespace tocsin
