#include "daemon/wait.h"

#include <pthread.h>

#include <thread>
#include <utility>

namespace tocsin {

std::int64_t steady_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

void sleep_for(std::chrono::milliseconds duration) {
  std::this_thread::sleep_for(duration);
}

void Condition::notify_all() {
  changed_.notify_all();
}

void Condition::wait_until(std::unique_lock<std::mutex>& lock, std::int64_t deadline_ms) {
  changed_.wait_until(
      lock, std::chrono::steady_clock::time_point(std::chrono::milliseconds(deadline_ms)));
}

struct Thread::State {
  std::thread thread;
};

Thread::Thread() = default;

Thread::Thread(const char* name, std::function<void()> body)
    : state_(std::make_unique<State>(State{std::thread(std::move(body))})) {
  ::pthread_setname_np(state_->thread.native_handle(), name);
}

Thread::~Thread() {
  join();
}

Thread::Thread(Thread&&) noexcept = default;

Thread& Thread::operator=(Thread&& other) noexcept {
  join();
  state_ = std::move(other.state_);
  return *this;
}

void Thread::join() {
  if (state_ && state_->thread.joinable()) state_->thread.join();
}

}  // namespace tocsin
