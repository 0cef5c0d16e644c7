// Reads the output topics of a cluster into the model, read committed, without a group: first the
// history within the limits of the page, then what comes. Brokers that are away, topics that do not
// exist yet and access that is missing are waited for and told.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "daemon/kafka/consumer.h"
#include "daemon/page/model.h"
#include "daemon/wait.h"

namespace tocsin::page {

// The model with its lock: the reader writes, the server's thread looks.
struct SharedModel {
  explicit SharedModel(const PageConfig& limits) : model(limits) {}
  std::mutex mutex;
  Model model;
};

// Owner of the reading thread.
class TopicReader {
 public:
  TopicReader(const Config& config, SharedModel& shared);
  ~TopicReader();
  TopicReader(const TopicReader&) = delete;
  TopicReader& operator=(const TopicReader&) = delete;

  void start();
  // Called on the reading thread with the partitions of the raw topics, when they are others.
  std::function<void(std::vector<kafka::Partition>)> on_raw_partitions;

 private:
  enum class Kind : std::uint8_t { enriched, duplicates, alerts, pairs, deadletter };

  void run();
  void look_for_partitions();
  [[nodiscard]] std::map<kafka::Partition, std::int64_t> begin(
      const std::vector<kafka::Partition>& fresh);
  void assign(const std::map<kafka::Partition, std::int64_t>& fresh);
  void poll();
  void take(const kafka::Record& message);
  void tell();
  void read_silences();

  const Config& config_;
  SharedModel& shared_;
  const std::map<std::string, Kind> topics_;
  kafka::Consumer consumer_;
  std::vector<kafka::Partition> raw_;
  std::map<kafka::Partition, std::int64_t> next_;  // of what is read
  std::map<kafka::Partition, std::int64_t> open_;  // history: ends that are not reached yet
  std::string fault_;
  ReadingState told_;
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  Condition changed_;
  Thread thread_;
};

}  // namespace tocsin::page
