// Which arrivals had a key, newest first: a hash table whose buckets are cache lines. A walk meets
// every live arrival of the key and a few of other keys, whatever the table's size.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <vector>

#include "pipeline/dedupe/huge_pages.h"
#include "pipeline/dedupe/packed.h"
#include "pipeline/dedupe/prefetch.h"

namespace tocsin {

// Arrivals are told apart by as many bits of their number as `Number` has: at most kLiveMax may be
// live at once.
template <class Number>
class ArrivalTable {
 public:
  static constexpr std::uint64_t kLiveMax = Number::kMax;

 private:
  static constexpr std::size_t kHeadBytes = 64;
  static constexpr std::size_t kOlderBytes = 32;  // most buckets that overflow have few too many

 public:
  // Live arrivals a bucket, four fifths of its slots; more and lines chain.
  static constexpr std::uint64_t kLoadMax = (kHeadBytes - 4) / (1 + sizeof(Number)) * 4 / 5;

  explicit ArrivalTable(std::uint64_t buckets);

  // `arrival` is larger than any before; those below `low` are forgotten. O(1).
  void insert(std::uint32_t key, std::uint64_t arrival, std::uint64_t low) {
    const Place place = place_of(key);
    Head& head = heads_[place.bucket];
    if (head.used() > 0 && is_gone(head.oldest(), arrival, low)) forget(head, arrival, low);
    if (head.used() == Head::kSlots) make_room(head, arrival, low);
    head.push(place.tag, slot_of(arrival));
  }
  // True when `live` arrivals are too many for the buckets: then start again with `grown()`.
  [[nodiscard]] bool is_full(std::uint64_t live) const { return live > kLoadMax * buckets_; }
  [[nodiscard]] ArrivalTable grown() const { return ArrivalTable(buckets_ + buckets_ / 4 + 1); }

  void prefetch(std::uint32_t key) const { prefetch_line(&heads_[place_of(key).bucket]); }

  // Before a walk: fetches the older line, calls fetch(arrival) for what the newest line has.
  template <class Fetch>
  void prefetch_walk(std::uint32_t key, std::uint64_t low, std::uint64_t next, Fetch fetch) const {
    const Place place = place_of(key);
    const Head& head = heads_[place.bucket];
    const std::uint32_t older = behind(head, low, next);
    if (older != 0) prefetch_line(&pool_[older - 1]);
    for (std::uint32_t matches = head.with_tag(place.tag); matches != 0; matches &= matches - 1) {
      fetch(arrival_of(
          head.arrivals[head.slot(static_cast<std::uint32_t>(std::countr_zero(matches)))], next));
    }
  }

  // Calls visit(arrival) for each of [low, next) that may have the key, newest first, until it
  // returns false. Who visits compares keys: of 256 others in the bucket one is met too.
  template <class Visit>
  void walk(std::uint32_t key, std::uint64_t low, std::uint64_t next, Visit visit) const {
    const Place place = place_of(key);
    std::uint64_t newer = next;
    const auto goes_on = [&](const auto& line) {
      for (std::uint32_t matches = line.with_tag(place.tag); matches != 0;) {
        const auto i = static_cast<std::uint32_t>(31 - std::countl_zero(matches));
        matches ^= 1U << i;
        const std::uint64_t arrival = arrival_of(line.arrivals[line.slot(i)], next);
        if (arrival < low || arrival >= newer) return false;  // and all behind it are gone
        newer = arrival;
        if (!visit(arrival)) return false;
      }
      return true;
    };
    const Head& head = heads_[place.bucket];
    if (!goes_on(head)) return;
    for (std::uint32_t older = behind(head, low, next); older != 0;) {
      const Older& line = pool_[older - 1];
      if (!goes_on(line)) return;
      older = behind(line, low, next);
    }
  }

  [[nodiscard]] std::uint64_t bytes() const;

 private:
  static constexpr std::uint32_t kMoved = 2;

  // A ring of slots: 8 bits of the key's hash and an arrival each. `older` numbers the line behind
  // this one in `pool_`, from 1 on; 0: none.
  template <std::size_t kBytes>
  struct alignas(kBytes) Line {
    static constexpr std::uint32_t kSlots = (kBytes - 4) / (1 + sizeof(Number));
    std::uint8_t tags[kSlots] = {};
    std::uint8_t ring = 0;  // where the oldest is, and how many are used
    Number24 older;
    Number arrivals[kSlots];

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
    void push(std::uint8_t tag, Number arrival) {
      const std::uint32_t at = slot(used());
      tags[at] = tag;
      arrivals[at] = arrival;
      ++ring;
    }
    [[nodiscard]] Number oldest() const { return arrivals[ring >> 4]; }
    [[nodiscard]] Number newest() const { return arrivals[slot(used() - 1)]; }
    void drop_oldest() { ring = static_cast<std::uint8_t>(slot(1) << 4 | (used() - 1)); }
  };
  using Head = Line<kHeadBytes>;
  using Older = Line<kOlderBytes>;
  static_assert(sizeof(Head) == kHeadBytes && sizeof(Older) == kOlderBytes);
  static_assert(Head::kSlots < 16, "ring has four bits for each of its numbers");

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
  static Number slot_of(std::uint64_t arrival) {
    return Number(static_cast<std::uint32_t>(arrival & kLiveMax));
  }
  // The arrival before `next` that a slot stands for; 0 when there can be none.
  static std::uint64_t arrival_of(Number slot, std::uint64_t next) {
    const std::uint64_t back = (next - slot.get()) & kLiveMax;
    return back == 0 || back > next ? 0 : next - back;
  }
  static bool is_gone(Number slot, std::uint64_t next, std::uint64_t low) {
    return arrival_of(slot, next) < low;
  }
  // The line behind, if anything live may be in it: it is older than all in this one.
  template <class AnyLine>
  static std::uint32_t behind(const AnyLine& line, std::uint64_t low, std::uint64_t next) {
    const std::uint32_t older = line.older.get();
    return older == 0 || is_gone(line.oldest(), next, low) ? 0 : older;
  }
  std::uint32_t take();
  void forget(Head& head, std::uint64_t arrival, std::uint64_t low);
  void make_room(Head& head, std::uint64_t arrival, std::uint64_t low);
  void release(std::uint32_t line);

  std::uint64_t buckets_;
  std::vector<Head, HugePages<Head>> heads_;
  std::vector<Older, HugePages<Older>> pool_;
  std::vector<std::uint32_t> free_;  // of the pool, numbered from 1 on
};

extern template class ArrivalTable<Number24>;
extern template class ArrivalTable<Number32>;

}  // namespace tocsin
