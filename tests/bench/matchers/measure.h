// What the programs of this folder share: lines of a file, CPU time, memory, the JSON line.
// Promises: CPU time of the calling thread, so that other work on the machine counts less.
#pragma once

#include <malloc.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

namespace measure {

inline constexpr int kRounds = 5;

inline std::vector<std::string> lines(const char* path) {
  std::ifstream file(path);
  std::vector<std::string> result;
  for (std::string line; std::getline(file, line);) result.push_back(line);
  return result;
}

inline double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

inline long resident_kb() {
  malloc_trim(0);
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::stol(line.substr(6));
  }
  return 0;
}

// Seconds of the fastest of some rounds.
template <typename Round>
double best_of(int rounds, const Round& round) {
  double best = std::numeric_limits<double>::max();
  for (int i = 0; i < rounds; ++i) {
    const double started = cpu_seconds();
    round();
    best = std::min(best, cpu_seconds() - started);
  }
  return best;
}

inline void print(const char* engine, double build_s, double match_s,
                  const std::vector<std::string>& articles, std::size_t found, long resident_kb,
                  long table_kb, double tokenise_s) {
  std::size_t bytes = 0;
  for (const std::string& article : articles) bytes += article.size();
  std::printf(
      "{\"engine\":\"%s\",\"build_s\":%.3f,\"us_per_article\":%.2f,\"mb_per_s\":%.1f,"
      "\"matches\":%zu,\"resident_mb\":%.1f,\"table_mb\":%.1f,\"tokenise_us\":%.2f}\n",
      engine, build_s, match_s * 1e6 / static_cast<double>(articles.size()),
      static_cast<double>(bytes) / 1e6 / match_s, found, static_cast<double>(resident_kb) / 1024,
      static_cast<double>(table_kb) / 1024,
      tokenise_s * 1e6 / static_cast<double>(articles.size()));
}

}  // namespace measure
