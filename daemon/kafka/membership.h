// What a GroupMembership holds; for the files of daemon/kafka/ alone.
#pragma once

#include "daemon/kafka/consumer.h"
#include "daemon/kafka/handles.h"

namespace tocsin::kafka {

struct GroupMembership::Handle {
  Owned<rd_kafka_consumer_group_metadata_t> metadata;
};

}  // namespace tocsin::kafka
