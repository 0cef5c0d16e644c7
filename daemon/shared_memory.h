// What a child process leaves to its parent, however it ends.
#pragma once

#include <sys/mman.h>

#include "daemon/stop.h"

namespace tocsin {

// A value that processes share which are forked from here on; begins as zeros. Throws StopError
// (failed) where no memory is left. T is what zeros make a valid value of, without a destructor.
template <class T>
class SharedMemory {
 public:
  SharedMemory()
      : value_(static_cast<T*>(::mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE,
                                      MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {
    if (value_ == MAP_FAILED) throw StopError(ExitCode::failed, "no memory is left");
  }
  ~SharedMemory() { ::munmap(value_, sizeof(T)); }
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;
  [[nodiscard]] T& get() const { return *value_; }

 private:
  T* value_;
};

}  // namespace tocsin
