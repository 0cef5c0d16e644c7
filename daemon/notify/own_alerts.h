// Alerts of notify's own to one target: that tocsin is silent, that another target refuses what it
// is told. Promises: a thread and a connection of their own, so nothing of the topic is in their
// way; tried for as long as it takes.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>

#include "daemon/notify/delivery_queue.h"
#include "daemon/notify/sender.h"
#include "daemon/notify/target_metrics.h"
#include "daemon/wait.h"

namespace tocsin {

class OwnAlerts {
 public:
  // Both outlive this.
  OwnAlerts(const Sender& sender, TargetMetrics& metrics);
  ~OwnAlerts();

  // Called on the thread of this: the alert was delivered, or the receiver will never take it.
  std::function<void(const std::string& target, const ReceivedAlert& alert)> on_end;

  void start();
  void stop();
  void join() { thread_.join(); }
  // Any thread. Dropped, with a line, when kOwnAlertsMax wait.
  void ring(const std::string& alert);
  [[nodiscard]] std::int64_t heartbeat_ms() const { return heartbeat_ms_; }

  static constexpr std::size_t kOwnAlertsMax = 64;

 private:
  void run();
  void attempt(std::unique_lock<std::mutex>& lock, const ReceivedAlert& alert);

  const Sender& sender_;
  TargetMetrics& metrics_;
  std::atomic<std::int64_t> heartbeat_ms_{0};

  std::mutex mutex_;  // whoever rings adds, the thread takes
  Condition changed_;
  DeliveryQueue queue_;
  bool stopping_ = false;
  Thread thread_;
};

}  // namespace tocsin
