// Records that kill the process. Each first attempt at a stretch of a partition is announced in the
// metadata of the group's committed offset; who finds such an announcement there when partitions
// are assigned knows that somebody died over it, and tries less at once, until one record is left.
// That one is then tried in a process of its own (daemon/sandbox.h): who was killed by chance at
// the same record again and again does not condemn it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/batch.h"
#include "daemon/intake.h"

namespace tocsin {

// One attempt: `span` offsets from the committed one on; how many died over exactly these; how many
// were waiting for their first record from there, and no one has read one since.
struct Trial {
  std::int64_t span = 0;
  std::int64_t deaths = 0;
  std::int64_t fetches = 0;
};

// As metadata of a commit: "tocsin/1 span=188 deaths=1", " fetches=2" behind it where there are
// some. Anything else is no trial.
[[nodiscard]] std::string encode(const Trial& trial);
[[nodiscard]] std::optional<Trial> decode_trial(std::string_view metadata);

// The intake thread's own.
class Trials {
 public:
  // Forgets the last assignment.
  void begin(const std::map<kafka::Partition, Commit>& commits);

  // How many records of the partition may be tried together with nothing else; nullopt: any number,
  // together with others.
  [[nodiscard]] std::optional<std::size_t> records_max(const kafka::Partition& partition,
                                                       std::int64_t offset) const;
  // What has to be committed before the batch is analysed; empty mostly.
  [[nodiscard]] OffsetRanges announce(const Batch& batch);
  // How many died over the batch, if that is one record and nothing else was tried with it.
  [[nodiscard]] std::int64_t deaths(const Batch& batch) const;
  // What has to be committed once such a batch was analysed: whoever ends later does not end by it.
  // Empty where nobody had died over the record alone.
  [[nodiscard]] static OffsetRanges acquit(const OffsetRanges& announced);

  // What has to be committed before partitions are fetched from these offsets: whoever dies next
  // may die of what it fetches.
  [[nodiscard]] static OffsetRanges announce_fetch(
      const std::map<kafka::Partition, Commit>& commits, const kafka::Offsets& next);
  // So many fetched from this offset in vain that what stands there is tried first.
  [[nodiscard]] static bool is_fetch_suspicious(const Commit& commit);

  // Over one record alone: from so many on it is tried in a process of its own; from so many on it
  // is at fault even if it harms no other process.
  static constexpr std::int64_t kDeathsSuspicious = 3;
  static constexpr std::int64_t kDeathsCertain = 6;
  static constexpr std::int64_t kParts = 16;  // of a stretch over which somebody died

 private:
  struct Suspect {
    std::int64_t first = 0;  // offsets over which somebody died: [first, end)
    std::int64_t end = 0;
    std::int64_t step = 0;    // tried at once; 0: nobody died here, the first batch is announced
    std::int64_t deaths = 0;  // over `first` alone
  };
  std::map<kafka::Partition, Suspect> suspects_;
};

}  // namespace tocsin
