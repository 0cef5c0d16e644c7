#include "daemon/process.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <csignal>
#include <utility>

#include "daemon/systemd.h"
#include "daemon/wait.h"

namespace tocsin {

using namespace std::chrono_literals;

namespace {

constexpr auto kWatchInterval = 500ms;
constexpr std::int64_t kHeartbeatLimitMs = 30'000;
constexpr auto kCloseLimit = 5s;                 // to leave the group and end threads and clients
constexpr std::int64_t kStallLimitMs = 150'000;  // one Kafka call while the brokers do answer

}  // namespace

Process::Process(Config config, std::shared_ptr<const Pipeline> pipeline, PipelineLoader reload)
    : reload_(std::move(reload)),
      service_(std::move(config), std::move(pipeline)),
      signals_(io_, SIGTERM, SIGINT, SIGHUP),
      timer_(io_),
      lag_(service_.config(), service_.metrics()) {
  Intake& intake = service_.intake();
  intake.on_assign = [this](std::vector<kafka::Partition> partitions) {
    lag_.watch(std::move(partitions));
  };
  intake.on_end = [this](const kafka::Partition& partition, std::int64_t from, std::int64_t to) {
    lag_.skip(partition, from, to);
  };
}

Process::~Process() {
  if (reloader_.joinable()) reloader_.join();
  if (intake_thread_.joinable()) intake_thread_.join();
}

ExitCode Process::run() {
  const AdminConfig& admin = service_.config().admin;
  if (!admin.listen.is_off()) {
    admin_ = std::make_unique<AdminServer>(
        io_, admin,
        AdminPages{[this] { return not_live(); }, [this] { return not_ready(); },
                   [this] { return service_.metrics().text(); }, [this] { begin_reload(); }});
    spdlog::info("admin: listening host={} port={}", admin.listen.host, admin_->port());
  }
  ExitCode exit_code = ExitCode::fine;
  lag_.start();
  intake_thread_ = std::thread([this, &exit_code] {
    exit_code = service_.run();
    boost::asio::post(io_, [this] { io_.stop(); });
  });
  wait_for_signal();
  watch();
  io_.run();
  service_.stop();
  limit_leaving();
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
      begin_reload();
    } else if (service_.health().stopping) {
      spdlog::warn("service: second signal, stopping at once");
      ::_exit(static_cast<int>(ExitCode::failed));
    } else {
      service_.stop();
    }
    wait_for_signal();
  });
}

void Process::begin_reload() {
  if (reloading_.exchange(true)) return;
  if (reloader_.joinable()) reloader_.join();
  notify_service_manager("RELOADING=1");
  reloader_ = std::thread([this] {
    std::shared_ptr<const Pipeline> fresh = reload_();
    if (fresh) {
      spdlog::info("service: reloaded config={} lexicon={}", fresh->stamp.config,
                   fresh->stamp.lexicon);
      service_.set_pipeline(std::move(fresh));
      service_.metrics().reloads_good.Increment();
    } else {
      spdlog::error("service: reload refused, the old configuration stays");
      service_.metrics().reloads_bad.Increment();
    }
    notify_service_manager("READY=1");
    reloading_ = false;
  });
}

void Process::watch() {
  timer_.expires_after(kWatchInterval);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    const bool is_ready = not_ready().empty();
    service_.metrics().ready.Set(is_ready ? 1 : 0);
    if (is_ready && !announced_ready_) {
      announced_ready_ = true;
      spdlog::info("service: ready");
      notify_service_manager("READY=1");
    }
    if (!alerts_ && service_.health().restored) start_alerts();
    if (not_live().empty()) notify_service_manager("WATCHDOG=1");
    watch_stall();
    if (service_.health().stopping) limit_leaving();
    watch();
  });
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
  const rd_kafka_metadata_t* answer = nullptr;
  if (rd_kafka_metadata(service_.consumer(), 0, nullptr, &answer, 1000) !=
      RD_KAFKA_RESP_ERR_NO_ERROR) {
    return;  // the brokers are away: waiting is right
  }
  rd_kafka_metadata_destroy(answer);
  spdlog::critical(
      "service: the publisher hangs in one call for {} s although the brokers answer; "
      "leaving for a restart",
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
  std::thread([limit, exit_code] {
    std::this_thread::sleep_for(limit);
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

std::string Process::not_ready() const {
  const Health health = service_.health();
  if (health.stopping) return "draining";
  if (!health.restored) return "restoring the dedup state from the ledger";
  if (health.in_doubt) return "the dedup state differs from the tick's: reading the ledger again";
  if (!health.stalled.empty()) return "nothing could be published " + health.stalled;
  if (!health.denied.empty()) return "cannot read " + health.denied;
  if (!health.producer_up) return "the producer is not up";
  if (!health.assigned) return "no assignment yet";
  const std::string alerts =
      alerts_ ? alerts_->stalled(service_.config().limits.publish_stall) : std::string();
  if (!alerts.empty()) return "the alert engine cannot work " + alerts;
  return "";
}

}  // namespace tocsin
