// A consumed record as librdkafka hands it out: the public struct, with what it points to behind
// it.
#pragma once

#include <librdkafka/rdkafka.h>

#include "tests/simulation/broker.h"

struct rd_kafka_topic_s {
  std::string name;
};

struct rd_kafka_headers_s {
  tocsin::simulation::HeaderList list;
};

namespace tocsin::simulation {

struct Message {
  rd_kafka_message_t head;  // first: the address of one is that of the other
  Record record;
  rd_kafka_headers_s headers;
};

rd_kafka_message_t* make_message(const Partition& partition, std::int64_t offset,
                                 const Record& record);
// Owned by nobody, few, and the same for all runs.
rd_kafka_topic_t* topic_handle(const std::string& name);
rd_kafka_message_t* make_error(const Partition& partition, std::int64_t offset, Error error);

}  // namespace tocsin::simulation
