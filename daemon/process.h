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
#include <utility>
#include <vector>

#include "daemon/admin/server.h"
#include "daemon/alert_publisher.h"
#include "daemon/file_watch.h"
#include "daemon/lag_watch.h"
#include "daemon/page/page.h"
#include "daemon/service.h"

namespace tocsin {

// What a reload brings: a pipeline, the configuration it was made of, and the keys of the file that
// only a restart brings into force. Without a pipeline it was refused (logged by the loader).
struct Reloaded {
  std::shared_ptr<const Pipeline> pipeline;
  Config config;
  std::vector<std::string> restart_keys;
  std::string fault;  // why it was refused
};
// Called with the configuration in force, on a thread of its own.
using Reloader = std::function<Reloaded(const Config& running)>;

class Process {
 public:
  Process(Config config, std::shared_ptr<const Pipeline> pipeline, Reloader reload);
  ~Process();

  // Runs until a signal or a failure; the calling thread is the io thread.
  [[nodiscard]] ExitCode run();
  // Why it did not end with ExitCode::fine.
  [[nodiscard]] std::string failure() const { return service_.failure(); }

 private:
  void wait_for_signal();
  void watch();
  void watch_stall();
  void give_back_memory();
  void start_alerts();
  void limit_leaving();
  void ask_for_reload();
  void apply(Reloaded reloaded);
  void announce();
  [[nodiscard]] std::string not_live() const;
  [[nodiscard]] std::string not_ready() const;
  // Each thing that has to be so to be ready, and what is wrong with it; empty: nothing.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> conditions() const;
  [[nodiscard]] std::string readiness_in_detail() const;
  void look_at_files();
  void report_status();

  const Reloader reload_;
  // Outlives this: whoever was told to end the process if it does not leave looks here first.
  const std::shared_ptr<std::atomic<bool>> has_left_ = std::make_shared<std::atomic<bool>>(false);
  Service service_;

  // The io thread's own.
  boost::asio::io_context io_;
  boost::asio::signal_set signals_;
  boost::asio::steady_timer timer_;
  std::unique_ptr<AdminServer> admin_;
  std::atomic<bool> has_fetched_{false};  // once: what is fetched has been announced before
  LagWatch lag_;
  std::unique_ptr<page::LivePage> page_;    // with page.listen
  std::unique_ptr<AlertPublisher> alerts_;  // once the dedup state is restored
  Config in_force_;
  bool is_reloading_ = false;
  std::string reload_fault_;  // of the last reload; empty: it was applied
  FileWatch files_;
  std::int64_t files_due_ms_ = 0;      // steady clock
  std::string status_;                 // told to the service manager
  std::int64_t restored_offset_ = -1;  // of the ledger, as of the last look
  bool is_reload_wanted_ = false;      // asked for once more since the files were read
  std::int64_t reload_began_ms_ = 0;   // steady clock
  bool announced_ready_ = false;
  std::int64_t trim_at_ms_ = 0;  // steady clock; 0: nothing to give back
  bool owes_ready_ = false;      // RELOADING=1 was said; READY=1 is due when it is true
  bool is_leaving_limited_ = false;
  std::thread reloader_;
  std::thread intake_thread_;
};

}  // namespace tocsin
