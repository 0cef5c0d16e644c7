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
#include <vector>

#include "daemon/kafka/client.h"
#include "daemon/metrics.h"
#include "daemon/retry.h"
#include "daemon/stop.h"

namespace tocsin {

// A run of raw offsets [from, to) that no longer exists.
struct OffsetGap {
  kafka::Partition partition;
  std::int64_t from = 0;
  std::int64_t to = 0;
};

// What the group has committed for a partition, as of its assignment; offset -1: nothing, then
// `start` is where it is read from.
struct Commit {
  std::int64_t offset = -1;
  std::int64_t start = 0;
  std::string metadata;
};

// One thread polls; assignment(), consumer() and request_rejoin() may be used by others.
class Intake {
 public:
  Intake(const Config& config, Metrics& metrics);
  // The settings of its client; `tocsin check` tries them without a broker.
  [[nodiscard]] static kafka::Conf conf(const Config& config);
  ~Intake();

  // Partitions are about to be given up: finish what is in flight, `lost` or not. Inside poll().
  std::function<void(bool lost)> on_revoke;
  // Raw offsets were lost; before the partition goes on after them. Inside poll().
  std::function<void(const OffsetGap&)> on_gap;
  // Raw records that cannot be read, [from, to), and why; they come after what was polled before,
  // and the partition goes on behind them. Inside poll(), which returns nothing then.
  std::function<void(const OffsetGap&, const std::string& why)> on_unreadable;
  // Where the group began to read a partition, if that was not at its beginning. Inside poll().
  std::function<std::optional<std::int64_t>(const kafka::Partition&)> began_at;

  // A partition is read to its end: nothing but markers in [from, to). Inside poll().
  std::function<void(const kafka::Partition&, std::int64_t from, std::int64_t to)> on_end;
  // Partitions were assigned. Inside poll().
  std::function<void(std::vector<kafka::Partition>)> on_assign;

  void subscribe();
  // The next record, in order of its partition; nullptr when none came in time.
  [[nodiscard]] kafka::Message poll(std::chrono::milliseconds wait);
  void pause();
  void resume();
  // Of the present assignment; the polling thread's own.
  [[nodiscard]] const std::map<kafka::Partition, Commit>& commits() const { return commits_; }
  // Ends of partitions, as a reader of committed records sees them. Throws StopError.
  [[nodiscard]] std::map<kafka::Partition, std::int64_t> ends(
      const std::map<kafka::Partition, std::int64_t>& partitions);
  // Offsets that the group has committed by now; -1: none. Throws StopError.
  [[nodiscard]] std::map<kafka::Partition, std::int64_t> committed(
      const std::map<kafka::Partition, std::int64_t>& partitions);
  // Leaves the group; on_revoke is called first.
  void close();
  // Makes the next poll leave and join again, from the committed offsets.
  void request_rejoin() { rejoin_requested_ = true; }

  // Grows with every assignment and every revocation: what was read under another value is not
  // ours.
  [[nodiscard]] std::uint64_t assignment() const { return assignment_; }
  [[nodiscard]] bool is_assigned() const { return is_assigned_; }
  // Why it cannot read; empty while it can.
  [[nodiscard]] std::string denied() const { return denied_.after(std::chrono::milliseconds(0)); }
  [[nodiscard]] rd_kafka_t* consumer() const { return consumer_.get(); }

 private:
  static void on_rebalance(rd_kafka_t*, rd_kafka_resp_err_t event,
                           rd_kafka_topic_partition_list_t* partitions, void* self);
  void assign(rd_kafka_topic_partition_list_t* partitions);
  void revoke(bool lost);
  [[nodiscard]] std::pair<std::int64_t, std::int64_t> watermarks(const kafka::Partition& partition);
  [[nodiscard]] std::int64_t start_of(const kafka::Partition& partition, std::int64_t committed);
  void assign_at(const std::map<kafka::Partition, std::int64_t>& offsets);
  void heal_gap(const rd_kafka_message_t& event);
  void note_gap(const OffsetGap& gap);
  void note_unreadable(const rd_kafka_message_t& event);
  [[nodiscard]] bool was_unreadable(const rd_kafka_message_t& message);
  void pass_over(const OffsetGap& gap, const std::string& why);
  void note_end(const rd_kafka_message_t& event);
  void note_error(const rd_kafka_message_t& event);
  void note_allowed(const rd_kafka_message_t& message);

  const Config& config_;
  Metrics& metrics_;
  kafka::Client consumer_;
  std::atomic<std::uint64_t> assignment_{0};
  std::atomic<bool> is_assigned_{false};
  std::atomic<bool> rejoin_requested_{false};
  Standstill denied_;

  // A batch that the client does not pass.
  struct Unreadable {
    std::int64_t offset = 0;
    int attempts = 0;
    std::int64_t since_ms = 0;  // steady clock
    std::string why;
  };

  // The polling thread's own.
  std::map<kafka::Partition, Unreadable> unreadable_;
  std::map<kafka::Partition, std::int64_t> next_;  // offsets due next; the assigned partitions
  std::map<kafka::Partition, Commit> commits_;     // of the assigned partitions
  bool is_paused_ = false;
  std::string denied_resource_;  // "topic news.raw"
  Retry error_lines_;
  std::exception_ptr callback_error_;  // must not fly through librdkafka's frames
};

// False for the metadata of a consumer that has not joined or has left: generation < 0 or no
// member.
[[nodiscard]] bool is_valid_membership(const rd_kafka_consumer_group_metadata_t* metadata);

}  // namespace tocsin
