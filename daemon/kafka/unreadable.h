// Batches that librdkafka cannot read: they decompress to more than receive.message.max.bytes, or
// are damaged. It then tells the same error again and again and never passes them.
#pragma once

#include <cstdint>

#include "daemon/kafka/client.h"

namespace tocsin::kafka {

// Whether an event says so; its offset is the first of the batch.
[[nodiscard]] bool is_unreadable(const rd_kafka_message_t& event);

// The offset after the unreadable batch that begins at `offset`; at most `high`, where the
// partition ends. Its header cannot be seen, so fetches from inside and from behind it tell where
// it ends. Throws StopError (failed) when the brokers do not answer.
[[nodiscard]] std::int64_t end_of_unreadable(const Config& config, const Partition& partition,
                                             std::int64_t offset, std::int64_t high);

}  // namespace tocsin::kafka
