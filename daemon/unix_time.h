// The wall clock: only for what is shown, or compared with the times that records carry. What
// waits goes by the steady clock (wait.h).
#pragma once

#include <chrono>
#include <cstdint>

namespace tocsin {

[[nodiscard]] inline std::int64_t unix_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

[[nodiscard]] inline std::int64_t unix_seconds() {
  return unix_ms() / 1000;
}

}  // namespace tocsin
