#include "pipeline/alerts/pair_series.h"

#include <algorithm>
#include <array>

#include "pipeline/integer_root.h"

namespace tocsin {
namespace {

constexpr Hour kStepHours = 6;  // the z-score compares steps of this length
constexpr Hour kSteps = kSeriesHours / kStepHours;
constexpr Hour kWarmHours = 3 * 24;          // before that nothing is unusual
constexpr std::uint64_t kWarmStories = 5;    // of a pair
constexpr std::uint64_t kSpreadFloor = 150;  // tenths: a quiet pair's spread is at least this
// The decayed sum that stands for half of the scale.
constexpr std::uint64_t kHalfScale = 700;
// Sum of 2^(-k/6) over all k >= 0, per mille: what a steady hourly value adds up to.
constexpr std::uint64_t kSteadySumPerMille = 9'166;
// Sums of many small remainders are kept in 1/1024 of a tenth.
constexpr std::uint64_t kFine = 1024;
constexpr std::int64_t kRealisedMs = 30LL * 24 * kHourMs;

// Kleinberg (2002), two states, binomial; costs in millionths of a nat.
constexpr std::int64_t kBurstFactor = 3;             // the burst's rate is so many times the usual
constexpr std::int64_t kLogBurstFactor = 1'098'612;  // ln 3
constexpr std::int64_t kTransitionCost = 5'817'111;  // ln 336: gamma 1, one bucket an hour
constexpr std::int64_t kMillion = 1'000'000;
constexpr std::int64_t kBurstStoriesMin = 3;  // in the last 6 h

std::uint32_t saturate(std::uint64_t sum) {
  return static_cast<std::uint32_t>(1000 * sum / (sum + kHalfScale));
}

}  // namespace

std::uint32_t corroboration_per_mille(std::uint32_t outlets) {
  constexpr std::array<std::uint32_t, 11> kTable = {0,   757, 853, 911, 946, 967,
                                                    980, 988, 993, 996, 1000};
  return kTable[std::min<std::size_t>(outlets, kTable.size() - 1)];
}

std::uint64_t decayed(std::uint64_t value, Hour hours, int half_life_hours) {
  // 65536 * 2^(-k/24), k = 0..23.
  constexpr std::array<std::uint64_t, 24> kFractions = {
      65536, 63670, 61858, 60097, 58386, 56724, 55109, 53540, 52016, 50535, 49097, 47699,
      46341, 45022, 43740, 42495, 41285, 40110, 38968, 37859, 36781, 35734, 34716, 33728};
  if (hours <= 0) return value;
  const Hour steps = hours * (24 / half_life_hours);
  if (steps >= 24 * 40) return 0;
  return (value * kFractions[static_cast<std::size_t>(steps % 24)] >> 16) >> (steps / 24);
}

// ---- all articles

void AllArticles::add(Hour hour) {
  ++hours[hour];
  since_ = since_ == 0 ? hour : std::min(since_, hour);
}

std::uint64_t AllArticles::between(Hour first, Hour last) const {
  std::uint64_t sum = 0;
  for (auto it = hours.lower_bound(first); it != hours.end() && it->first <= last; ++it) {
    sum += it->second;
  }
  return sum;
}

std::uint64_t AllArticles::at(Hour hour) const {
  const auto found = hours.find(hour);
  return found == hours.end() ? 0 : found->second;
}

void AllArticles::forget_before(Hour hour) {
  hours.erase(hours.begin(), hours.lower_bound(hour));
}

// ---- one pair

void PairSeries::count(const PairStory& story, int sign) {
  HourBucket& bucket = hours[story.hour];
  const std::uint64_t weight = corroboration_per_mille(story.outlets);
  const auto change = [&](std::uint64_t& sum, std::uint16_t value) {
    const std::uint64_t share = value * weight / 1000;
    sum = sign > 0 ? sum + share : sum - std::min(sum, share);
  };
  change(bucket.hostile, story.hostile);
  change(bucket.threat, story.threat);
  change(bucket.act, story.act);
  change(bucket.cooperation, story.cooperation);
}

std::optional<std::uint64_t> PairSeries::add(std::uint64_t story, Hour hour, const SignalPair& pair,
                                             std::uint32_t outlets) {
  std::optional<std::uint64_t> left;
  ++hours[hour].articles;
  auto known = std::find_if(stories.begin(), stories.end(),
                            [&](const PairStory& each) { return each.id == story; });
  if (known == stories.end()) {
    if (stories.size() == kStoriesMax) {
      left = stories.front().id;
      stories.pop_front();
    }
    ++hours[hour].stories;
    PairStory first;
    first.id = story;
    first.hour = hour;
    known = stories.insert(stories.end(), first);
  } else {
    count(*known, -1);
  }
  known->hostile = std::max(known->hostile, pair.score);
  known->threat = std::max(known->threat, pair.threat);
  known->act = std::max(known->act, pair.act);
  known->cooperation = std::max(known->cooperation, pair.cooperation);
  known->outlets = std::max(known->outlets, outlets);
  count(*known, +1);
  return left;
}

void PairSeries::add_copy(std::uint64_t story, std::uint32_t outlets) {
  for (PairStory& known : stories) {
    if (known.id != story) continue;
    ++hours[known.hour].articles;
    if (outlets <= known.outlets) return;
    count(known, -1);
    known.outlets = outlets;
    count(known, +1);
    return;
  }
}

void PairSeries::note_events(const SignalPair& pair, std::int64_t published_at_ms) {
  const auto has = [&](EventType type) {
    return (pair.events & 1U << static_cast<unsigned>(type)) != 0;
  };
  if (has(EventType::assault) && last_threat_ms != 0 && published_at_ms >= last_threat_ms &&
      published_at_ms - last_threat_ms <= kRealisedMs) {
    threat_realised_ms = std::max(threat_realised_ms, published_at_ms);
  }
  if (has(EventType::threaten)) last_threat_ms = std::max(last_threat_ms, published_at_ms);
}

std::vector<std::uint64_t> PairSeries::forget(Hour now) {
  hours.erase(hours.begin(), hours.lower_bound(now - kSeriesHours + 1));
  std::vector<std::uint64_t> left;
  while (!stories.empty() && stories.front().hour < now - kStoryHours) {
    left.push_back(stories.front().id);
    stories.pop_front();
  }
  return left;
}

PairFigures PairSeries::figures(Hour now, const AllArticles& all) const {
  PairFigures figures;
  std::uint64_t hostile = 0;
  std::uint64_t threat = 0;
  std::uint64_t act = 0;
  std::uint64_t cooperation = 0;
  std::uint64_t sum = 0;
  std::uint64_t recent = 0;
  for (const auto& [hour, bucket] : hours) {
    const Hour age = now - hour;
    if (age >= kSeriesHours) continue;
    sum += bucket.hostile;
    hostile += decayed(kFine * bucket.hostile, age, 6);
    threat += decayed(kFine * bucket.threat, age, 6);
    act += decayed(kFine * bucket.act, age, 6);
    cooperation += decayed(kFine * bucket.cooperation, age, 6);
    if (age < kStepHours) recent += bucket.stories;
    if (age < 24) {
      figures.articles += bucket.articles;
      figures.stories += bucket.stories;
    }
  }
  figures.level = saturate(hostile / kFine);
  figures.threat = saturate(threat / kFine);
  figures.act = saturate(act / kFine);
  figures.cooperation = saturate(cooperation / kFine);
  figures.baseline =
      saturate(sum * kSteadySumPerMille / 1000 / static_cast<std::uint64_t>(kSeriesHours));
  const std::uint64_t everything = all.between(now - kStepHours + 1, now);
  if (everything > 0) {
    figures.share_per_mille =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(1000, 1000 * recent / everything));
  }
  for (const PairStory& story : stories) {
    figures.outlets = std::max(figures.outlets, story.outlets);
  }
  figures.z = z_score(now, all);
  figures.burst = is_bursting(now, all);
  return figures;
}

// The last six hours against the 55 steps of six hours before them.
std::optional<std::int32_t> PairSeries::z_score(Hour now, const AllArticles& all) const {
  if (all.since_ == 0 || now - all.since_ < kWarmHours) return std::nullopt;
  std::array<std::uint64_t, kSteps> steps{};
  std::uint64_t seen = 0;
  for (const auto& [hour, bucket] : hours) {
    const Hour step = (now - hour) / kStepHours;
    if (hour > now || step >= kSteps) continue;
    steps[static_cast<std::size_t>(step)] += bucket.hostile;
    seen += bucket.stories;
  }
  if (seen < kWarmStories) return std::nullopt;
  const Hour known = std::clamp<Hour>((now - all.since_) / kStepHours, 2, kSteps);
  const auto count = static_cast<std::uint64_t>(known - 1);
  std::uint64_t sum = 0;
  std::uint64_t squares = 0;
  for (Hour step = 1; step < known; ++step) {
    const std::uint64_t value = steps[static_cast<std::size_t>(step)];
    sum += value;
    squares += value * value;
  }
  const std::uint64_t mean = sum / count;
  const std::uint64_t variance = squares / count - std::min(squares / count, mean * mean);
  const std::uint64_t spread = integer_root(variance + kSpreadFloor * kSpreadFloor);
  const auto distance = static_cast<std::int64_t>(steps[0]) - static_cast<std::int64_t>(mean);
  constexpr std::int64_t kMost = 100'000;
  return static_cast<std::int32_t>(
      std::clamp<std::int64_t>(100 * distance / static_cast<std::int64_t>(spread), -kMost, kMost));
}

// The cheaper of two states after the last hour. A story in a burst costs ln 3 less; every other
// article costs the difference of the rates more (ln((1-p1)/(1-p0)) is nearly p0 - p1).
bool PairSeries::is_bursting(Hour now, const AllArticles& all) const {
  if (all.since_ == 0 || now - all.since_ < kWarmHours) return false;
  std::int64_t of_pair = 0;
  std::int64_t recent = 0;
  for (const auto& [hour, bucket] : hours) {
    of_pair += bucket.stories;
    if (now - hour < kStepHours && hour <= now) recent += bucket.stories;
  }
  if (recent < kBurstStoriesMin) return false;
  const auto everything = static_cast<std::int64_t>(all.between(now - kSeriesHours + 1, now));
  const std::int64_t rate = kMillion * of_pair / std::max<std::int64_t>(1, everything);
  std::int64_t usual = 0;
  std::int64_t burst = kTransitionCost;
  for (Hour hour = now - kSeriesHours + 1; hour <= now; ++hour) {
    const auto bucket = hours.find(hour);
    const std::int64_t hits = bucket == hours.end() ? 0 : bucket->second.stories;
    const std::int64_t others =
        std::max<std::int64_t>(0, static_cast<std::int64_t>(all.at(hour)) - hits);
    const std::int64_t in_burst = std::min(burst, usual + kTransitionCost);
    usual = std::min(usual, burst);
    burst = in_burst - hits * kLogBurstFactor + others * rate * (kBurstFactor - 1);
    const std::int64_t floor = std::min(usual, burst);
    usual -= floor;
    burst -= floor;
  }
  return burst < usual;
}

}  // namespace tocsin
