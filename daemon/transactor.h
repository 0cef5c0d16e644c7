// One batch's records and offsets on their way to the brokers: in one transaction, or at least once
// the records and then the offsets. Decides how each attempt ended, unknown outcomes included; what
// is sent, and what becomes of what is refused, is the publisher's to say.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/batch.h"
#include "daemon/intake.h"
#include "daemon/kafka/producer.h"
#include "daemon/metrics.h"
#include "daemon/resolver.h"
#include "daemon/retry.h"
#include "daemon/wait.h"

namespace tocsin {

// One an item of the batch; nullopt for a null value.
using Outputs = std::vector<std::optional<Output>>;

// How an attempt ended. `dropped`: this instance no longer owns the partitions.
enum class End : std::uint8_t { committed, aborted, poisoned, dropped, unknown };

// What the publisher thread is doing, for /livez and the watchdog; steady milliseconds.
struct Pulse {
  std::atomic<std::int64_t> heartbeat_ms{0};
  std::atomic<std::int64_t> in_call_since_ms{0};  // inside one librdkafka call; 0 when it is not
};

// The publisher thread's own, but for is_up(). Owns the transactional producer.
class Transactor {
 public:
  Transactor(const Config& config, Metrics& metrics, Intake& intake, Standstill& standstill,
             Pulse& pulse, const std::atomic<bool>& stopping);
  // As Intake::conf(); `isolates`: one record a request.
  [[nodiscard]] static kafka::Conf conf(const Config& config, bool isolates);

  // Whether the batch is still this instance's to publish; called while waiting.
  std::function<bool(const Batch&)> is_current;

  // Creates the producer and fences the past of this instance. Throws StopError.
  void init(const std::atomic<bool>& stop);
  // A new batch: none of its outputs is delivered.
  void begin(std::size_t outputs) { delivered_.assign(outputs, false); }
  // May be called again until it is committed; looks up an unknown outcome by itself. `unknown`
  // only when the lookup had none either.
  [[nodiscard]] End attempt(const Batch& batch, const Outputs& outputs);
  // The outputs that the brokers refused in the last attempt, by index; empty afterwards.
  [[nodiscard]] std::map<std::size_t, kafka::Failure> take_refused();
  // Why records of the last attempt were not delivered: the fault that tells most.
  [[nodiscard]] const kafka::Failure& fault() const { return fault_; }
  // From now on one record a request, so that a fault tells which record it is about.
  void isolate(bool isolates);
  [[nodiscard]] bool isolates() const { return isolates_; }
  // All is well: the next trouble is a new one.
  void note_committed();
  void serve() { producer_->serve(std::chrono::milliseconds(0)); }

  [[nodiscard]] bool is_up() const { return is_up_; }
  // The thread ends, or leaves.
  void set_down() { is_up_ = false; }

 private:
  [[nodiscard]] End transact(const Batch& batch, const Outputs& outputs);
  [[nodiscard]] End take_steps(const Batch& batch, const Outputs& outputs);
  [[nodiscard]] End produce_and_commit(const Batch& batch, const Outputs& outputs);
  [[nodiscard]] kafka::Failure produce_all(const Batch& batch, const Outputs& outputs);
  [[nodiscard]] kafka::Failure produce(const Batch& batch, const Output& output, std::size_t index);
  void note_delivery(const kafka::DeliveryReport& delivery);
  [[nodiscard]] bool await_delivery();
  [[nodiscard]] End send_offsets(const Batch& batch);
  [[nodiscard]] End commit();
  [[nodiscard]] End abort(End after);
  [[nodiscard]] End end_of(const kafka::Failure& fault, const char* call);
  void fence_repeats(std::int64_t ending_since_ms);
  [[nodiscard]] End recover(const Batch& batch);
  void renew();
  void create_producer();
  void init_transactions(const std::atomic<bool>& stop);
  void judge_init_fault(const kafka::Failure& fault);
  void note_fenced();
  void note_denied(const std::string& what);
  [[nodiscard]] const std::string& topic_of(OutcomeKind kind) const;

  // A librdkafka call that may block: seen by the watchdog.
  template <class F>
  auto call(F&& function) {
    pulse_.in_call_since_ms = steady_ms();
    auto result = function();
    pulse_.in_call_since_ms = 0;
    return result;
  }

  const Config& config_;
  Metrics& metrics_;
  Intake& intake_;
  Standstill& standstill_;
  Pulse& pulse_;
  const std::atomic<bool>& stopping_;
  std::atomic<bool> is_up_{false};

  std::vector<bool> delivered_;    // outputs, without a transaction: not to be sent again
  std::int64_t committed_ms_ = 0;  // steady clock
  std::size_t undelivered_ = 0;    // records in this attempt
  kafka::Failure fault_;
  std::map<std::size_t, kafka::Failure> refused_;
  bool isolates_ = false;
  std::int64_t disconnected_ms_ = -1;  // producers before this one; steady clock, -1: never
  std::int64_t begun_ms_ = 0;          // the last transaction; steady clock
  std::deque<std::int64_t> fenced_ms_;
  bool has_been_up_ = false;
  bool seeks_denied_ = false;  // one topic after the other: which may not be written?
  Retry trouble_;              // lines on failed calls
  Retry denied_lines_;
  std::unique_ptr<kafka::TransactionalProducer> producer_;  // last: its hooks use what is above
};

}  // namespace tocsin
