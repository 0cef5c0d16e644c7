// Producers of librdkafka. Their hooks are called inside serve(), send() and the transactional
// calls, on the caller's thread.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/kafka/client.h"

struct rd_kafka_s;

namespace tocsin::kafka {

// A record to send; what it views is copied.
struct Outgoing {
  const std::string& topic;
  std::optional<std::int32_t> partition;  // none: by its key
  std::string_view key;                   // no bytes at no address: none
  std::string_view value;                 // the same: a tombstone
  Headers headers;
  void* tag = nullptr;          // comes back with the delivery report
  std::uint32_t schema_id = 0;  // what the value is sent behind, then no JSON by its content-type
};

struct ProducerHooks {
  std::function<void(const DeliveryReport&)> on_delivery = nullptr;
};

// Settings of a producer of outputs; without transactions when the id is empty. `isolates`: one
// record a request, so that what the broker refuses is refused alone.
[[nodiscard]] Conf producer_conf(const Config& config, const std::string& transactional_id,
                                 bool isolates);

// How long a record of a transaction may take: below the transaction's, as librdkafka demands.
[[nodiscard]] std::chrono::milliseconds delivery_timeout(const Config& config);

class Producer {
 public:
  using Hooks = ProducerHooks;

  // Throws StopError (bad_input) when librdkafka refuses a setting.
  explicit Producer(const Conf& conf, Hooks hooks = {});
  ~Producer();
  Producer(const Producer&) = delete;
  Producer& operator=(const Producer&) = delete;

  // Asks where the partitions of `topics` are, for up to two seconds: the first record of a topic
  // that is not known waits for librdkafka's next look, once a second. Without an answer in time
  // nothing is lost but that. A broker may create a topic that is asked for and does not exist.
  void learn(const std::vector<std::string>& topics);
  // Queues the record. While the queue is full, serves and tries again, until `stop`; a record that
  // does not fit into an empty queue is refused for its size.
  [[nodiscard]] Failure send(Outgoing record, const std::atomic<bool>& stop);
  // Serves delivery reports for up to `wait`.
  void serve(std::chrono::milliseconds wait);
  // Records without a delivery report.
  [[nodiscard]] std::size_t outstanding() const;
  // Ends what is queued and on its way, undelivered; the reports come.
  void purge();
  // Why the client is lost for good.
  [[nodiscard]] Failure fatal() const;
  // When a connection of the client ended last, steady clock; -1: none has. Before the first
  // transaction only one that the other side ended. It is known before anything that was on its way
  // there is sent again.
  [[nodiscard]] std::int64_t disconnected_ms() const;

 protected:
  [[nodiscard]] rd_kafka_s* handle() const;
  void note_begun();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

class GroupMembership;

// A producer of transactions, one at a time. A transaction that is past its time-out is not touched
// again: the broker has ended it itself, and asking librdkafka to end it, too, while a request of
// it is on its way can abort the process (its txn_req_cnt, seen after SIGSTOP and SIGCONT). Then
// every call returns a fault that is_overdue().
class TransactionalProducer : public Producer {
 public:
  // `conf` names transactional.id and transaction.timeout.ms, which is `timeout`.
  TransactionalProducer(const Conf& conf, std::chrono::milliseconds timeout, Hooks hooks = {});

  // Fences all of this transactional id that came before.
  [[nodiscard]] Failure init(std::chrono::milliseconds wait = std::chrono::milliseconds(10'000));
  [[nodiscard]] Failure begin();
  // Refused for a lost membership without a valid one: the broker would accept it, and move another
  // member's offsets.
  [[nodiscard]] Failure send_offsets(const Marks& marks, const GroupMembership& membership);
  [[nodiscard]] Failure commit();
  [[nodiscard]] Failure abort();
  [[nodiscard]] bool is_overdue() const;
  // Whether a connection ended since begin(). Then librdkafka has repeated what was on its way, and
  // the first one may arrive yet: one that ends a transaction would end the next one too early, one
  // with offsets would take the next one's back. The broker cannot tell them apart (KIP-890) before
  // a new producer of the same transactional id has its epoch.
  [[nodiscard]] bool may_have_repeated() const;

 private:
  [[nodiscard]] Failure overdue() const;

  const std::int64_t timeout_ms_;
  std::int64_t begun_ms_ = 0;  // steady clock
};

}  // namespace tocsin::kafka
