// Publishes resolved batches: outputs and consumed offsets in one transaction (or, at least once,
// the outputs and then the offsets). Decides every outcome of a transaction, unknown ones included.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "daemon/batch.h"
#include "daemon/intake.h"
#include "daemon/ledger.h"
#include "daemon/metrics.h"
#include "daemon/resolver.h"
#include "daemon/retry.h"
#include "daemon/wait.h"

namespace tocsin {

// Owner of the publisher thread and of the transactional producer; only that thread touches them.
class Publisher {
 public:
  Publisher(const Config& config, Metrics& metrics, BatchQueue& queue, Intake& intake,
            LedgerWriter& ledger, Follower& follower, const SharedDedupState& state);
  ~Publisher();
  // As Intake::conf(); `isolates`: one record a request.
  [[nodiscard]] static kafka::Conf conf(const Config& config, bool isolates);

  // Creates the producer and fences the past of this instance. Throws StopError.
  void init(const std::atomic<bool>& stop);
  void start();
  // Makes the thread leave as soon as it can; unpublished batches stay uncommitted.
  void stop();
  std::function<void(const StopError&)> on_stop;

  [[nodiscard]] bool is_up() const { return is_up_; }
  // Steady milliseconds since when it is inside one librdkafka call; 0 when it is not.
  [[nodiscard]] std::int64_t in_call_since_ms() const { return in_call_since_ms_; }
  [[nodiscard]] std::int64_t heartbeat_ms() const { return heartbeat_ms_; }
  // What is due and was not published for so long, and why; empty when there is no such thing.
  [[nodiscard]] std::string stalled(std::chrono::milliseconds limit) const {
    return standstill_.after(limit);
  }

 private:
  // How an attempt ended. `dropped`: this instance no longer owns the partitions.
  enum class End { committed, aborted, poisoned, dropped, unknown };

  void run();
  void process(Batch& batch);
  [[nodiscard]] bool publish(Batch& batch);
  [[nodiscard]] bool relieve(Batch& batch, Retry& retry);
  [[nodiscard]] bool relieve(Batch& batch, Output& output, Retry& retry);
  [[nodiscard]] End attempt(const Batch& batch);
  [[nodiscard]] End transact(const Batch& batch);
  [[nodiscard]] End take_steps(const Batch& batch);
  [[nodiscard]] End produce_and_commit(const Batch& batch);
  [[nodiscard]] rd_kafka_resp_err_t produce_all(const Batch& batch);
  [[nodiscard]] rd_kafka_resp_err_t produce(const Batch& batch, std::size_t index);
  [[nodiscard]] bool is_delivered();
  void note_denied(const std::string& what);
  [[nodiscard]] End send_offsets(const Batch& batch);
  [[nodiscard]] End commit();
  [[nodiscard]] End abort(End after);
  [[nodiscard]] End end_of(const rd_kafka_error_t* error, const char* call);
  [[nodiscard]] bool is_overdue() const;
  void fence_repeats(std::int64_t ending_since_ms);
  [[nodiscard]] End recover(const Batch& batch);
  void renew();
  void isolate(bool isolates);
  void create_producer();
  void init_transactions(const std::atomic<bool>& stop);
  void judge_init_error(const rd_kafka_error_t* error);
  void note_fenced();
  void count_published();
  [[nodiscard]] bool current(const Batch& batch) const;
  [[nodiscard]] const std::string& topic_of(OutcomeKind kind) const;
  static void on_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void* self);
  static void on_error(rd_kafka_t*, int error, const char* reason, void* self);

  // A librdkafka call that may block: seen by the watchdog.
  template <class F>
  auto call(F&& function) {
    in_call_since_ms_ = steady_ms();
    auto result = function();
    in_call_since_ms_ = 0;
    return result;
  }

  const Config& config_;
  Metrics& metrics_;
  BatchQueue& queue_;
  Intake& intake_;
  LedgerWriter& ledger_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> is_up_{false};
  std::atomic<std::int64_t> in_call_since_ms_{0};
  std::atomic<std::int64_t> heartbeat_ms_{0};
  Thread thread_;

  Standstill standstill_;

  // The publisher thread's own.
  Resolver resolver_;
  kafka::Client producer_;
  std::vector<std::optional<Output>> outputs_;  // of the batch in hand, one an item
  std::vector<bool> delivered_;  // of them, without a transaction: not to be sent again
  // Once a batch of an assignment was dropped, the later ones must not pass it: offsets would skip
  // it.
  std::uint64_t dropped_assignment_ = 0;
  std::size_t undelivered_ = 0;
  rd_kafka_resp_err_t delivery_error_ = RD_KAFKA_RESP_ERR_NO_ERROR;  // first of the attempt
  std::map<std::size_t, rd_kafka_resp_err_t> refused_;  // outputs the broker refused, by index
  bool isolates_ = false;          // one record a request: an error tells which record it is about
  std::int64_t isolated_ms_ = 0;   // when a record was refused last; steady clock
  bool connection_broke_ = false;  // since the producer was made
  std::optional<std::int64_t> broke_ms_;  // a connection, lately; steady clock
  std::int64_t begun_ms_ = 0;             // the transaction; steady clock
  std::deque<std::int64_t> fenced_ms_;
  bool has_been_up_ = false;
  bool seeks_denied_ = false;  // one topic after the other: which may not be written?
  Retry trouble_;              // lines on failed calls
  Retry denied_lines_;
};

}  // namespace tocsin
