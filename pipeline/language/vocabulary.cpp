#include "pipeline/language/vocabulary.h"

#include <utility>

namespace tocsin {

void Vocabulary::insert(Slot slot) noexcept {
  const std::size_t mask = slots_.size() - 1;
  std::size_t i = slot.hash & mask;
  while (slots_[i].id != kUnknownWord) i = (i + 1) & mask;
  slots_[i] = slot;
}

WordId Vocabulary::add(std::uint64_t hash) {
  const WordId known = find(hash);
  if (known != kUnknownWord) return known;
  if (2 * size_ >= slots_.size()) {
    const std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(2 * slots_.size()));
    for (const Slot& slot : old) {
      if (slot.id != kUnknownWord) insert(slot);
    }
  }
  const auto id = static_cast<WordId>(size_++);
  insert({hash, id});
  fingerprint_ = (fingerprint_ ^ hash ^ id) * 0x9e3779b97f4a7c15;
  return id;
}

}  // namespace tocsin
