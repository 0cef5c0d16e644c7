// The words of a language that any stage knows, numbered: a token is looked up here once, and what
// a stage knows of it stands in that stage's own table under the number. Promises: one probe each
// look-up; equal words added in equal order have equal numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tocsin {

// A word of a vocabulary, below its size(); kUnknownWord is no word of any.
using WordId = std::uint32_t;
inline constexpr WordId kUnknownWord = 0;

// Copied to add more words: those of the copied one keep their numbers.
class Vocabulary {
 public:
  Vocabulary() : slots_(1) {}

  // The word with this fold_hash, new or not.
  WordId add(std::uint64_t hash);
  // The word with this fold_hash; kUnknownWord.
  [[nodiscard]] WordId find(std::uint64_t hash) const noexcept {
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t i = hash & mask;; i = (i + 1) & mask) {
      if (slots_[i].hash == hash || slots_[i].id == kUnknownWord) return slots_[i].id;
    }
  }
  // Fetches what find() will read.
  void prefetch(std::uint64_t hash) const noexcept {
    __builtin_prefetch(&slots_[hash & (slots_.size() - 1)]);
  }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  // Differs where words or their numbers do.
  [[nodiscard]] std::uint64_t fingerprint() const noexcept { return fingerprint_; }

 private:
  struct Slot {
    std::uint64_t hash = 0;
    WordId id = kUnknownWord;
  };
  void insert(Slot slot) noexcept;

  std::vector<Slot> slots_;  // open addressing, at most half full
  std::size_t size_ = 1;     // with kUnknownWord
  std::uint64_t fingerprint_ = 0;
};

}  // namespace tocsin
