// The dead man's switch: reads the end of the ledger and signals when the ticks stay away.
// Promises: says so once, and once more when they are back; needs no broker to say it.
#pragma once

#include <atomic>
#include <functional>

#include "config/config.h"
#include "daemon/kafka/client.h"
#include "daemon/wait.h"

namespace tocsin {

class TickWatch {
 public:
  explicit TickWatch(const Config& config);
  ~TickWatch();

  // Called on the watch's thread: silent for so long, or back.
  std::function<void(bool is_silent, std::chrono::seconds silent_for)> on_change;

  void start();
  void stop() { stopping_ = true; }
  [[nodiscard]] bool is_silent() const { return is_silent_; }
  [[nodiscard]] std::uint64_t ticks() const { return ticks_; }
  // Steady milliseconds of the last turn, for /livez.
  [[nodiscard]] std::int64_t heartbeat_ms() const { return heartbeat_ms_; }

 private:
  void run();
  void note_tick();
  void note_time();

  const Config& config_;
  kafka::Client consumer_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> is_silent_{false};
  std::atomic<std::uint64_t> ticks_{0};
  std::atomic<std::int64_t> heartbeat_ms_{0};
  std::int64_t ticked_ms_ = 0;  // steady clock, when the last one was read; at first the start
  Thread thread_;
};

}  // namespace tocsin
