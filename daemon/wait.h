// The clock, the waits and the threads of the daemon: whatever blocks outside librdkafka. Nothing
// else in the service loop blocks, so tests/simulation links another wait.cpp, with virtual time.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>

namespace tocsin {

// Steady clock, milliseconds.
[[nodiscard]] std::int64_t steady_ms();

void sleep_for(std::chrono::milliseconds duration);

// A condition variable on the steady clock.
class Condition {
 public:
  void notify_all();

  // Waits until `done()`; false when `wait` passed first. The caller holds the lock that guards
  // what `done` reads.
  template <class F>
  bool wait_for(std::unique_lock<std::mutex>& lock, std::chrono::milliseconds wait, F&& done) {
    const std::int64_t deadline_ms = steady_ms() + wait.count();
    while (!done()) {
      if (steady_ms() >= deadline_ms) return false;
      wait_until(lock, deadline_ms);
    }
    return true;
  }

 private:
  // Until notified, or the steady clock says `deadline_ms`, or for no reason.
  void wait_until(std::unique_lock<std::mutex>& lock, std::int64_t deadline_ms);

  std::condition_variable changed_;
};

// A thread of the service loop. Its owner joins it, at the latest by destroying it.
class Thread {
 public:
  Thread();
  // `name`: at most 15 bytes, as the operating system shows it. The body must not throw.
  Thread(const char* name, std::function<void()> body);
  ~Thread();
  Thread(Thread&&) noexcept;
  Thread& operator=(Thread&&) noexcept;

  void join();  // nothing when it was never started or is joined already

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tocsin
