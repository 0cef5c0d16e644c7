#include "daemon/notify/notify.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <chrono>
#include <csignal>
#include <utility>

#include "config/reload.h"
#include "daemon/log.h"
#include "daemon/process_metrics.h"
#include "daemon/signals.h"
#include "daemon/systemd.h"
#include "daemon/unix_time.h"

namespace tocsin {

using namespace std::chrono_literals;

namespace {

constexpr auto kWatchInterval = 500ms;
// The longest step a thread may rightly be in: one attempt, or questions about offsets.
constexpr std::int64_t kHeartbeatLimitMs = 180'000;

prometheus::Gauge& gauge(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({});
}

prometheus::Counter& counter(prometheus::Registry& registry, const char* name, const char* help,
                             const prometheus::Labels& labels) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add(labels);
}

constexpr const char* kReloads = "tocsin_config_reloads_total";
constexpr const char* kReloadsHelp = "Reloads by SIGHUP; a refused one kept the old configuration";

// Throws StopError (bad_input) when there is a fault; each is logged.
std::vector<Silence> read_silences(const Config& config) {
  LoadedSilences loaded = load_silences(config.alerts.silences);
  log_faults("notify", loaded.faults);
  if (has_errors(loaded.faults)) {
    throw StopError(ExitCode::bad_input,
                    "alerts.silences: " + config.alerts.silences.string() + " is wrong");
  }
  return std::move(loaded.silences);
}

void check_webhooks(const Config& config) {
  if (!config.alerts.webhooks.empty()) return;
  throw StopError(ExitCode::bad_input, "alerts.webhooks is empty: nobody to notify");
}

std::vector<std::string> names_of(const Config& config) {
  std::vector<std::string> names;
  for (const WebhookConfig& webhook : config.alerts.webhooks) names.push_back(webhook.name);
  return names;
}

}  // namespace

Notify::Notify(const Config& config)
    : deliveries_(prometheus::BuildCounter()
                      .Name("tocsin_notify_alerts_total")
                      .Help("Alerts by target and result; failed_attempt counts attempts")
                      .Register(registry_)),
      retrying_(prometheus::BuildGauge()
                    .Name("tocsin_notify_retrying")
                    .Help("1 while an alert waits for its next attempt")
                    .Register(registry_)),
      restart_needed_(prometheus::BuildGauge()
                          .Name("tocsin_config_restart_needed")
                          .Help("1 for each key that a reload could not bring into force")
                          .Register(registry_)),
      reloads_good_(counter(registry_, kReloads, kReloadsHelp, {{"result", "applied"}})),
      reloads_bad_(counter(registry_, kReloads, kReloadsHelp, {{"result", "refused"}})),
      silent_(gauge(registry_, "tocsin_notify_silent", "1 while the ledger brings no ticks")),
      silences_(gauge(registry_, "tocsin_notify_silences", "Silences of people in force")),
      ticks_(counter(registry_, "tocsin_notify_ticks_total", "Ticks read since the start", {})),
      ticks_watch_(config),
      config_(config),
      signals_(io_, SIGTERM, SIGINT, SIGHUP),
      timer_(io_) {
  check_webhooks(config_);
  muting_.set(read_silences(config_));
  for (const WebhookConfig& webhook : config_.alerts.webhooks) {
    targets_.push_back(make_target(config_, webhook));
  }
  ticks_watch_.ring = [this](const std::string& name, const std::string& alert) {
    for (const auto& target : targets()) {
      if (target->name() == name) target->ring(alert);
    }
  };
  ticks_watch_.set_targets(names_of(config_));
}

Notify::~Notify() {
  if (reloader_.joinable()) reloader_.join();
  ticks_watch_.stop();
  ticks_watch_.join();  // it rings targets, which go first
  hold_signals();
}

TargetMetrics Notify::target_metrics(const std::string& name) {
  const auto result = [&](const char* result_name) -> prometheus::Counter& {
    return deliveries_.Add({{"target", name}, {"result", result_name}});
  };
  return {result("delivered"),
          result("failed_attempt"),
          result("given_up"),
          result("refused"),
          result("muted"),
          result("unreadable"),
          retrying_.Add({{"target", name}})};
}

std::shared_ptr<Target> Notify::make_target(const Config& config, const WebhookConfig& webhook) {
  auto target = std::make_shared<Target>(config, webhook, target_metrics(webhook.name), muting_);
  target->on_undelivered = [this](const std::string& alert, const std::string& name) {
    tell_others(alert, name);
  };
  target->own().on_end = [this](const std::string& name, const ReceivedAlert& alert) {
    ticks_watch_.told(name, alert.revision);
  };
  return target;
}

Notify::Targets Notify::targets() const {
  const std::lock_guard lock(targets_mutex_);
  return targets_;
}

void Notify::tell_others(const std::string& alert, const std::string& target) {
  for (const auto& other : targets()) {
    if (other->name() != target) other->ring(alert);
  }
}

ExitCode Notify::run() {
  if (!config_.alerts.listen.is_off()) {
    admin_ = std::make_unique<AdminServer>(
        io_, AdminConfig{config_.alerts.listen, {}},
        AdminPages{[this] { return not_live(); }, [this] { return not_ready(); },
                   [this](Exposition format) { return metrics_text(format); }, [] {}});
    spdlog::info("admin: listening host={} port={}", config_.alerts.listen.host, admin_->port());
  }
  for (const auto& target : targets_) target->start();
  ticks_watch_.start();
  wait_for_signal();
  release_signals();
  // The dead man's switch is armed, also while no broker answers: that is what it is for.
  notify_service_manager("READY=1");
  watch();
  io_.run();
  notify_service_manager("STOPPING=1");
  spdlog::info("notify: stopping");
  if (reloader_.joinable()) reloader_.join();
  // Each ends after the attempt it is in; what is undelivered stays uncommitted.
  for (const auto& target : targets()) target->stop();
  ticks_watch_.stop();
  return ExitCode::fine;
}

void Notify::wait_for_signal() {
  signals_.async_wait([this](const boost::system::error_code& error, int signal) {
    if (error) return;
    if (signal != SIGHUP) return io_.stop();
    ask_for_reload();
    wait_for_signal();
  });
}

// ---- reload

// The files are read after the last signal: one that comes while they are read asks for another
// turn.
void Notify::ask_for_reload() {
  is_reload_wanted_ = true;
  if (std::exchange(is_reloading_, true)) return;
  if (reloader_.joinable()) reloader_.join();
  is_reload_wanted_ = false;
  notify_service_manager("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(steady_ms() * 1000));
  reloader_ = std::thread([this, running = config_] {
    std::optional<Config> fresh = reload(running);
    boost::asio::post(io_, [this, fresh = std::move(fresh)]() mutable {
      if (fresh) config_ = *std::move(fresh);
      is_reloading_ = false;
      if (is_reload_wanted_) return ask_for_reload();
      notify_service_manager("READY=1");
    });
  });
}

std::optional<Config> Notify::reload(const Config& running) {
  const ConfigResult read = load_config(running.file);
  log_faults("notify", read.faults);
  try {
    if (!read.ok()) throw StopError(ExitCode::bad_input, "the configuration is wrong");
    ConfigChange change = config_change(Program::notify, running, read.config);
    check_webhooks(change.config);
    std::vector<Silence> silences = read_silences(change.config);
    replace_targets(change.config);
    muting_.set(std::move(silences));
    ticks_watch_.set_silence_max(change.config.alerts.silence_max);
    set_log_level(change.config.log.level);
    reloads_good_.Increment();
    for (prometheus::Gauge* key : restart_keys_) restart_needed_.Remove(key);
    restart_keys_.clear();
    for (const std::string& key : change.restart) {
      restart_keys_.push_back(&restart_needed_.Add({{"key", key}}));
      restart_keys_.back()->Set(1);
    }
    spdlog::info("notify: reloaded targets={} silences={}", change.config.alerts.webhooks.size(),
                 muting_.size());
    if (!change.restart.empty()) {
      spdlog::warn("notify: keys that changed need a restart, the old values stay keys={}",
                   joined(change.restart, ","));
    }
    return std::move(change.config);
  } catch (const StopError& error) {
    spdlog::error("notify: reload refused, the old configuration stays: {}", error.what());
    reloads_bad_.Increment();
    return std::nullopt;
  }
}

// Targets that stay as they are go on without a pause; the others leave their group before who
// follows them joins it. Throws StopError before anything has changed.
void Notify::replace_targets(const Config& config) {
  const Targets before = targets();
  Targets kept;
  std::vector<const WebhookConfig*> fresh;
  for (const WebhookConfig& webhook : config.alerts.webhooks) {
    const Sender sender(webhook, config.kafka.group);
    const auto found = std::find_if(before.begin(), before.end(), [&](const auto& target) {
      return target->sender().is_like(sender);
    });
    if (found != before.end()) {
      kept.push_back(*found);
    } else {
      fresh.push_back(&webhook);
    }
  }
  std::vector<std::shared_ptr<Target>> leaving;
  for (const auto& target : before) {
    if (std::find(kept.begin(), kept.end(), target) == kept.end()) leaving.push_back(target);
  }
  {
    const std::lock_guard lock(targets_mutex_);
    targets_ = kept;
  }
  for (const auto& target : leaving) target->stop();
  for (const auto& target : leaving) target->join();
  leaving.clear();
  std::vector<std::string> renewed;
  for (const WebhookConfig* webhook : fresh) {
    std::shared_ptr<Target> target = make_target(config, *webhook);
    target->start();
    renewed.push_back(webhook->name);
    const std::lock_guard lock(targets_mutex_);
    targets_.push_back(std::move(target));
  }
  ticks_watch_.set_targets(names_of(config), renewed);
}

// ---- the io thread's turns

void Notify::watch() {
  timer_.expires_after(kWatchInterval);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    if (not_live().empty()) notify_service_manager("WATCHDOG=1");
    drop_expired();
    watch();
  });
}

void Notify::drop_expired() {
  for (const Silence& silence : muting_.take_expired(unix_ms())) {
    spdlog::info("notify: a silence is over line={}: by {}: {}", silence.line, silence.by,
                 silence.why);
  }
}

std::string Notify::not_live() const {
  const std::int64_t now_ms = steady_ms();
  for (const auto& target : targets()) {
    if (now_ms - target->heartbeat_ms() > kHeartbeatLimitMs) {
      return "target " + target->name() + " makes no progress";
    }
  }
  return now_ms - ticks_watch_.heartbeat_ms() > kHeartbeatLimitMs ? "tick watch makes no progress"
                                                                  : "";
}

std::string Notify::not_ready() const {
  for (const auto& target : targets()) {
    if (!target->is_assigned()) return "target " + target->name() + " has no assignment yet";
  }
  return "";
}

std::string Notify::metrics_text(Exposition format) {
  silent_.Set(ticks_watch_.is_silent() ? 1 : 0);
  silences_.Set(static_cast<double>(muting_.size()));
  ticks_.Increment(static_cast<double>(ticks_watch_.ticks()) - ticks_.Value());
  return exposition(registry_.Collect(), format);
}

}  // namespace tocsin
