// Publishes resolved batches in order: decides what is sent, when it is tried again, and what
// becomes of a record that the brokers refuse. The transaction itself is transactor.h's.
#pragma once

#include <atomic>
#include <functional>
#include <limits>
#include <string>

#include "daemon/batch.h"
#include "daemon/intake.h"
#include "daemon/ledger.h"
#include "daemon/metrics.h"
#include "daemon/resolver.h"
#include "daemon/retry.h"
#include "daemon/transactor.h"
#include "daemon/wait.h"

namespace tocsin {

// Owner of the publisher thread.
class Publisher {
 public:
  Publisher(const Config& config, Metrics& metrics, BatchQueue& queue, Intake& intake,
            LedgerWriter& ledger, Follower& follower, const SharedDedupState& state);
  ~Publisher();

  // Creates the producer and fences the past of this instance. Throws StopError.
  void init(const std::atomic<bool>& stop);
  void start();
  // Makes the thread leave as soon as it can; unpublished batches stay uncommitted.
  void stop();
  std::function<void(const StopError&)> on_stop;

  [[nodiscard]] bool is_up() const { return transactor_.is_up(); }
  // Steady milliseconds since when it is inside one librdkafka call; 0 when it is not.
  [[nodiscard]] std::int64_t in_call_since_ms() const { return pulse_.in_call_since_ms; }
  [[nodiscard]] std::int64_t heartbeat_ms() const { return pulse_.heartbeat_ms; }
  // What is due and was not published for so long, and why; empty when there is no such thing.
  [[nodiscard]] std::string stalled(std::chrono::milliseconds limit) const {
    return standstill_.after(limit);
  }

 private:
  void run();
  void process(Batch& batch);
  enum class Attempts : std::uint8_t { committed, dropped, too_slow };
  [[nodiscard]] bool publish_parts(Batch& batch);
  [[nodiscard]] Attempts publish(Batch& batch);
  [[nodiscard]] bool relieve(Batch& batch, Retry& retry);
  [[nodiscard]] bool relieve(Batch& batch, Output& output, const kafka::Failure& fault,
                             Retry& retry);
  void count_published();
  [[nodiscard]] bool current(const Batch& batch) const;

  const Config& config_;
  Metrics& metrics_;
  BatchQueue& queue_;
  Intake& intake_;
  LedgerWriter& ledger_;
  std::atomic<bool> stopping_{false};
  Pulse pulse_;
  Standstill standstill_;

  // The publisher thread's own.
  Resolver resolver_;
  Transactor transactor_;
  Outputs outputs_;  // of the batch in hand, one an item
  static constexpr std::size_t kNoMax = std::numeric_limits<std::size_t>::max();
  std::size_t records_max_ = kNoMax;  // that a transaction has time for
  // Once a batch of an assignment was dropped, the later ones must not pass it: offsets would skip
  // it.
  std::uint64_t dropped_assignment_ = 0;
  std::int64_t isolated_ms_ = 0;  // when a record was refused last; steady clock
  Thread thread_;
};

}  // namespace tocsin
