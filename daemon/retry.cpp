#include "daemon/retry.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "daemon/wait.h"

namespace tocsin {

void Retry::log(const std::string& what) {
  ++unlogged_;
  const std::int64_t now_ms = steady_ms();
  if (logged_ms_ != 0 && now_ms - logged_ms_ < kLineInterval.count()) return;
  logged_ms_ = now_ms;
  spdlog::warn("retry: times={}: {}", std::exchange(unlogged_, 0), what);
}

void Retry::wait() {
  sleep_for(pause_);
  pause_ = std::min(pause_ * 2, max_);
}

void Retry::reset() {
  pause_ = first_;
  unlogged_ = 0;
  logged_ms_ = 0;
}

void Standstill::begin() {
  const std::lock_guard lock(mutex_);
  if (since_ms_ == 0) since_ms_ = steady_ms();
}

void Standstill::note(std::string reason) {
  const std::lock_guard lock(mutex_);
  if (since_ms_ != 0) reason_ = std::move(reason);
}

void Standstill::end() {
  const std::lock_guard lock(mutex_);
  since_ms_ = 0;
  reason_.clear();
}

std::string Standstill::after(std::chrono::milliseconds limit) const {
  const std::lock_guard lock(mutex_);
  const std::int64_t lasted_ms = since_ms_ == 0 ? 0 : steady_ms() - since_ms_;
  if (since_ms_ == 0 || lasted_ms < limit.count()) return "";
  return "for " + std::to_string(lasted_ms / 1000) +
         " s: " + (reason_.empty() ? "no answer yet" : reason_);
}

}  // namespace tocsin
