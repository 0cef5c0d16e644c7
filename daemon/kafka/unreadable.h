// Batches that librdkafka cannot read: they decompress to more than receive.message.max.bytes, or
// are damaged. It then tells the same error again and again and never passes them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "daemon/kafka/consumer.h"

namespace tocsin::kafka {

// What a batch may decompress to. librdkafka before 2.4 may give up at a third of it, and an
// article may have 64 MiB.
inline constexpr std::uint64_t kDecompressedMax = 256 << 20;

// The offset after the unreadable batch that begins at `offset` (Failure::is_unreadable tells it);
// at most `high`, where the partition ends. Its header cannot be seen, so fetches from inside and
// from behind it tell where it ends. Throws StopError (failed) when the brokers do not answer.
[[nodiscard]] std::int64_t end_of_unreadable(const Config& config, const Partition& partition,
                                             std::int64_t offset, std::int64_t high);

// The first batch, of those that begin at `offset` or later, that kills whoever fetches it:
// librdkafka bounds what a batch decompresses to for zstd alone. Tried in child processes with
// little memory (kDecompressedMax more than now); nullopt when none of them dies. Each takes a
// minute at most.
[[nodiscard]] std::optional<Watermarks> deadly_batch(const Config& config,
                                                     const Partition& partition,
                                                     std::int64_t offset, std::int64_t high);

// Hands over the records at the offsets, fetched one batch after the other, so that what stands
// behind them is not. `careful` has the settings of careful_conf() and outlives the messages.
// Throws StopError (failed) when the brokers do not answer.
void read_before(Consumer& careful, const Partition& partition, const Watermarks& offsets,
                 const std::function<void(Message)>& each);
// One batch a fetch, and the next one when that is read.
[[nodiscard]] Conf careful_conf(const Config& config);

}  // namespace tocsin::kafka
