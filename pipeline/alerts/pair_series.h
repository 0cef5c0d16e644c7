// How tense a pair is over time: hourly buckets by event time, and what is read from them.
// Every figure is a pure function of the buckets and the hour, in integers: late articles fill old
// buckets and change nothing else.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/alerts/alert_signal.h"

namespace tocsin {

using Hour = std::int64_t;  // hours since 1970

inline constexpr Hour kSeriesHours = 14 * 24;  // length of the baseline

struct HourBucket {
  std::uint32_t articles = 0;  // copies too
  std::uint32_t stories = 0;
  // Sums over the stories of the hour: tenths of a point, weighted by independent outlets.
  std::uint64_t hostile = 0;
  std::uint64_t threat = 0;
  std::uint64_t act = 0;
  std::uint64_t cooperation = 0;
  friend bool operator==(const HourBucket&, const HourBucket&) = default;
};

// A story of the last two days: counted once, at its first hour, at its highest.
struct PairStory {
  std::uint64_t id = 0;
  Hour hour = 0;
  std::uint16_t hostile = 0;
  std::uint16_t threat = 0;
  std::uint16_t act = 0;
  std::uint16_t cooperation = 0;
  std::uint32_t outlets = 1;
  friend bool operator==(const PairStory&, const PairStory&) = default;
};

// Share of a story's score that so many independent outlets carry, per mille: 600 + 400 (1 -
// e^(-n/2)), a table. One outlet 757, two 853, three 911.
[[nodiscard]] std::uint32_t corroboration_per_mille(std::uint32_t outlets);
// value * 2^(-hours / half_life), by a table of 16-bit fractions; half-lives that divide 24.
[[nodiscard]] std::uint64_t decayed(std::uint64_t value, Hour hours, int half_life_hours);

// Articles of all kinds by hour: what a pair's share is a share of.
class AllArticles {
 public:
  void add(Hour hour);
  [[nodiscard]] std::uint64_t between(Hour first, Hour last) const;
  [[nodiscard]] std::uint64_t at(Hour hour) const;
  // First hour that was ever seen; how warm everything is.
  [[nodiscard]] Hour since() const { return since_; }
  void forget_before(Hour hour);

  Hour since_ = 0;  // 0: nothing yet
  std::map<Hour, std::uint64_t> hours;
};

struct PairFigures {
  std::uint32_t level = 0;        // tenths of a point, half-life 6 h
  std::uint32_t baseline = 0;     // the level that the mean of 14 days would give
  std::optional<std::int32_t> z;  // hundredths; nothing while it is not warm
  bool burst = false;
  std::uint32_t share_per_mille = 0;  // stories of the last 6 h, of all articles that are news
  std::uint32_t threat = 0;           // levels of each, tenths
  std::uint32_t act = 0;
  std::uint32_t cooperation = 0;
  std::uint64_t articles = 0;  // of the last 24 h
  std::uint64_t stories = 0;
  std::uint32_t outlets = 0;  // most of any story of the last two days
};

class PairSeries {
 public:
  static constexpr std::size_t kStoriesMax = 64;
  static constexpr Hour kStoryHours = 48;

  PairName name;

  // One article that is not a copy. Returns the story that left to make room for a new one.
  std::optional<std::uint64_t> add(std::uint64_t story, Hour hour, const SignalPair& pair,
                                   std::uint32_t outlets);
  // A copy of an article of the story: more outlets, the same story.
  void add_copy(std::uint64_t story, std::uint32_t outlets);
  void note_events(const SignalPair& pair, std::int64_t published_at_ms);
  // Drops what is too old. Returns the stories that left.
  std::vector<std::uint64_t> forget(Hour now);
  [[nodiscard]] PairFigures figures(Hour now, const AllArticles& all) const;
  [[nodiscard]] bool is_empty() const { return hours.empty(); }
  [[nodiscard]] Hour newest() const { return hours.empty() ? 0 : hours.rbegin()->first; }

  std::map<Hour, HourBucket> hours;
  std::deque<PairStory> stories;        // oldest first
  std::int64_t last_threat_ms = 0;      // event time of the last threat
  std::int64_t threat_realised_ms = 0;  // an assault within 30 days of a threat; 0 never

 private:
  void count(const PairStory& story, int sign);
  [[nodiscard]] std::optional<std::int32_t> z_score(Hour now, const AllArticles& all) const;
  [[nodiscard]] bool is_bursting(Hour now, const AllArticles& all) const;
};

}  // namespace tocsin
