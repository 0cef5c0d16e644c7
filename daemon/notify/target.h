// One webhook with its thread, its consumer group and its place in the alerts topic. Promises: each
// alert is delivered at least once or given up, the revisions of one alert in their order; the
// offset moves when all before it are done. Another target's trouble does not hold this one up, nor
// does one alert's trouble the others.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "config/config.h"
#include "daemon/kafka/consumer.h"
#include "daemon/notify/delivery_queue.h"
#include "daemon/notify/muting.h"
#include "daemon/notify/offset_book.h"
#include "daemon/notify/own_alerts.h"
#include "daemon/notify/sender.h"
#include "daemon/notify/target_metrics.h"
#include "daemon/wait.h"

namespace tocsin {

class Target {
 public:
  // `muting` outlives this. Throws StopError (bad_input) when a file of the webhook cannot be read.
  Target(const Config& config, const WebhookConfig& webhook, TargetMetrics metrics, Muting& muting);
  ~Target();

  // Called on the target's thread: an alert of the topic was given up (opened), or the next one was
  // delivered after that (closed). For the other targets.
  std::function<void(const std::string& alert, const std::string& target)> on_undelivered;

  void start();
  void stop();
  // Waits until both threads have ended; after stop().
  void join();
  // Any thread: an alert of notify's own; it waits for nothing of the topic.
  void ring(const std::string& alert) { own_.ring(alert); }
  [[nodiscard]] OwnAlerts& own() { return own_; }

  [[nodiscard]] const std::string& name() const { return sender_.name(); }
  [[nodiscard]] const Sender& sender() const { return sender_; }
  [[nodiscard]] bool is_assigned() const { return is_assigned_; }
  // Steady milliseconds of the last turn of the slower thread, for /livez.
  [[nodiscard]] std::int64_t heartbeat_ms() const;

  // Alerts in memory; above it the partitions pause.
  static constexpr std::size_t kPendingMax = 512;

 private:
  void assign(const std::vector<kafka::Partition>& partitions);
  [[nodiscard]] kafka::Failure begin(const std::vector<kafka::Partition>& partitions);
  void revoke();
  [[nodiscard]] bool is_topic_missing() const;
  void run();
  void take(const kafka::Record& message);
  [[nodiscard]] bool is_muted(const ReceivedAlert& alert);
  void attempt(std::int64_t now_ms);
  void end(const PendingAlert& delivery, DeliveryEnd how, const HttpAnswer& answer);
  void tell_undelivered(const PendingAlert& delivery, const HttpAnswer& answer);
  void tell_delivered_again();
  [[nodiscard]] bool has_rate(std::int64_t now_ms);
  [[nodiscard]] std::chrono::milliseconds patience(std::int64_t now_ms) const;
  void regulate();
  void commit(const kafka::Partition& partition, const OffsetBook& book);
  [[nodiscard]] kafka::Message poll(std::chrono::milliseconds wait);

  const std::string group_;
  const std::string topic_;
  const Sender sender_;
  TargetMetrics metrics_;
  Muting& muting_;
  OwnAlerts own_;
  kafka::Consumer consumer_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> is_assigned_{false};
  std::atomic<std::int64_t> heartbeat_ms_{0};

  // The thread's own.
  bool topic_is_new_ = false;  // it was not there when we started
  bool is_paused_ = false;
  DeliveryQueue queue_;
  std::map<kafka::Partition, OffsetBook> books_;
  Muted muted_;
  std::deque<std::int64_t> sent_ms_;  // of the last minute
  Thread thread_;
};

}  // namespace tocsin
