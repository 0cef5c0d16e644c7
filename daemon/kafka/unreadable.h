// Batches that librdkafka cannot read: they decompress to more than receive.message.max.bytes, or
// are damaged. It then tells the same error again and again and never passes them.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>

#include "daemon/kafka/consumer.h"
#include "daemon/kafka/fetch_gate.h"

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

// Reads a partition batch by batch. librdkafka fetches ahead as soon as its queue is empty, which
// is when the last record is taken out and before its taker can say that it was the last; here a
// fetch is answered only to a poll() that finds nothing left of the one before. It outlives its
// messages.
class CarefulConsumer {
 public:
  explicit CarefulConsumer(const Config& config);
  ~CarefulConsumer();
  CarefulConsumer(const CarefulConsumer&) = delete;
  CarefulConsumer& operator=(const CarefulConsumer&) = delete;

  [[nodiscard]] Failure assign(const Partition& partition, std::int64_t offset);
  // The next record or event; none when the time is over, or between two batches.
  [[nodiscard]] Message poll(std::chrono::milliseconds wait);
  void unassign();

 private:
  FetchGate gate_;
  Consumer consumer_;
};

// Hands over the records at the offsets; what stands behind them is not fetched. Throws StopError
// (failed) when the brokers do not answer.
void read_before(CarefulConsumer& consumer, const Partition& partition, const Watermarks& offsets,
                 const std::function<void(Message)>& each);

}  // namespace tocsin::kafka
