#include "daemon/commands/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "daemon/terminal.h"

namespace tocsin {
namespace {

constexpr auto kInterval = std::chrono::milliseconds(200);

}  // namespace

Progress::Progress(std::string noun, std::uint64_t total)
    : noun_(std::move(noun)),
      is_on_(is_capable_terminal(STDERR_FILENO)),
      started_(Clock::now()),
      total_(total) {}

Progress::~Progress() {
  if (is_on_) std::fputs("\r\033[K", stderr);
}

void Progress::show(std::uint64_t count, std::uint64_t done) {
  const auto now = Clock::now();
  if (!is_on_ || now - shown_ < kInterval) return;
  shown_ = now;
  const double seconds = std::chrono::duration<double>(now - started_).count();
  const double rate = static_cast<double>(count) / std::max(seconds, 1e-3);
  if (total_ == 0) {
    std::fprintf(stderr, "\r\033[K%llu %s, %.0f/s", static_cast<unsigned long long>(count),
                 noun_.c_str(), rate);
    return;
  }
  const double share = std::min(1.0, static_cast<double>(done) / static_cast<double>(total_));
  const int filled = static_cast<int>(share * 30);
  std::fprintf(stderr, "\r\033[K[%.*s%.*s] %3.0f %%  %llu %s  %.0f/s  %.0f s left", filled,
               "##############################", 30 - filled, "..............................",
               share * 100, static_cast<unsigned long long>(count), noun_.c_str(), rate,
               share > 0 ? seconds / share - seconds : 0.0);
}

}  // namespace tocsin
