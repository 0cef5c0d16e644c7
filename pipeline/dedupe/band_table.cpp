#include "pipeline/dedupe/band_table.h"

#include <algorithm>

namespace tocsin {

BandTable::BandTable(std::uint64_t buckets)
    : buckets_(std::max<std::uint64_t>(buckets, 2)), heads_(buckets_) {}

void BandTable::insert(std::uint32_t key, std::uint64_t arrival, std::uint64_t low) {
  const Place place = place_of(key);
  Line& head = heads_[place.bucket];
  forget(head, arrival, low);
  if (head.used() == kSlots) make_room(head, arrival, low);
  const std::uint32_t used = head.used();
  const std::uint32_t bits =
      static_cast<std::uint32_t>(arrival) & static_cast<std::uint32_t>(kLiveMax);
  head.slots[used] = bits << 8 | place.tag;
  head.set(head.older(), used + 1);
}

// Takes out what is below `low`; then all older lines are, too.
void BandTable::forget(Line& head, std::uint64_t arrival, std::uint64_t low) {
  const std::uint32_t used = head.used();
  std::uint32_t gone = 0;
  while (gone < used && arrival_of(head.slots[gone], arrival) < low) ++gone;
  if (gone == 0) return;
  release(head.older());
  std::copy(head.slots + gone, head.slots + used, head.slots);
  head.set(0, used - gone);
}

// Moves the older half of a full line to the line behind it.
void BandTable::make_room(Line& head, std::uint64_t arrival, std::uint64_t low) {
  std::uint32_t older = head.older();
  if (older != 0) {
    const Line& line = pool_[older - 1];
    if (arrival_of(line.slots[line.used() - 1], arrival) < low) {
      release(older);
      older = 0;
    }
  }
  if (older == 0 || pool_[older - 1].used() == kSlots) {
    const std::uint32_t line = take();
    pool_[line - 1].set(older, 0);
    older = line;
  }
  Line& line = pool_[older - 1];
  const std::uint32_t moved = std::min(kSlots / 2 + 1, kSlots - line.used());
  std::copy(head.slots, head.slots + moved, line.slots + line.used());
  line.set(line.older(), line.used() + moved);
  std::copy(head.slots + moved, head.slots + kSlots, head.slots);
  head.set(older, kSlots - moved);
}

std::uint32_t BandTable::take() {
  if (free_.empty()) {
    pool_.emplace_back();
    return static_cast<std::uint32_t>(pool_.size());
  }
  const std::uint32_t line = free_.back();
  free_.pop_back();
  return line;
}

void BandTable::release(std::uint32_t line) {
  while (line != 0) {
    free_.push_back(line);
    line = pool_[line - 1].older();
  }
}

std::uint64_t BandTable::bytes() const {
  return sizeof(*this) + (heads_.capacity() + pool_.size()) * sizeof(Line) +
         pool_.size() / 8 * sizeof(void*) + free_.capacity() * sizeof(std::uint32_t);
}

}  // namespace tocsin
