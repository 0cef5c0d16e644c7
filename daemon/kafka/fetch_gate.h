// Lets the fetches of a consumer be answered one at a time, each when its reader wants it.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <utility>

namespace tocsin::kafka {

// The fetching thread asks may_pass() between a fetch and its answer and waits there. It makes a
// fetch only when it has handed on what the one before brought: a reader that finds is_waiting()
// and then nothing to read has read all.
class FetchGate {
 public:
  // ---- the reader's

  // From here on fetches wait. The first after an end() is refused: it may have been decided on
  // before that.
  void begin() {
    const std::scoped_lock lock(mutex_);
    is_stale_ = run_ > 0;
    is_open_ = true;
  }
  // From here on fetches are refused.
  void end() {
    const std::scoped_lock lock(mutex_);
    is_open_ = false;
    is_waiting_ = false;
    is_passed_ = false;
    ++run_;
    turned_.notify_all();
  }
  [[nodiscard]] bool is_waiting() const {
    const std::scoped_lock lock(mutex_);
    return is_waiting_;
  }
  // Lets the one through that waits. It waits no longer, even if its thread has not noticed: who
  // asks again is the next.
  void pass() {
    const std::scoped_lock lock(mutex_);
    if (std::exchange(is_waiting_, false)) is_passed_ = true;
    turned_.notify_all();
  }

  // ---- the fetching thread's

  // False: the answer must not be read.
  [[nodiscard]] bool may_pass() {
    std::unique_lock lock(mutex_);
    if (!is_open_ || std::exchange(is_stale_, false)) return false;
    const std::uint64_t run = run_;
    is_waiting_ = true;
    turned_.wait(lock, [&] { return is_passed_ || run_ != run; });
    return run_ == run && std::exchange(is_passed_, false);
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable turned_;
  bool is_open_ = false;
  bool is_stale_ = false;
  bool is_waiting_ = false;
  bool is_passed_ = false;
  std::uint64_t run_ = 0;
};

}  // namespace tocsin::kafka
