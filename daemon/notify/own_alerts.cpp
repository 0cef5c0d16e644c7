#include "daemon/notify/own_alerts.h"

#include <spdlog/spdlog.h>

#include <limits>

namespace tocsin {

using namespace std::chrono_literals;

namespace {

// Nobody is told again for a restart or a receiver's wish: the last one to fall silent is this.
constexpr DeliveryQueue::Patience kPatience{std::numeric_limits<std::uint32_t>::max(), 24h,
                                            DeliveryQueue::kBackoffMax};
constexpr auto kTurn = 5s;  // for the heartbeat

}  // namespace

OwnAlerts::OwnAlerts(const Sender& sender, TargetMetrics& metrics)
    : sender_(sender), metrics_(metrics), queue_(kPatience) {}

OwnAlerts::~OwnAlerts() {
  stop();
  thread_.join();
}

void OwnAlerts::start() {
  heartbeat_ms_ = steady_ms();
  thread_ = Thread("notify_own", [this] { run(); });
}

void OwnAlerts::stop() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  changed_.notify_all();
}

void OwnAlerts::ring(const std::string& alert) {
  const std::lock_guard lock(mutex_);
  if (queue_.size() >= kOwnAlertsMax) {
    spdlog::error("notify: own alert dropped, too many wait target={}", sender_.name());
    return;
  }
  queue_.add({*read_alert(alert), {}, -1, 0, 0, 0});
  changed_.notify_all();
}

void OwnAlerts::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const std::int64_t now_ms = steady_ms();
    heartbeat_ms_ = now_ms;
    if (const PendingAlert* due = queue_.due(now_ms)) {
      const ReceivedAlert alert = due->alert;
      attempt(lock, alert);
      continue;
    }
    const std::int64_t turn_ms = now_ms + std::chrono::milliseconds(kTurn).count();
    const std::int64_t until_ms = std::min(turn_ms, queue_.next_due_ms().value_or(turn_ms));
    changed_.wait_for(lock, std::chrono::milliseconds(until_ms - now_ms),
                      [&] { return stopping_ || queue_.due(steady_ms()) != nullptr; });
  }
}

void OwnAlerts::attempt(std::unique_lock<std::mutex>& lock, const ReceivedAlert& alert) {
  lock.unlock();
  const HttpAnswer answer = sender_.post(alert);
  lock.lock();
  const auto end = queue_.settle(alert.id, answer, steady_ms());
  if (!answer.is_success()) {
    metrics_.failed_attempts.Increment();
    spdlog::warn("notify: attempt failed target={} alert={} status={} reason: {}", sender_.name(),
                 alert.id, answer.status, answer.error);
  }
  if (!end) return;
  (*end == DeliveryEnd::delivered ? metrics_.delivered
   : *end == DeliveryEnd::refused ? metrics_.refused
                                  : metrics_.given_up)
      .Increment();
  if (*end == DeliveryEnd::delivered) {
    spdlog::info("notify: delivered target={} alert={} revision={} state={}", sender_.name(),
                 alert.id, alert.revision, alert.state);
  } else {
    spdlog::error("notify: given up target={} alert={} revision={} state={}", sender_.name(),
                  alert.id, alert.revision, alert.state);
  }
  lock.unlock();
  if (on_end) on_end(sender_.name(), alert);
  lock.lock();
}

}  // namespace tocsin
