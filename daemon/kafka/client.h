// Owners of librdkafka handles and the settings every client of ours starts from. Nothing outside
// daemon/ sees rdkafka.h; every handle is destroyed by its owner.
#pragma once

#include <librdkafka/rdkafka.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace tocsin::kafka {

struct Destroy {
  void operator()(rd_kafka_t* handle) const { rd_kafka_destroy(handle); }
  void operator()(rd_kafka_conf_t* conf) const { rd_kafka_conf_destroy(conf); }
  void operator()(rd_kafka_message_t* message) const { rd_kafka_message_destroy(message); }
  void operator()(rd_kafka_headers_t* headers) const { rd_kafka_headers_destroy(headers); }
  void operator()(rd_kafka_error_t* error) const { rd_kafka_error_destroy(error); }
  void operator()(rd_kafka_topic_partition_list_t* list) const {
    rd_kafka_topic_partition_list_destroy(list);
  }
  void operator()(rd_kafka_consumer_group_metadata_t* metadata) const {
    rd_kafka_consumer_group_metadata_destroy(metadata);
  }
  void operator()(const rd_kafka_metadata_t* metadata) const {
    rd_kafka_metadata_destroy(metadata);
  }
  void operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }
  void operator()(rd_kafka_event_t* event) const { rd_kafka_event_destroy(event); }
  void operator()(rd_kafka_topic_t* topic) const { rd_kafka_topic_destroy(topic); }
  void operator()(rd_kafka_NewTopic_t* topic) const { rd_kafka_NewTopic_destroy(topic); }
  void operator()(rd_kafka_ConfigResource_t* resource) const {
    rd_kafka_ConfigResource_destroy(resource);
  }
  void operator()(rd_kafka_AdminOptions_t* options) const {
    rd_kafka_AdminOptions_destroy(options);
  }
};

template <class T>
using Owned = std::unique_ptr<T, Destroy>;

using Client = Owned<rd_kafka_t>;
using Conf = Owned<rd_kafka_conf_t>;
using Message = Owned<rd_kafka_message_t>;
using Headers = Owned<rd_kafka_headers_t>;
using Fault = Owned<rd_kafka_error_t>;
using PartitionList = Owned<rd_kafka_topic_partition_list_t>;

// A partition of a topic; orders and keys maps.
struct Partition {
  std::string topic;
  std::int32_t number = 0;
  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 sees a null pointer in the defaulted <=>
  friend auto operator<=>(const Partition&, const Partition&) = default;
};

using Settings = std::map<std::string, std::string>;

// What `role` clients need, under the user's `kafka.client`, under what may never be changed.
// Throws StopError (exit 2) when librdkafka refuses a property.
[[nodiscard]] Conf make_conf(const KafkaConfig& config, const Settings& defaults,
                             const Settings& fixed);

// Takes the conf; logs and errors of the client go to the log under `role`.
[[nodiscard]] Client make_consumer(Conf conf);
[[nodiscard]] Client make_producer(Conf conf);

// Errors that a record itself causes: trying it again cannot help.
[[nodiscard]] bool is_poison(rd_kafka_resp_err_t error);
// The same, of its size.
[[nodiscard]] bool is_size(rd_kafka_resp_err_t error);
// The broker knows who we are and does not let us.
[[nodiscard]] bool is_denied(rd_kafka_resp_err_t error);
// Who the brokers take us for: "User:tocsin"; our certificate's name is theirs to know.
[[nodiscard]] std::string principal(const KafkaConfig& config);
// "not authorized: READ on topic news.pairs for User:tocsin"
[[nodiscard]] std::string denied(const KafkaConfig& config, const std::string& operation,
                                 const std::string& resource);

// The same, of an error that may be another one.
[[nodiscard]] std::string reason(const KafkaConfig& config, rd_kafka_resp_err_t error,
                                 const std::string& operation, const std::string& resource);

[[nodiscard]] std::string text(rd_kafka_resp_err_t error);
[[nodiscard]] std::string text(const rd_kafka_error_t* error);

// Calls `each(name, value)` for every header of a record, in their order; the views live as long as
// the record.
template <class F>
void each_header(const rd_kafka_message_t& message, F&& each) {
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0;
       rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
       ++i) {
    each(std::string_view(name),
         std::string_view(static_cast<const char*>(value), value == nullptr ? 0 : size));
  }
}

// The last header of the name: ours, when an earlier failure left one too.
[[nodiscard]] std::optional<std::string_view> last_header(const rd_kafka_message_t& message,
                                                          const char* name);

// Copy of a record's headers, or an empty list.
[[nodiscard]] Headers copy_headers(const rd_kafka_message_t* message);

[[nodiscard]] PartitionList make_list(const std::map<Partition, std::int64_t>& offsets);

// Cluster id; empty when the broker does not answer in time.
[[nodiscard]] std::string cluster_id(rd_kafka_t* client, std::chrono::milliseconds timeout);

// What error_cb does unless a client sets its own.
void log_error(rd_kafka_t* client, int error, const char* reason, void*);
// Logs, and waits a moment.
void log_retry(const char* what, rd_kafka_resp_err_t error);
// A moving leader or coordinator answers with an error for a moment: asks a few times, a second
// apart, then gives the error back.
template <class F>
rd_kafka_resp_err_t ask(const char* what, F&& question) {
  constexpr int kAttempts = 10;
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
  for (int attempt = 1; attempt <= kAttempts; ++attempt) {
    error = question();
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR || is_denied(error)) break;
    log_retry(what, error);
  }
  return error;
}

}  // namespace tocsin::kafka
