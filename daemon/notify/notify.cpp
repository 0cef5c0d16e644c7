#include "daemon/notify/notify.h"

#include <prometheus/text_serializer.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <csignal>

#include "daemon/systemd.h"

namespace tocsin {

using namespace std::chrono_literals;

namespace {

constexpr auto kWatchInterval = 500ms;
// The longest step a thread may rightly be in: one attempt, or questions about offsets.
constexpr std::int64_t kHeartbeatLimitMs = 180'000;

prometheus::Gauge& gauge(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({});
}

}  // namespace

Notify::Notify(const Config& config)
    : config_(config),
      deliveries_(prometheus::BuildCounter()
                      .Name("tocsin_notify_alerts_total")
                      .Help("Alerts by target and result; failed_attempt counts attempts")
                      .Register(registry_)),
      retrying_(prometheus::BuildGauge()
                    .Name("tocsin_notify_retrying")
                    .Help("1 while an alert waits for its next attempt")
                    .Register(registry_)),
      silent_(gauge(registry_, "tocsin_notify_silent", "1 while the ledger brings no ticks")),
      ticks_(gauge(registry_, "tocsin_notify_ticks", "Ticks read since the start")),
      ticks_watch_(config_),
      signals_(io_, SIGTERM, SIGINT),
      timer_(io_) {
  if (config_.alerts.webhooks.empty()) {
    throw StopError(ExitCode::bad_input, "alerts.webhooks is empty: nobody to notify");
  }
  for (const WebhookConfig& webhook : config_.alerts.webhooks) {
    targets_.push_back(std::make_unique<Target>(config_, webhook, target_metrics(webhook.name)));
  }
  ticks_watch_.on_change = [this](bool is_silent, std::chrono::seconds silent_for) {
    ring_silence(is_silent, silent_for);
  };
}

TargetMetrics Notify::target_metrics(const std::string& name) {
  const auto counter = [&](const char* result) -> prometheus::Counter& {
    return deliveries_.Add({{"target", name}, {"result", result}});
  };
  return {counter("delivered"), counter("failed_attempt"), counter("given_up"),
          counter("unreadable"), retrying_.Add({{"target", name}})};
}

void Notify::ring_silence(bool is_silent, std::chrono::seconds silent_for) {
  const std::int64_t revision = std::chrono::duration_cast<std::chrono::seconds>(
                                    std::chrono::system_clock::now().time_since_epoch())
                                    .count();
  const std::string alert = silence_alert(config_.kafka.group, !is_silent, revision, silent_for);
  for (const auto& target : targets_) target->ring(alert);
}

ExitCode Notify::run() {
  if (!config_.alerts.listen.is_off()) {
    admin_ = std::make_unique<AdminServer>(
        io_, AdminConfig{config_.alerts.listen, {}},
        AdminPages{[this] { return not_live(); }, [this] { return not_ready(); },
                   [this] { return metrics_text(); }, [] {}});
    spdlog::info("admin: listening host={} port={}", config_.alerts.listen.host, admin_->port());
  }
  for (const auto& target : targets_) target->start();
  ticks_watch_.start();
  signals_.async_wait([this](const boost::system::error_code& error, int) {
    if (!error) io_.stop();
  });
  // The dead man's switch is armed, also while no broker answers: that is what it is for.
  notify_service_manager("READY=1");
  watch();
  io_.run();
  notify_service_manager("STOPPING=1");
  // Each ends after the attempt it is in; what is undelivered stays uncommitted.
  ticks_watch_.stop();
  for (const auto& target : targets_) target->stop();
  spdlog::info("notify: stopping");
  return ExitCode::fine;
}

void Notify::watch() {
  timer_.expires_after(kWatchInterval);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    if (not_live().empty()) notify_service_manager("WATCHDOG=1");
    watch();
  });
}

std::string Notify::not_live() const {
  const std::int64_t now_ms = steady_ms();
  for (const auto& target : targets_) {
    if (now_ms - target->heartbeat_ms() > kHeartbeatLimitMs) {
      return "target " + target->name() + " makes no progress";
    }
  }
  return now_ms - ticks_watch_.heartbeat_ms() > kHeartbeatLimitMs ? "tick watch makes no progress"
                                                                  : "";
}

std::string Notify::not_ready() const {
  for (const auto& target : targets_) {
    if (!target->is_assigned()) return "target " + target->name() + " has no assignment yet";
  }
  return "";
}

std::string Notify::metrics_text() {
  silent_.Set(ticks_watch_.is_silent() ? 1 : 0);
  ticks_.Set(static_cast<double>(ticks_watch_.ticks()));
  return prometheus::TextSerializer().Serialize(registry_.Collect());
}

}  // namespace tocsin
