// The near-duplicate window: locality-sensitive hashing over signatures by arrival number. Its
// answers are a pure function of what was inserted and dropped, whatever the size of its tables.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "pipeline/dedupe/arrival_table.h"
#include "pipeline/dedupe/likeness.h"
#include "pipeline/dedupe/packed.h"
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
  // Tables are sized for `expected` entries, and grow beyond. What is found does not depend on it.
  explicit DedupeWindow(std::uint64_t expected = 1024);

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
  // Hints, for an item that will be looked up or inserted soon: its place in the tables, and once
  // that has come, what is found there.
  void prefetch_places(const WindowItem& item) const;
  void prefetch_candidates(const WindowItem& item) const;
  // Likeness of an item to one that is held.
  [[nodiscard]] Likeness compare(const WindowItem& item, std::uint64_t sequence,
                                 const LikenessLimits& limits) const;
  [[nodiscard]] bool matchable(std::uint64_t sequence) const {
    return sequence >= low() && sequence < next() && entries_[sequence].matchable();
  }

  [[nodiscard]] std::uint64_t low() const { return entries_.low(); }
  [[nodiscard]] std::uint64_t next() const { return entries_.next(); }
  [[nodiscard]] std::uint64_t bytes() const;

  // Of the 32 bands of four that a sketch has, those that are looked up: 14 find, with the bands of
  // the lead, all but three of 1,603 copies that 16 find, for 11 bytes an article less.
  static constexpr std::size_t kBandBytes = 4;
  static constexpr std::size_t kBands = 14;
  static constexpr std::size_t kLeadBands = kLeadSketchSize / 2;
  // Two more tables hold the exact hash and the raw hash.
  static constexpr std::size_t kExactTable = kBands + kLeadBands;
  static constexpr std::size_t kRawTable = kExactTable + 1;
  static constexpr std::size_t kTables = kRawTable + 1;

  using BandTable = ArrivalTable<Number24>;
  // More than this many entries cannot be held.
  static constexpr std::uint64_t kEntriesMax = BandTable::kLiveMax;

 private:
  // silent: a number without an item, in no table; by_hash_only: another signature version.
  enum class State : std::uint8_t { silent, by_hash_only, whole };
  struct Entry {
    std::array<std::uint8_t, kSketchSize> sketch;
    std::array<std::uint16_t, kLeadSketchSize> lead;
    AnchorSet names;
    AnchorSet numbers;
    Facts<kLeadNamesMax> lead_names;
    Facts<kLeadNumbersMax> lead_numbers;
    Number64 exact;
    Number64 raw_hash;
    Number48 time_ms;
    Number24 tokens;
    Number24 shingles;
    State state = State::silent;
    bool withdrawn = false;
    [[nodiscard]] bool matchable() const { return state != State::silent && !withdrawn; }
  };
  class Candidates;

  [[nodiscard]] static std::uint32_t key_of(const Entry& entry, std::size_t table);
  [[nodiscard]] static const void* key_place(const Entry& entry, std::size_t table);
  // Calls use(table, key) for each table the item is in.
  template <class Use>
  static void each_key(const WindowItem& item, Use use);
  [[nodiscard]] static Entry entry_of(const WindowItem& item);
  [[nodiscard]] static Agreement agreement(const Entry& earlier, const Entry& later);
  [[nodiscard]] static std::uint32_t lead_matching(const Entry& first, const Entry& second);
  [[nodiscard]] static std::size_t first_table(const Entry& entry) {
    return entry.state == State::whole ? 0 : kExactTable;
  }
  void grow(std::size_t table);

  std::vector<BandTable> tables_;
  SequenceRing<Entry, kHugeChunk> entries_;
};

}  // namespace tocsin
