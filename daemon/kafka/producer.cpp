#include "daemon/kafka/producer.h"

#include <algorithm>
#include <atomic>

#include "daemon/kafka/connection_watch.h"
#include "daemon/kafka/handles.h"
#include "daemon/kafka/membership.h"
#include "daemon/wait.h"
#include "pipeline/wire_format.h"

namespace tocsin::kafka {
namespace {

constexpr int kQueueWaitMs = 50;
constexpr int kLearnTimeoutMs = 2'000;
constexpr std::chrono::milliseconds kLearnPause{10};
constexpr int kOffsetsTimeoutMs = 10'000;
// Any other time-out than -1 may put librdkafka's state out of step with the broker's.
constexpr int kWhatRemains = -1;

// Topics of which each partition has a leader.
std::size_t count_led(const rd_kafka_metadata_t& metadata) {
  std::size_t count = 0;
  for (int i = 0; i < metadata.topic_cnt; ++i) {
    const rd_kafka_metadata_topic_t& topic = metadata.topics[i];
    const rd_kafka_metadata_partition_t* begin = topic.partitions;
    const bool is_led = topic.partition_cnt > 0 &&
                        std::all_of(begin, begin + topic.partition_cnt,
                                    [](const auto& partition) { return partition.leader >= 0; });
    count += is_led ? 1 : 0;
  }
  return count;
}

rd_kafka_resp_err_t produce(rd_kafka_t* client, const Outgoing& record,
                            rd_kafka_headers_t* headers) {
  const auto with = [&](auto... more) {
    return rd_kafka_producev(
        client, RD_KAFKA_V_TOPIC(record.topic.c_str()),
        RD_KAFKA_V_PARTITION(record.partition.value_or(RD_KAFKA_PARTITION_UA)),
        RD_KAFKA_V_KEY(record.key.data(), record.key.size()),
        RD_KAFKA_V_VALUE(const_cast<char*>(record.value.data()), record.value.size()),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_OPAQUE(record.tag), more...,
        RD_KAFKA_V_END);
  };
  return headers == nullptr ? with() : with(RD_KAFKA_V_HEADERS(headers));
}

}  // namespace

std::chrono::milliseconds delivery_timeout(const Config& config) {
  return config.limits.transaction_timeout * 2 / 3;
}

Conf producer_conf(const Config& config, const std::string& transactional_id, bool isolates) {
  Settings fixed = {
      {"enable.idempotence", "true"}, {"acks", "all"}, {"partitioner", "murmur2_random"}};
  if (!transactional_id.empty()) {
    fixed["transactional.id"] = transactional_id;
    fixed["transaction.timeout.ms"] = std::to_string(config.limits.transaction_timeout.count());
    fixed["message.timeout.ms"] = std::to_string(delivery_timeout(config).count());
  }
  if (isolates) fixed["batch.num.messages"] = "1";
  return make_conf(
      config.kafka,
      {{"retry.backoff.ms", "10"},  // 115 ms a small transaction with the default, 37 with this
       {"linger.ms", "1"},
       {"compression.codec", "lz4"},
       {"queue.buffering.max.kbytes", "131072"},
       {"queue.buffering.max.messages", "100000"},
       // The broker decides what is too large, and tells: a dead letter carries any record.
       {"message.max.bytes", "1000000000"}},
      fixed);
}

struct Producer::State {
  Hooks hooks;
  ConnectionWatch connections;
  Client client;
  std::vector<Owned<rd_kafka_topic_t>> topics;  // librdkafka keeps up with what has an owner

  static void on_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void* self) {
    static_cast<State*>(self)->hooks.on_delivery(DeliveryReport(message));
  }

  static int on_close(int socket, void* self) {  // on librdkafka's threads
    return static_cast<State*>(self)->connections.close(socket);
  }
};

Producer::Producer(const Conf& conf, Hooks hooks) : state_(std::make_unique<State>()) {
  state_->hooks = std::move(hooks);
  ConfHandle handle = make_handle(conf);
  rd_kafka_conf_set_opaque(handle.get(), state_.get());
  if (state_->hooks.on_delivery) rd_kafka_conf_set_dr_msg_cb(handle.get(), &State::on_delivery);
  rd_kafka_conf_set_closesocket_cb(handle.get(), &State::on_close);
  state_->client = make_client(RD_KAFKA_PRODUCER, std::move(handle), conf);
}

Producer::~Producer() = default;

void Producer::learn(const std::vector<std::string>& topics) {
  for (const std::string& topic : topics) {
    state_->topics.emplace_back(rd_kafka_topic_new(handle(), topic.c_str(), nullptr));
  }
  // A topic just created has no leader for a moment.
  const std::int64_t deadline_ms = steady_ms() + kLearnTimeoutMs;
  for (std::int64_t left_ms = kLearnTimeoutMs; left_ms > 0; left_ms = deadline_ms - steady_ms()) {
    const rd_kafka_metadata_t* answer = nullptr;
    if (rd_kafka_metadata(handle(), 0, nullptr, &answer, static_cast<int>(left_ms)) !=
        RD_KAFKA_RESP_ERR_NO_ERROR) {
      return;
    }
    const Owned<const rd_kafka_metadata_t> metadata(answer);
    if (count_led(*metadata) >= topics.size()) return;
    sleep_for(kLearnPause);
  }
}

Failure Producer::send(Outgoing record, const std::atomic<bool>& stop) {
  rd_kafka_t* client = handle();
  std::string behind_id;
  if (record.schema_id != 0 && record.value.data() != nullptr) {
    behind_id = with_schema_id(record.schema_id, record.value);
    record.value = behind_id;
    record.headers.remove("content-type");
  }
  while (true) {
    const rd_kafka_resp_err_t error = produce(client, record, record.headers.list_.get());
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
      static_cast<void>(record.headers.list_.release());  // the producer owns them now
      return {};
    }
    Failure fault(error);
    if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL && outstanding() == 0) {
      fault = Failure(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);  // it alone is more than the queue
    } else if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL && !stop) {
      rd_kafka_poll(client, kQueueWaitMs);
      continue;
    }
    return fault.at({record.topic, record.partition.value_or(-1)}, -1);
  }
}

void Producer::serve(std::chrono::milliseconds wait) {
  rd_kafka_poll(handle(), static_cast<int>(wait.count()));
}

std::size_t Producer::outstanding() const {
  return static_cast<std::size_t>(rd_kafka_outq_len(handle()));
}

void Producer::purge() {
  rd_kafka_purge(handle(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
}

Failure Producer::fatal() const {
  return fatal_fault(handle());
}

std::int64_t Producer::disconnected_ms() const {
  return state_->connections.ended_ms();
}

rd_kafka_s* Producer::handle() const {
  return state_->client.get();
}

void Producer::note_begun() {
  state_->connections.begin();
}

// ---- transactions

TransactionalProducer::TransactionalProducer(const Conf& conf, std::chrono::milliseconds timeout,
                                             Hooks hooks)
    : Producer(conf, std::move(hooks)), timeout_ms_(timeout.count()) {}

Failure TransactionalProducer::init(std::chrono::milliseconds wait) {
  return fault_of(
      ErrorHandle(rd_kafka_init_transactions(handle(), static_cast<int>(wait.count()))));
}

Failure TransactionalProducer::begin() {
  begun_ms_ = steady_ms();
  note_begun();
  return fault_of(ErrorHandle(rd_kafka_begin_transaction(handle())));
}

Failure TransactionalProducer::send_offsets(const Marks& marks, const GroupMembership& membership) {
  if (is_overdue()) return overdue();
  if (!membership.is_valid()) return Failure(RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
  const PartitionList list = make_list(marks);
  return fault_of(ErrorHandle(rd_kafka_send_offsets_to_transaction(
      handle(), list.get(), membership.handle_->metadata.get(), kOffsetsTimeoutMs)));
}

Failure TransactionalProducer::commit() {
  if (is_overdue()) return overdue();
  return fault_of(ErrorHandle(rd_kafka_commit_transaction(handle(), kWhatRemains)));
}

Failure TransactionalProducer::abort() {
  if (is_overdue()) return overdue();
  return fault_of(ErrorHandle(rd_kafka_abort_transaction(handle(), kWhatRemains)));
}

bool TransactionalProducer::is_overdue() const {
  return steady_ms() - begun_ms_ >= timeout_ms_;
}

bool TransactionalProducer::may_have_repeated() const {
  return disconnected_ms() >= begun_ms_;
}

Failure TransactionalProducer::overdue() const {
  Failure fault(RD_KAFKA_RESP_ERR__TIMED_OUT, "the transaction is past its time-out");
  return fault.overdue();
}

}  // namespace tocsin::kafka
