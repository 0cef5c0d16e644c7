// The functions of librdkafka that the daemon calls, with their names: linked instead of -lrdkafka.
// Each is a yield point; what they do besides talking to Client is said where it matters.
#include <librdkafka/rdkafka.h>

#include <cstdarg>
#include <cstring>
#include <limits>
#include <map>
#include <string>

#include "tests/simulation/client.h"
#include "tests/simulation/message.h"

using tocsin::kafka::Partition;
using tocsin::simulation::ask;
using tocsin::simulation::Broker;
using tocsin::simulation::broker;
using tocsin::simulation::Client;
using tocsin::simulation::Error;
using tocsin::simulation::Message;
using tocsin::simulation::Offsets;
using tocsin::simulation::Record;
using tocsin::simulation::scheduler;

struct rd_kafka_conf_s {
  std::map<std::string, std::string> settings;
  void* opaque = nullptr;
  decltype(Client::on_rebalance) on_rebalance = nullptr;
  decltype(Client::on_delivery) on_delivery = nullptr;
  decltype(Client::on_close) on_close = nullptr;
};

struct rd_kafka_consumer_group_metadata_s {
  tocsin::simulation::Membership membership;
};

struct rd_kafka_error_s {
  Error code = RD_KAFKA_RESP_ERR_NO_ERROR;
  bool is_fatal = false;
  bool is_retriable = false;
  bool requires_abort = false;
};

namespace {

constexpr std::int64_t kForever = std::numeric_limits<std::int64_t>::max() / 2;

std::int64_t deadline_after(int timeout_ms) {
  return timeout_ms < 0 ? kForever : scheduler->now_ms() + timeout_ms;
}

void pause_before_retry() {
  scheduler->sleep(scheduler->random.between(10, 120));
}

}  // namespace

namespace tocsin::simulation {

rd_kafka_topic_t* topic_handle(const std::string& name) {
  static std::map<std::string, rd_kafka_topic_s> handles;
  return &handles.try_emplace(name, rd_kafka_topic_s{name}).first->second;
}

rd_kafka_message_t* make_message(const Partition& partition, std::int64_t offset,
                                 const Record& record) {
  auto* message = new Message{{}, record, {record.headers}};
  rd_kafka_message_t& head = message->head;
  head.rkt = topic_handle(partition.topic);
  head.partition = partition.number;
  head.offset = offset;
  if (record.has_value) head.payload = message->record.value.data();
  head.len = record.value.size();
  head.key = message->record.key.data();
  head.key_len = record.key.size();
  return &head;
}

rd_kafka_message_t* make_error(const Partition& partition, std::int64_t offset, Error error) {
  auto* message = new Message{};
  message->head.err = error;
  message->head.offset = offset;
  message->head.rkt = topic_handle(partition.topic);
  message->head.partition = partition.number;
  return &message->head;
}

}  // namespace tocsin::simulation

extern "C" {

// ---- configuration, handles, errors

rd_kafka_conf_t* rd_kafka_conf_new() {
  return new rd_kafka_conf_s;
}
void rd_kafka_conf_destroy(rd_kafka_conf_t* conf) {
  delete conf;
}
rd_kafka_conf_res_t rd_kafka_conf_set(rd_kafka_conf_t* conf, const char* name, const char* value,
                                      char*, size_t) {
  conf->settings[name] = value;
  return RD_KAFKA_CONF_OK;
}
void rd_kafka_conf_set_opaque(rd_kafka_conf_t* conf, void* opaque) {
  conf->opaque = opaque;
}
void rd_kafka_conf_set_log_cb(rd_kafka_conf_t*,
                              void (*)(const rd_kafka_t*, int, const char*, const char*)) {}
void rd_kafka_conf_set_error_cb(rd_kafka_conf_t*, void (*)(rd_kafka_t*, int, const char*, void*)) {}
void rd_kafka_conf_set_closesocket_cb(rd_kafka_conf_t* conf, int (*callback)(int, void*)) {
  conf->on_close = callback;
}
rd_kafka_conf_res_t rd_kafka_conf_set_ssl_cert_verify_cb(
    rd_kafka_conf_t*, int (*)(rd_kafka_t*, const char*, std::int32_t, int*, int, const char*,
                              std::size_t, char*, std::size_t, void*)) {
  return RD_KAFKA_CONF_OK;  // nobody shows a certificate here
}
void rd_kafka_conf_set_rebalance_cb(rd_kafka_conf_t* conf,
                                    void (*callback)(rd_kafka_t*, rd_kafka_resp_err_t,
                                                     rd_kafka_topic_partition_list_t*, void*)) {
  conf->on_rebalance = callback;
}
void rd_kafka_conf_set_offset_commit_cb(rd_kafka_conf_t*,
                                        void (*)(rd_kafka_t*, rd_kafka_resp_err_t,
                                                 rd_kafka_topic_partition_list_t*, void*)) {}
void rd_kafka_conf_set_dr_msg_cb(rd_kafka_conf_t* conf,
                                 void (*callback)(rd_kafka_t*, const rd_kafka_message_t*, void*)) {
  conf->on_delivery = callback;
}

// Nobody fetches ahead here.
rd_kafka_resp_err_t rd_kafka_conf_interceptor_add_on_new(rd_kafka_conf_t*, const char*,
                                                         rd_kafka_interceptor_f_on_new_t*, void*) {
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}
rd_kafka_resp_err_t rd_kafka_interceptor_add_on_request_sent(
    rd_kafka_t*, const char*, rd_kafka_interceptor_f_on_request_sent_t*, void*) {
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_t* rd_kafka_new(rd_kafka_type_t type, rd_kafka_conf_t* conf, char*, size_t) {
  auto* handle = new rd_kafka_s{std::make_shared<Client>()};
  Client& client = *handle->client;
  client.life = scheduler->current()->life;
  client.handle = handle;
  client.is_consumer = type == RD_KAFKA_CONSUMER;
  client.settings = std::move(conf->settings);
  client.opaque = conf->opaque;
  client.on_rebalance = conf->on_rebalance;
  client.on_delivery = conf->on_delivery;
  client.on_close = conf->on_close;
  client.membership.group = client.settings["group.id"];
  if (!client.is_consumer && client.transactional_id().empty()) {
    client.producer = broker->new_producer();
  }
  delete conf;
  return handle;
}

// What is unsent is reported as failed: librdkafka drops it silently, but then its opaque leaks.
void rd_kafka_destroy(rd_kafka_t* handle) {
  Client& client = *handle->client;
  client.purge(true);
  while (!client.reports.empty() && client.reports.front().message.opaque == nullptr) {
    client.reports.pop_front();
  }
  client.serve_reports();
  delete handle;
}

const char* rd_kafka_name(const rd_kafka_t*) {
  return "simulated";
}
const char* rd_kafka_version_str() {
  return "simulated";
}
const char* rd_kafka_err2name(rd_kafka_resp_err_t error) {
  static std::map<int, std::string> names;
  return names.try_emplace(error, "ERROR_" + std::to_string(error)).first->second.c_str();
}
const char* rd_kafka_err2str(rd_kafka_resp_err_t) {
  return "simulated";
}
rd_kafka_resp_err_t rd_kafka_fatal_error(rd_kafka_t* handle, char* text, size_t size) {
  if (size > 0) *text = '\0';
  return handle->client->fatal.value_or(RD_KAFKA_RESP_ERR_NO_ERROR);
}
rd_kafka_resp_err_t rd_kafka_error_code(const rd_kafka_error_t* error) {
  return error == nullptr ? RD_KAFKA_RESP_ERR_NO_ERROR : error->code;
}
int rd_kafka_error_is_fatal(const rd_kafka_error_t* error) {
  return error->is_fatal ? 1 : 0;
}
int rd_kafka_error_is_retriable(const rd_kafka_error_t* error) {
  return error->is_retriable ? 1 : 0;
}
int rd_kafka_error_txn_requires_abort(const rd_kafka_error_t* error) {
  return error->requires_abort ? 1 : 0;
}
const char* rd_kafka_error_name(const rd_kafka_error_t* error) {
  return rd_kafka_err2name(error->code);
}
const char* rd_kafka_error_string(const rd_kafka_error_t* error) {
  return error->is_fatal         ? "fatal"
         : error->requires_abort ? "requires abort"
         : error->is_retriable   ? "retriable"
                                 : "error";
}
void rd_kafka_error_destroy(rd_kafka_error_t* error) {
  delete error;
}
void rd_kafka_mem_free(rd_kafka_t*, void* memory) {
  std::free(memory);
}
char* rd_kafka_clusterid(rd_kafka_t*, int) {
  return strdup("simulated");
}

// ---- lists, headers, messages

rd_kafka_topic_partition_list_t* rd_kafka_topic_partition_list_new(int size) {
  auto* list = new rd_kafka_topic_partition_list_t{};
  list->size = std::max(size, 8);
  list->elems = new rd_kafka_topic_partition_t[static_cast<std::size_t>(list->size)]{};
  return list;
}
void rd_kafka_topic_partition_list_destroy(rd_kafka_topic_partition_list_t* list) {
  for (int i = 0; i < list->cnt; ++i) {
    std::free(list->elems[i].topic);
    std::free(list->elems[i].metadata);
  }
  delete[] list->elems;
  delete list;
}
rd_kafka_topic_partition_t* rd_kafka_topic_partition_list_add(rd_kafka_topic_partition_list_t* list,
                                                              const char* topic,
                                                              int32_t partition) {
  if (list->cnt == list->size) std::abort();  // make_list says its size
  rd_kafka_topic_partition_t& entry = list->elems[list->cnt++];
  entry.topic = strdup(topic);
  entry.partition = partition;
  entry.offset = RD_KAFKA_OFFSET_INVALID;
  return &entry;
}

rd_kafka_headers_t* rd_kafka_headers_new(size_t) {
  return new rd_kafka_headers_s;
}
void rd_kafka_headers_destroy(rd_kafka_headers_t* headers) {
  delete headers;
}
rd_kafka_headers_t* rd_kafka_headers_copy(const rd_kafka_headers_t* headers) {
  return new rd_kafka_headers_s(*headers);
}
rd_kafka_resp_err_t rd_kafka_header_add(rd_kafka_headers_t* headers, const char* name, ssize_t,
                                        const void* value, ssize_t size) {
  headers->list.emplace_back(
      name, std::string(static_cast<const char*>(value), static_cast<std::size_t>(size)));
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}
rd_kafka_resp_err_t rd_kafka_header_remove(rd_kafka_headers_t* headers, const char* name) {
  std::erase_if(headers->list, [&](const auto& header) { return header.first == name; });
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t rd_kafka_header_get_all(const rd_kafka_headers_t* headers, size_t index,
                                            const char** name, const void** value, size_t* size) {
  if (index >= headers->list.size()) return RD_KAFKA_RESP_ERR__NOENT;
  *name = headers->list[index].first.c_str();
  *value = headers->list[index].second.data();
  *size = headers->list[index].second.size();
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t rd_kafka_message_headers(const rd_kafka_message_t* message,
                                             rd_kafka_headers_t** headers) {
  const auto* whole = reinterpret_cast<const Message*>(message);
  if (whole->headers.list.empty()) return RD_KAFKA_RESP_ERR__NOENT;
  *headers = const_cast<rd_kafka_headers_t*>(&whole->headers);
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}
void rd_kafka_message_destroy(rd_kafka_message_t* message) {
  delete reinterpret_cast<Message*>(message);
}
int64_t rd_kafka_message_timestamp(const rd_kafka_message_t* message,
                                   rd_kafka_timestamp_type_t* type) {
  if (type != nullptr) *type = RD_KAFKA_TIMESTAMP_CREATE_TIME;
  return reinterpret_cast<const Message*>(message)->record.timestamp_ms;
}
const char* rd_kafka_message_errstr(const rd_kafka_message_t*) {
  return "";
}
const char* rd_kafka_topic_name(const rd_kafka_topic_t* topic) {
  return topic->name.c_str();
}

}  // extern "C"

// ---- the consumer

namespace {

rd_kafka_message_t* serve_operation(Client& client) {
  const Client::Operation operation = std::move(client.operations.front());
  client.operations.pop_front();
  if (operation.kind != RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS &&
      operation.kind != RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS) {
    const Partition partition =
        operation.partitions.empty() ? Partition{"", -1} : operation.partitions.front();
    if (operation.kind == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET &&
        !client.assigned.contains(partition)) {
      return nullptr;  // of an earlier assignment
    }
    return tocsin::simulation::make_error(partition, -1, operation.kind);
  }
  const bool is_assign = operation.kind == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
  scheduler->trace(std::string(is_assign ? "assigned " : "revoked ") +
                   std::to_string(operation.partitions.size()) + " partitions generation " +
                   std::to_string(client.membership.generation) + (client.is_lost ? " lost" : ""));
  const std::unique_ptr<rd_kafka_topic_partition_list_t,
                        decltype(&rd_kafka_topic_partition_list_destroy)>
      list(rd_kafka_topic_partition_list_new(static_cast<int>(operation.partitions.size())),
           &rd_kafka_topic_partition_list_destroy);
  for (const Partition& partition : operation.partitions) {
    rd_kafka_topic_partition_list_add(list.get(), partition.topic.c_str(), partition.number);
  }
  client.on_rebalance(client.handle, operation.kind, list.get(), client.opaque);
  return nullptr;
}

// Watermarks or an offset of a log as the client's isolation level shows them.
struct Marks {
  std::int64_t low = 0;
  std::int64_t high = 0;
};

Marks marks_of(const Partition& partition, bool committed) {
  const tocsin::simulation::Log& log = broker->log(partition);
  return {log.start, committed ? log.last_stable() : log.end()};
}

// First offset whose record is not older; -1 (the end) when there is none.
std::int64_t offset_for_time(const Partition& partition, std::int64_t time_ms) {
  const tocsin::simulation::Log& log = broker->log(partition);
  for (std::int64_t offset = log.start; offset < log.end(); ++offset) {
    if (log.entries[static_cast<std::size_t>(offset)].timestamp_ms >= time_ms) return offset;
  }
  return RD_KAFKA_OFFSET_END;
}

Offsets offsets_of(const rd_kafka_topic_partition_list_t* list) {
  Offsets offsets;
  for (int i = 0; i < list->cnt; ++i) {
    offsets[{list->elems[i].topic, list->elems[i].partition}] = list->elems[i].offset;
  }
  return offsets;
}

tocsin::simulation::Metadata metadata_of(const rd_kafka_topic_partition_list_t* list) {
  tocsin::simulation::Metadata metadata;
  for (int i = 0; i < list->cnt; ++i) {
    const rd_kafka_topic_partition_t& entry = list->elems[i];
    metadata[{entry.topic, entry.partition}].assign(static_cast<const char*>(entry.metadata),
                                                    entry.metadata_size);
  }
  return metadata;
}

}  // namespace

extern "C" {

rd_kafka_resp_err_t rd_kafka_poll_set_consumer(rd_kafka_t*) {
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t rd_kafka_subscribe(rd_kafka_t* handle,
                                       const rd_kafka_topic_partition_list_t* list) {
  scheduler->yield();
  std::vector<std::string> topics;
  for (int i = 0; i < list->cnt; ++i) topics.emplace_back(list->elems[i].topic);
  scheduler->trace("subscribe");
  handle->client->subscribe(std::move(topics));
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t rd_kafka_unsubscribe(rd_kafka_t* handle) {
  scheduler->yield();
  scheduler->trace("unsubscribe");
  handle->client->unsubscribe();
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_message_t* rd_kafka_consumer_poll(rd_kafka_t* handle, int timeout_ms) {
  Client& client = *handle->client;
  if (client.is_dead()) return nullptr;
  if (timeout_ms > 0) scheduler->yield();
  client.polled_ms = scheduler->now_ms();
  if (client.poll_exceeded && client.operations.empty()) {
    client.poll_exceeded = false;
    if (client.join_state == Client::Join::none && client.is_subscribed) {
      client.subscribe(client.topics);
    }
  }
  const std::int64_t deadline_ms = deadline_after(timeout_ms);
  while (true) {
    while (!client.operations.empty()) {
      if (rd_kafka_message_t* error = serve_operation(client)) return error;
    }
    client.polled_ms = scheduler->now_ms();
    if (rd_kafka_message_t* message = client.take()) return message;
    if (scheduler->now_ms() >= deadline_ms) return nullptr;
    scheduler->wait(&client, deadline_ms);
  }
}

rd_kafka_resp_err_t rd_kafka_assign(rd_kafka_t* handle,
                                    const rd_kafka_topic_partition_list_t* list) {
  if (!handle->client->is_dead()) handle->client->assign(list);
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

int rd_kafka_assignment_lost(rd_kafka_t* handle) {
  return handle->client->is_lost ? 1 : 0;
}

rd_kafka_resp_err_t rd_kafka_pause_partitions(rd_kafka_t* handle,
                                              rd_kafka_topic_partition_list_t* list) {
  for (const auto& [partition, offset] : offsets_of(list)) {
    if (handle->client->assigned.contains(partition)) handle->client->paused.insert(partition);
  }
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t rd_kafka_resume_partitions(rd_kafka_t* handle,
                                               rd_kafka_topic_partition_list_t* list) {
  for (const auto& [partition, offset] : offsets_of(list)) {
    if (handle->client->assigned.contains(partition)) handle->client->paused.erase(partition);
  }
  handle->client->schedule_fetch();
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t rd_kafka_committed(rd_kafka_t* handle, rd_kafka_topic_partition_list_t* list,
                                       int timeout_ms) {
  scheduler->yield();
  Client& client = *handle->client;
  std::vector<Partition> partitions;
  for (const auto& [partition, offset] : offsets_of(list)) partitions.push_back(partition);
  if (partitions.empty()) return RD_KAFKA_RESP_ERR_NO_ERROR;
  const std::int64_t deadline_ms = deadline_after(timeout_ms);
  while (scheduler->now_ms() < deadline_ms && !client.is_dead()) {
    const auto answer = ask<Broker::FetchAnswer>(
        client, "OffsetFetch",
        [group = client.settings["group.id"], partitions, stable = client.reads_committed()] {
          return broker->committed(group, partitions, stable);
        },
        deadline_ms);
    if (answer && answer->error == RD_KAFKA_RESP_ERR_NO_ERROR) {
      for (int i = 0; i < list->cnt; ++i) {
        rd_kafka_topic_partition_t& entry = list->elems[i];
        entry.offset = answer->offsets.at({entry.topic, entry.partition});
        const auto text = answer->metadata.find({entry.topic, entry.partition});
        if (text == answer->metadata.end() || text->second.empty()) continue;
        std::free(entry.metadata);
        entry.metadata = strdup(text->second.c_str());
        entry.metadata_size = text->second.size();
      }
      return RD_KAFKA_RESP_ERR_NO_ERROR;
    }
    pause_before_retry();
  }
  scheduler->trace("committed timed out");
  return RD_KAFKA_RESP_ERR__TIMED_OUT;
}

rd_kafka_resp_err_t rd_kafka_commit(rd_kafka_t* handle, const rd_kafka_topic_partition_list_t* list,
                                    int) {
  scheduler->yield();
  Client& client = *handle->client;
  const auto answer = ask<Error>(
      client, "OffsetCommit",
      [membership = client.membership, offsets = offsets_of(list), metadata = metadata_of(list)] {
        return broker->commit_offsets(membership, offsets, metadata);
      },
      scheduler->now_ms() + 10'000);
  return answer.value_or(RD_KAFKA_RESP_ERR__TRANSPORT);
}

rd_kafka_resp_err_t rd_kafka_query_watermark_offsets(rd_kafka_t* handle, const char* topic,
                                                     int32_t partition, int64_t* low, int64_t* high,
                                                     int timeout_ms) {
  scheduler->yield();
  Client& client = *handle->client;
  const std::int64_t deadline_ms = deadline_after(timeout_ms);
  while (scheduler->now_ms() < deadline_ms && !client.is_dead()) {
    const auto marks = ask<Marks>(
        client, "ListOffsets",
        [where = Partition{topic, partition}, committed = client.reads_committed()] {
          return marks_of(where, committed);
        },
        deadline_ms);
    if (marks) {
      *low = marks->low;
      *high = marks->high;
      return RD_KAFKA_RESP_ERR_NO_ERROR;
    }
    pause_before_retry();
  }
  return RD_KAFKA_RESP_ERR__TIMED_OUT;
}

rd_kafka_resp_err_t rd_kafka_get_watermark_offsets(rd_kafka_t*, const char* topic,
                                                   int32_t partition, int64_t* low, int64_t* high) {
  const Marks marks = marks_of({topic, partition}, true);
  *low = marks.low;
  *high = marks.high;
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t rd_kafka_offsets_for_times(rd_kafka_t* handle,
                                               rd_kafka_topic_partition_list_t* list,
                                               int timeout_ms) {
  scheduler->yield();
  Client& client = *handle->client;
  const std::int64_t deadline_ms = deadline_after(timeout_ms);
  while (scheduler->now_ms() < deadline_ms && !client.is_dead()) {
    const auto offset = ask<std::int64_t>(
        client, "ListOffsets",
        [where = Partition{list->elems[0].topic, list->elems[0].partition},
         time_ms = list->elems[0].offset] { return offset_for_time(where, time_ms); },
        deadline_ms);
    if (offset) {
      list->elems[0].offset = *offset;
      return RD_KAFKA_RESP_ERR_NO_ERROR;
    }
    pause_before_retry();
  }
  return RD_KAFKA_RESP_ERR__TIMED_OUT;
}

// Nobody in the loop waits for what these would say.
rd_kafka_topic_t* rd_kafka_topic_new(rd_kafka_t*, const char*, rd_kafka_topic_conf_t*) {
  return nullptr;
}
void rd_kafka_topic_destroy(rd_kafka_topic_t*) {}
rd_kafka_resp_err_t rd_kafka_metadata(rd_kafka_t*, int, rd_kafka_topic_t*,
                                      const rd_kafka_metadata_t**, int) {
  return RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED;
}
void rd_kafka_metadata_destroy(const rd_kafka_metadata_t*) {}
rd_kafka_error_t* rd_kafka_seek_partitions(rd_kafka_t*, rd_kafka_topic_partition_list_t*, int) {
  return nullptr;
}

rd_kafka_resp_err_t rd_kafka_consumer_close(rd_kafka_t* handle) {
  Client& client = *handle->client;
  if (client.is_dead()) return RD_KAFKA_RESP_ERR_NO_ERROR;
  scheduler->trace("close");
  if (!client.group_assignment.empty() && client.on_rebalance != nullptr) {
    client.operations.clear();
    client.operations.push_back({RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS, client.group_assignment});
    client.is_subscribed = false;
    serve_operation(client);
  }
  client.close();
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

int rd_kafka_consumer_closed(rd_kafka_t* handle) {
  return handle->client->is_dead() || handle->client->is_closed ? 1 : 0;
}

rd_kafka_consumer_group_metadata_t* rd_kafka_consumer_group_metadata(rd_kafka_t* handle) {
  return new rd_kafka_consumer_group_metadata_s{handle->client->membership};
}
void rd_kafka_consumer_group_metadata_destroy(rd_kafka_consumer_group_metadata_t* metadata) {
  delete metadata;
}
rd_kafka_error_t* rd_kafka_consumer_group_metadata_write(
    const rd_kafka_consumer_group_metadata_t* metadata, void** buffer, size_t* size) {
  const tocsin::simulation::Membership& membership = metadata->membership;
  std::string bytes = "CGMDv2:";
  bytes.append(reinterpret_cast<const char*>(&membership.generation), sizeof(std::int32_t));
  bytes.append(membership.group.c_str(), membership.group.size() + 1);
  bytes.append(membership.member.c_str(), membership.member.size() + 1);
  bytes.push_back('\0');
  *size = bytes.size();
  *buffer = std::malloc(bytes.size());
  std::memcpy(*buffer, bytes.data(), bytes.size());
  return nullptr;
}

}  // extern "C"

// ---- the producer

namespace {

using Transaction = Client::Transaction;

rd_kafka_error_t* fatal(Client& client, Error code) {
  client.fatal = code;
  client.purge(false);
  scheduler->trace("fatal error " + std::to_string(code));
  return new rd_kafka_error_s{code, true, false, false};
}

rd_kafka_error_t* retriable(Error code) {
  return new rd_kafka_error_s{code, false, true, false};
}

// What already went wrong, before a transactional call may start.
rd_kafka_error_t* standing_error(const Client& client, Transaction wanted) {
  if (client.fatal) return new rd_kafka_error_s{*client.fatal, true, false, false};
  if (client.transaction == Transaction::abortable) {
    return new rd_kafka_error_s{client.abort_error, false, false, true};
  }
  if (client.transaction != wanted) {
    return new rd_kafka_error_s{RD_KAFKA_RESP_ERR__STATE, false, false, false};
  }
  return nullptr;
}

bool is_fenced(Error error) {
  return error == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH ||
         error == RD_KAFKA_RESP_ERR_PRODUCER_FENCED;
}

// Waits until all is delivered or failed; false at the deadline.
bool flush(Client& client, std::int64_t deadline_ms) {
  client.pump();
  while (client.has_outgoing() && !client.fatal && !client.is_dead()) {
    client.serve_reports();
    if (scheduler->now_ms() >= deadline_ms) return false;
    scheduler->wait(&client, deadline_ms);
  }
  client.serve_reports();
  return true;
}

// EndTxn until there is an answer; librdkafka repeats it by itself when the connection breaks.
rd_kafka_error_t* end_transaction(Client& client, bool commit, std::int64_t deadline_ms) {
  const std::string what = commit ? "EndTxn commit" : "EndTxn abort";
  while (!client.is_dead()) {
    const auto answer = ask<Error>(
        client, commit ? "EndTxn commit" : "EndTxn abort",
        [id = client.transactional_id(), producer = client.producer, commit] {
          return broker->end_transaction(id, producer, commit);
        },
        deadline_ms);
    if (answer == RD_KAFKA_RESP_ERR_NO_ERROR) {
      client.transaction = Transaction::ready;
      return nullptr;
    }
    if (answer && *answer != RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS) {
      return fatal(client, is_fenced(*answer) ? RD_KAFKA_RESP_ERR__FENCED : *answer);
    }
    if (scheduler->now_ms() >= deadline_ms) {
      scheduler->trace(what + " timed out");
      return retriable(RD_KAFKA_RESP_ERR__TIMED_OUT);
    }
    pause_before_retry();
  }
  return nullptr;
}

}  // namespace

extern "C" {

rd_kafka_resp_err_t rd_kafka_producev(rd_kafka_t* handle, ...) {
  scheduler->yield();
  Client& client = *handle->client;
  Client::Outgoing message;
  Partition partition;
  rd_kafka_headers_t* headers = nullptr;
  va_list arguments;
  va_start(arguments, handle);
  for (int type = va_arg(arguments, int); type != RD_KAFKA_VTYPE_END;
       type = va_arg(arguments, int)) {
    switch (type) {
      case RD_KAFKA_VTYPE_TOPIC:
        partition.topic = va_arg(arguments, const char*);
        break;
      case RD_KAFKA_VTYPE_PARTITION:
        partition.number = std::max(0, va_arg(arguments, int32_t));  // by key: topics have one
        break;
      case RD_KAFKA_VTYPE_KEY:
      case RD_KAFKA_VTYPE_VALUE: {
        const char* bytes = va_arg(arguments, const char*);
        const std::size_t size = va_arg(arguments, std::size_t);
        std::string& target =
            type == RD_KAFKA_VTYPE_KEY ? message.record.key : message.record.value;
        if (bytes != nullptr) target.assign(bytes, size);
        break;
      }
      case RD_KAFKA_VTYPE_OPAQUE:
        message.opaque = va_arg(arguments, void*);
        break;
      case RD_KAFKA_VTYPE_HEADERS:
        headers = va_arg(arguments, rd_kafka_headers_t*);
        break;
      default:  // MSGFLAGS
        static_cast<void>(va_arg(arguments, int));
        break;
    }
  }
  va_end(arguments);
  if (client.is_dead() || client.fatal) return RD_KAFKA_RESP_ERR__FATAL;
  if (client.transaction == Transaction::abortable) return RD_KAFKA_RESP_ERR__STATE;
  if (headers != nullptr) {  // the producer owns them now
    message.record.headers = std::move(headers->list);
    delete headers;
  }
  message.created_ms = scheduler->now_ms();
  message.topic = partition.topic;
  client.lanes[partition].waiting.push_back(std::move(message));
  const std::weak_ptr<Client> weak = client.weak_from_this();
  scheduler->after(1, client.life, [weak] {
    if (const auto alive = weak.lock()) alive->pump();
  });
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

int rd_kafka_poll(rd_kafka_t* handle, int timeout_ms) {
  Client& client = *handle->client;
  if (client.is_dead()) return 0;
  scheduler->yield();
  if (client.reports.empty() && timeout_ms > 0) {
    scheduler->wait(&client, scheduler->now_ms() + timeout_ms);
  }
  client.serve_reports();
  return 0;
}

int rd_kafka_outq_len(rd_kafka_t* handle) {
  const Client& client = *handle->client;
  return client.has_outgoing() || !client.reports.empty() ? 1 : 0;
}

rd_kafka_resp_err_t rd_kafka_purge(rd_kafka_t* handle, int flags) {
  handle->client->purge((flags & RD_KAFKA_PURGE_F_INFLIGHT) != 0);
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_error_t* rd_kafka_init_transactions(rd_kafka_t* handle, int timeout_ms) {
  scheduler->yield();
  Client& client = *handle->client;
  const std::int64_t deadline_ms = deadline_after(timeout_ms);
  while (scheduler->now_ms() < deadline_ms && !client.is_dead()) {
    const auto answer = ask<Broker::InitAnswer>(
        client, "InitProducerId",
        [id = client.transactional_id(),
         timeout = client.setting_ms("transaction.timeout.ms", 60'000)] {
          return broker->init_producer(id, timeout);
        },
        deadline_ms);
    if (answer && answer->error == RD_KAFKA_RESP_ERR_NO_ERROR) {
      client.producer = answer->producer;
      client.transaction = Transaction::ready;
      scheduler->trace("init_transactions epoch " + std::to_string(client.producer.epoch));
      return nullptr;
    }
    pause_before_retry();
  }
  return retriable(RD_KAFKA_RESP_ERR__TIMED_OUT);
}

rd_kafka_error_t* rd_kafka_begin_transaction(rd_kafka_t* handle) {
  scheduler->yield();
  Client& client = *handle->client;
  if (rd_kafka_error_t* error = standing_error(client, Transaction::ready)) return error;
  client.transaction = Transaction::open;
  client.transaction_started_ms = scheduler->now_ms();
  client.transaction_added = false;
  scheduler->trace("begin");
  return nullptr;
}

rd_kafka_error_t* rd_kafka_send_offsets_to_transaction(
    rd_kafka_t* handle, const rd_kafka_topic_partition_list_t* list,
    const rd_kafka_consumer_group_metadata_t* metadata, int timeout_ms) {
  scheduler->yield();
  Client& client = *handle->client;
  if (rd_kafka_error_t* error = standing_error(client, Transaction::open)) return error;
  client.transaction_added = true;
  const std::int64_t deadline_ms = deadline_after(timeout_ms);
  while (scheduler->now_ms() < deadline_ms && !client.is_dead()) {
    const auto answer = ask<Error>(
        client, "TxnOffsetCommit",
        [id = client.transactional_id(), producer = client.producer,
         membership = metadata->membership, offsets = offsets_of(list), texts = metadata_of(list)] {
          return broker->commit_offsets_in_transaction(id, producer, membership, offsets, texts);
        },
        deadline_ms);
    if (answer == RD_KAFKA_RESP_ERR_NO_ERROR) {
      scheduler->trace("send_offsets generation " +
                       std::to_string(metadata->membership.generation));
      return nullptr;
    }
    if (answer && *answer != RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS) {
      if (is_fenced(*answer)) return fatal(client, RD_KAFKA_RESP_ERR__FENCED);
      if (*answer == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_ID_MAPPING) return fatal(client, *answer);
      client.transaction = Transaction::abortable;
      client.abort_error = *answer;
      scheduler->trace("send_offsets refused " + std::to_string(*answer));
      return new rd_kafka_error_s{*answer, false, false, true};
    }
    pause_before_retry();
  }
  return retriable(RD_KAFKA_RESP_ERR__TIMED_OUT);
}

rd_kafka_error_t* rd_kafka_commit_transaction(rd_kafka_t* handle, int) {
  scheduler->yield();
  Client& client = *handle->client;
  if (rd_kafka_error_t* error = standing_error(client, Transaction::open)) return error;
  // -1 is "what remains of the transaction's time", not "for ever".
  const std::int64_t deadline_ms =
      std::max(scheduler->now_ms() + 1000,
               client.transaction_started_ms + client.setting_ms("transaction.timeout.ms", 60'000));
  if (!flush(client, deadline_ms)) return retriable(RD_KAFKA_RESP_ERR__TIMED_OUT);
  if (rd_kafka_error_t* error = standing_error(client, Transaction::open)) return error;
  if (!client.transaction_added) {
    client.transaction = Transaction::ready;
    return nullptr;
  }
  const bool is_unknown = scheduler->random.chance(tocsin::simulation::network.commit_unknown);
  if (is_unknown && scheduler->random.chance(500)) {
    return fatal(client, RD_KAFKA_RESP_ERR__INCONSISTENT);
  }
  rd_kafka_error_t* error = end_transaction(client, true, deadline_ms);
  if (error == nullptr && is_unknown) return fatal(client, RD_KAFKA_RESP_ERR__INCONSISTENT);
  scheduler->trace(error == nullptr ? "commit" : "commit failed");
  return error;
}

rd_kafka_error_t* rd_kafka_abort_transaction(rd_kafka_t* handle, int) {
  scheduler->yield();
  Client& client = *handle->client;
  if (client.fatal) return new rd_kafka_error_s{*client.fatal, true, false, false};
  if (client.transaction != Transaction::open && client.transaction != Transaction::abortable) {
    return new rd_kafka_error_s{RD_KAFKA_RESP_ERR__STATE, false, false, false};
  }
  const std::int64_t deadline_ms =
      std::max(scheduler->now_ms() + 1000,
               client.transaction_started_ms + client.setting_ms("transaction.timeout.ms", 60'000));
  client.purge(false);
  if (!flush(client, deadline_ms)) return retriable(RD_KAFKA_RESP_ERR__TIMED_OUT);
  if (client.fatal) return new rd_kafka_error_s{*client.fatal, true, false, false};
  if (!client.transaction_added) {
    client.transaction = Transaction::ready;
    return nullptr;
  }
  rd_kafka_error_t* error = end_transaction(client, false, deadline_ms);
  scheduler->trace(error == nullptr ? "abort" : "abort failed");
  return error;
}

}  // extern "C"
