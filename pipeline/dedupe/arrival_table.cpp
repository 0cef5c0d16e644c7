#include "pipeline/dedupe/arrival_table.h"

#include <algorithm>

namespace tocsin {

template <class Number>
ArrivalTable<Number>::ArrivalTable(std::uint64_t buckets)
    : buckets_(std::max<std::uint64_t>(buckets, 2)), heads_(buckets_) {}

// Takes out what is below `low`: one at least, and with it all lines behind.
template <class Number>
void ArrivalTable<Number>::forget(Head& head, std::uint64_t arrival, std::uint64_t low) {
  release(head.older.get());
  head.older = Number24();
  do {
    head.drop_oldest();
  } while (head.used() > 0 && is_gone(head.oldest(), arrival, low));
}

// Moves the oldest of a full line to the line behind it: few, so that the next one to leave the
// line soon shows that the line behind can go.
template <class Number>
void ArrivalTable<Number>::make_room(Head& head, std::uint64_t arrival, std::uint64_t low) {
  std::uint32_t older = head.older.get();
  if (older != 0) {
    const Older& line = pool_[older - 1];
    if (is_gone(line.newest(), arrival, low)) {
      release(older);
      older = 0;
    }
  }
  if (older == 0 || pool_[older - 1].used() == Older::kSlots) {
    const std::uint32_t line = take();
    pool_[line - 1] = Older{};
    pool_[line - 1].older = Number24(older);
    older = line;
  }
  Older& line = pool_[older - 1];
  for (std::uint32_t moved = 0; moved < kMoved && line.used() < Older::kSlots; ++moved) {
    line.push(head.tags[head.slot(0)], head.oldest());
    head.drop_oldest();
  }
  head.older = Number24(older);
}

template <class Number>
std::uint32_t ArrivalTable<Number>::take() {
  if (free_.empty()) {
    if (pool_.size() == pool_.capacity()) pool_.reserve(pool_.size() + pool_.size() / 4 + 16);
    pool_.emplace_back();
    return static_cast<std::uint32_t>(pool_.size());
  }
  const std::uint32_t line = free_.back();
  free_.pop_back();
  return line;
}

template <class Number>
void ArrivalTable<Number>::release(std::uint32_t line) {
  while (line != 0) {
    free_.push_back(line);
    line = pool_[line - 1].older.get();
  }
}

template <class Number>
std::uint64_t ArrivalTable<Number>::bytes() const {
  return sizeof(*this) + heads_.capacity() * sizeof(Head) + pool_.capacity() * sizeof(Older) +
         free_.capacity() * sizeof(std::uint32_t);
}

template class ArrivalTable<Number24>;
template class ArrivalTable<Number32>;

}  // namespace tocsin
