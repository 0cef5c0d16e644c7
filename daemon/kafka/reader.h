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

#include "daemon/kafka/consumer.h"

namespace tocsin::kafka {

enum class Isolation : std::uint8_t { uncommitted, committed };

using Extents = std::map<Partition, Watermarks>;

// Committed offset of each partition for the configured group; -1 for none. `committed` waits for
// open transactions of the group. Throws StopError.
[[nodiscard]] Offsets committed_offsets(const Config& config,
                                        const std::vector<Partition>& partitions,
                                        Isolation isolation);

class Reader {
 public:
  Reader(const Config& config, Isolation isolation);

  // Partitions of the topics, in order; none of a topic that does not exist. Throws StopError when
  // the brokers do not answer.
  [[nodiscard]] std::vector<Partition> partitions(const std::vector<std::string>& topics);
  // Empty when the brokers do not say in time.
  [[nodiscard]] std::string cluster_id();
  // First offset and the end: the high watermark when uncommitted, else the last stable offset.
  [[nodiscard]] Extents extents(const std::vector<Partition>& partitions);
  // Throws StopError (failed) when records of a partition may not be read, whether it has some or
  // not.
  void check_readable(const std::vector<Partition>& partitions);
  // Every record of the extents, interleaved over the partitions. Waits until open transactions
  // below their ends are decided. Offsets that vanish meanwhile are passed over. Throws StopError
  // (failed) when nothing moves for kPatience.
  // Batches that cannot be read are passed over, see unreadable().
  void read(const Extents& extents, const std::function<void(Message)>& each);
  // Offsets of the last read() that could not be read.
  [[nodiscard]] const std::vector<std::pair<Partition, Watermarks>>& unreadable() const {
    return unreadable_;
  }

  static constexpr std::chrono::seconds kPatience{60};

 private:
  void assign(const Offsets& offsets);
  std::int64_t pass_over(const Record& event, std::int64_t next, std::int64_t end);

  const Config& config_;
  Consumer consumer_;
  std::vector<std::pair<Partition, Watermarks>> unreadable_;
};

}  // namespace tocsin::kafka
