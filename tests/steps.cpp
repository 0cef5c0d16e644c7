#include "tests/steps.h"

namespace {
thread_local std::uint64_t steps = 0;
}

// GCC's name for what it calls; libasan does not define it.
extern "C" void __sanitizer_cov_trace_pc() {
  ++steps;
}

namespace tocsin {

std::uint64_t steps_so_far() noexcept {
  return steps;
}

}  // namespace tocsin
