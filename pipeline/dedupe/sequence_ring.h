// A queue whose items are addressed by an ever-growing sequence number: pushed at the back, dropped
// at the front. Memory follows what is held, in chunks; items never move.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace tocsin {

template <class T, std::size_t kChunk = 1024>
class SequenceRing {
  static_assert((kChunk & (kChunk - 1)) == 0, "a power of two");

 public:
  explicit SequenceRing(std::uint64_t first = 1)
      : low_(first), next_(first), base_(first / kChunk) {}

  [[nodiscard]] std::uint64_t low() const { return low_; }    // oldest held
  [[nodiscard]] std::uint64_t next() const { return next_; }  // one after the newest
  [[nodiscard]] std::uint64_t size() const { return next_ - low_; }
  [[nodiscard]] bool empty() const { return next_ == low_; }

  T& operator[](std::uint64_t sequence) {
    assert(sequence >= low_ && sequence < next_);
    return chunks_[sequence / kChunk - base_][sequence % kChunk];
  }
  const T& operator[](std::uint64_t sequence) const {
    assert(sequence >= low_ && sequence < next_);
    return chunks_[sequence / kChunk - base_][sequence % kChunk];
  }

  T& push() {
    if (next_ / kChunk - base_ == chunks_.size()) chunks_.push_back(std::make_unique<T[]>(kChunk));
    ++next_;
    return (*this)[next_ - 1] = T{};
  }

  void drop_below(std::uint64_t low) {
    if (low <= low_) return;
    assert(low <= next_);
    low_ = low;
    while (base_ < low_ / kChunk) {
      if (!chunks_.empty()) chunks_.erase(chunks_.begin());  // pointers, once a chunk
      ++base_;
    }
  }

  [[nodiscard]] std::uint64_t bytes() const { return chunks_.size() * (kChunk * sizeof(T) + 64); }

 private:
  std::uint64_t low_;
  std::uint64_t next_;
  std::uint64_t base_;  // chunk number of chunks_.front()
  std::vector<std::unique_ptr<T[]>> chunks_;
};

}  // namespace tocsin
