// A hint to the cache that no compiler drops. Changes nothing but time.
#pragma once

namespace tocsin {

inline void prefetch_line(const void* address) {
  __builtin_prefetch(address);
  // Without it GCC calls functions that only prefetch pure, and drops the calls.
  asm volatile("" : : "r"(address));
}

}  // namespace tocsin
