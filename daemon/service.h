// `tocsin run`: raw news in, outcomes out, until SIGTERM. Wires the threads of DESIGN.md section 3
// and holds the loop around the pipeline.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "daemon/admin/server.h"
#include "daemon/batch.h"
#include "daemon/intake.h"
#include "daemon/ledger.h"
#include "daemon/metrics.h"
#include "daemon/publisher.h"
#include "daemon/stop.h"

namespace tocsin {

// A new pipeline for the same service, or nullptr when the files are not good (logged by the
// loader).
using PipelineLoader = std::function<std::shared_ptr<const Pipeline>()>;

class Service {
 public:
  Service(Config config, std::shared_ptr<const Pipeline> pipeline, PipelineLoader reload);
  ~Service();

  // Runs until a signal or a failure; the calling thread is the io thread.
  [[nodiscard]] ExitCode run();

 private:
  // The intake thread: the way of a batch, top to bottom.
  void run_intake();
  void open_ledger();
  [[nodiscard]] std::unique_ptr<Batch> fill();
  void add(Batch& batch, kafka::Message message);
  void analyse(Batch& batch);
  void prepare(const Pipeline& pipeline, Item& item);
  void sight(Batch& batch);
  void drain();
  void handle_revoke();
  void retract_gap(const OffsetGap& gap);
  [[nodiscard]] std::vector<std::string> epoch_records() const;
  void append_and_wait(const std::vector<std::string>& records);
  [[nodiscard]] bool regulate(std::size_t batch_bytes);

  // The io thread.
  void wait_for_signal();
  void watch();
  void begin_stop(ExitCode exit_code, const std::string& reason);
  void begin_reload();
  [[nodiscard]] std::string not_live() const;
  [[nodiscard]] std::string not_ready() const;
  void watch_stall();

  // Constant after construction.
  const Config config_;
  const PipelineLoader reload_;

  // Own synchronisation.
  Metrics metrics_;
  SharedBoard board_;
  LedgerWriter ledger_;
  Follower follower_;
  Intake intake_;
  BatchQueue queue_;
  Publisher publisher_;
  boost::asio::thread_pool pool_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> restored_{false};
  std::atomic<int> exit_code_{0};
  std::atomic<std::int64_t> intake_heartbeat_ms_{0};
  std::atomic<bool> intake_busy_{true};  // in a step that may rightly be long: restore, drain
  std::string cluster_id_;

  mutable std::mutex pipeline_mutex_;  // a reload swaps, each batch takes its own reference
  std::shared_ptr<const Pipeline> pipeline_;

  // The io thread's own.
  boost::asio::io_context io_;
  boost::asio::signal_set signals_;
  boost::asio::steady_timer timer_;
  std::unique_ptr<AdminServer> admin_;
  bool announced_ready_ = false;
  std::thread reloader_;
  std::atomic<bool> reloading_{false};
  std::thread intake_thread_;
};

}  // namespace tocsin
