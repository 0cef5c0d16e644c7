// The page of `tocsin top`: samples of metrics and the newest pairs and alerts in, lines out. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin {

// The series of a text exposition: "name{label=...}" and its value. Lines that are none are left
// out.
using MetricSample = std::map<std::string, double, std::less<>>;
[[nodiscard]] MetricSample parse_metrics(std::string_view exposition);

struct TopInstance {
  std::string name;     // host:port
  std::string error;    // why there is no sample
  MetricSample before;  // the sample of the page before; empty at first
  MetricSample now;
  double seconds = 0;  // between the two
};

struct TopPair {
  std::string codes;  // "RUS-UKR"
  double level = 0;
  double baseline = 0;
  std::int64_t articles = 0;
  std::string hour;
};

struct TopAlert {
  std::string level;
  std::string sentence;
  std::string last_seen;
};

struct TopView {
  std::string time;
  std::vector<TopInstance> instances;
  std::vector<TopPair> pairs;    // in any order
  std::vector<TopAlert> alerts;  // open ones
  std::string trouble;           // with the topics; empty: none
};

// At most `rows` lines of at most `columns` bytes, no control characters in them.
[[nodiscard]] std::vector<std::string> top_page(const TopView& view, std::size_t rows,
                                                std::size_t columns);

// The value under which `share` of what a histogram counted between two samples lies, linear within
// its bucket (as Prometheus' histogram_quantile); -1 when it counted nothing.
[[nodiscard]] double quantile(const TopInstance& instance, std::string_view histogram,
                              double share);

}  // namespace tocsin
