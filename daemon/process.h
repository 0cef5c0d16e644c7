// The process around the service loop: signals, admin listener, health, reload, service manager.
// Promises: SIGTERM drains, a second one ends at once, SIGHUP reloads; a hang ends the process.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "daemon/admin/server.h"
#include "daemon/alert_publisher.h"
#include "daemon/lag_watch.h"
#include "daemon/service.h"

namespace tocsin {

// A new pipeline for the same service, or nullptr when the files are not good (logged by the
// loader).
using PipelineLoader = std::function<std::shared_ptr<const Pipeline>()>;

class Process {
 public:
  Process(Config config, std::shared_ptr<const Pipeline> pipeline, PipelineLoader reload);
  ~Process();

  // Runs until a signal or a failure; the calling thread is the io thread.
  [[nodiscard]] ExitCode run();

 private:
  void wait_for_signal();
  void watch();
  void watch_stall();
  void start_alerts();
  void limit_leaving();
  void begin_reload();
  [[nodiscard]] std::string not_live() const;
  [[nodiscard]] std::string not_ready() const;

  const PipelineLoader reload_;
  Service service_;
  std::atomic<bool> reloading_{false};

  // The io thread's own.
  boost::asio::io_context io_;
  boost::asio::signal_set signals_;
  boost::asio::steady_timer timer_;
  std::unique_ptr<AdminServer> admin_;
  LagWatch lag_;
  std::unique_ptr<AlertPublisher> alerts_;  // once the dedup state is restored
  bool announced_ready_ = false;
  bool is_leaving_limited_ = false;
  std::thread reloader_;
  std::thread intake_thread_;
};

}  // namespace tocsin
