// The client side of the fake librdkafka: what version 2.0.2 does in its own threads, as events.
// Promises its visible behaviour: group membership, fetching, idempotent and transactional sending.
#pragma once

#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/simulation/broker.h"
#include "tests/simulation/scheduler.h"

namespace tocsin::simulation {

// What may happen to a request, per mille.
struct Network {
  std::int64_t slow = 0;            // takes up to three seconds
  std::int64_t lost = 0;            // the connection breaks before it arrives
  std::int64_t answer_lost = 0;     // it breaks after that
  std::int64_t late = 0;            // it breaks, and the request is acted on up to 15 s later
  std::int64_t commit_unknown = 0;  // a commit ends in a fatal error, done or not
  std::int64_t ledger_fatal = 0;    // an idempotent producer ends in a fatal error
};
extern Network network;
extern Broker* broker;
// A record the broker refuses for good (size, policy).
extern std::function<bool(const std::string& topic, const std::string& value)> is_refused;

struct Client : std::enable_shared_from_this<Client> {
  Client();
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // ---- constant after rd_kafka_new
  std::uint64_t number = 0;  // in order of creation
  std::shared_ptr<Life> life;
  rd_kafka_t* handle = nullptr;
  bool is_consumer = false;
  std::map<std::string, std::string> settings;
  void* opaque = nullptr;
  void (*on_rebalance)(rd_kafka_t*, Error, rd_kafka_topic_partition_list_t*, void*) = nullptr;
  void (*on_delivery)(rd_kafka_t*, const rd_kafka_message_t*, void*) = nullptr;
  int (*on_close)(int, void*) = nullptr;

  [[nodiscard]] std::int64_t setting_ms(const char* key, std::int64_t absent) const;
  [[nodiscard]] bool is_dead() const;
  // The connection ends; what was on its way is sent again.
  void disconnect() const {
    if (on_close != nullptr) on_close(-1, opaque);
  }

  std::optional<Error> fatal;

  // ---- consumer: the group
  struct Operation {
    Error kind = RD_KAFKA_RESP_ERR_NO_ERROR;  // _ASSIGN_PARTITIONS, _REVOKE_PARTITIONS, or an error
    std::vector<Partition> partitions;
  };
  std::deque<Operation> operations;
  std::vector<std::string> topics;
  bool is_subscribed = false;
  bool is_closed = false;
  bool is_lost = false;
  bool leaves_when_unassigned = false;
  bool poll_exceeded = false;
  enum class Join : std::uint8_t { none, joining, joined, unassigning } join_state = Join::none;
  Membership membership;
  std::vector<Partition> group_assignment;
  std::uint64_t join_token = 0;
  std::int64_t heard_ms = 0;   // of the coordinator
  std::int64_t polled_ms = 0;  // by the application

  void subscribe(std::vector<std::string> wanted);
  void unsubscribe();
  void assign(const rd_kafka_topic_partition_list_t* list);
  void close();

  // ---- consumer: the partitions
  struct Fetch {
    std::int64_t position = 0;
    std::int64_t fetched = 0;  // records below are here already
    bool is_reset = false;     // out of range: silent until it is assigned again
  };
  std::map<Partition, Fetch> assigned;
  std::set<Partition> paused;  // whoever is, stays so when it is assigned again
  bool is_fetching = false;
  void schedule_fetch();
  [[nodiscard]] rd_kafka_message_t* take();
  [[nodiscard]] bool reads_committed() const;

  // ---- producer
  struct Outgoing {
    Record record;
    std::string topic;
    void* opaque = nullptr;
    std::int64_t created_ms = 0;
  };
  struct Lane {
    std::deque<Outgoing> waiting;
    std::vector<Outgoing> sent;
    std::int64_t sequence = 0;
  };
  struct Report {
    Outgoing message;
    Error error = RD_KAFKA_RESP_ERR_NO_ERROR;
    std::int64_t offset = -1;
  };
  std::map<Partition, Lane> lanes;
  std::deque<Report> reports;
  std::uint64_t lanes_token = 0;  // answers to what was purged are ignored
  ProducerId producer;
  enum class Transaction : std::uint8_t {
    none,
    ready,
    open,
    abortable
  } transaction = Transaction::none;
  Error abort_error = RD_KAFKA_RESP_ERR_NO_ERROR;
  std::int64_t transaction_started_ms = 0;
  bool transaction_added = false;  // the coordinator may know of it

  [[nodiscard]] std::string transactional_id() const;
  void pump();
  void purge(bool in_flight);
  [[nodiscard]] bool has_outgoing() const;
  void serve_reports();

 private:
  void join();
  void on_joined(std::uint64_t token, const Membership& joined,
                 const std::vector<Partition>& partitions);
  void beat(std::uint64_t token);
  void on_heartbeat(Error error);
  void revoke_all(bool lost);
  void finish_unassign();
  void leave();
  void fetch();
  void transmit(const Partition& partition, std::int64_t sequence);
  void on_produced(const Partition& partition, std::int64_t sequence,
                   const Broker::ProduceAnswer* answer);
  void finish_batch(const Partition& partition, Error error, std::int64_t first_offset);
};

// Whether somebody who fetches [from, to) dies of it.
[[nodiscard]] bool has_bomb(const Log& log, std::int64_t from, std::int64_t to);

// All that live; the broker's changes are told to those that read the partition.
void tell_readers(const Partition& partition);

[[nodiscard]] std::int64_t latency_ms();

// Sends a request: `effect` happens at the broker, then `answer` at the client, with nullptr when
// the connection broke. Neither is certain; both never happen to a client that is gone.
template <class R>
void send(Client& client, const char* what, std::function<R()> effect,
          std::function<void(const R*)> answer) {
  Random& random = scheduler->random;
  const std::shared_ptr<Life> life = client.life;
  const std::weak_ptr<Client> weak = client.weak_from_this();
  const auto breaks = [life, weak, answer] {
    scheduler->after(scheduler->random.between(20, 600), life, [weak, answer] {
      const std::shared_ptr<Client> alive = weak.lock();
      if (!alive) return;
      alive->disconnect();
      answer(nullptr);
    });
  };
  const bool is_cut = scheduler->now_ms() < std::max(life->cut_off_until_ms, broker->down_until_ms);
  if (is_cut || random.chance(network.lost)) {
    scheduler->trace(std::string(what) + " request lost");
    return breaks();
  }
  if (random.chance(network.late)) {
    scheduler->trace(std::string(what) + " request late");
    scheduler->after(random.between(100, 15'000), nullptr, [what, effect] {
      scheduler->trace(std::string("broker late ") + what);
      static_cast<void>(effect());
    });
    return breaks();
  }
  const bool is_answer_lost = random.chance(network.answer_lost);
  scheduler->after(latency_ms(), nullptr, [=] {
    if (scheduler->now_ms() < broker->down_until_ms) return breaks();
    const auto result = std::make_shared<R>(effect());
    if (is_answer_lost) {
      scheduler->trace(std::string("broker answer lost ") + what);
      return breaks();
    }
    scheduler->after(latency_ms(), life, [weak, answer, result] {
      if (weak.lock()) answer(result.get());
    });
  });
}

// The same, from a fiber that waits for the answer, at most until `deadline_ms`.
template <class R>
std::optional<R> ask(Client& client, const char* what, std::function<R()> effect,
                     std::int64_t deadline_ms) {
  struct Call {
    bool is_done = false;
    std::optional<R> result;
  };
  const auto call = std::make_shared<Call>();
  send<R>(client, what, std::move(effect), [call](const R* result) {
    call->is_done = true;
    if (result != nullptr) call->result = *result;
    scheduler->notify(call.get());
  });
  while (!call->is_done && scheduler->now_ms() < deadline_ms) {
    scheduler->wait(call.get(), deadline_ms);
  }
  return call->result;
}

}  // namespace tocsin::simulation

struct rd_kafka_s {
  std::shared_ptr<tocsin::simulation::Client> client;
};
