// The service loop: raw news in, outcomes out, exactly once. Owns the threads of ARCHITECTURE.md
// ("Threads") but for the io thread, which is Process's; everything that blocks is librdkafka or
// daemon/wait.h, so tests/simulation runs this very class.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "daemon/batch.h"
#include "daemon/fork_join.h"
#include "daemon/heartbeat.h"
#include "daemon/intake.h"
#include "daemon/ledger.h"
#include "daemon/metrics.h"
#include "daemon/publisher.h"
#include "daemon/stop.h"
#include "daemon/trials.h"

namespace tocsin::kafka {
struct TopicsState;
}

namespace tocsin {

inline constexpr std::chrono::milliseconds kRevokeWait{30'000};  // for batches in flight

// How the loop is doing; times are steady milliseconds.
struct Health {
  bool stopping = false;
  ExitCode exit_code = ExitCode::fine;  // as of now; set before `stopping`
  bool restored = false;                // the dedup state is read
  bool in_doubt = false;                // it is read again, for it differs from a tick
  bool producer_up = false;
  std::string stalled;  // what is due and could not be published for limits.publish_stall, and why
  std::string denied;   // what it may not read
  bool assigned = false;
  std::string unassigned;      // since when, and why
  bool intake_busy = false;    // in a step that may rightly be long: restore, drain
  std::int64_t intake_ms = 0;  // last turns of the loops
  std::int64_t follower_ms = 0;
  std::int64_t publisher_ms = 0;
  std::int64_t publisher_in_call_since_ms = 0;  // inside one librdkafka call; 0 when it is not
};

class Service {
 public:
  Service(Config config, std::shared_ptr<const Pipeline> pipeline);

  // Runs the loop on the calling thread until stop() or a failure; what is in flight is drained.
  [[nodiscard]] ExitCode run();
  // Any thread: drain and return.
  void stop() { stopping_ = true; }
  // Any thread: return without draining, with this exit code.
  void fail(ExitCode exit_code, const std::string& reason);
  // Any thread: the reason of the first fail(); empty when there was none.
  [[nodiscard]] std::string failure() const;
  [[nodiscard]] std::shared_ptr<const Pipeline> pipeline() const;
  // Any thread: batches that are filled from now on are analysed with it.
  void set_pipeline(std::shared_ptr<const Pipeline> pipeline);

  [[nodiscard]] Health health() const;
  [[nodiscard]] const Config& config() const { return config_; }
  [[nodiscard]] Metrics& metrics() { return metrics_; }
  [[nodiscard]] const SharedDedupState& state() const { return state_; }
  [[nodiscard]] Follower& follower() { return follower_; }
  [[nodiscard]] LedgerWriter& ledger() { return ledger_; }
  // For hooks, before run().
  [[nodiscard]] Intake& intake() { return intake_; }
  // To ask the brokers with.
  [[nodiscard]] const kafka::Consumer& consumer() const { return intake_.consumer(); }

 private:
  // The way of a batch, top to bottom.
  void run_intake();
  void open_ledger();
  [[nodiscard]] std::vector<Position> starts_of(const kafka::TopicsState& topics);
  void refuse_lost_offsets(const kafka::TopicsState& topics);
  void check_ledger() const;
  [[nodiscard]] std::unique_ptr<Batch> fill();
  [[nodiscard]] kafka::Message next_message(std::chrono::milliseconds wait);
  [[nodiscard]] bool fits(const Batch& batch, const kafka::Record& message) const;
  void add(Batch& batch, kafka::Message message);
  void add_unreadable(Batch& batch);
  [[nodiscard]] bool announce(OffsetRanges ranges);
  [[nodiscard]] bool settle();
  void hold(kafka::Message message);
  void begin_assignment();
  void begin_fetching();
  void acquit_ended();
  [[nodiscard]] bool try_out(Batch& batch);
  [[nodiscard]] bool is_deadly(const Pipeline& pipeline, const Batch& batch, std::int64_t deaths);
  void analyse(Batch& batch);
  void prepare(const Pipeline& pipeline, Item& item);
  void sight(Batch& batch);
  void drain();
  void handle_revoke();
  void retract_gap(const OffsetGap& gap);
  [[nodiscard]] std::vector<std::string> epoch_records() const;
  [[nodiscard]] LedgerHeader header(std::vector<Position> starts) const;
  std::int64_t append_and_wait(const std::vector<std::string>& records);
  bool regulate(std::size_t batch_bytes);

  // Constant after construction.
  const Config config_;

  // Own synchronisation. Threads end in reverse order: publisher before follower.
  Metrics metrics_;
  SharedDedupState state_;
  LedgerWriter ledger_;
  Follower follower_;
  Intake intake_;
  BatchQueue queue_;
  Publisher publisher_;
  ForkJoin fork_join_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> restored_{false};
  std::atomic<int> exit_code_{0};
  Heartbeat intake_heartbeat_;
  std::atomic<bool> intake_busy_{true};
  std::string cluster_id_;

  // The intake thread's own.
  static constexpr std::uint64_t kNoAssignment = ~std::uint64_t{0};
  std::uint64_t assignment_ = kNoAssignment;  // that it reads and analyses under
  Trials trials_;
  bool has_trial_ = false;  // the batch handed on last was announced
  // Read, and due before whatever is polled next: a record, or a run of those that cannot be read.
  struct Held {
    kafka::Message message;
    OffsetGap unreadable;
    std::string why;
  };
  std::deque<Held> held_;
  std::size_t held_bytes_ = 0;        // of the records
  mutable std::mutex failure_mutex_;  // whichever thread fails writes
  std::string failure_;

  mutable std::mutex pipeline_mutex_;  // a reload swaps, each batch takes its own reference
  std::shared_ptr<const Pipeline> pipeline_;
};

}  // namespace tocsin
