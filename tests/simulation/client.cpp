#include "tests/simulation/client.h"

#include <algorithm>

#include "tests/simulation/articles.h"
#include "tests/simulation/message.h"

namespace tocsin::simulation {

Network network;
Broker* broker = nullptr;
std::function<bool(const std::string& topic, const std::string& value)> is_refused;

bool has_bomb(const Log& log, std::int64_t from, std::int64_t to) {
  return std::any_of(log.entries.begin() + from, log.entries.begin() + to, [](const Entry& entry) {
    const bool is_visible = entry.fate == Fate::plain || entry.fate == Fate::committed;
    return is_visible && entry.value.find(Writer::kBomb) != entry.value.npos;
  });
}

namespace {

constexpr std::int64_t kHeartbeatMs = 3000;
constexpr std::int64_t kSessionMs = 10'000;

// By number, not by address: their order must be the same in every run.
std::map<std::uint64_t, Client*>& readers() {
  static std::map<std::uint64_t, Client*> all;
  return all;
}

}  // namespace

std::int64_t latency_ms() {
  Random& random = scheduler->random;
  if (random.chance(network.slow)) return random.between(50, 3000);
  return random.between(0, 4);
}

void tell_readers(const Partition& partition) {
  for (const auto& [number, client] : readers()) {
    if (client->assigned.contains(partition)) client->schedule_fetch();
  }
}

std::int64_t Client::setting_ms(const char* key, std::int64_t absent) const {
  const auto found = settings.find(key);
  return found == settings.end() ? absent : std::stoll(found->second);
}

bool Client::is_dead() const {
  return life->is_dead;
}

bool Client::reads_committed() const {
  const auto found = settings.find("isolation.level");
  return found == settings.end() || found->second == "read_committed";
}

std::string Client::transactional_id() const {
  const auto found = settings.find("transactional.id");
  return found == settings.end() ? "" : found->second;
}

Client::Client() {
  static std::uint64_t next = 0;
  number = ++next;
}

Client::~Client() {
  readers().erase(number);
}

// ---- the group

void Client::subscribe(std::vector<std::string> wanted) {
  topics = std::move(wanted);
  is_subscribed = true;
  polled_ms = scheduler->now_ms();
  if (join_state == Join::none) join();
}

void Client::unsubscribe() {
  is_subscribed = false;
  leaves_when_unassigned = true;
  revoke_all(false);
}

void Client::join() {
  join_state = Join::joining;
  const std::uint64_t token = ++join_token;
  const std::weak_ptr<Client> weak = weak_from_this();
  const std::shared_ptr<Life> owner = life;
  const Broker::Joined joined = [weak, owner, token](const Membership& complete,
                                                     const std::vector<Partition>& partitions) {
    scheduler->after(latency_ms(), owner, [weak, token, complete, partitions] {
      if (const auto client = weak.lock()) client->on_joined(token, complete, partitions);
    });
  };
  const auto again = [weak, owner, token](std::int64_t delay_ms) {
    scheduler->after(delay_ms, owner, [weak, token] {
      const auto client = weak.lock();
      if (client && client->join_token == token && client->join_state == Join::joining) {
        client->join();
      }
    });
  };
  const std::string group = settings["group.id"];
  send<Broker::JoinAnswer>(
      *this, "JoinGroup",
      [group, member = membership.member, wanted = topics, joined] {
        return broker->join(group, member, wanted, joined);
      },
      [this, token, again](const Broker::JoinAnswer* answer) {
        if (token != join_token || join_state != Join::joining) return;
        if (answer == nullptr) return again(100);
        if (answer->error != RD_KAFKA_RESP_ERR_NO_ERROR) {
          membership.member.clear();
          return again(0);
        }
        membership.member = answer->member;
        again(40'000);  // the answer that ends the round may be lost
      });
}

void Client::on_joined(std::uint64_t token, const Membership& joined,
                       const std::vector<Partition>& partitions) {
  if (token != join_token || join_state != Join::joining || is_closed) return;
  if (scheduler->random.chance(network.answer_lost)) {
    disconnect();
    return join();
  }
  membership = joined;
  group_assignment = partitions;
  join_state = Join::joined;
  heard_ms = scheduler->now_ms();
  operations.push_back({RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS, partitions});
  scheduler->notify(this);
  beat(token);
}

void Client::beat(std::uint64_t token) {
  const std::weak_ptr<Client> weak = weak_from_this();
  scheduler->after(kHeartbeatMs, life, [weak, token] {
    const auto client = weak.lock();
    if (!client || client->join_token != token || client->is_closed) return;
    Client& self = *client;
    if (self.membership.member.empty() || self.membership.generation < 0) return;
    const std::int64_t now_ms = scheduler->now_ms();
    if (now_ms - self.polled_ms > self.setting_ms("max.poll.interval.ms", 300'000)) {
      scheduler->trace(self.life->name + " max.poll.interval exceeded");
      self.operations.push_back({RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED, {}});
      self.poll_exceeded = true;
      self.leave();
      return self.revoke_all(true);
    }
    if (now_ms - self.heard_ms > kSessionMs) return self.revoke_all(true);
    send<Error>(
        self, "Heartbeat", [member = self.membership] { return broker->heartbeat(member); },
        [weak, token](const Error* error) {
          const auto alive = weak.lock();
          if (!alive || alive->join_token != token || error == nullptr) return;
          alive->on_heartbeat(*error);
        });
    self.beat(token);
  });
}

void Client::on_heartbeat(Error error) {
  switch (error) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
      heard_ms = scheduler->now_ms();
      return;
    case RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS:
      heard_ms = scheduler->now_ms();
      return revoke_all(false);
    case RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID:
      membership.member.clear();
      return revoke_all(true);
    default:  // ILLEGAL_GENERATION
      membership.generation = -1;
      return revoke_all(true);
  }
}

void Client::revoke_all(bool lost) {
  is_lost = is_lost || lost;
  if (join_state == Join::unassigning) return;
  if (group_assignment.empty()) return finish_unassign();
  join_state = Join::unassigning;
  operations.push_back({RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS, group_assignment});
  scheduler->notify(this);
}

void Client::finish_unassign() {
  group_assignment.clear();
  is_lost = false;
  join_state = Join::none;
  if (leaves_when_unassigned) leave();
  leaves_when_unassigned = false;
  if (is_subscribed && !is_closed && !poll_exceeded) join();
}

void Client::leave() {
  if (!membership.member.empty()) {
    send<int>(
        *this, "LeaveGroup",
        [group = settings["group.id"], member = membership.member] {
          broker->leave(group, member);
          return 0;
        },
        [](const int*) {});
  }
  membership.member.clear();
}

void Client::assign(const rd_kafka_topic_partition_list_t* list) {
  assigned.clear();
  for (int i = 0; list != nullptr && i < list->cnt; ++i) {
    const rd_kafka_topic_partition_t& entry = list->elems[i];
    assigned[{entry.topic, entry.partition}] = Fetch{entry.offset, entry.offset, false};
  }
  if (assigned.empty()) {
    readers().erase(number);
    if (join_state == Join::unassigning) finish_unassign();
    return;
  }
  readers()[number] = this;
  schedule_fetch();
}

void Client::close() {
  is_closed = true;
  is_subscribed = false;
  ++join_token;
  assigned.clear();
  readers().erase(number);
  leave();
}

// ---- fetching

void Client::schedule_fetch() {
  if (is_fetching) return;
  is_fetching = true;
  const std::weak_ptr<Client> weak = weak_from_this();
  const std::int64_t delay_ms = latency_ms() + latency_ms() + scheduler->random.between(0, 5);
  scheduler->after(delay_ms, life, [weak] {
    const auto client = weak.lock();
    if (!client) return;
    client->is_fetching = false;
    client->fetch();
  });
}

void Client::fetch() {
  const std::int64_t away_until_ms = std::max(life->cut_off_until_ms, broker->down_until_ms);
  if (scheduler->now_ms() < away_until_ms) {
    const std::weak_ptr<Client> weak = weak_from_this();
    is_fetching = true;
    scheduler->at(away_until_ms + scheduler->random.between(0, 300), life, [weak] {
      const auto client = weak.lock();
      if (!client) return;
      client->is_fetching = false;
      client->fetch();
    });
    return;
  }
  for (auto& [partition, fetch] : assigned) {
    const Log& log = broker->log(partition);
    const std::int64_t end = reads_committed() ? log.last_stable() : log.end();
    if (fetch.is_reset || paused.contains(partition)) continue;
    if (fetch.fetched < log.start || fetch.fetched > log.end()) {
      if (fetch.position < fetch.fetched) continue;  // first what is here
      fetch.is_reset = true;
      operations.push_back({RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET, {partition}});
      scheduler->notify(this);
      continue;
    }
    if (fetch.fetched >= end) continue;
    const std::int64_t to = std::min(end, fetch.fetched + scheduler->random.between(1, 40));
    if (has_bomb(log, fetch.fetched, to)) {  // the memory lasts for a moment
      scheduler->trace("a bomb is fetched");
      scheduler->after(scheduler->random.between(0, 3000), life,
                       [life = life] { scheduler->kill_soon(life); });
      continue;
    }
    fetch.fetched = to;
    scheduler->notify(this);
    if (fetch.fetched < end) schedule_fetch();
  }
}

// The next record that is here, of any partition; nullptr when there is none.
rd_kafka_message_t* Client::take() {
  if (assigned.empty()) return nullptr;
  auto entry = assigned.begin();
  std::advance(entry, scheduler->random.below(static_cast<std::int64_t>(assigned.size())));
  for (std::size_t i = 0; i < assigned.size(); ++i) {
    auto& [partition, fetch] = *entry;
    const Log& log = broker->log(partition);
    while (!paused.contains(partition) && fetch.position < fetch.fetched) {
      const std::int64_t offset = fetch.position++;
      const Entry& record = log.entries[static_cast<std::size_t>(offset)];
      const bool is_hidden =
          record.fate == Fate::marker || (reads_committed() && record.fate == Fate::aborted);
      if (fetch.position == fetch.fetched) schedule_fetch();
      if (is_hidden) continue;
      if (record.value.find(Writer::kUnreadable) == record.value.npos) {
        return make_message(partition, offset, record);
      }
      fetch.position = fetch.fetched = offset;  // it is fetched, and told of, again and again
      schedule_fetch();
      return make_error(partition, offset, RD_KAFKA_RESP_ERR__BAD_COMPRESSION);
    }
    if (++entry == assigned.end()) entry = assigned.begin();
  }
  return nullptr;
}

// ---- sending

bool Client::has_outgoing() const {
  return std::any_of(lanes.begin(), lanes.end(), [](const auto& lane) {
    return !lane.second.waiting.empty() || !lane.second.sent.empty();
  });
}

void Client::pump() {
  if (fatal || is_dead()) return;
  for (auto& [partition, lane] : lanes) {
    if (!lane.sent.empty() || lane.waiting.empty()) continue;
    const std::int64_t count = scheduler->random.between(
        1, std::min<std::int64_t>(20, setting_ms("batch.num.messages", 20)));
    while (!lane.waiting.empty() && static_cast<std::int64_t>(lane.sent.size()) < count) {
      lane.sent.push_back(std::move(lane.waiting.front()));
      lane.waiting.pop_front();
    }
    const std::int64_t sequence = lane.sequence;
    lane.sequence += static_cast<std::int64_t>(lane.sent.size());
    transmit(partition, sequence);
  }
}

void Client::transmit(const Partition& partition, std::int64_t sequence) {
  transaction_added = true;
  std::vector<Record> records;
  for (const Outgoing& message : lanes[partition].sent) records.push_back(message.record);
  send<Broker::ProduceAnswer>(
      *this, "Produce",
      [id = transactional_id(), owner = producer, partition, sequence, records] {
        // A request is refused as a whole.
        for (const Record& record : records) {
          if (is_refused(partition.topic, record.value)) {
            return Broker::ProduceAnswer{RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, -1};
          }
        }
        return broker->produce(id, owner, partition, sequence, records);
      },
      [this, partition, sequence, token = lanes_token](const Broker::ProduceAnswer* answer) {
        if (token == lanes_token) on_produced(partition, sequence, answer);
      });
}

void Client::on_produced(const Partition& partition, std::int64_t sequence,
                         const Broker::ProduceAnswer* answer) {
  const auto again = [&](std::int64_t delay_ms) {
    const std::weak_ptr<Client> weak = weak_from_this();
    scheduler->after(delay_ms, life, [weak, partition, sequence, token = lanes_token] {
      const auto client = weak.lock();
      if (client && client->lanes_token == token) client->transmit(partition, sequence);
    });
  };
  const bool is_transactional = !transactional_id().empty();
  if (!is_transactional && scheduler->random.chance(network.ledger_fatal)) {
    scheduler->trace(life->name + " idempotent producer: fatal error");
    fatal = RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER;
    return finish_batch(partition, *fatal, -1);
  }
  if (answer == nullptr) {
    const std::int64_t limit_ms = setting_ms("message.timeout.ms", 0);
    const std::int64_t age_ms = scheduler->now_ms() - lanes[partition].sent.front().created_ms;
    if (limit_ms == 0 || age_ms < limit_ms) return again(scheduler->random.between(10, 100));
    return finish_batch(partition, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, -1);
  }
  switch (answer->error) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
      return finish_batch(partition, answer->error, answer->first_offset);
    case RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS:
      return again(20);
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
      // Its sequence numbers are given to what follows: an idempotent producer goes on.
      lanes[partition].sequence = sequence;
      return finish_batch(partition, answer->error, -1);
    case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH:
      if (scheduler->random.chance(500)) fatal = RD_KAFKA_RESP_ERR__FENCED;
      return finish_batch(partition, answer->error, -1);
    default:
      fatal = answer->error;
      return finish_batch(partition, answer->error, -1);
  }
}

void Client::finish_batch(const Partition& partition, Error error, std::int64_t first_offset) {
  Lane& lane = lanes[partition];
  for (Outgoing& message : lane.sent) {
    reports.push_back(
        {std::move(message), error,
         error == RD_KAFKA_RESP_ERR_NO_ERROR ? first_offset++ : RD_KAFKA_OFFSET_INVALID});
  }
  lane.sent.clear();
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR && transaction == Transaction::open) {
    transaction = Transaction::abortable;
    abort_error = error;
  }
  if (fatal) purge(false);  // what was not sent fails with it
  scheduler->notify(this);
  pump();
}

void Client::purge(bool in_flight) {
  for (auto& [partition, lane] : lanes) {
    if (in_flight) {
      for (Outgoing& message : lane.sent) {
        reports.push_back({std::move(message), RD_KAFKA_RESP_ERR__PURGE_INFLIGHT, -1});
      }
      lane.sent.clear();
    }
    for (Outgoing& message : lane.waiting) {
      reports.push_back({std::move(message), RD_KAFKA_RESP_ERR__PURGE_QUEUE, -1});
    }
    lane.waiting.clear();
  }
  if (in_flight) ++lanes_token;
}

void Client::serve_reports() {
  while (!reports.empty()) {
    const Report report = std::move(reports.front());
    reports.pop_front();
    rd_kafka_message_t message{};
    message.err = report.error;
    message.rkt = topic_handle(report.message.topic);
    message.offset = report.offset;
    message._private = report.message.opaque;
    if (on_delivery != nullptr) on_delivery(handle, &message, opaque);
  }
}

}  // namespace tocsin::simulation
