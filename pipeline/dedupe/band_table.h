// Which arrivals had a band's key, newest first: a hash table whose buckets are cache lines.
// A walk meets every live arrival of the key and a few of other keys, whatever the table's size.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <deque>
#include <vector>

#include "pipeline/dedupe/prefetch.h"

namespace tocsin {

class BandTable {
 public:
  // Arrivals are told apart by 24 bits of their number: at most this many may be live at once.
  static constexpr std::uint64_t kLiveMax = (1ULL << 24) - 1;

  explicit BandTable(std::uint64_t buckets);

  // `arrival` is larger than any before; those below `low` are forgotten. O(1).
  void insert(std::uint32_t key, std::uint64_t arrival, std::uint64_t low);
  // True when `live` arrivals are too many for the buckets: then start again with `grown()`.
  [[nodiscard]] bool is_full(std::uint64_t live) const { return live > kLoadMax * buckets_; }
  [[nodiscard]] BandTable grown() const { return BandTable(buckets_ + buckets_ / 2); }

  void prefetch(std::uint32_t key) const { prefetch_line(&heads_[place_of(key).bucket]); }

  // Before a walk: fetches the older line, calls fetch(arrival) for what the newest line has.
  template <class Fetch>
  void prefetch_walk(std::uint32_t key, std::uint64_t next, Fetch fetch) const {
    const Place place = place_of(key);
    const Line& line = heads_[place.bucket];
    if (line.older() != 0) prefetch_line(&pool_[line.older() - 1]);
    for (std::uint32_t matches = line.with_tag(place.tag); matches != 0; matches &= matches - 1) {
      fetch(arrival_of(line.slots[std::countr_zero(matches)], next));
    }
  }

  // Calls visit(arrival) for each of [low, next) that may have the key, newest first, until it
  // returns false. Who visits compares keys: of 256 others in the bucket one is met too.
  template <class Visit>
  void walk(std::uint32_t key, std::uint64_t low, std::uint64_t next, Visit visit) const {
    const Place place = place_of(key);
    std::uint64_t newer = next;
    for (const Line* line = &heads_[place.bucket];;) {
      for (std::uint32_t matches = line->with_tag(place.tag); matches != 0;) {
        const auto i = static_cast<std::uint32_t>(31 - std::countl_zero(matches));
        matches ^= 1U << i;
        const std::uint64_t arrival = arrival_of(line->slots[i], next);
        if (arrival < low || arrival >= newer) return;  // this one and all behind it are gone
        newer = arrival;
        if (!visit(arrival)) return;
      }
      if (line->older() == 0) return;
      line = &pool_[line->older() - 1];
    }
  }

  [[nodiscard]] std::uint64_t bytes() const;

 private:
  static constexpr std::uint32_t kSlots = 15;
  static constexpr std::uint64_t kLoadMax = 12;  // live arrivals a bucket; more and lines chain
  static constexpr std::uint32_t kTagMask = 0xff;

  // Slots from old to new, each 24 bits of an arrival and 8 of the key's hash; then the number of
  // the line with older ones in `pool_` (from 1 on, 0: none) and how many slots are used.
  struct alignas(64) Line {
    std::uint32_t slots[kSlots] = {};
    std::uint32_t link = 0;
    [[nodiscard]] std::uint32_t used() const { return link & 0xfU; }
    [[nodiscard]] std::uint32_t older() const { return link >> 4; }
    // Bit i: slot i is used and has the tag. All slots at once, in the compiler's vectors.
    [[nodiscard]] std::uint32_t with_tag(std::uint32_t tag) const {
      using Lanes [[gnu::vector_size(64)]] = std::uint32_t;
      using Quad [[gnu::vector_size(16)]] = std::uint32_t;
      constexpr Lanes kBits = {1U << 0,  1U << 1,  1U << 2,  1U << 3, 1U << 4,  1U << 5,
                               1U << 6,  1U << 7,  1U << 8,  1U << 9, 1U << 10, 1U << 11,
                               1U << 12, 1U << 13, 1U << 14, 0};
      Lanes lanes;
      std::memcpy(&lanes, this, sizeof lanes);
      const Lanes equal = static_cast<Lanes>(((lanes ^ tag) & kTagMask) == 0) & kBits;
      Quad quads[4];
      std::memcpy(quads, &equal, sizeof quads);
      const Quad all = (quads[0] | quads[1]) | (quads[2] | quads[3]);
      return (all[0] | all[1] | all[2] | all[3]) & ((1U << used()) - 1);
    }
    void set(std::uint32_t older, std::uint32_t used) { link = older << 4 | used; }
  };
  struct Place {
    std::uint64_t bucket = 0;
    std::uint32_t tag = 0;
  };

  [[nodiscard]] Place place_of(std::uint32_t key) const {
    const std::uint64_t hash = (key + 1ULL) * 0x9e3779b97f4a7c15ULL;
    return {(hash >> 32) * buckets_ >> 32, static_cast<std::uint32_t>(hash >> 16) & kTagMask};
  }
  // The arrival before `next` that a slot stands for; 0 when there can be none.
  static std::uint64_t arrival_of(std::uint32_t slot, std::uint64_t next) {
    const std::uint64_t back = (next - (slot >> 8)) & kLiveMax;
    return back == 0 || back > next ? 0 : next - back;
  }
  void forget(Line& head, std::uint64_t arrival, std::uint64_t low);
  std::uint32_t take();
  void make_room(Line& head, std::uint64_t arrival, std::uint64_t low);
  void release(std::uint32_t line);

  std::uint64_t buckets_;
  std::vector<Line> heads_;
  std::deque<Line> pool_;
  std::vector<std::uint32_t> free_;  // of the pool, numbered from 1 on
};

}  // namespace tocsin
