// Publishes resolved batches: outputs and consumed offsets in one transaction (or, at least once,
// the outputs and then the offsets). Decides every outcome of a transaction, unknown ones included.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "daemon/batch.h"
#include "daemon/intake.h"
#include "daemon/ledger.h"
#include "daemon/metrics.h"
#include "daemon/wait.h"

namespace tocsin {

// One record to produce, made from an item and its verdict.
struct Output {
  const Item* item = nullptr;  // key, headers, timestamp come from its message
  Outcome outcome;
  Method method = Method::none;
  std::optional<Error> error;  // of a dead letter
};

// Owner of the publisher thread and of the transactional producer; only that thread touches them.
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

  [[nodiscard]] bool is_up() const { return is_up_; }
  // Steady milliseconds since when it is inside one librdkafka call; 0 when it is not.
  [[nodiscard]] std::int64_t in_call_since_ms() const { return in_call_since_ms_; }
  [[nodiscard]] std::int64_t heartbeat_ms() const { return heartbeat_ms_; }

 private:
  // How an attempt ended. `dropped`: this instance no longer owns the partitions.
  enum class End { committed, aborted, poisoned, dropped, unknown };

  void run();
  void process(Batch& batch);
  [[nodiscard]] bool resolve(Batch& batch);
  [[nodiscard]] bool wait_applied(Batch& batch, const std::vector<std::string>& records,
                                  std::shared_ptr<AppendTicket> ticket);
  [[noreturn]] void throw_broken_ledger(const std::string& reason) const;
  [[nodiscard]] bool retract(Batch& batch, const std::vector<std::string>& retracts);
  [[nodiscard]] bool is_judged_news(const Item& item) const;
  [[nodiscard]] std::optional<Output> output_of(const Batch& batch, Item& item);
  [[nodiscard]] bool publish(Batch& batch, std::size_t begin, std::size_t end);
  [[nodiscard]] bool condemn(Batch& batch, std::size_t index);
  [[nodiscard]] End attempt(const Batch& batch, std::size_t begin, std::size_t end);
  [[nodiscard]] End transact(const Batch& batch, std::size_t begin, std::size_t end);
  [[nodiscard]] End produce_and_commit(const Batch& batch, std::size_t begin, std::size_t end);
  [[nodiscard]] rd_kafka_resp_err_t produce_all(const Batch& batch, std::size_t begin,
                                                std::size_t end);
  [[nodiscard]] rd_kafka_resp_err_t produce(const Batch& batch, const Output& output);
  [[nodiscard]] End send_offsets(const Batch& batch, std::size_t begin, std::size_t end);
  [[nodiscard]] End commit();
  [[nodiscard]] End abort(End after);
  [[nodiscard]] End end_of(const rd_kafka_error_t* error, const char* call);
  void fence_repeats(std::int64_t ending_since_ms);
  [[nodiscard]] End recover(const Batch& batch, std::size_t begin, std::size_t end);
  void create_producer();
  void init_transactions(const std::atomic<bool>& stop);
  void note_fenced();
  void count_published(std::size_t begin, std::size_t end);
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
  Follower& follower_;
  const SharedDedupState& state_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> is_up_{false};
  std::atomic<std::int64_t> in_call_since_ms_{0};
  std::atomic<std::int64_t> heartbeat_ms_{0};
  Thread thread_;

  // The publisher thread's own.
  kafka::Client producer_;
  std::vector<std::optional<Output>> outputs_;  // of the batch in hand, one an item
  // Once a batch of an assignment was dropped, the later ones must not pass it: offsets would skip
  // it.
  std::uint64_t dropped_assignment_ = 0;
  std::size_t undelivered_ = 0;
  rd_kafka_resp_err_t delivery_error_ = RD_KAFKA_RESP_ERR_NO_ERROR;  // first of the attempt
  bool connection_broke_ = false;                                    // since the producer was made
  std::optional<std::int64_t> broke_ms_;  // a connection, lately; steady clock
  std::int64_t begun_ms_ = 0;             // the transaction; steady clock
  std::deque<std::int64_t> fenced_ms_;
};

}  // namespace tocsin
