// An allocator that asks for huge pages where it hands out much: a table read at random spends half
// of its time in translating addresses otherwise. Changes nothing but time.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <new>

namespace tocsin {

template <class T>
class HugePages {
 public:
  using value_type = T;
  HugePages() = default;
  template <class U>
  explicit HugePages(const HugePages<U>&) noexcept {}
  friend bool operator==(const HugePages&, const HugePages&) { return true; }

  T* allocate(std::size_t count) {
    const std::size_t bytes = count * sizeof(T);
    if (bytes < kPage) return static_cast<T*>(::operator new (bytes, std::align_val_t{alignof(T)}));
    // From the system, so that it begins on such a page and goes back when a table has grown.
    constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    void* mapped = ::mmap(nullptr, rounded(bytes) + kPage, PROT_READ | PROT_WRITE, kFlags, -1, 0);
    if (mapped == MAP_FAILED) throw std::bad_alloc();
    char* begin = static_cast<char*>(mapped);
    const std::size_t before = (kPage - reinterpret_cast<std::uintptr_t>(begin) % kPage) % kPage;
    if (before > 0) ::munmap(begin, before);
    begin += before;
    ::munmap(begin + rounded(bytes), kPage - before);
    ::madvise(begin, bytes / kPage * kPage, MADV_HUGEPAGE);  // the rest stays in small pages
    return reinterpret_cast<T*>(begin);
  }
  void deallocate(T* items, std::size_t count) {
    const std::size_t bytes = count * sizeof(T);
    if (bytes < kPage) {
      ::operator delete (items, std::align_val_t{alignof(T)});
    } else {
      ::munmap(items, rounded(bytes));
    }
  }

 private:
  static constexpr std::size_t kPage = std::size_t{2} << 20;
  static std::size_t rounded(std::size_t bytes) { return (bytes + kPage - 1) / kPage * kPage; }
};

}  // namespace tocsin
