// Rate and time left on standard error, when that is a terminal; nothing otherwise.
// The line is wiped when the object goes.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace tocsin {

class Progress {
 public:
  // `noun`: what is counted, plural. `total`: of `done` below; 0 when no share can be told.
  Progress(std::string noun, std::uint64_t total);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void show(std::uint64_t count, std::uint64_t done);
  void set_total(std::uint64_t total) { total_ = total; }

 private:
  using Clock = std::chrono::steady_clock;
  const std::string noun_;
  const bool is_on_;
  const Clock::time_point started_;
  std::uint64_t total_;
  Clock::time_point shown_{};
};

}  // namespace tocsin
