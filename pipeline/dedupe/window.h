// The near-duplicate window: locality-sensitive hashing over signatures by arrival number. Its
// answers are a pure function of what was inserted and dropped, whatever the size of its tables.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "pipeline/dedupe/likeness.h"
#include "pipeline/dedupe/sequence_ring.h"
#include "pipeline/dedupe/signature.h"

namespace tocsin {

// One article as the window sees it.
struct WindowItem {
  const Signature* signature = nullptr;
  std::uint64_t raw_hash = 0;  // 64 bits of it
  std::int64_t time_ms = 0;
  bool comparable = true;  // false: another signature version, found by its hashes only
};

struct WindowMatch {
  std::uint64_t sequence = 0;
  Likeness likeness;
};

struct WindowLimits {
  LikenessLimits likeness;
  std::int64_t time_difference_ms_max = 0;
  std::uint32_t band_candidates_max = 64;
};

class DedupeWindow {
 public:
  // `buckets` is only where the tables start.
  explicit DedupeWindow(std::size_t buckets = 1024);

  // The next arrival number; the item may be nullptr: a number that nothing can match.
  void insert(const WindowItem* item);
  // Never matched again.
  void withdraw(std::uint64_t sequence);
  // Forgets everything below; O(1) but for freeing.
  void drop_below(std::uint64_t low) { entries_.drop_below(low); }

  // Best of the candidates: the newest `band_candidates_max` of each band, compared one by one;
  // among equals the oldest. One that begins otherwise does not count if another candidate shares
  // half as much and begins otherwise than both: what they share is a frame that stands around many
  // stories. `hot_bands` counts bands that had more.
  [[nodiscard]] std::optional<WindowMatch> find(const WindowItem& item, const WindowLimits& limits,
                                                std::uint64_t* hot_bands) const;
  // Likeness of an item to one that is held.
  [[nodiscard]] Likeness compare(const WindowItem& item, std::uint64_t sequence,
                                 const LikenessLimits& limits) const;
  [[nodiscard]] bool matchable(std::uint64_t sequence) const {
    return sequence >= low() && sequence < next() && entries_[sequence].matchable();
  }

  [[nodiscard]] std::uint64_t low() const { return entries_.low(); }
  [[nodiscard]] std::uint64_t next() const { return entries_.next(); }
  [[nodiscard]] std::uint64_t bytes() const;

  static constexpr std::size_t kBandBytes = 4;
  static constexpr std::size_t kBands = kSketchSize / kBandBytes;
  static constexpr std::size_t kLeadBands = kLeadSketchSize / 2;
  // Two more chains hold the exact hash and the raw hash.
  static constexpr std::size_t kExactChain = kBands + kLeadBands;
  static constexpr std::size_t kRawChain = kExactChain + 1;
  static constexpr std::size_t kChains = kRawChain + 1;

 private:
  // A band of the sketch beside the link to the newest earlier entry of the same bucket: what a
  // walk along a chain needs lies in one cache line.
  struct Slot {
    std::uint32_t tag = 0;
    std::uint32_t previous = 0;  // low 32 bits of a sequence number
  };
  // silent: a number without an item, in no chain; by_hash_only: another signature version.
  enum class State : std::uint8_t { silent, by_hash_only, whole };
  struct Entry {
    Slot slots[kChains];
    std::uint64_t exact = 0;
    std::uint64_t raw_hash = 0;
    std::int64_t time_ms = 0;
    Content content;
    State state = State::silent;
    bool withdrawn = false;
    [[nodiscard]] bool matchable() const { return state != State::silent && !withdrawn; }
  };
  struct Probe;
  class Candidates;

  [[nodiscard]] std::size_t bucket(std::size_t chain, std::uint32_t tag) const {
    return chain * buckets_ + ((tag * 0x9e3779b1U) >> shift_);
  }
  void link(Entry& entry, std::uint64_t sequence);
  void grow();
  [[nodiscard]] Agreement agreement(const Probe& probe, const Entry& entry) const;
  [[nodiscard]] static std::uint32_t lead_matching(const Entry& first, const Entry& second);

  std::size_t buckets_;  // of each chain kind; a power of two
  unsigned shift_;
  std::vector<std::uint32_t> heads_;  // [chain][bucket]: newest entry, low 32 bits
  SequenceRing<Entry> entries_;
};

}  // namespace tocsin
