// Reads what is in topics now, for verbs that look at them from outside: no group is joined,
// nothing is committed. Each record of the given offsets is handed over once, in order of its
// partition.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "daemon/kafka/client.h"

namespace tocsin::kafka {

enum class Isolation : std::uint8_t { uncommitted, committed };

// Offsets [low, high) that a partition holds.
struct Watermarks {
  std::int64_t low = 0;
  std::int64_t high = 0;
};
using Extents = std::map<Partition, Watermarks>;

// Committed offset of each partition for the configured group; -1 for none. `committed` waits for
// open transactions of the group. Throws StopError.
[[nodiscard]] std::map<Partition, std::int64_t> committed_offsets(
    const Config& config, const std::vector<Partition>& partitions, Isolation isolation);

class Reader {
 public:
  Reader(const Config& config, Isolation isolation);
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  // Partitions of the topics, in order; none of a topic that does not exist. Throws StopError when
  // the brokers do not answer.
  [[nodiscard]] std::vector<Partition> partitions(const std::vector<std::string>& topics);
  // Empty when the brokers do not say in time.
  [[nodiscard]] std::string cluster_id();
  // First offset and the end: the high watermark when uncommitted, else the last stable offset.
  [[nodiscard]] Extents extents(const std::vector<Partition>& partitions);
  // Every record of the extents, interleaved over the partitions. Waits until open transactions
  // below their ends are decided. Offsets that vanish meanwhile are passed over. Throws StopError
  // (failed) when nothing moves for kPatience.
  void read(const Extents& extents, const std::function<void(Message)>& each);

  static constexpr std::chrono::seconds kPatience{60};

 private:
  const Config& config_;
  Client consumer_;
};

}  // namespace tocsin::kafka
