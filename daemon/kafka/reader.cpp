#include "daemon/kafka/reader.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "daemon/kafka/unreadable.h"
#include "daemon/stop.h"

namespace tocsin::kafka {
namespace {

constexpr int kQueryTimeoutMs = 10'000;
constexpr int kConnectTimeoutMs = 5'000;
constexpr int kConnectAttempts = 3;
constexpr int kGroupTimeoutMs = 5'000;
constexpr int kPollWaitMs = 200;

Client reader_client(const Config& config, const std::string& group, Isolation isolation) {
  return make_consumer(
      make_conf(config.kafka,
                {{"fetch.wait.max.ms", "100"},
                 {"queued.max.messages.kbytes", "32768"},
                 {"fetch.error.backoff.ms", "100"},
                 {"check.crcs", "true"}},
                {{"group.id", group},
                 {"enable.auto.commit", "false"},
                 {"enable.auto.offset.store", "false"},
                 {"isolation.level",
                  isolation == Isolation::committed ? "read_committed" : "read_uncommitted"},
                 {"auto.offset.reset", "earliest"},  // retention may be quicker than we are
                 {"enable.partition.eof", "true"}}));
}

[[noreturn]] void throw_denied(const Config& config, const std::string& resource) {
  throw StopError(ExitCode::failed, denied(config.kafka, "READ", resource));
}

// The offset after what is told by one event; -1 when it tells nothing.
std::int64_t reached_by(const rd_kafka_message_t& message) {
  if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) return message.offset + 1;
  return message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF ? message.offset : -1;
}

}  // namespace

std::map<Partition, std::int64_t> committed_offsets(const Config& config,
                                                    const std::vector<Partition>& partitions,
                                                    Isolation isolation) {
  std::map<Partition, std::int64_t> offsets;
  for (const Partition& partition : partitions) offsets[partition] = -1;
  if (offsets.empty()) return offsets;
  const Client consumer = reader_client(config, config.kafka.group, isolation);
  const PartitionList list = make_list(offsets);
  const rd_kafka_resp_err_t error = ask("committed offsets", [&] {
    const rd_kafka_resp_err_t answer =
        rd_kafka_committed(consumer.get(), list.get(), kGroupTimeoutMs);
    // The coordinator's refusal is told to who polls, the call itself times out.
    if (answer == RD_KAFKA_RESP_ERR__TIMED_OUT) {
      const Message event(rd_kafka_consumer_poll(consumer.get(), 0));
      if (event && is_denied(event->err)) throw_denied(config, "group " + config.kafka.group);
    }
    return answer;
  });
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw StopError(ExitCode::failed, "kafka: committed offsets of group " + config.kafka.group +
                                          " cannot be read: " + text(error));
  }
  for (int i = 0; i < list->cnt; ++i) {
    const rd_kafka_topic_partition_t& entry = list->elems[i];
    offsets[{entry.topic, entry.partition}] = std::max<std::int64_t>(entry.offset, -1);
  }
  return offsets;
}

Reader::Reader(const Config& config, Isolation isolation)
    : config_(config), consumer_(reader_client(config, config.kafka.group, isolation)) {}

Reader::~Reader() {
  rd_kafka_consumer_close(consumer_.get());
}

std::vector<Partition> Reader::partitions(const std::vector<std::string>& topics) {
  const rd_kafka_metadata_t* answer = nullptr;
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
  for (int attempt = 0; attempt < kConnectAttempts; ++attempt) {
    error = rd_kafka_metadata(consumer_.get(), 1, nullptr, &answer, kConnectTimeoutMs);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) break;
  }
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw StopError(ExitCode::failed,
                    "kafka: no broker of " + config_.kafka.brokers + " answers: " + text(error));
  }
  const Owned<const rd_kafka_metadata_t> metadata(answer);
  std::vector<Partition> found;
  for (int i = 0; i < metadata->topic_cnt; ++i) {
    const rd_kafka_metadata_topic_t& topic = metadata->topics[i];
    if (std::find(topics.begin(), topics.end(), topic.topic) == topics.end()) continue;
    for (std::int32_t number = 0; number < topic.partition_cnt; ++number) {
      found.push_back({topic.topic, number});
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::string Reader::cluster_id() {
  static_cast<void>(partitions({}));  // the metadata bring it; asked for alone it takes a second
  return kafka::cluster_id(consumer_.get(), std::chrono::milliseconds(kQueryTimeoutMs));
}

Extents Reader::extents(const std::vector<Partition>& partitions) {
  Extents found;
  for (const Partition& partition : partitions) {
    Watermarks& marks = found[partition];
    const rd_kafka_resp_err_t error = ask("watermarks", [&] {
      return rd_kafka_query_watermark_offsets(consumer_.get(), partition.topic.c_str(),
                                              partition.number, &marks.low, &marks.high,
                                              kQueryTimeoutMs);
    });
    if (is_denied(error)) throw_denied(config_, "topic " + partition.topic);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
      throw StopError(ExitCode::failed,
                      "kafka: watermarks of " + partition.topic + ": " + text(error));
    }
  }
  return found;
}

// A fetch at the end of each partition: its answer is the end, or the refusal.
void Reader::check_readable(const std::vector<Partition>& partitions) {
  std::map<Partition, std::int64_t> ends;
  for (const Partition& partition : partitions) ends[partition] = RD_KAFKA_OFFSET_END;
  if (ends.empty()) return;
  const PartitionList list = make_list(ends);
  const rd_kafka_resp_err_t error = rd_kafka_assign(consumer_.get(), list.get());
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw StopError(ExitCode::failed, "kafka: cannot read: " + text(error));
  }
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!ends.empty() && std::chrono::steady_clock::now() < deadline) {
    const Message message(rd_kafka_consumer_poll(consumer_.get(), kPollWaitMs));
    if (!message || message->rkt == nullptr) continue;
    if (is_denied(message->err)) {
      throw_denied(config_, std::string("topic ") + rd_kafka_topic_name(message->rkt));
    }
    if (reached_by(*message) < 0) continue;
    ends.erase({rd_kafka_topic_name(message->rkt), message->partition});
  }
  rd_kafka_assign(consumer_.get(), nullptr);
  if (!ends.empty()) {
    throw StopError(ExitCode::failed, "kafka: topic " + ends.begin()->first.topic +
                                          " cannot be read: the brokers do not answer");
  }
}

// Returns where the partition goes on: behind the batch.
std::int64_t Reader::pass_over(const rd_kafka_message_t& event, std::int64_t next,
                               std::int64_t end) {
  const Partition partition{rd_kafka_topic_name(event.rkt), event.partition};
  const std::int64_t behind = end_of_unreadable(config_, partition, event.offset, end);
  if (behind <= next) return next;  // told of once more, from the queue
  spdlog::warn(
      "kafka: records cannot be read, passing over them topic={} partition={} from={} to={}",
      partition.topic, partition.number, std::max(next, event.offset), behind);
  unreadable_.push_back({partition, {std::max(next, event.offset), behind}});
  const PartitionList list = make_list({{partition, behind}});
  const Fault error(rd_kafka_seek_partitions(consumer_.get(), list.get(), kQueryTimeoutMs));
  if (error) throw StopError(ExitCode::failed, "kafka: cannot read: " + text(error.get()));
  return behind;
}

void Reader::read(const Extents& extents, const std::function<void(Message)>& each) {
  std::map<Partition, std::int64_t> from;
  for (const auto& [partition, marks] : extents) {
    if (marks.high > marks.low) from[partition] = marks.low;
  }
  std::size_t open = from.size();
  unreadable_.clear();
  if (open == 0) return;
  const PartitionList list = make_list(from);
  const rd_kafka_resp_err_t error = rd_kafka_assign(consumer_.get(), list.get());
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw StopError(ExitCode::failed, "kafka: cannot read: " + text(error));
  }
  auto moved = std::chrono::steady_clock::now();
  while (open > 0) {
    Message message(rd_kafka_consumer_poll(consumer_.get(), kPollWaitMs));
    if (message && message->err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED) {
      throw_denied(config_, std::string("topic ") + rd_kafka_topic_name(message->rkt));
    }
    std::int64_t reached = message ? reached_by(*message) : -1;
    if (message && is_unreadable(*message)) {
      const Partition partition{rd_kafka_topic_name(message->rkt), message->partition};
      reached = pass_over(*message, from.at(partition), extents.at(partition).high);
    }
    if (reached < 0) {
      if (std::chrono::steady_clock::now() - moved > kPatience) {
        throw StopError(ExitCode::failed,
                        "kafka: reading makes no progress: brokers away, or an open transaction");
      }
      continue;
    }
    const Partition partition{rd_kafka_topic_name(message->rkt), message->partition};
    std::int64_t& next = from.at(partition);
    const std::int64_t end = extents.at(partition).high;
    if (next >= end) continue;  // more than was asked for
    const bool is_record = message->err == RD_KAFKA_RESP_ERR_NO_ERROR && message->offset < end;
    if (reached > next) moved = std::chrono::steady_clock::now();
    next = std::max(next, reached);
    if (is_record) each(std::move(message));
    if (next >= end) --open;
  }
  rd_kafka_assign(consumer_.get(), nullptr);
}

}  // namespace tocsin::kafka
