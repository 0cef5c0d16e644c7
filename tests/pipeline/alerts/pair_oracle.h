// A slow and obvious pair: keeps every article, and computes each figure from its definition, with
// floating point. The series must agree within the rounding of its tables.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <vector>

#include "pipeline/alerts/pair_series.h"

namespace tocsin::test {

class PairOracle {
 public:
  void add(std::uint64_t story, Hour hour, const SignalPair& pair, std::uint32_t outlets) {
    Story& known = stories_.try_emplace(story, Story{hour, pair, 0}).first->second;
    known.pair.score = std::max(known.pair.score, pair.score);
    known.pair.threat = std::max(known.pair.threat, pair.threat);
    known.pair.act = std::max(known.pair.act, pair.act);
    known.pair.cooperation = std::max(known.pair.cooperation, pair.cooperation);
    known.outlets = std::max(known.outlets, outlets);
    ++articles_[hour];
  }
  void add_copy(std::uint64_t story, std::uint32_t outlets) {
    Story& known = stories_.at(story);
    known.outlets = std::max(known.outlets, outlets);
    ++articles_[known.hour];
  }

  // Points (0..100) of one of the four scores: halved every six hours, on a scale that saturates.
  [[nodiscard]] double level(std::uint16_t SignalPair::*score, Hour now) const {
    double sum = 0;
    for (const auto& [id, story] : stories_) {
      if (now - story.hour >= kSeriesHours) continue;
      sum += weighted(story, score) * std::exp2(-static_cast<double>(now - story.hour) / 6);
    }
    return 100 * sum / (sum + 700);
  }

  // How far the last six hours stand from the mean of the six-hour steps before them, in spreads.
  [[nodiscard]] std::optional<double> z(Hour now, Hour since) const {
    if (now - since < 72) return std::nullopt;
    std::array<double, 56> steps{};
    std::size_t seen = 0;
    for (const auto& [id, story] : stories_) {
      const auto step = static_cast<std::size_t>((now - story.hour) / 6);
      if (step >= steps.size()) continue;
      steps[step] += weighted(story, &SignalPair::score);
      ++seen;
    }
    if (seen < 5) return std::nullopt;
    const auto known = static_cast<std::size_t>(std::min<Hour>((now - since) / 6, 56));
    double mean = 0;
    for (std::size_t i = 1; i < known; ++i) mean += steps[i] / static_cast<double>(known - 1);
    double variance = 0;
    for (std::size_t i = 1; i < known; ++i) {
      variance += (steps[i] - mean) * (steps[i] - mean) / static_cast<double>(known - 1);
    }
    return (steps[0] - mean) / std::sqrt(variance + 150.0 * 150.0);
  }

  // Kleinberg: by how many nats the cheapest history that ends in a burst is cheaper than the
  // cheapest that does not; nullopt where too little happened lately. Looks at every hour the last
  // burst may have begun at, and what was cheapest before, without a running minimum.
  [[nodiscard]] std::optional<double> burst_margin(Hour now, const AllArticles& all) const {
    double of_pair = 0;
    int recent = 0;
    std::map<Hour, double> hits;
    for (const auto& [id, story] : stories_) {
      if (now - story.hour >= kSeriesHours) continue;
      ++of_pair;
      ++hits[story.hour];
      if (now - story.hour < 6) ++recent;
    }
    if (recent < 3) return std::nullopt;
    const double rate =
        of_pair / static_cast<double>(std::max<std::uint64_t>(1, all.between(0, now)));
    // What one hour costs more in a burst than out of it.
    std::vector<double> extra;
    for (Hour hour = now - kSeriesHours + 1; hour <= now; ++hour) {
      const double others = std::max(0.0, static_cast<double>(all.at(hour)) - hits[hour]);
      extra.push_back(2 * rate * others - std::log(3) * hits[hour]);
    }
    // cheapest[n]: best cost of the first n hours, out of a burst after them.
    std::vector<double> cheapest{0};
    double ends_in_burst = 0;
    for (std::size_t n = 1; n <= extra.size(); ++n) {
      double best_burst = 1e9;
      double sum = 0;
      for (std::size_t begin = n; begin > 0; --begin) {
        sum += extra[begin - 1];
        best_burst = std::min(best_burst, cheapest[begin - 1] + std::log(336) + sum);
      }
      ends_in_burst = best_burst;
      cheapest.push_back(std::min(cheapest.back(), best_burst));
    }
    // Out of it at the end: no burst in the last hour.
    return cheapest[cheapest.size() - 2] - ends_in_burst;
  }

  [[nodiscard]] std::uint64_t articles_of_last_day(Hour now) const {
    std::uint64_t sum = 0;
    for (const auto& [hour, count] : articles_) sum += now - hour < 24 ? count : 0;
    return sum;
  }

 private:
  struct Story {
    Hour hour = 0;
    SignalPair pair;
    std::uint32_t outlets = 0;
  };
  // Its share that so many independent outlets carry.
  static double weighted(const Story& story, std::uint16_t SignalPair::*score) {
    const double outlets = story.outlets;
    return (story.pair.*score) * (0.6 + 0.4 * (1 - std::exp(-outlets / 2)));
  }

  std::map<std::uint64_t, Story> stories_;
  std::map<Hour, std::uint64_t> articles_;
};

}  // namespace tocsin::test
