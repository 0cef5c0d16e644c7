// The ledger topic from both ends: Follower reads all of it and keeps the dedup state, LedgerWriter
// appends. Both are rebuilt from Kafka alone; neither holds state that a kill -9 could lose.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/heartbeat.h"
#include "daemon/kafka/consumer.h"
#include "daemon/kafka/producer.h"
#include "daemon/metrics.h"
#include "daemon/retry.h"
#include "daemon/stop.h"
#include "daemon/wait.h"
#include "pipeline/ledger/dedup_state.h"

namespace tocsin {

// The delivery of the records one append() produced. Shared by the caller that waits and by the
// delivery reports, which librdkafka may serve on another thread: hence shared_ptr and mutex.
class AppendTicket {
 public:
  // Highest ledger offset of the records once all are delivered; nullopt while some are not.
  [[nodiscard]] std::optional<std::int64_t> delivered() const;
  // True when a record could not be appended; append again (doubled sightings are harmless).
  [[nodiscard]] bool failed() const;
  // Why, as of the first record that failed.
  [[nodiscard]] kafka::Failure fault() const;

 private:
  friend class LedgerWriter;
  mutable std::mutex mutex_;
  std::size_t pending_ = 0;
  bool failed_ = false;
  kafka::Failure fault_;
  std::int64_t offset_max_ = -1;
};

// Appends with an idempotent producer and acks=all. Thread-safe; waits without limit while the
// brokers are away (the batch in memory is the backpressure), so callers look at their own
// deadline.
class LedgerWriter {
 public:
  LedgerWriter(const Config& config, Metrics& metrics);
  [[nodiscard]] static kafka::Conf conf(const Config& config);  // as Intake::conf()

  // Once the ledger is there: a producer that asks for it before has it created by brokers that do
  // that by themselves, with their settings.
  void begin();
  // Hands the records to the producer; blocks while its queue is full, at most until `stop`.
  [[nodiscard]] std::shared_ptr<AppendTicket> append(const std::vector<std::string>& records,
                                                     const std::atomic<bool>& stop);
  // Serves delivery reports for up to `wait`.
  void serve(std::chrono::milliseconds wait);

 private:
  void create_producer();
  static void note_delivery(const kafka::DeliveryReport& delivery);
  [[nodiscard]] std::shared_ptr<kafka::Producer> producer();

  const Config& config_;
  Metrics& metrics_;
  std::mutex producer_mutex_;  // guards the pointer: create_producer() after a fatal error
  std::shared_ptr<kafka::Producer> producer_;
};

// The dedup state under its lock: one writer (the follower), readers between its batches.
class SharedDedupState {
 public:
  template <class F>
  auto read(F&& use) const {
    const std::shared_lock lock(mutex_);
    return use(state_);
  }
  template <class F>
  auto write(F&& use) {
    const std::unique_lock lock(mutex_);
    return use(state_);
  }
  // Empty again, its tables sized for `expected` articles in the window.
  void reset(std::uint64_t expected) {
    const std::unique_lock lock(mutex_);
    state_ = DedupState();  // frees the old one first
    state_ = DedupState(expected);
  }

 private:
  mutable std::shared_mutex mutex_;  // the follower writes, analysis and publisher read
  DedupState state_;
};

// Reads the whole ledger in order and folds it. restore() first, then start(): from then on the
// follower's thread is the only writer of the dedup state. Compares the dedup state with each tick
// it reads: at a difference it rebuilds the dedup state once, and stops the instance (exit 3) if
// that did not settle it.
class Follower {
 public:
  Follower(const Config& config, SharedDedupState& state, LedgerWriter& ledger, Metrics& metrics);
  ~Follower();
  [[nodiscard]] static kafka::Conf conf(const Config& config);  // as Intake::conf()

  // Reads from three windows (of the configuration or of the ledger's epochs, whichever is longer)
  // before the last record to the high watermark. Throws StopError (state_refused) on records it
  // must not guess about. `stop` ends it early.
  void restore(const std::atomic<bool>& stop);
  // Goes on to `to` on the calling thread: after restore(), before start().
  void read_to(std::int64_t to, const std::atomic<bool>& stop);
  void start();
  // Waits until everything below `offset` is applied; false when `deadline` passed or it stopped.
  [[nodiscard]] bool wait_applied(std::int64_t offset, std::chrono::milliseconds wait);
  // Offset after the last applied record.
  [[nodiscard]] std::int64_t next_offset();
  // Raw partitions of which the restore read sightings. Before start().
  [[nodiscard]] const std::set<kafka::Partition>& sighted() const { return sighted_; }
  // Called with the error when the thread cannot go on.
  std::function<void(const StopError&)> on_stop;
  // True when header and epoch have to be repeated (see epoch_interval).
  [[nodiscard]] bool is_epoch_due() const;
  // Steady milliseconds of the last turn of the loop, for /livez.
  [[nodiscard]] std::int64_t heartbeat_ms() const { return heartbeat_.ms(); }
  // True from a tick that differs until the dedup state is rebuilt: not ready, and no tick of our
  // own. Turns true under the dedup state's lock, so who reads the dedup state can rely on it.
  [[nodiscard]] bool is_in_doubt() const { return in_doubt_; }
  // Why the ledger cannot be read; empty while it can.
  [[nodiscard]] std::string denied() const { return denied_.after(std::chrono::milliseconds(0)); }
  // How often the dedup state was emptied to be rebuilt. Who found the same number before waiting
  // and after reading verdicts read them from a whole dedup state.
  [[nodiscard]] std::uint64_t rebuilds() const { return rebuilds_; }

 private:
  // A tick whose digest is not ours.
  struct Disagreement {
    Tick tick;
    std::uint64_t own_digest = 0;
  };

  // What a restore reads, and about how much of it stays in the window.
  struct Extent {
    std::int64_t from = 0;
    std::uint64_t resident = 0;
  };

  [[nodiscard]] kafka::Watermarks watermarks();
  [[nodiscard]] std::int64_t newest_append_ms(std::int64_t high);
  [[nodiscard]] std::int64_t offset_at(std::int64_t append_time_ms, std::int64_t low);
  [[nodiscard]] Extent extent_of(std::int64_t low, std::int64_t high,
                                 std::chrono::milliseconds window);
  std::int64_t read_windows(const std::atomic<bool>& stop);
  void read(std::int64_t from, std::int64_t to, const std::atomic<bool>& stop);
  void assign(std::int64_t offset);
  std::size_t apply_available(std::chrono::milliseconds wait);
  void apply(const kafka::Record& message, const std::optional<LedgerRecord>& record,
             DedupState& state);
  void note_sighted(const LedgerRecord& record);
  void note_denied(const kafka::Failure& fault);
  void warn_when_full(const DedupStateSize& size);
  void compare(const Tick& tick, const DedupState& state);
  void end_disagreement();
  void rebuild();
  void dispute();
  [[nodiscard]] bool is_planted_skip(std::int64_t offset);
  void run();

  const Config& config_;
  SharedDedupState& state_;
  LedgerWriter& ledger_;
  Metrics& metrics_;
  kafka::Consumer consumer_;
  Thread thread_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::int64_t> append_time_ms_{0};
  std::atomic<std::int64_t> epoch_time_ms_{0};
  Heartbeat heartbeat_;
  std::atomic<bool> in_doubt_{false};
  std::atomic<std::uint64_t> rebuilds_{0};

  Standstill denied_;

  // The follower thread's own.
  Retry denied_lines_;
  bool is_live_ = false;  // past the restore: ticks are compared
  std::set<kafka::Partition> sighted_;
  std::optional<kafka::Partition> last_sighted_;
  std::optional<Disagreement> disagreement_;
  std::optional<std::int64_t> disagreed_ms_;  // steady clock, the last one
  std::int64_t disputed_until_ = -1;          // ticks through less than this are not compared
  std::int64_t skipped_offset_ = -1;          // by a failpoint

  std::mutex applied_mutex_;  // guards next_offset_ for waiters
  Condition applied_;
  std::int64_t next_offset_ = 0;
  std::uint64_t evictions_warned_ = 0;  // cap evictions that the log knows of
  std::int64_t warned_ms_ = 0;
  std::int64_t epoch_window_max_ms_ = 0;  // of the epochs read; the applying thread's own
};

// How often header and epoch are repeated, so that retention never removes the last of them: a
// restore starts two such intervals before three windows.
[[nodiscard]] std::chrono::milliseconds epoch_interval(std::chrono::milliseconds window);

}  // namespace tocsin
