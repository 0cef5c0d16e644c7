// One webhook with its thread, its consumer group and its place in the alerts topic. Promises: each
// alert is delivered at least once or given up after attempts_max, in the order of its partition;
// the offset moves only then. Another target's trouble does not hold this one up.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>

#include <atomic>
#include <deque>
#include <mutex>
#include <string>

#include "config/config.h"
#include "daemon/kafka/client.h"
#include "daemon/notify/http_client.h"
#include "daemon/notify/webhook.h"
#include "daemon/wait.h"

namespace tocsin {

struct TargetMetrics {
  prometheus::Counter& delivered;
  prometheus::Counter& failed_attempts;
  prometheus::Counter& given_up;
  prometheus::Counter& unreadable;
  prometheus::Gauge& retrying;  // 1 while an alert waits for its next attempt
};

class Target {
 public:
  // Reads the files of the webhook. Throws StopError (bad_input) when they cannot be.
  Target(const Config& config, const WebhookConfig& webhook, TargetMetrics metrics);
  ~Target();

  void start();
  void stop() { stopping_ = true; }
  // Any thread: an alert of notify's own, delivered before the next of the topic. The oldest is
  // dropped when kOwnAlertsMax wait.
  void ring(std::string alert);

  [[nodiscard]] const std::string& name() const { return webhook_.name; }
  [[nodiscard]] bool is_assigned() const { return is_assigned_; }
  // Steady milliseconds of the last turn, for /livez.
  [[nodiscard]] std::int64_t heartbeat_ms() const { return heartbeat_ms_; }

  static constexpr std::size_t kOwnAlertsMax = 16;

 private:
  static void on_rebalance(rd_kafka_t*, rd_kafka_resp_err_t event,
                           rd_kafka_topic_partition_list_t* partitions, void* self);
  void assign(rd_kafka_topic_partition_list_t* partitions);
  [[nodiscard]] bool is_topic_missing() const;
  void run();
  void take(const rd_kafka_message_t& message);
  void ring_own();
  // False when it was not delivered and must not be counted as done: stopping, or not ours any
  // more.
  [[nodiscard]] bool deliver(const ReceivedAlert& alert);
  // Polls while it waits, so that the group goes on; what comes meanwhile is held.
  void wait(std::chrono::milliseconds duration);
  void wait_for_rate();
  void commit(const kafka::Partition& partition, std::int64_t next);
  [[nodiscard]] kafka::Message poll(std::chrono::milliseconds wait);

  const Config& config_;
  const WebhookConfig webhook_;
  const std::string source_;  // what rings: "tocsin/<group>"
  TargetMetrics metrics_;
  Url url_;
  std::string secret_;
  HttpClient http_;
  kafka::Client consumer_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> is_assigned_{false};
  std::atomic<std::int64_t> heartbeat_ms_{0};

  std::mutex own_mutex_;  // whoever rings pushes, the target's thread pops
  std::deque<std::string> own_;

  // The thread's own.
  bool topic_is_new_ = false;     // it was not there when we started
  std::uint64_t assignment_ = 0;  // grows with every rebalance
  std::deque<kafka::Message> held_;
  std::deque<std::int64_t> sent_ms_;  // of the last minute
  Thread thread_;
};

}  // namespace tocsin
