#include "daemon/page/reader.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>

#include "config/silences.h"
#include "daemon/stop.h"
#include "daemon/unix_time.h"

namespace tocsin::page {

using namespace std::chrono_literals;

namespace {

constexpr auto kPollWait = 100ms;
constexpr auto kQueryTimeout = 3'000ms;
constexpr std::size_t kBatchMax = 500;              // records under one lock
constexpr std::int64_t kLookIntervalMs = 5'000;     // for topics and partitions
constexpr std::int64_t kMissingIntervalMs = 1'000;  // while something is missing
constexpr auto kRetryPause = 500ms;
// A record that is held takes at least so much memory: no use in reading more of the history.
constexpr std::size_t kRecordBytesMin = 1 << 10;

RecordHeaders headers_of(const kafka::Record& message) {
  RecordHeaders read;
  message.each_header([&](std::string_view name, std::string_view value) {
    if (name.starts_with("tocsin.")) read.emplace_back(name, value);
  });
  return read;
}

}  // namespace

TopicReader::TopicReader(const Config& config, SharedModel& shared)
    : config_(config),
      shared_(shared),
      topics_{{config.topics.enriched, Kind::enriched},
              {config.topics.duplicates, Kind::duplicates},
              {config.topics.alerts, Kind::alerts},
              {config.topics.pairs, Kind::pairs},
              {config.topics.deadletter, Kind::deadletter}},
      consumer_(
          kafka::make_conf(config.kafka,
                           {{"fetch.wait.max.ms", "100"},
                            {"queued.max.messages.kbytes", "16384"},
                            {"fetch.error.backoff.ms", "100"}},
                           {{"group.id", config.kafka.group + ".page"},  // asked for, never joined
                            {"enable.auto.commit", "false"},
                            {"enable.auto.offset.store", "false"},
                            {"isolation.level", "read_committed"},
                            {"auto.offset.reset", "earliest"},
                            {"enable.partition.eof", "true"}})) {}

TopicReader::~TopicReader() {
  stopping_ = true;
  changed_.notify_all();
  thread_.join();
}

void TopicReader::start() {
  read_silences();
  thread_ = Thread("page_reader", [this] { run(); });
}

void TopicReader::run() {
  std::int64_t looked_ms = steady_ms() - kLookIntervalMs;
  while (!stopping_) {
    if (steady_ms() - looked_ms >= (fault_.empty() ? kLookIntervalMs : kMissingIntervalMs)) {
      looked_ms = steady_ms();
      try {
        look_for_partitions();
        read_silences();
      } catch (const StopError& error) {
        fault_ = error.what();
      }
      tell();
    }
    if (next_.empty()) {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, kRetryPause, [this] { return stopping_.load(); });
      continue;
    }
    poll();
  }
}

// Topics may come later, and partitions be added.
void TopicReader::look_for_partitions() {
  std::vector<std::string> wanted = config_.topics.raw;
  for (const auto& [name, kind] : topics_) wanted.push_back(name);
  const auto answer = consumer_.topics(wanted, kQueryTimeout);
  if (!answer) {
    throw StopError(ExitCode::failed, "the brokers do not answer: " + answer.error().text());
  }
  std::vector<kafka::Partition> fresh;
  std::vector<std::string> missing;
  for (const auto& [name, kind] : topics_) missing.push_back(name);
  std::vector<kafka::Partition> raw;
  for (const auto& [topic, count] : *answer) {
    const std::vector<std::string>& raw_topics = config_.topics.raw;
    if (std::find(raw_topics.begin(), raw_topics.end(), topic) != raw_topics.end()) {
      for (std::int32_t number = 0; number < count; ++number) raw.push_back({topic, number});
    }
    if (!topics_.contains(topic) || count == 0) continue;
    std::erase(missing, topic);
    for (std::int32_t number = 0; number < count; ++number) {
      const kafka::Partition partition{topic, number};
      if (!next_.contains(partition)) fresh.push_back(partition);
    }
  }
  if (raw != raw_ && on_raw_partitions) on_raw_partitions(raw);
  raw_ = std::move(raw);
  if (!fresh.empty()) assign(begin(fresh));
  fault_ = missing.empty() ? "" : "topic " + missing.front() + " does not exist yet";
}

// Where the history begins: within the hours and not more records than there is memory for; alerts
// and pairs, which are few, from their first.
std::map<kafka::Partition, std::int64_t> TopicReader::begin(
    const std::vector<kafka::Partition>& fresh) {
  const PageConfig& limits = shared_.model.limits();
  std::map<kafka::Partition, std::int64_t> times;
  for (const kafka::Partition& partition : fresh) {
    times[partition] = unix_ms() - limits.history.count();
  }
  const auto found = consumer_.offsets_for_times(times, kQueryTimeout);
  if (!found) throw StopError(ExitCode::failed, "offsets of a time: " + found.error().text());
  const auto records_max =
      static_cast<std::int64_t>(limits.memory_bytes_max / kRecordBytesMin / fresh.size());
  std::map<kafka::Partition, std::int64_t> from;
  for (const auto& [partition, mark] : *found) {
    const auto marks = consumer_.watermarks(partition, kQueryTimeout);
    if (mark.fault || !marks) {
      throw StopError(ExitCode::failed,
                      kafka::reason(config_.kafka, mark.fault ? mark.fault : marks.error(), "READ",
                                    "topic " + partition.topic));
    }
    const auto [low, high] = *marks;
    const Kind kind = topics_.at(partition.topic);
    std::int64_t& offset = from[partition];
    if (kind == Kind::alerts || kind == Kind::pairs) {
      offset = low;
    } else {
      offset = std::max({mark.offset >= 0 ? mark.offset : high, low, high - records_max});
    }
    if (offset < high) open_[partition] = high;
  }
  return from;
}

void TopicReader::assign(const std::map<kafka::Partition, std::int64_t>& fresh) {
  std::map<kafka::Partition, std::int64_t> all = next_;
  all.insert(fresh.begin(), fresh.end());
  if (const kafka::Failure fault = consumer_.assign(all)) {
    throw StopError(ExitCode::failed, "cannot read: " + fault.text());
  }
  next_ = std::move(all);
  spdlog::info("page: reading partitions={}", next_.size());
}

// One wait, then what is there, under one lock.
void TopicReader::poll() {
  std::vector<kafka::Message> batch;
  for (std::chrono::milliseconds wait = kPollWait; batch.size() < kBatchMax; wait = 0ms) {
    kafka::Message message = consumer_.poll(wait);
    if (!message) break;
    batch.push_back(std::move(message));
  }
  if (batch.empty()) return;
  {
    const std::lock_guard lock(shared_.mutex);
    for (const kafka::Message& message : batch) take(message);
  }
  tell();
}

void TopicReader::take(const kafka::Record& message) {
  if (!message.has_topic()) return;
  const kafka::Partition partition = message.partition();
  const kafka::Failure fault = message.fault();
  const bool is_end = fault.is_end();
  if (!is_end && fault) {
    fault_ = kafka::reason(config_.kafka, fault, "READ", "topic " + partition.topic);
    return;
  }
  const std::int64_t reached = is_end ? message.offset() : message.offset() + 1;
  next_[partition] = reached;
  if (const auto end = open_.find(partition); end != open_.end() && reached >= end->second) {
    open_.erase(end);
  }
  if (is_end) {
    open_.erase(partition);
    return;
  }
  const std::int64_t record_ms = message.timestamp_ms();
  Model& model = shared_.model;
  switch (topics_.at(partition.topic)) {
    case Kind::enriched:
      model.add_enriched(record_ms, message.json());
      break;
    case Kind::duplicates:
      model.add_duplicate(record_ms, message.json());
      break;
    case Kind::alerts:
      model.add_alert(message.json());
      break;
    case Kind::pairs:
      model.add_pair(message.key(), message.json());
      break;
    case Kind::deadletter:
      model.add_dead_letter(record_ms, headers_of(message), message.value());
      break;
  }
}

void TopicReader::tell() {
  const ReadingState state{!next_.empty() && open_.empty(), fault_};
  if (state.is_caught_up == told_.is_caught_up && state.fault == told_.fault) return;
  told_ = state;
  if (!state.fault.empty()) spdlog::warn("page: not all can be read: {}", state.fault);
  const std::lock_guard lock(shared_.mutex);
  shared_.model.set_reading(state);
}

// The file of `tocsin notify`, so that the page shows as silenced what nobody is told.
void TopicReader::read_silences() {
  LoadedSilences loaded = load_silences(config_.alerts.silences);
  if (has_errors(loaded.faults)) return;  // notify refuses them, too
  const std::lock_guard lock(shared_.mutex);
  shared_.model.set_silences(std::move(loaded.silences));
}

}  // namespace tocsin::page
