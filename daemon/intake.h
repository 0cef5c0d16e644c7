// The raw consumer: a group member that polls one by one, pauses instead of stopping to poll, and
// decides itself where a partition starts. Rebalances happen inside poll(), on its caller's thread.
#pragma once

#include <atomic>
#include <chrono>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "daemon/kafka/client.h"
#include "daemon/metrics.h"
#include "daemon/stop.h"

namespace tocsin {

// A run of raw offsets [from, to) that no longer exists.
struct OffsetGap {
  kafka::Partition partition;
  std::int64_t from = 0;
  std::int64_t to = 0;
};

// One thread polls; assignment(), consumer() and request_rejoin() may be used by others.
class Intake {
 public:
  Intake(const Config& config, Metrics& metrics);
  ~Intake();

  // Partitions are about to be given up: finish what is in flight, `lost` or not. Inside poll().
  std::function<void(bool lost)> on_revoke;
  // Raw offsets were lost; before the partition goes on after them. Inside poll().
  std::function<void(const OffsetGap&)> on_gap;

  void subscribe();
  // The next record, in order of its partition; nullptr when none came in time.
  [[nodiscard]] kafka::Message poll(std::chrono::milliseconds wait);
  void pause();
  void resume();
  // Leaves the group; on_revoke is called first.
  void close();
  // Makes the next poll leave and join again, from the committed offsets.
  void request_rejoin() { rejoin_requested_ = true; }

  // Grows with every assignment and every revocation: what was read under another value is not
  // ours.
  [[nodiscard]] std::uint64_t assignment() const { return assignment_; }
  [[nodiscard]] bool is_assigned() const { return is_assigned_; }
  [[nodiscard]] rd_kafka_t* consumer() const { return consumer_.get(); }

 private:
  static void on_rebalance(rd_kafka_t*, rd_kafka_resp_err_t event,
                           rd_kafka_topic_partition_list_t* partitions, void* self);
  void assign(rd_kafka_topic_partition_list_t* partitions);
  void revoke(bool lost);
  [[nodiscard]] std::int64_t start_of(const kafka::Partition& partition, std::int64_t committed,
                                      bool topic_is_new);
  void assign_at(const std::map<kafka::Partition, std::int64_t>& offsets);
  void heal_gap(const rd_kafka_message_t& event);
  void note_gap(const OffsetGap& gap);
  void observe_lag();

  const Config& config_;
  Metrics& metrics_;
  kafka::Client consumer_;
  std::atomic<std::uint64_t> assignment_{0};
  std::atomic<bool> is_assigned_{false};
  std::atomic<bool> rejoin_requested_{false};

  // The polling thread's own.
  std::map<kafka::Partition, std::int64_t> next_;  // offsets due next; the assigned partitions
  bool is_paused_ = false;
  std::exception_ptr callback_error_;  // must not fly through librdkafka's frames
  std::int64_t lag_observed_ms_ = 0;
};

// False for the metadata of a consumer that has not joined or has left: generation < 0 or no
// member.
[[nodiscard]] bool is_valid_membership(const rd_kafka_consumer_group_metadata_t* metadata);

}  // namespace tocsin
