// What is tried again and again: a pause that grows, and log lines that are counted, not repeated.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>

namespace tocsin {

// One run of failures of one thing; reset() when it worked. One thread's own.
class Retry {
 public:
  Retry(std::chrono::milliseconds first, std::chrono::milliseconds max)
      : first_(first), max_(max), pause_(first) {}

  // Logs the first failure and then one line in kLineInterval at most, each with how many there
  // were since the line before. `what` is "part: what failed".
  void log(const std::string& what);
  // Waits, longer each time, up to the maximum.
  void wait();
  void reset();

  static constexpr std::chrono::milliseconds kLineInterval{30'000};

 private:
  const std::chrono::milliseconds first_;
  const std::chrono::milliseconds max_;
  std::chrono::milliseconds pause_;
  std::uint64_t unlogged_ = 0;
  std::int64_t logged_ms_ = 0;  // steady clock; 0: never
};

// Work that is due and cannot be done: since when, and why as of last. Thread-safe.
class Standstill {
 public:
  void begin();  // nothing when it has begun already
  void note(std::string reason);
  void end();
  // "for 42 s: reason" once it has lasted that long; empty before.
  [[nodiscard]] std::string after(std::chrono::milliseconds limit) const;

 private:
  mutable std::mutex mutex_;
  std::int64_t since_ms_ = 0;  // steady clock; 0: it goes on
  std::string reason_;
};

}  // namespace tocsin
