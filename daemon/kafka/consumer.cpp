#include "daemon/kafka/consumer.h"

#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <utility>

#include "daemon/kafka/handles.h"
#include "daemon/kafka/membership.h"
#include "daemon/wait.h"

namespace tocsin::kafka {
namespace {

static_assert(kEnd == RD_KAFKA_OFFSET_END);

int ms(std::chrono::milliseconds time) {
  return static_cast<int>(time.count());
}

PartitionList list_of(const std::vector<Partition>& partitions) {
  PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())));
  for (const Partition& partition : partitions) {
    rd_kafka_topic_partition_list_add(list.get(), partition.topic.c_str(), partition.number);
  }
  return list;
}

Marks marks_of(const rd_kafka_topic_partition_list_t& list) {
  Marks marks;
  for (int i = 0; i < list.cnt; ++i) {
    const rd_kafka_topic_partition_t& entry = list.elems[i];
    const Partition partition{entry.topic, entry.partition};
    Mark& mark = marks[partition];
    mark.offset = std::max<std::int64_t>(entry.offset, -1);
    if (entry.metadata != nullptr) {
      mark.metadata.assign(static_cast<const char*>(entry.metadata), entry.metadata_size);
    }
    if (entry.err != RD_KAFKA_RESP_ERR_NO_ERROR) mark.fault = Failure(entry.err).at(partition, -1);
  }
  return marks;
}

}  // namespace

// ---- GroupMembership

GroupMembership::GroupMembership(rd_kafka_s* consumer)
    : handle_(std::make_unique<Handle>(Handle{
          Owned<rd_kafka_consumer_group_metadata_t>(rd_kafka_consumer_group_metadata(consumer))})) {
}

GroupMembership::~GroupMembership() = default;

bool GroupMembership::is_valid() const {
  // The C API shows generation and member only through the serialised form:
  // "CGMDv2:" int32 generation, group id NUL, member id NUL, ...
  constexpr std::string_view kMagic = "CGMDv2:";
  if (handle_->metadata == nullptr) return false;
  void* buffer = nullptr;
  std::size_t size = 0;
  if (const ErrorHandle error{
          rd_kafka_consumer_group_metadata_write(handle_->metadata.get(), &buffer, &size)}) {
    return false;
  }
  const std::string bytes(static_cast<const char*>(buffer), size);
  rd_kafka_mem_free(nullptr, buffer);
  std::int32_t generation = -1;
  if (!bytes.starts_with(kMagic) || bytes.size() < kMagic.size() + sizeof generation) return false;
  std::memcpy(&generation, bytes.data() + kMagic.size(), sizeof generation);
  const std::size_t group_end = bytes.find('\0', kMagic.size() + sizeof generation);
  if (group_end == std::string::npos || group_end + 1 >= bytes.size()) return false;
  return generation >= 0 && bytes[group_end + 1] != '\0';
}

// ---- Consumer

struct Consumer::State {
  Hooks hooks;
  std::exception_ptr thrown;  // by a hook: must not fly through librdkafka's frames
  Client client;

  static void on_rebalance(rd_kafka_t* client, rd_kafka_resp_err_t event,
                           rd_kafka_topic_partition_list_t* list, void* self) {
    auto& state = *static_cast<State*>(self);
    try {
      if (event == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        std::vector<Partition> partitions;
        for (int i = 0; i < list->cnt; ++i) {
          partitions.push_back({list->elems[i].topic, list->elems[i].partition});
        }
        state.hooks.on_assign(partitions);
      } else {
        state.hooks.on_revoke(rd_kafka_assignment_lost(client) != 0);
      }
    } catch (const std::exception&) {
      state.thrown = std::current_exception();
      rd_kafka_assign(client, nullptr);
    }
  }

  static void on_commit(rd_kafka_t*, rd_kafka_resp_err_t error, rd_kafka_topic_partition_list_t*,
                        void* self) {
    static_cast<State*>(self)->hooks.on_commit(Failure(error));
  }

  static rd_kafka_resp_err_t on_new(rd_kafka_t* client, const rd_kafka_conf_t*, void* self, char*,
                                    std::size_t) {
    return rd_kafka_interceptor_add_on_request_sent(client, kName, &on_request_sent, self);
  }

  // librdkafka asks not to be kept waiting here: a hook that waits stops all that its client has
  // to do with this broker.
  static rd_kafka_resp_err_t on_request_sent(rd_kafka_t*, int socket, const char*, std::int32_t,
                                             std::int16_t key, std::int16_t, std::int32_t,
                                             std::size_t, void* self) {
    constexpr std::int16_t kFetch = 1;
    if (key == kFetch && !static_cast<State*>(self)->hooks.may_be_answered()) disconnect(socket);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
  }

  // What has arrived is lost, too: after shutdown() it could still be read.
  static void disconnect(int socket) {
    const sockaddr nobody{AF_UNSPEC, {}};
    static_cast<void>(::connect(socket, &nobody, sizeof nobody));
  }

  static constexpr const char* kName = "tocsin";
};

Consumer::Consumer(const Conf& conf, Hooks hooks) : state_(std::make_unique<State>()) {
  state_->hooks = std::move(hooks);
  ConfHandle handle = make_handle(conf);
  rd_kafka_conf_set_opaque(handle.get(), state_.get());
  if (state_->hooks.on_assign) {
    rd_kafka_conf_set_rebalance_cb(handle.get(), &State::on_rebalance);
  }
  if (state_->hooks.on_commit) {
    rd_kafka_conf_set_offset_commit_cb(handle.get(), &State::on_commit);
  }
  if (state_->hooks.may_be_answered) {
    rd_kafka_conf_interceptor_add_on_new(handle.get(), State::kName, &State::on_new, state_.get());
  }
  state_->client = make_client(RD_KAFKA_CONSUMER, std::move(handle), conf);
}

Consumer::~Consumer() {
  if (state_) close();
}
Consumer::Consumer(Consumer&&) noexcept = default;
Consumer& Consumer::operator=(Consumer&&) noexcept = default;

Failure Consumer::subscribe(const std::vector<std::string>& topics) {
  std::vector<Partition> patterns;
  for (const std::string& topic : topics) patterns.push_back({topic, RD_KAFKA_PARTITION_UA});
  return Failure(rd_kafka_subscribe(state_->client.get(), list_of(patterns).get()));
}

void Consumer::unsubscribe() {
  rd_kafka_unsubscribe(state_->client.get());
}

Failure Consumer::assign(const Offsets& offsets) {
  return Failure(rd_kafka_assign(state_->client.get(), make_list(offsets).get()));
}

void Consumer::unassign() {
  rd_kafka_assign(state_->client.get(), nullptr);
}

void Consumer::pause(const std::vector<Partition>& partitions) {
  rd_kafka_pause_partitions(state_->client.get(), list_of(partitions).get());
}

void Consumer::resume(const std::vector<Partition>& partitions) {
  rd_kafka_resume_partitions(state_->client.get(), list_of(partitions).get());
}

Failure Consumer::seek(const Partition& partition, std::int64_t offset) {
  const PartitionList list = make_list(Offsets{{partition, offset}});
  return fault_of(
      ErrorHandle(rd_kafka_seek_partitions(state_->client.get(), list.get(), ms(kAnswerTimeout))));
}

Message Consumer::poll(std::chrono::milliseconds wait) {
  Message message(rd_kafka_consumer_poll(state_->client.get(), ms(wait)));
  if (state_->thrown) std::rethrow_exception(std::exchange(state_->thrown, nullptr));
  return message;
}

void Consumer::close() {
  if (rd_kafka_consumer_closed(state_->client.get()) != 0) return;
  rd_kafka_consumer_close(state_->client.get());
}

Failure Consumer::fatal() const {
  return fatal_fault(state_->client.get());
}

Result<Marks> Consumer::committed(const std::vector<Partition>& partitions,
                                  std::chrono::milliseconds timeout) const {
  const PartitionList list = list_of(partitions);
  const Failure fault(rd_kafka_committed(state_->client.get(), list.get(), ms(timeout)));
  if (fault) return fault;
  return marks_of(*list);
}

Result<Watermarks> Consumer::watermarks(const Partition& partition,
                                        std::chrono::milliseconds timeout) const {
  Watermarks marks;
  Failure fault(rd_kafka_query_watermark_offsets(state_->client.get(), partition.topic.c_str(),
                                                 partition.number, &marks.low, &marks.high,
                                                 ms(timeout)));
  if (fault) return fault.at(partition, -1);
  return marks;
}

Result<Marks> Consumer::offsets_for_times(const Offsets& times,
                                          std::chrono::milliseconds timeout) const {
  const PartitionList list = make_list(times);
  const Failure fault(rd_kafka_offsets_for_times(state_->client.get(), list.get(), ms(timeout)));
  if (fault) return fault;
  return marks_of(*list);
}

Result<std::map<std::string, std::int32_t>> Consumer::topics(
    const std::vector<std::string>& names, std::chrono::milliseconds timeout) const {
  rd_kafka_t* client = state_->client.get();
  const std::int64_t deadline_ms = steady_ms() + timeout.count();
  std::map<std::string, std::int32_t> topics;
  for (const std::string& name : names) {
    const Owned<rd_kafka_topic_t> handle(rd_kafka_topic_new(client, name.c_str(), nullptr));
    const int left_ms = static_cast<int>(std::max<std::int64_t>(1, deadline_ms - steady_ms()));
    const rd_kafka_metadata_t* answer = nullptr;
    const Failure fault(rd_kafka_metadata(client, 0, handle.get(), &answer, left_ms));
    if (fault) return fault;
    const Owned<const rd_kafka_metadata_t> metadata(answer);
    if (metadata->topic_cnt == 0 || metadata->topics[0].partition_cnt == 0) continue;
    topics[name] = metadata->topics[0].partition_cnt;
  }
  return topics;
}

bool Consumer::is_answered(std::chrono::milliseconds timeout) const {
  const rd_kafka_metadata_t* answer = nullptr;
  const Failure fault(rd_kafka_metadata(state_->client.get(), 0, nullptr, &answer, ms(timeout)));
  const Owned<const rd_kafka_metadata_t> metadata(answer);
  return !fault;
}

std::string Consumer::cluster_id(std::chrono::milliseconds timeout) const {
  return kafka::cluster_id(state_->client.get(), timeout);
}

Failure Consumer::commit(const Marks& marks) const {
  return Failure(rd_kafka_commit(state_->client.get(), make_list(marks).get(), 0));
}

Failure Consumer::commit_soon(const Marks& marks) const {
  return Failure(rd_kafka_commit(state_->client.get(), make_list(marks).get(), 1));
}

GroupMembership Consumer::membership() const {
  return GroupMembership(state_->client.get());
}

std::vector<Partition> partitions_of(const Offsets& offsets) {
  std::vector<Partition> partitions;
  for (const auto& [partition, offset] : offsets) partitions.push_back(partition);
  return partitions;
}

}  // namespace tocsin::kafka
