// A closed class of words by fold_hash: open addressing at a quarter load, most look-ups end at the
// first slot. Built once, const, shared by all threads.
#pragma once

#include <bit>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "pipeline/text/text.h"

namespace tocsin {

class WordSet {
 public:
  WordSet(std::initializer_list<std::string_view> words)
      : slots_(std::bit_ceil(words.size() * 4 + 1), 0) {
    for (const std::string_view word : words) {
      const std::uint64_t hash = fold_hash(word);
      slots_[slot_of(hash)] = hash;
    }
  }
  [[nodiscard]] bool has(std::uint64_t hash) const noexcept { return slots_[slot_of(hash)] != 0; }
  [[nodiscard]] bool has(const Token& token) const noexcept { return has(token.hash); }

 private:
  // Where the hash stands, or would.
  [[nodiscard]] std::size_t slot_of(std::uint64_t hash) const noexcept {
    std::size_t at = hash & (slots_.size() - 1);
    while (slots_[at] != 0 && slots_[at] != hash) at = (at + 1) & (slots_.size() - 1);
    return at;
  }

  std::vector<std::uint64_t> slots_;  // 0: free
};

}  // namespace tocsin
