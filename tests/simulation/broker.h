// A Kafka cluster in memory: logs, idempotent and transactional producers, groups, their offsets.
// Promises what brokers 3.9 and 4.2 were seen to do with librdkafka 2.0.2, weaknesses included.
#pragma once

#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "daemon/kafka/client.h"
#include "tests/simulation/scheduler.h"

namespace tocsin::simulation {

using kafka::Partition;
using Error = rd_kafka_resp_err_t;
using HeaderList = std::vector<std::pair<std::string, std::string>>;

struct Record {
  std::int64_t timestamp_ms = 0;
  std::string key;
  std::string value;
  bool has_value = true;
  HeaderList headers;
};

// Who wrote it and whether readers may see it.
enum class Fate : std::uint8_t { plain, open, committed, aborted, marker };

struct Entry : Record {
  std::int64_t producer = -1;
  Fate fate = Fate::plain;
};

struct Log {
  std::deque<Entry> entries;  // index is the offset; those below `start` are gone
  std::int64_t start = 0;
  bool has_append_time = false;
  // Of idempotent producers: newest epoch, next sequence number, where recent batches went.
  struct Writer {
    std::int32_t epoch = -1;
    std::int64_t next_sequence = 0;
    std::map<std::int64_t, std::int64_t> offsets;  // of a batch, by its first sequence number
  };
  std::map<std::int64_t, Writer> writers;

  [[nodiscard]] std::int64_t end() const { return static_cast<std::int64_t>(entries.size()); }
  [[nodiscard]] std::int64_t last_stable() const;
  // Of the last record that is no marker; start - 1 when there is none.
  [[nodiscard]] std::int64_t last_data() const;
};

struct ProducerId {
  std::int64_t id = -1;
  std::int32_t epoch = -1;
  friend bool operator==(const ProducerId&, const ProducerId&) = default;
};

using Offsets = std::map<Partition, std::int64_t>;
using Metadata = std::map<Partition, std::string>;  // of committed offsets; none: empty

struct Membership {
  std::string group;
  std::string member;
  std::int32_t generation = -1;
};

class Broker {
 public:
  struct Options {
    std::int64_t marker_delay_max_ms = 40;
    std::int64_t rebalance_timeout_ms = 20'000;
    std::int64_t session_timeout_ms = 10'000;
    std::int64_t clock_skew_max_ms = 0;  // append times go back and forth by up to this
  };
  explicit Broker(Options options);

  Log& log(const Partition& partition) { return logs_[partition]; }
  void create(const Partition& partition, bool has_append_time);
  [[nodiscard]] const std::map<Partition, Log>& logs() const { return logs_; }
  // Appends outside any transaction.
  std::int64_t append(const Partition& partition, Record record);

  // ---- producers
  [[nodiscard]] ProducerId new_producer() { return {next_producer_++, 0}; }
  struct InitAnswer {
    Error error = RD_KAFKA_RESP_ERR_NO_ERROR;
    ProducerId producer;
  };
  InitAnswer init_producer(const std::string& transactional_id, std::int64_t timeout_ms);
  struct ProduceAnswer {
    Error error = RD_KAFKA_RESP_ERR_NO_ERROR;
    std::int64_t first_offset = -1;
  };
  ProduceAnswer produce(const std::string& transactional_id, ProducerId producer,
                        const Partition& partition, std::int64_t sequence,
                        const std::vector<Record>& records);
  Error commit_offsets_in_transaction(const std::string& transactional_id, ProducerId producer,
                                      const Membership& membership, const Offsets& offsets,
                                      const Metadata& metadata);
  Error end_transaction(const std::string& transactional_id, ProducerId producer, bool commit);
  [[nodiscard]] bool has_open_transactions() const;

  // ---- groups
  // Called at a member when its generation is complete.
  using Joined = std::function<void(const Membership&, const std::vector<Partition>&)>;
  // The member's id; a new one for an empty one, UNKNOWN_MEMBER_ID for one that is gone.
  struct JoinAnswer {
    Error error = RD_KAFKA_RESP_ERR_NO_ERROR;
    std::string member;
  };
  JoinAnswer join(const std::string& group, const std::string& member,
                  const std::vector<std::string>& topics, Joined joined);
  void leave(const std::string& group, const std::string& member);
  Error heartbeat(const Membership& membership);
  Error commit_offsets(const Membership& membership, const Offsets& offsets,
                       const Metadata& metadata);
  // UNSTABLE_OFFSET_COMMIT while a transaction holds one of them and `stable` is asked for.
  struct FetchAnswer {
    Error error = RD_KAFKA_RESP_ERR_NO_ERROR;
    Offsets offsets;  // -1001: none
    Metadata metadata;
  };
  FetchAnswer committed(const std::string& group, const std::vector<Partition>& partitions,
                        bool stable) const;
  // The highest offset committed outside a transaction; -1001: none. A late request may have taken
  // the committed offset back since.
  [[nodiscard]] std::int64_t committed_max(const std::string& group,
                                           const Partition& partition) const;
  void expire_members();
  // Forgets some member of the group.
  void evict(const std::string& group);

  // Something became readable in the partition: record or marker.
  std::function<void(const Partition&)> on_change;
  std::int64_t down_until_ms = 0;

 private:
  enum class State : std::uint8_t { empty, ongoing, committing, aborting, committed, aborted };
  struct Transaction {
    ProducerId producer;
    State state = State::empty;
    std::int64_t timeout_ms = 0;
    std::int64_t started_ms = 0;
    std::uint64_t number = 0;
    std::set<Partition> partitions;
    std::map<std::string, Offsets> offsets;  // by group, pending
    std::map<std::string, Metadata> metadata;
    std::size_t markers_due = 0;
  };
  struct Member {
    std::int64_t session_until_ms = 0;
    bool has_joined = false;
    std::vector<std::string> topics;
    Joined joined;
  };
  struct Group {
    std::int32_t generation = 0;
    bool is_rebalancing = false;
    std::uint64_t round = 0;
    std::map<std::string, Member> members;
    std::map<std::string, std::vector<Partition>> assignment;
    Offsets offsets;
    Metadata metadata;
    Offsets offsets_max;  // committed outside transactions
  };

  Error check(const std::string& transactional_id, ProducerId producer, bool opens);
  void begin_end(const std::string& transactional_id, bool commit);
  void write_marker(const std::string& transactional_id, const Partition& partition, bool commit,
                    std::int32_t epoch);
  void finish_marker(const std::string& transactional_id);
  void expire_transaction(const std::string& transactional_id, std::uint64_t number);
  Error check_member(const Membership& membership, bool in_transaction);
  void rebalance(const std::string& name);
  void complete_if_all_joined(const std::string& name);
  void complete(const std::string& name);
  std::int64_t append_time();
  std::int64_t append(Log& log, const Partition& partition, Entry entry);

  const Options options_;
  std::map<Partition, Log> logs_;
  std::map<std::string, Transaction> transactions_;
  std::map<std::string, Group> groups_;
  std::int64_t next_producer_ = 1000;
  std::uint64_t next_transaction_ = 1;
  std::uint64_t next_member_ = 1;
};

}  // namespace tocsin::simulation
