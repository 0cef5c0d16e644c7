#include "daemon/kafka/unreadable.h"

#include <algorithm>

#include "daemon/stop.h"
#include "daemon/wait.h"

namespace tocsin::kafka {
namespace {

constexpr std::int64_t kProbeLimitMs = 30'000;
constexpr int kPollWaitMs = 100;

// Whether a fetch from `offset` meets the batch that begins at `first`.
bool meets(rd_kafka_t* consumer, const Partition& partition, std::int64_t offset,
           std::int64_t first) {
  const PartitionList list = make_list({{partition, offset}});
  const rd_kafka_resp_err_t error = rd_kafka_assign(consumer, list.get());
  const std::int64_t deadline_ms = steady_ms() + kProbeLimitMs;
  while (error == RD_KAFKA_RESP_ERR_NO_ERROR && steady_ms() < deadline_ms) {
    const Message message(rd_kafka_consumer_poll(consumer, kPollWaitMs));
    if (!message || message->rkt == nullptr) continue;
    if (is_unreadable(*message)) return message->offset == first;
    const bool is_behind = message->err == RD_KAFKA_RESP_ERR_NO_ERROR ||
                           message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
    if (is_behind) return false;
  }
  throw StopError(ExitCode::failed, "kafka: the end of an unreadable batch cannot be found topic=" +
                                        partition.topic + " offset=" + std::to_string(first));
}

}  // namespace

bool is_unreadable(const rd_kafka_message_t& event) {
  const bool is_of_a_record = event.rkt != nullptr && event.offset >= 0;
  return is_of_a_record && (event.err == RD_KAFKA_RESP_ERR__BAD_COMPRESSION ||
                            event.err == RD_KAFKA_RESP_ERR__BAD_MSG ||
                            event.err == RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED ||
                            event.err == RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE);
}

std::int64_t end_of_unreadable(const Config& config, const Partition& partition,
                               std::int64_t offset, std::int64_t high) {
  const Client consumer =
      make_consumer(make_conf(config.kafka, {{"fetch.wait.max.ms", "100"}, {"check.crcs", "true"}},
                              {{"group.id", config.kafka.group},
                               {"enable.auto.commit", "false"},
                               {"auto.offset.reset", "earliest"},
                               {"enable.partition.eof", "true"}}));
  std::int64_t inside = offset;  // met there
  std::int64_t behind = offset + 1;
  for (std::int64_t step = 1; behind < high && meets(consumer.get(), partition, behind, offset);) {
    inside = behind;
    step *= 2;
    behind = std::min(high, offset + step);
  }
  while (behind - inside > 1) {
    const std::int64_t middle = inside + (behind - inside) / 2;
    (meets(consumer.get(), partition, middle, offset) ? inside : behind) = middle;
  }
  return behind;
}

}  // namespace tocsin::kafka
