// A batch of raw records on its way from intake to publisher, and the bounded queue between them.
// Each item ends in exactly one published record; offsets move only with the outputs.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/kafka/client.h"
#include "daemon/ledger.h"
#include "daemon/wait.h"
#include "pipeline/pipeline.h"

namespace tocsin {

// One raw record; without a message, and rejected, if it could not be read. Exactly one of
// `rejected`, `drafts` and `is_null` says what became of it so far.
struct Item {
  kafka::Message message;
  Position position;
  Hash128 raw_hash;
  bool is_null = false;              // no value: skipped, its offset committed
  std::optional<Rejected> rejected;  // failed before its sighting
  std::optional<Drafts> drafts;
  std::string sighting;  // its ledger record; kept to append again after a failure

  [[nodiscard]] std::string_view payload() const {
    return message ? message.value() : std::string_view{};
  }
};

// The metadata of every offset that tocsin commits begins with it.
inline constexpr std::string_view kCommitMark = "tocsin/1";

// Offsets [first, next) of a partition; they are committed as `next` with the metadata.
struct OffsetRange {
  std::int64_t first = 0;
  std::int64_t next = 0;
  std::string metadata{kCommitMark};
};
using OffsetRanges = std::map<kafka::Partition, OffsetRange>;

struct Batch {
  std::vector<Item> items;                   // in order of arrival
  std::size_t bytes = 0;                     // of raw payloads
  std::uint64_t assignment = 0;              // Intake::assignment() it was read under
  std::shared_ptr<AppendTicket> ticket;      // of the sightings
  std::int64_t ledger_offset_min = 0;        // where the ledger ended, at least, before them
  std::shared_ptr<const Pipeline> pipeline;  // it was analysed with; a reload may swap it meanwhile
  std::int64_t sighted_ms = 0;               // steady clock

  // Committed without any output, instead of those of the items: where partitions start.
  OffsetRanges announced;
  std::shared_ptr<std::atomic<bool>> is_committed;  // set when they are; of an announcement

  [[nodiscard]] OffsetRanges offsets() const;
};

// Batches that are sighted and wait for their outputs. Bounded by the intake: it pauses when
// bytes() is over limits.inflight_bytes_max, so the bound is that plus one batch.
class BatchQueue {
 public:
  void push(std::unique_ptr<Batch> batch);
  // The oldest batch; it still counts as in flight until done(). nullptr after `wait` or close().
  [[nodiscard]] std::unique_ptr<Batch> pop(std::chrono::milliseconds wait);
  void done(std::size_t bytes);
  void close();
  [[nodiscard]] bool closed() const;
  [[nodiscard]] std::size_t bytes() const;
  [[nodiscard]] std::size_t batches() const;  // queued and being published
  // Waits until nothing is in flight; false when `wait` passed or the queue was closed first.
  [[nodiscard]] bool wait_idle(std::chrono::milliseconds wait);

 private:
  mutable std::mutex mutex_;  // intake pushes, publisher pops; all below
  Condition changed_;
  std::deque<std::unique_ptr<Batch>> queue_;
  std::size_t bytes_ = 0;
  std::size_t batches_ = 0;
  bool closed_ = false;
};

}  // namespace tocsin
