#include "tests/simulation/broker.h"

#include <algorithm>

namespace tocsin::simulation {

namespace {

constexpr std::int64_t kWallStartMs = 1'790'000'000'000;  // some day, so that times look like times

}  // namespace

std::int64_t Log::last_stable() const {
  for (std::int64_t offset = start; offset < end(); ++offset) {
    if (entries[static_cast<std::size_t>(offset)].fate == Fate::open) return offset;
  }
  return end();
}

std::int64_t Log::last_data() const {
  std::int64_t offset = end() - 1;
  while (offset >= start && entries[static_cast<std::size_t>(offset)].fate == Fate::marker) {
    --offset;
  }
  return offset;
}

Broker::Broker(Options options) : options_(options) {}

void Broker::create(const Partition& partition, bool has_append_time) {
  logs_[partition].has_append_time = has_append_time;
}

std::int64_t Broker::append_time() {
  const std::int64_t skew = options_.clock_skew_max_ms;
  return kWallStartMs + scheduler->now_ms() +
         (skew > 0 ? scheduler->random.between(-skew, skew) : 0);
}

std::int64_t Broker::append(Log& log, const Partition& partition, Entry entry) {
  if (log.has_append_time || entry.timestamp_ms == 0) entry.timestamp_ms = append_time();
  log.entries.push_back(std::move(entry));
  if (on_change) on_change(partition);
  return log.end() - 1;
}

std::int64_t Broker::append(const Partition& partition, Record record) {
  return append(logs_.at(partition), partition, Entry{std::move(record), -1, Fate::plain});
}

// ---- producers

Broker::InitAnswer Broker::init_producer(const std::string& transactional_id,
                                         std::int64_t timeout_ms) {
  Transaction& transaction = transactions_[transactional_id];
  transaction.timeout_ms = timeout_ms;
  switch (transaction.state) {
    case State::ongoing:
      ++transaction.producer.epoch;  // fences the owner at once
      begin_end(transactional_id, false);
      return {RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS, {}};
    case State::committing:
    case State::aborting:
      return {RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS, {}};
    default:
      break;
  }
  if (transaction.producer.id < 0) transaction.producer.id = next_producer_++;
  ++transaction.producer.epoch;
  transaction.state = State::empty;
  return {RD_KAFKA_RESP_ERR_NO_ERROR, transaction.producer};
}

// Whether the producer owns the id and may add to its transaction, which `opens` begins.
Error Broker::check(const std::string& transactional_id, ProducerId producer, bool opens) {
  Transaction& transaction = transactions_[transactional_id];
  if (transaction.producer.id != producer.id) return RD_KAFKA_RESP_ERR_INVALID_PRODUCER_ID_MAPPING;
  if (transaction.producer.epoch != producer.epoch) {
    return RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;
  }
  if (!opens) return RD_KAFKA_RESP_ERR_NO_ERROR;
  if (transaction.state == State::committing || transaction.state == State::aborting) {
    return RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS;
  }
  if (transaction.state == State::ongoing) return RD_KAFKA_RESP_ERR_NO_ERROR;
  transaction.state = State::ongoing;
  transaction.started_ms = scheduler->now_ms();
  transaction.number = next_transaction_++;
  transaction.partitions.clear();
  transaction.offsets.clear();
  transaction.metadata.clear();
  // The coordinator looks for expired transactions now and then only.
  scheduler->after(transaction.timeout_ms + scheduler->random.between(0, 3000), nullptr,
                   [this, transactional_id, number = transaction.number] {
                     expire_transaction(transactional_id, number);
                   });
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

void Broker::expire_transaction(const std::string& transactional_id, std::uint64_t number) {
  Transaction& transaction = transactions_[transactional_id];
  if (transaction.number != number || transaction.state != State::ongoing) return;
  scheduler->trace("broker transaction of " + transactional_id + " timed out, aborted");
  ++transaction.producer.epoch;
  begin_end(transactional_id, false);
}

Broker::ProduceAnswer Broker::produce(const std::string& transactional_id, ProducerId producer,
                                      const Partition& partition, std::int64_t sequence,
                                      const std::vector<Record>& records) {
  const bool in_transaction = !transactional_id.empty();
  if (in_transaction) {
    const Error error = check(transactional_id, producer, true);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return {error, -1};
    transactions_[transactional_id].partitions.insert(partition);
  }
  Log& log = logs_.at(partition);
  Log::Writer& writer = log.writers[producer.id];
  if (producer.epoch < writer.epoch) return {RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH, -1};
  if (producer.epoch > writer.epoch) writer = Log::Writer{producer.epoch, 0, {}};
  const auto known = writer.offsets.find(sequence);
  if (known != writer.offsets.end()) return {RD_KAFKA_RESP_ERR_NO_ERROR, known->second};
  if (sequence != writer.next_sequence) {
    return {RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, -1};
  }
  const std::int64_t first = log.end();
  writer.offsets[sequence] = first;
  writer.next_sequence += static_cast<std::int64_t>(records.size());
  for (const Record& record : records) {
    append(log, partition, Entry{record, producer.id, in_transaction ? Fate::open : Fate::plain});
  }
  return {RD_KAFKA_RESP_ERR_NO_ERROR, first};
}

Error Broker::commit_offsets_in_transaction(const std::string& transactional_id,
                                            ProducerId producer, const Membership& membership,
                                            const Offsets& offsets, const Metadata& metadata) {
  Error error = check(transactional_id, producer, true);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return error;
  error = check_member(membership, true);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return error;
  Offsets& pending = transactions_[transactional_id].offsets[membership.group];
  Metadata& texts = transactions_[transactional_id].metadata[membership.group];
  for (const auto& [partition, offset] : offsets) {
    pending[partition] = offset;
    const auto text = metadata.find(partition);
    texts[partition] = text == metadata.end() ? "" : text->second;
  }
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

Error Broker::end_transaction(const std::string& transactional_id, ProducerId producer,
                              bool commit) {
  const Error error = check(transactional_id, producer, false);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return error;
  const State state = transactions_[transactional_id].state;
  switch (state) {
    case State::ongoing:
      begin_end(transactional_id, commit);
      return RD_KAFKA_RESP_ERR_NO_ERROR;
    case State::committing:
    case State::aborting:
      return (state == State::committing) == commit ? RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS
                                                    : RD_KAFKA_RESP_ERR_INVALID_TXN_STATE;
    case State::committed:
    case State::aborted:
      return (state == State::committed) == commit ? RD_KAFKA_RESP_ERR_NO_ERROR
                                                   : RD_KAFKA_RESP_ERR_INVALID_TXN_STATE;
    case State::empty:
      break;
  }
  return RD_KAFKA_RESP_ERR_INVALID_TXN_STATE;
}

// The outcome is decided; its markers are written one by one, each in its own time.
void Broker::begin_end(const std::string& transactional_id, bool commit) {
  Transaction& transaction = transactions_[transactional_id];
  transaction.state = commit ? State::committing : State::aborting;
  transaction.markers_due = transaction.partitions.size() + 1;
  Random& random = scheduler->random;
  const auto delay = [&] {
    return random.chance(20) ? random.between(0, 2000)
                             : random.between(0, options_.marker_delay_max_ms);
  };
  const std::int32_t epoch = transaction.producer.epoch;
  for (const Partition& partition : transaction.partitions) {
    scheduler->after(delay(), nullptr, [this, transactional_id, partition, commit, epoch] {
      write_marker(transactional_id, partition, commit, epoch);
    });
  }
  scheduler->after(delay(), nullptr, [this, transactional_id, commit] {
    Transaction& ended = transactions_[transactional_id];
    for (const auto& [group, offsets] : ended.offsets) {
      if (!commit) continue;
      for (const auto& [partition, offset] : offsets) {
        groups_[group].offsets[partition] = offset;
        groups_[group].metadata[partition] = ended.metadata[group][partition];
      }
    }
    ended.offsets.clear();
    ended.metadata.clear();
    finish_marker(transactional_id);
  });
}

void Broker::write_marker(const std::string& transactional_id, const Partition& partition,
                          bool commit, std::int32_t epoch) {
  const std::int64_t id = transactions_[transactional_id].producer.id;
  Log& log = logs_.at(partition);
  for (Entry& entry : log.entries) {
    if (entry.producer == id && entry.fate == Fate::open) {
      entry.fate = commit ? Fate::committed : Fate::aborted;
    }
  }
  Log::Writer& writer = log.writers[id];
  if (epoch > writer.epoch) writer = Log::Writer{epoch, 0, {}};
  append(log, partition, Entry{Record{}, id, Fate::marker});
  finish_marker(transactional_id);
}

void Broker::finish_marker(const std::string& transactional_id) {
  Transaction& transaction = transactions_[transactional_id];
  if (--transaction.markers_due > 0) return;
  transaction.state = transaction.state == State::committing ? State::committed : State::aborted;
  transaction.partitions.clear();
}

bool Broker::has_open_transactions() const {
  return std::any_of(transactions_.begin(), transactions_.end(), [](const auto& entry) {
    const State state = entry.second.state;
    return state == State::ongoing || state == State::committing || state == State::aborting;
  });
}

// ---- groups

Broker::JoinAnswer Broker::join(const std::string& name, const std::string& member,
                                const std::vector<std::string>& topics, Joined joined) {
  Group& group = groups_[name];
  std::string id = member;
  if (id.empty()) {
    id = "member-" + std::to_string(next_member_++);
  } else if (!group.members.contains(id)) {
    return {RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, ""};
  }
  Member& entry = group.members[id];
  entry.session_until_ms = scheduler->now_ms() + options_.session_timeout_ms;
  entry.topics = topics;
  entry.joined = std::move(joined);
  rebalance(name);
  entry.has_joined = true;
  complete_if_all_joined(name);
  return {RD_KAFKA_RESP_ERR_NO_ERROR, id};
}

void Broker::rebalance(const std::string& name) {
  Group& group = groups_[name];
  if (group.is_rebalancing) return;
  group.is_rebalancing = true;
  for (auto& [id, member] : group.members) member.has_joined = false;
  // The first member of a group waits a moment for others; late ones are left behind in the end.
  const std::uint64_t round = ++group.round;
  scheduler->after(options_.rebalance_timeout_ms, nullptr, [this, name, round] {
    Group& late = groups_[name];
    if (!late.is_rebalancing || late.round != round) return;
    std::erase_if(late.members, [](const auto& member) { return !member.second.has_joined; });
    complete(name);
  });
}

void Broker::complete_if_all_joined(const std::string& name) {
  Group& group = groups_[name];
  const bool all = std::all_of(group.members.begin(), group.members.end(),
                               [](const auto& member) { return member.second.has_joined; });
  if (!group.is_rebalancing || !all) return;
  const std::uint64_t round = group.round;
  scheduler->after(scheduler->random.between(1, 300), nullptr, [this, name, round] {
    Group& late = groups_[name];
    const bool still = std::all_of(late.members.begin(), late.members.end(),
                                   [](const auto& member) { return member.second.has_joined; });
    if (late.is_rebalancing && late.round == round && still) complete(name);
  });
}

// The range assignor (KafkaConsumer's default): partitions of a topic in runs, members by id.
void Broker::complete(const std::string& name) {
  Group& group = groups_[name];
  group.is_rebalancing = false;
  ++group.generation;
  group.assignment.clear();
  if (group.members.empty()) return;
  std::map<std::string, std::vector<Partition>> by_topic;
  for (const auto& [partition, log] : logs_) by_topic[partition.topic].push_back(partition);
  for (const std::string& topic : group.members.begin()->second.topics) {
    const std::vector<Partition>& partitions = by_topic[topic];
    const std::size_t count = group.members.size();
    std::size_t next = 0;
    std::size_t index = 0;
    for (const auto& [id, member] : group.members) {
      const std::size_t share =
          partitions.size() / count + (index++ < partitions.size() % count ? 1 : 0);
      for (std::size_t i = 0; i < share; ++i) group.assignment[id].push_back(partitions[next++]);
    }
  }
  scheduler->trace("broker group " + name + " generation " + std::to_string(group.generation) +
                   " members " + std::to_string(group.members.size()));
  for (auto& [id, member] : group.members) {
    member.session_until_ms = scheduler->now_ms() + options_.session_timeout_ms;
    member.has_joined = false;
    const Joined joined = std::exchange(member.joined, nullptr);
    joined({name, id, group.generation}, group.assignment[id]);
  }
}

void Broker::leave(const std::string& name, const std::string& member) {
  Group& group = groups_[name];
  if (group.members.erase(member) == 0) return;
  rebalance(name);
  complete_if_all_joined(name);
}

Error Broker::heartbeat(const Membership& membership) {
  Group& group = groups_[membership.group];
  const auto member = group.members.find(membership.member);
  if (member == group.members.end()) return RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID;
  if (membership.generation != group.generation) return RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION;
  member->second.session_until_ms = scheduler->now_ms() + options_.session_timeout_ms;
  return group.is_rebalancing ? RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS
                              : RD_KAFKA_RESP_ERR_NO_ERROR;
}

void Broker::expire_members() {
  for (auto& [name, group] : groups_) {
    const std::size_t gone = std::erase_if(group.members, [&](const auto& entry) {
      // Who waits in a join is kept by its connection.
      return !entry.second.has_joined && entry.second.session_until_ms < scheduler->now_ms();
    });
    if (gone == 0) continue;
    scheduler->trace("broker group " + name + " expired members " + std::to_string(gone));
    rebalance(name);
    complete_if_all_joined(name);
  }
}

void Broker::evict(const std::string& name) {
  const Group& group = groups_[name];
  if (group.members.empty()) return;
  auto member = group.members.begin();
  std::advance(member, scheduler->random.below(static_cast<std::int64_t>(group.members.size())));
  scheduler->trace("broker evicts " + member->first);
  leave(name, std::string(member->first));
}

// A commit with generation -1 and an empty member is accepted in a transaction, whoever sends it:
// kept from the old protocol, seen on 3.9.1 and 4.2.0.
Error Broker::check_member(const Membership& membership, bool in_transaction) {
  Group& group = groups_[membership.group];
  if (membership.generation < 0 && membership.member.empty() &&
      (in_transaction || group.members.empty())) {
    return RD_KAFKA_RESP_ERR_NO_ERROR;
  }
  if (!group.members.contains(membership.member)) return RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID;
  if (membership.generation != group.generation) return RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION;
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

Error Broker::commit_offsets(const Membership& membership, const Offsets& offsets,
                             const Metadata& metadata) {
  const Error error = check_member(membership, false);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return error;
  for (const auto& [partition, offset] : offsets) {
    Group& group = groups_[membership.group];
    group.offsets[partition] = offset;
    const auto text = metadata.find(partition);
    group.metadata[partition] = text == metadata.end() ? "" : text->second;
    std::int64_t& max = group.offsets_max[partition];
    max = std::max(max, offset);
  }
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

std::int64_t Broker::committed_max(const std::string& name, const Partition& partition) const {
  const auto group = groups_.find(name);
  if (group == groups_.end()) return RD_KAFKA_OFFSET_INVALID;
  const auto offset = group->second.offsets_max.find(partition);
  return offset == group->second.offsets_max.end() ? RD_KAFKA_OFFSET_INVALID : offset->second;
}

Broker::FetchAnswer Broker::committed(const std::string& name,
                                      const std::vector<Partition>& partitions, bool stable) const {
  FetchAnswer answer;
  for (const Partition& partition : partitions) {
    for (const auto& [id, transaction] : transactions_) {
      const auto pending = transaction.offsets.find(name);
      if (stable && pending != transaction.offsets.end() && pending->second.contains(partition)) {
        answer.error = RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT;
        return answer;
      }
    }
    answer.offsets[partition] = RD_KAFKA_OFFSET_INVALID;
    const auto group = groups_.find(name);
    if (group == groups_.end()) continue;
    const auto offset = group->second.offsets.find(partition);
    if (offset == group->second.offsets.end()) continue;
    answer.offsets[partition] = offset->second;
    const auto text = group->second.metadata.find(partition);
    if (text != group->second.metadata.end()) answer.metadata[partition] = text->second;
  }
  return answer;
}

}  // namespace tocsin::simulation
