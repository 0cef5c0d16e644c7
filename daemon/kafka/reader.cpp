#include "daemon/kafka/reader.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "daemon/heartbeat.h"
#include "daemon/kafka/unreadable.h"
#include "daemon/stop.h"

namespace tocsin::kafka {
namespace {

using namespace std::chrono_literals;

constexpr auto kConnectTimeout = 5'000ms;
constexpr int kConnectAttempts = 3;
constexpr auto kGroupTimeout = 5'000ms;
constexpr auto kPollWait = 200ms;

Conf reader_conf(const Config& config, const std::string& group, Isolation isolation) {
  return make_conf(config.kafka,
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
                    {"enable.partition.eof", "true"}});
}

[[noreturn]] void throw_denied(const Config& config, const std::string& resource) {
  throw StopError(ExitCode::failed, denied(config.kafka, "READ", resource));
}

// The offset after what is told by one event; -1 when it tells nothing.
std::int64_t reached_by(const Record& event) {
  if (event.is_record()) return event.offset() + 1;
  return event.fault().is_end() ? event.offset() : -1;
}

}  // namespace

Offsets committed_offsets(const Config& config, const std::vector<Partition>& partitions,
                          Isolation isolation) {
  Offsets offsets;
  if (partitions.empty()) return offsets;
  Consumer consumer(reader_conf(config, config.kafka.group, isolation));
  const Result<Marks> answer = ask("committed offsets", [&] {
    Result<Marks> marks = consumer.committed(partitions, kGroupTimeout);
    // The coordinator's refusal is told to who polls, the call itself times out.
    if (!marks && marks.error().is_time_out()) {
      const Message event = consumer.poll(0ms);
      if (event && event.fault().is_denied()) throw_denied(config, "group " + config.kafka.group);
    }
    return marks;
  });
  if (!answer) {
    throw StopError(ExitCode::failed, "kafka: committed offsets of group " + config.kafka.group +
                                          " cannot be read: " + answer.error().text());
  }
  for (const auto& [partition, mark] : *answer) offsets[partition] = mark.offset;
  return offsets;
}

Reader::Reader(const Config& config, Isolation isolation)
    : config_(config), consumer_(reader_conf(config, config.kafka.group, isolation)) {}

std::vector<Partition> Reader::partitions(const std::vector<std::string>& topics) {
  auto answer = consumer_.topics(topics, kConnectTimeout);
  for (int attempt = 1; !answer && attempt < kConnectAttempts; ++attempt) {
    beat_for_this_thread();
    answer = consumer_.topics(topics, kConnectTimeout);
  }
  if (!answer) {
    throw StopError(ExitCode::failed, "kafka: no broker of " + config_.kafka.brokers +
                                          " answers: " + answer.error().text());
  }
  std::vector<Partition> found;
  for (const auto& [topic, count] : *answer) {
    for (std::int32_t number = 0; number < count; ++number) found.push_back({topic, number});
  }
  return found;
}

std::string Reader::cluster_id() {
  // What is asked for brings it; asked for alone it takes a second.
  static_cast<void>(partitions({config_.topics.ledger}));
  return consumer_.cluster_id(kAnswerTimeout);
}

Extents Reader::extents(const std::vector<Partition>& partitions) {
  Extents found;
  for (const Partition& partition : partitions) {
    const auto marks = ask("watermarks", [&] { return consumer_.watermarks(partition); });
    if (!marks && marks.error().is_denied()) throw_denied(config_, "topic " + partition.topic);
    if (!marks) {
      throw StopError(ExitCode::failed,
                      "kafka: watermarks of " + partition.topic + ": " + marks.error().text());
    }
    found[partition] = *marks;
  }
  return found;
}

void Reader::assign(const Offsets& offsets) {
  if (const Failure fault = consumer_.assign(offsets)) {
    throw StopError(ExitCode::failed, "kafka: cannot read: " + fault.text());
  }
}

// A fetch at the end of each partition: its answer is the end, or the refusal.
void Reader::check_readable(const std::vector<Partition>& partitions) {
  Offsets ends;
  for (const Partition& partition : partitions) ends[partition] = kEnd;
  if (ends.empty()) return;
  assign(ends);
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!ends.empty() && std::chrono::steady_clock::now() < deadline) {
    beat_for_this_thread();
    const Message message = consumer_.poll(kPollWait);
    if (!message || !message.has_topic()) continue;
    if (message.fault().is_denied()) throw_denied(config_, "topic " + std::string(message.topic()));
    if (reached_by(message) >= 0) ends.erase(message.partition());
  }
  consumer_.unassign();
  if (!ends.empty()) {
    throw StopError(ExitCode::failed, "kafka: topic " + ends.begin()->first.topic +
                                          " cannot be read: the brokers do not answer");
  }
}

// Returns where the partition goes on: behind the batch.
std::int64_t Reader::pass_over(const Record& event, std::int64_t next, std::int64_t end) {
  const Partition partition = event.partition();
  const std::int64_t behind = end_of_unreadable(config_, partition, event.offset(), end);
  if (behind <= next) return next;  // told of once more, from the queue
  const std::int64_t from = std::max(next, event.offset());
  spdlog::warn(
      "kafka: records cannot be read, passing over them topic={} partition={} from={} to={}",
      partition.topic, partition.number, from, behind);
  unreadable_.push_back({partition, {from, behind}});
  if (const Failure fault = consumer_.seek(partition, behind)) {
    throw StopError(ExitCode::failed, "kafka: cannot read: " + fault.text());
  }
  return behind;
}

void Reader::read(const Extents& extents, const std::function<void(Message)>& each) {
  Offsets from;
  for (const auto& [partition, marks] : extents) {
    if (marks.high > marks.low) from[partition] = marks.low;
  }
  std::size_t open = from.size();
  unreadable_.clear();
  if (open == 0) return;
  assign(from);
  auto moved = std::chrono::steady_clock::now();
  while (open > 0) {
    beat_for_this_thread();
    Message message = consumer_.poll(kPollWait);
    const Failure fault = message ? message.fault() : Failure();
    if (fault.denied() == Denied::topic) {
      throw_denied(config_, "topic " + std::string(message.topic()));
    }
    std::int64_t reached = message ? reached_by(message) : -1;
    if (fault.is_unreadable()) {
      const Partition partition = message.partition();
      reached = pass_over(message, from.at(partition), extents.at(partition).high);
    }
    if (reached < 0) {
      if (std::chrono::steady_clock::now() - moved > kPatience) {
        throw StopError(ExitCode::failed,
                        "kafka: reading makes no progress: brokers away, or an open transaction");
      }
      continue;
    }
    const Partition partition = message.partition();
    std::int64_t& next = from.at(partition);
    const std::int64_t end = extents.at(partition).high;
    if (next >= end) continue;  // more than was asked for
    const bool is_record = message.is_record() && message.offset() < end;
    if (reached > next) moved = std::chrono::steady_clock::now();
    next = std::max(next, reached);
    if (is_record) each(std::move(message));
    if (next >= end) --open;
  }
  consumer_.unassign();
}

}  // namespace tocsin::kafka
