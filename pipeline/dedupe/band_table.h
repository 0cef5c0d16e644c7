// Which arrivals had a band's key, newest first: a hash table whose buckets are cache lines.
// A walk meets every live arrival of the key and a few of other keys, whatever the table's size.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <deque>
#include <vector>

#include "pipeline/dedupe/huge_pages.h"
#include "pipeline/dedupe/packed.h"
#include "pipeline/dedupe/prefetch.h"

namespace tocsin {

class BandTable {
 public:
  // Arrivals are told apart by 24 bits of their number: at most this many may be live at once.
  static constexpr std::uint64_t kLiveMax = (1ULL << 24) - 1;

  static constexpr std::uint64_t kLoadMax = 12;  // live arrivals a bucket; more and lines chain

  explicit BandTable(std::uint64_t buckets);

  // `arrival` is larger than any before; those below `low` are forgotten. O(1).
  void insert(std::uint32_t key, std::uint64_t arrival, std::uint64_t low) {
    const Place place = place_of(key);
    Line& head = heads_[place.bucket];
    if (head.used() > 0 && is_gone(head.oldest(), arrival, low)) forget(head, arrival, low);
    if (head.used() == kSlots) make_room(head, arrival, low);
    head.push(place.tag, Number24(static_cast<std::uint32_t>(arrival & kLiveMax)));
  }
  // True when `live` arrivals are too many for the buckets: then start again with `grown()`.
  [[nodiscard]] bool is_full(std::uint64_t live) const { return live > kLoadMax * buckets_; }
  [[nodiscard]] BandTable grown() const { return BandTable(buckets_ + buckets_ / 4 + 1); }

  void prefetch(std::uint32_t key) const { prefetch_line(&heads_[place_of(key).bucket]); }

  // Before a walk: fetches the older line, calls fetch(arrival) for what the newest line has.
  template <class Fetch>
  void prefetch_walk(std::uint32_t key, std::uint64_t next, Fetch fetch) const {
    const Place place = place_of(key);
    const Line& line = heads_[place.bucket];
    if (const std::uint32_t older = line.older.get(); older != 0) prefetch_line(&pool_[older - 1]);
    for (std::uint32_t matches = line.with_tag(place.tag); matches != 0; matches &= matches - 1) {
      fetch(arrival_of(
          line.arrivals[line.slot(static_cast<std::uint32_t>(std::countr_zero(matches)))], next));
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
        const std::uint64_t arrival = arrival_of(line->arrivals[line->slot(i)], next);
        if (arrival < low || arrival >= newer) return;  // this one and all behind it are gone
        newer = arrival;
        if (!visit(arrival)) return;
      }
      const std::uint32_t older = line->older.get();
      if (older == 0) return;
      line = &pool_[older - 1];
    }
  }

  [[nodiscard]] std::uint64_t bytes() const;

 private:
  static constexpr std::uint32_t kSlots = 15;
  static constexpr std::uint32_t kMoved = 2;

  // A ring of slots: 8 bits of the key's hash and 24 of the arrival each. `older` numbers the line
  // behind this one in `pool_`, from 1 on; 0: none.
  struct alignas(64) Line {
    std::uint8_t tags[kSlots] = {};
    std::uint8_t ring = 0;  // where the oldest is, and how many are used
    Number24 arrivals[kSlots];
    Number24 older;

    [[nodiscard]] std::uint32_t used() const { return ring & 0xfU; }
    // The slot of the i-th, from old to new.
    [[nodiscard]] std::uint32_t slot(std::uint32_t i) const {
      const std::uint32_t at = (ring >> 4) + i;
      return at < kSlots ? at : at - kSlots;
    }
    // Bit i: the i-th is there and has the tag.
    [[nodiscard]] std::uint32_t with_tag(std::uint8_t tag) const {
      const std::uint32_t slots = equal_bytes(tags, tag) & ((1U << kSlots) - 1);
      if (slots == 0) return 0;
      const std::uint32_t first = ring >> 4;
      return (slots >> first | slots << (kSlots - first)) & ((1U << used()) - 1);
    }
    void push(std::uint8_t tag, Number24 arrival) {
      const std::uint32_t at = slot(used());
      tags[at] = tag;
      arrivals[at] = arrival;
      ++ring;
    }
    [[nodiscard]] Number24 oldest() const { return arrivals[ring >> 4]; }
    [[nodiscard]] Number24 newest() const { return arrivals[slot(used() - 1)]; }
    void drop_oldest() { ring = static_cast<std::uint8_t>(slot(1) << 4 | (used() - 1)); }
  };
  static_assert(sizeof(Line) == 64);

  // Bit i: byte i of 16 is `byte`.
  static std::uint32_t equal_bytes(const std::uint8_t* bytes, std::uint8_t byte) {
#ifdef __SSE2__
    using Bytes [[gnu::vector_size(16)]] = char;
    Bytes lanes;
    std::memcpy(&lanes, bytes, sizeof lanes);
    return static_cast<std::uint32_t>(
        __builtin_ia32_pmovmskb128(Bytes(lanes == static_cast<char>(byte))));
#else
    std::uint32_t equal = 0;
    for (std::uint32_t i = 0; i < 16; ++i) equal |= (bytes[i] == byte ? 1U : 0U) << i;
    return equal;
#endif
  }
  struct Place {
    std::uint64_t bucket = 0;
    std::uint8_t tag = 0;
  };

  [[nodiscard]] Place place_of(std::uint32_t key) const {
    const std::uint64_t hash = (key + 1ULL) * 0x9e3779b97f4a7c15ULL;
    return {(hash >> 32) * buckets_ >> 32, static_cast<std::uint8_t>(hash >> 16)};
  }
  // The arrival before `next` that a slot stands for; 0 when there can be none.
  static std::uint64_t arrival_of(Number24 slot, std::uint64_t next) {
    const std::uint64_t back = (next - slot.get()) & kLiveMax;
    return back == 0 || back > next ? 0 : next - back;
  }
  static bool is_gone(Number24 slot, std::uint64_t next, std::uint64_t low) {
    return arrival_of(slot, next) < low;
  }
  std::uint32_t take();
  void forget(Line& head, std::uint64_t arrival, std::uint64_t low);
  void make_room(Line& head, std::uint64_t arrival, std::uint64_t low);
  void release(std::uint32_t line);

  std::uint64_t buckets_;
  std::vector<Line, HugePages<Line>> heads_;
  std::deque<Line> pool_;
  std::vector<std::uint32_t> free_;  // of the pool, numbered from 1 on
};

}  // namespace tocsin
