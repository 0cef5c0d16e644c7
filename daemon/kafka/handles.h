// Owners of librdkafka's handles, for the files of daemon/kafka/ alone: nobody else sees rdkafka.h.
#pragma once

#include <librdkafka/rdkafka.h>

#include <array>
#include <chrono>
#include <map>
#include <memory>
#include <string>

#include "daemon/kafka/client.h"

namespace tocsin::kafka {

struct Destroy {
  void operator()(rd_kafka_t* handle) const;
  void operator()(rd_kafka_conf_t* conf) const { rd_kafka_conf_destroy(conf); }
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
using ConfHandle = Owned<rd_kafka_conf_t>;
using ErrorHandle = Owned<rd_kafka_error_t>;
using PartitionList = Owned<rd_kafka_topic_partition_list_t>;

// The settings with log and error callbacks. Throws StopError (exit 2) when librdkafka refuses one.
[[nodiscard]] ConfHandle make_handle(const Conf& conf);
// `settings`: those that the handle was made of; its secrets are renewed by them (secrets.h).
[[nodiscard]] Client make_client(rd_kafka_type_t type, ConfHandle conf, const Conf& settings);

// What error_cb does unless a client sets its own.
void log_error(rd_kafka_t* client, int error, const char* reason, void*);

[[nodiscard]] Failure fault_of(ErrorHandle error);
[[nodiscard]] Failure fatal_fault(rd_kafka_t* client);

[[nodiscard]] PartitionList make_list(const Marks& marks);
[[nodiscard]] PartitionList make_list(const Offsets& offsets);

// Cluster id; empty when the broker does not answer in time.
[[nodiscard]] std::string cluster_id(rd_kafka_t* client, std::chrono::milliseconds timeout);

}  // namespace tocsin::kafka
