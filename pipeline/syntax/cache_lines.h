// An allocator that begins at a line of the cache: what is read by whole vectors would lie across
// two lines otherwise, and each such read costs two.
#pragma once

#include <cstddef>
#include <new>
#include <vector>

namespace tocsin {

inline constexpr std::size_t kCacheLine = 64;

template <class T>
class CacheLines {
 public:
  using value_type = T;
  CacheLines() = default;
  template <class U>
  explicit CacheLines(const CacheLines<U>&) noexcept {}
  friend bool operator==(const CacheLines&, const CacheLines&) { return true; }

  T* allocate(std::size_t count) {
    return static_cast<T*>(::operator new (count * sizeof(T), std::align_val_t{kCacheLine}));
  }
  void deallocate(T* items, std::size_t) noexcept {
    ::operator delete (items, std::align_val_t{kCacheLine});
  }
};

template <class T>
using LineVector = std::vector<T, CacheLines<T>>;

}  // namespace tocsin
