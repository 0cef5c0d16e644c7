// A queue whose items are addressed by an ever-growing sequence number: pushed at the back, dropped
// at the front. Memory follows what is held, in chunks; items never move.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>
#include <vector>

#include "pipeline/dedupe/huge_pages.h"

namespace tocsin {

// What is read at random takes chunks of kHugeChunk: one huge page each.
inline constexpr std::size_t kSmallChunk = std::size_t{64} << 10;
inline constexpr std::size_t kHugeChunk = std::size_t{2} << 20;

template <class T, std::size_t kChunkBytes = kSmallChunk>
class SequenceRing {
  static_assert(std::is_trivially_destructible_v<T> && std::is_trivially_copyable_v<T>);

 public:
  explicit SequenceRing(std::uint64_t first = 1)
      : low_(first), next_(first), base_(first / kChunk) {}

  [[nodiscard]] std::uint64_t low() const { return low_; }    // oldest held
  [[nodiscard]] std::uint64_t next() const { return next_; }  // one after the newest
  [[nodiscard]] std::uint64_t size() const { return next_ - low_; }
  [[nodiscard]] bool empty() const { return next_ == low_; }

  T& operator[](std::uint64_t sequence) {
    assert(sequence >= low_ && sequence < next_);
    return place(sequence);
  }
  const T& operator[](std::uint64_t sequence) const {
    assert(sequence >= low_ && sequence < next_);
    return place(sequence);
  }

  T& push(const T& item = T{}) {
    if (next_ / kChunk - base_ == chunks_.size()) add_chunk();
    ++next_;
    return *std::construct_at(&place(next_ - 1), item);
  }

  // Items one after another: the same as a push each.
  void push_all(std::span<const T> items) {
    while (!items.empty()) {
      if (next_ / kChunk - base_ == chunks_.size()) add_chunk();
      const std::uint64_t fit = std::min<std::uint64_t>(items.size(), kChunk - next_ % kChunk);
      next_ += fit;
      std::uninitialized_copy_n(items.data(), fit, &place(next_ - fit));
      items = items.subspan(fit);
    }
  }

  void drop_below(std::uint64_t low) {
    if (low <= low_) return;
    assert(low <= next_);
    low_ = low;
    while (base_ < low_ / kChunk) {
      if (!chunks_.empty()) {
        if (chunks_.size() >= kSpareFrom) spare_ = std::move(chunks_.front());
        chunks_.erase(chunks_.begin());  // pointers, once a chunk
      }
      ++base_;
    }
  }

  [[nodiscard]] std::uint64_t bytes() const {
    return (chunks_.size() + (spare_ ? 1 : 0)) * (kChunkBytes + sizeof(Chunk));
  }

 private:
  static constexpr std::uint64_t kChunk = kChunkBytes / sizeof(T);
  static_assert(kChunk > 0);
  // From so many chunks on, one that was dropped is kept for the next one that is needed.
  static constexpr std::size_t kSpareFrom = 8;

  struct Block {
    alignas(T) std::byte bytes[kChunkBytes];
  };
  struct Free {
    void operator()(T* items) const {
      HugePages<Block>().deallocate(reinterpret_cast<Block*>(items), 1);
    }
  };
  using Chunk = std::unique_ptr<T[], Free>;

  [[nodiscard]] T& place(std::uint64_t sequence) const {
    return chunks_[sequence / kChunk - base_][sequence % kChunk];
  }
  void add_chunk() {
    chunks_.push_back(std::move(spare_));
    if (!chunks_.back()) chunks_.back().reset(reinterpret_cast<T*>(HugePages<Block>().allocate(1)));
  }

  std::uint64_t low_;
  std::uint64_t next_;
  std::uint64_t base_;  // chunk number of chunks_.front()
  std::vector<Chunk> chunks_;
  Chunk spare_;
};

}  // namespace tocsin
