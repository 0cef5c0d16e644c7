#include "daemon/process.h"

#include <malloc.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <csignal>
#include <utility>

#include "config/reload.h"
#include "daemon/log.h"
#include "daemon/signals.h"
#include "daemon/systemd.h"
#include "daemon/wait.h"

namespace tocsin {

using namespace std::chrono_literals;

namespace {

constexpr auto kWatchInterval = 500ms;
constexpr std::int64_t kHeartbeatLimitMs = 30'000;
constexpr auto kRestorePatience = 30s;           // between two records of the ledger
constexpr auto kTrimDelay = 2s;                  // after a reload, for batches of the old pipeline
constexpr auto kCloseLimit = 5s;                 // to leave the group and end threads and clients
constexpr std::int64_t kStallLimitMs = 150'000;  // one Kafka call while the brokers do answer

}  // namespace

Process::Process(Config config, std::shared_ptr<const Pipeline> pipeline, Reloader reload)
    : reload_(std::move(reload)),
      service_(std::move(config), std::move(pipeline)),
      signals_(io_, SIGTERM, SIGINT, SIGHUP),
      timer_(io_),
      lag_(service_.config(),
           {[&metrics = service_.metrics()](const kafka::Partition& partition, std::int64_t records,
                                            std::optional<double> seconds) {
              metrics.lag(partition, records, seconds.value_or(0));
            },
            [&metrics = service_.metrics()](const kafka::Partition& partition) {
              metrics.forget_lag(partition);
            },
            [this](std::int64_t end) {
              const std::int64_t next = service_.follower().next_offset();
              service_.metrics().ledger_lag.Set(
                  static_cast<double>(std::max<std::int64_t>(0, end - next)));
            }},
           [this] { return has_fetched_.load(); }),
      in_force_(service_.config()) {
  Intake& intake = service_.intake();
  intake.on_fetch = [this](std::vector<kafka::Partition> partitions) {
    has_fetched_ = true;
    lag_.watch(std::move(partitions));
  };
  intake.on_end = [this](const kafka::Partition& partition, std::int64_t from, std::int64_t to) {
    lag_.skip(partition, from, to);
  };
}

Process::~Process() {
  if (reloader_.joinable()) reloader_.join();
  if (intake_thread_.joinable()) intake_thread_.join();
  *has_left_ = true;
  hold_signals();
}

ExitCode Process::run() {
  const AdminConfig& admin = service_.config().admin;
  if (!admin.listen.is_off()) {
    admin_ = std::make_unique<AdminServer>(
        io_, admin,
        AdminPages{[this] { return not_live(); }, [this] { return not_ready(); },
                   [this](Exposition format) { return service_.metrics().text(format); },
                   [this] { ask_for_reload(); }, [this] { return readiness_in_detail(); }});
    spdlog::info("admin: listening host={} port={}", admin.listen.host, admin_->port());
  }
  if (!service_.config().page.listen.is_off()) {
    page_ = std::make_unique<page::LivePage>(
        service_.config(), [this] { return service_.pipeline(); },
        [this] { return has_fetched_.load(); });
    page_->start();
  }
  ExitCode exit_code = ExitCode::fine;
  lag_.start();
  intake_thread_ = std::thread([this, &exit_code] {
    exit_code = service_.run();
    boost::asio::post(io_, [this] { io_.stop(); });
  });
  if (in_force_.admin.watch_files.count() > 0) files_.begin(in_force_);
  wait_for_signal();
  release_signals();
  report_status();
  watch();
  io_.run();
  service_.stop();
  limit_leaving();
  page_.reset();
  alerts_.reset();
  intake_thread_.join();
  notify_service_manager("STOPPING=1");
  spdlog::info("service: stopped exit_code={}", static_cast<int>(exit_code));
  return exit_code;
}

void Process::wait_for_signal() {
  signals_.async_wait([this](const boost::system::error_code& error, int signal) {
    if (error) return;
    if (signal == SIGHUP) {
      ask_for_reload();
    } else if (service_.health().stopping) {
      spdlog::warn("service: second signal, stopping at once");
      ::_exit(static_cast<int>(ExitCode::failed));
    } else {
      service_.stop();
    }
    wait_for_signal();
  });
}

// The files are read after the last signal: one that comes while they are read asks for another
// turn.
void Process::ask_for_reload() {
  is_reload_wanted_ = true;
  if (std::exchange(is_reloading_, true)) return;
  if (reloader_.joinable()) reloader_.join();
  is_reload_wanted_ = false;
  if (announced_ready_ && not_ready().empty()) {
    owes_ready_ = true;
    notify_service_manager("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(steady_ms() * 1000));
  }
  reload_began_ms_ = steady_ms();
  if (in_force_.admin.watch_files.count() > 0) files_.begin(in_force_);
  reloader_ = std::thread([this, running = in_force_] {
    Reloaded reloaded = reload_(running);
    boost::asio::post(io_, [this, reloaded = std::move(reloaded)]() mutable {
      apply(std::move(reloaded));
      is_reloading_ = false;
      if (is_reload_wanted_) return ask_for_reload();
      announce();
    });
  });
}

void Process::apply(Reloaded reloaded) {
  Metrics& metrics = service_.metrics();
  const double seconds = static_cast<double>(steady_ms() - reload_began_ms_) / 1000.0;
  if (!reloaded.pipeline) {
    spdlog::error("service: reload refused, the old configuration stays");
    metrics.reloaded(false, seconds);
    reload_fault_ = reloaded.fault.empty() ? "see the log" : reloaded.fault;
    return;
  }
  spdlog::info("service: reloaded config={} lexicon={}", reloaded.pipeline->stamp.config,
               reloaded.pipeline->stamp.lexicon);
  in_force_ = std::move(reloaded.config);
  set_log_level(in_force_.log.level);
  service_.set_pipeline(std::move(reloaded.pipeline));
  metrics.reloaded(true, seconds);
  reload_fault_.clear();
  trim_at_ms_ = steady_ms() + std::chrono::milliseconds(kTrimDelay).count();
  metrics.restart_needed(reloaded.restart_keys);
  if (!reloaded.restart_keys.empty()) {
    spdlog::warn("service: keys that changed need a restart, the old values stay keys={}",
                 joined(reloaded.restart_keys, ","));
  }
}

// READY=1 when it is true and due: once after the start, and after each reload.
void Process::announce() {
  if (!not_ready().empty() || is_reloading_) return;
  if (!std::exchange(announced_ready_, true)) {
    spdlog::info("service: ready");
    owes_ready_ = true;
  }
  if (std::exchange(owes_ready_, false)) notify_service_manager("READY=1");
}

void Process::watch() {
  timer_.expires_after(kWatchInterval);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    service_.metrics().ready.Set(not_ready().empty() ? 1 : 0);
    announce();
    report_status();
    look_at_files();
    if (!alerts_ && service_.health().restored) start_alerts();
    if (not_live().empty()) notify_service_manager("WATCHDOG=1");
    watch_stall();
    give_back_memory();
    if (service_.health().stopping) limit_leaving();
    watch();
  });
}

// What the pipeline before a reload held is free once its last batch is published; the allocator
// gives it to the system only when asked.
void Process::give_back_memory() {
  if (trim_at_ms_ == 0 || steady_ms() < trim_at_ms_ || is_reloading_) return;
  trim_at_ms_ = 0;
  if (reloader_.joinable()) reloader_.join();
  reloader_ = std::thread([] { ::malloc_trim(0); });
}

void Process::start_alerts() {
  alerts_ = std::make_unique<AlertPublisher>(
      service_.config(), service_.state(), service_.follower(), service_.ledger(),
      service_.metrics(), [this] { return service_.pipeline(); });
  alerts_->on_stop = [this](const StopError& error) {
    service_.fail(error.exit_code(), error.what());
  };
  alerts_->start();
}

// send_offsets can hang for good in librdkafka: a call that takes minutes although
// the brokers answer ends the process; a restart is safe by construction.
void Process::watch_stall() {
  const std::int64_t since_ms = service_.health().publisher_in_call_since_ms;
  if (since_ms == 0 || steady_ms() - since_ms < kStallLimitMs) return;
  if (!service_.consumer().is_answered(1'000ms)) return;  // the brokers are away: waiting is right
  spdlog::critical(
      "service: the publisher hangs in one call although the brokers answer; leaving for a "
      "restart seconds={}",
      kStallLimitMs / 1000);
  ::_exit(static_cast<int>(ExitCode::failed));
}

// librdkafka's commit and close can wait for brokers that are away as long as these are, and to
// destroy a consumer whose topic was deleted can take for ever: leaving has a deadline, and passing
// it is safe by construction. A detached thread, because it must outlast destructors that hang.
void Process::limit_leaving() {
  if (std::exchange(is_leaving_limited_, true)) return;
  const ExitCode exit_code = service_.health().exit_code;
  const bool drains = exit_code == ExitCode::fine;
  const auto limit = kCloseLimit + (drains ? service_.config().limits.drain_timeout : 0ms);
  std::thread([limit, exit_code, has_left = has_left_] {
    std::this_thread::sleep_for(limit);
    if (*has_left) return;  // and something else goes on: `run --hold`
    spdlog::warn("service: cannot leave in order, leaving as it is");
    ::_exit(static_cast<int>(exit_code));
  }).detach();
}

std::string Process::not_live() const {
  const Health health = service_.health();
  const std::int64_t now_ms = steady_ms();
  if (!health.intake_busy && now_ms - health.intake_ms > kHeartbeatLimitMs + kRevokeWait / 1ms) {
    return "intake makes no progress";
  }
  if (!health.restored) return "";  // busy: restoring
  if (now_ms - health.follower_ms > kHeartbeatLimitMs) return "follower makes no progress";
  if (alerts_ && now_ms - alerts_->heartbeat_ms() > kHeartbeatLimitMs)
    return "the alert engine makes no progress";
  const bool in_call = health.publisher_in_call_since_ms != 0;  // brokers away: not our fault
  if (!in_call && now_ms - health.publisher_ms > kHeartbeatLimitMs) {
    return "publisher makes no progress";
  }
  return "";
}

std::vector<std::pair<std::string, std::string>> Process::conditions() const {
  const Health health = service_.health();
  const auto unless = [](bool is_fine, const char* fault) {
    return is_fine ? std::string() : std::string(fault);
  };
  const auto if_any = [](const char* what, const std::string& fault) {
    return fault.empty() ? fault : what + fault;
  };
  return {
      {"running", unless(!health.stopping, "draining")},
      {"ledger", unless(health.restored, "restoring the dedup state from the ledger")},
      {"dedup_state", unless(!health.in_doubt,
                             "the dedup state differs from the tick's: reading the ledger again")},
      {"publishing", if_any("nothing could be published ", health.stalled)},
      {"access", if_any("cannot read ", health.denied)},
      {"producer", unless(health.producer_up, "the producer is not up")},
      {"assignment", health.assigned ? std::string() : "no assignment yet " + health.unassigned},
      {"alerts",
       if_any("the alert engine cannot work ",
              alerts_ ? alerts_->stalled(service_.config().limits.publish_stall) : std::string())}};
}

std::string Process::not_ready() const {
  for (const auto& [name, fault] : conditions()) {
    if (!fault.empty()) return fault;
  }
  return "";
}

// As Kubernetes' own components show it; a refused reload is told of, though the old configuration
// does its work.
std::string Process::readiness_in_detail() const {
  std::string lines;
  const auto add = [&lines](const std::string& name, const std::string& fault) {
    lines += (fault.empty() ? "[+]" + name + " ok" : "[-]" + name + ' ' + fault) + '\n';
  };
  for (const auto& [name, fault] : conditions()) add(name, fault);
  add("reload", reload_fault_.empty() ? "" : "the last one was refused: " + reload_fault_);
  return lines;
}

void Process::look_at_files() {
  const std::chrono::milliseconds interval = in_force_.admin.watch_files;
  if (interval.count() == 0 || is_reloading_ || steady_ms() < files_due_ms_) return;
  files_due_ms_ = steady_ms() + interval.count();
  if (!files_.has_changed(in_force_)) return;
  spdlog::info("service: files have changed, reloading");
  ask_for_reload();
}

// For `systemctl status`. A restore may take longer than the manager waits: it is told to wait on
// while records are read.
void Process::report_status() {
  const Health health = service_.health();
  const std::string fault = not_ready();
  std::string status = fault.empty() ? "at work" : fault;
  if (!health.restored) {
    const std::int64_t offset = service_.follower().next_offset();
    status += ", at offset " + std::to_string(offset);
    if (std::exchange(restored_offset_, offset) != offset) {
      notify_service_manager("EXTEND_TIMEOUT_USEC=" +
                             std::to_string(std::chrono::microseconds(kRestorePatience).count()));
    }
  }
  if (std::exchange(status_, status) != status) notify_service_manager("STATUS=" + status);
}

}  // namespace tocsin
