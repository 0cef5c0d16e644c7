// The dead man's switch: reads the ledger and rings when the ticks stay away, and once more when
// they are back. Promises: needs no broker to ring; what it has rung and for whom is kept with its
// offset, so a restart neither rings again nor forgets to end what it began.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "daemon/kafka/consumer.h"
#include "daemon/notify/silence_state.h"
#include "daemon/wait.h"

namespace tocsin {

class TickWatch {
 public:
  explicit TickWatch(const Config& config);
  ~TickWatch();

  // On the watch's thread: this alert to this target; told() answers.
  std::function<void(const std::string& target, const std::string& alert)> ring;

  // Any thread. Those that must be told; who is new is told of a silence that lasts, and who was
  // made anew is handed again what it may have lost.
  void set_targets(std::vector<std::string> names, std::vector<std::string> renewed = {});
  void set_silence_max(std::chrono::milliseconds silence_max) {
    silence_max_ms_ = silence_max.count();
  }
  // The target has been told this revision, or will never take it.
  void told(const std::string& target, std::int64_t revision);

  void start();
  void stop() { stopping_ = true; }
  void join() { thread_.join(); }
  [[nodiscard]] bool is_silent() const { return is_silent_; }
  [[nodiscard]] std::uint64_t ticks() const { return ticks_; }
  // Steady milliseconds of the last turn, for /livez.
  [[nodiscard]] std::int64_t heartbeat_ms() const { return heartbeat_ms_; }

 private:
  void note_saved(const kafka::Failure& fault);
  void run();
  void load();
  void take(const kafka::Record& message);
  void note_tick(std::int64_t append_ms);
  void note_time();
  void change(SilenceState::Stage stage);
  void tell();
  void save();

  const std::string group_;
  const std::string ledger_;
  kafka::Consumer consumer_;
  std::atomic<std::int64_t> silence_max_ms_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> is_silent_{false};
  std::atomic<std::uint64_t> ticks_{0};
  std::atomic<std::int64_t> heartbeat_ms_{0};

  std::mutex mutex_;  // whoever is told or reloads writes, the thread takes
  std::vector<std::string> targets_;
  std::vector<std::string> renewed_;
  std::vector<std::pair<std::string, std::int64_t>> answers_;

  // The thread's own.
  SilenceState state_;
  std::set<std::string> rung_;  // targets that this revision was handed to since the start
  std::int64_t ticked_ms_ = 0;  // steady clock, when the last one was read; at first the start
  std::int64_t silent_ms_ = 0;  // how long it was silent, for the alert's text
  bool is_loaded_ = false;
  std::int64_t loaded_ms_ = 0;     // steady clock, of the last question
  std::int64_t live_from_ = 0;     // ledger offset; what lies before was written before the start
  bool is_first_ = true;           // no tick has been read since the start
  std::int64_t next_offset_ = -1;  // behind the last tick; -1: none
  bool is_saved_ = true;
  bool is_saving_ = false;
  std::int64_t saved_ms_ = 0;
  Thread thread_;
};

}  // namespace tocsin
