#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>

#include "pipeline/alerts/pair_series.h"
#include "tests/pipeline/alerts/pair_oracle.h"

namespace tocsin::test {
namespace {

constexpr Hour kNow = 492'336;

SignalPair scored(std::uint16_t score) {
  SignalPair pair;
  pair.score = score;
  pair.act = score;
  return pair;
}

AllArticles everyday(Hour first, Hour last, int an_hour) {
  AllArticles all;
  for (Hour hour = first; hour <= last; ++hour) {
    for (int i = 0; i < an_hour; ++i) all.add(hour);
  }
  return all;
}

TEST(PairSeries, DecaysByItsHalfLife) {
  EXPECT_EQ(decayed(1000, 0, 6), 1000U);
  EXPECT_EQ(decayed(1000, 6, 6), 500U);
  EXPECT_EQ(decayed(1000, 12, 12), 500U);
  EXPECT_EQ(decayed(1000, 3, 6), 707U);
  EXPECT_EQ(decayed(1000, 24, 24), 500U);
  EXPECT_EQ(decayed(1000, 1'000'000, 6), 0U);
}

TEST(PairSeries, TenCopiesAreOneVoiceMoreWidelyHeard) {
  PairSeries one;
  one.add(1, kNow, scored(600), 1);
  PairSeries copied = one;
  for (std::uint32_t outlets = 2; outlets <= 10; ++outlets) copied.add_copy(1, outlets);
  PairSeries ten;
  for (std::uint64_t story = 1; story <= 10; ++story) ten.add(story, kNow, scored(600), 1);
  const AllArticles all = everyday(kNow - 24, kNow, 10);
  EXPECT_EQ(copied.hours.at(kNow).stories, 1U);
  EXPECT_EQ(copied.hours.at(kNow).articles, 10U);
  EXPECT_EQ(copied.hours.at(kNow).hostile, 600U);
  EXPECT_LT(one.figures(kNow, all).level, copied.figures(kNow, all).level);
  EXPECT_LT(copied.figures(kNow, all).level, ten.figures(kNow, all).level);
}

// The order in which articles of different stories come does not matter: backfill is harmless.
TEST(PairSeries, FiguresDoNotDependOnTheOrder) {
  EXPECT_TRUE(rc::check("shuffled", [] {
    struct Add {
      std::uint64_t story;
      Hour hour;
      std::uint16_t score;
    };
    std::vector<Add> adds;
    const auto count = *rc::gen::inRange<std::size_t>(1, 60);
    for (std::size_t i = 0; i < count; ++i) {
      adds.push_back({i + 1, kNow - *rc::gen::inRange<Hour>(0, kSeriesHours),
                      *rc::gen::inRange<std::uint16_t>(100, 1000)});
    }
    const AllArticles all = everyday(kNow - 300, kNow, 5);
    PairSeries in_order;
    for (const Add& each : adds) in_order.add(each.story, each.hour, scored(each.score), 1);
    PairSeries shuffled;
    for (std::size_t i = adds.size(); i > 1; --i) {
      std::swap(adds[i - 1], adds[*rc::gen::inRange<std::size_t>(0, i)]);
    }
    for (const Add& each : adds) shuffled.add(each.story, each.hour, scored(each.score), 1);
    const PairFigures a = in_order.figures(kNow, all);
    const PairFigures b = shuffled.figures(kNow, all);
    RC_ASSERT(in_order.hours == shuffled.hours);
    RC_ASSERT(a.level == b.level && a.z == b.z && a.burst == b.burst && a.baseline == b.baseline);
  }));
}

SignalPair random_pair() {
  SignalPair pair;
  pair.score = *rc::gen::inRange<std::uint16_t>(0, 1000);
  pair.threat = *rc::gen::inRange<std::uint16_t>(0, 1000);
  pair.act = *rc::gen::inRange<std::uint16_t>(0, 1000);
  pair.cooperation = *rc::gen::inRange<std::uint16_t>(0, 1000);
  return pair;
}

TEST(PairSeries, FiguresAreThoseOfTheSlowOracle) {
  int bursts = 0;
  int usual = 0;
  EXPECT_TRUE(rc::check("level, z, burst", [&] {
    PairSeries series;
    PairOracle oracle;
    const auto everyday_articles = *rc::gen::inRange(2, 30);
    const AllArticles all = everyday(kNow - 335, kNow, everyday_articles);
    std::uint64_t stories = 0;
    const auto count = *rc::gen::inRange(1, 60);
    // All in the last hours, or over the fortnight: a burst and none.
    const auto span = *rc::gen::element<Hour>(6, kSeriesHours);
    for (int i = 0; i < count; ++i) {
      const auto outlets = *rc::gen::inRange<std::uint32_t>(1, 9);
      if (stories > 0 && *rc::gen::inRange(0, 4) == 0) {
        const auto story = *rc::gen::inRange<std::uint64_t>(1, stories + 1);
        series.add_copy(story, outlets);
        oracle.add_copy(story, outlets);
        continue;
      }
      // A later article of a story counts in its first hour.
      const bool is_known = stories > 0 && *rc::gen::inRange(0, 4) == 0;
      const auto story = is_known ? *rc::gen::inRange<std::uint64_t>(1, stories + 1) : ++stories;
      const Hour age = *rc::gen::inRange<Hour>(0, span);
      const SignalPair pair = random_pair();
      series.add(story, kNow - age, pair, outlets);
      oracle.add(story, kNow - age, pair, outlets);
    }
    const PairFigures figures = series.figures(kNow, all);
    const auto is_near = [](std::uint32_t tenths, double points) {
      return std::abs(tenths / 10.0 - points) < 0.5;
    };
    RC_ASSERT(is_near(figures.level, oracle.level(&SignalPair::score, kNow)));
    RC_ASSERT(is_near(figures.threat, oracle.level(&SignalPair::threat, kNow)));
    RC_ASSERT(is_near(figures.act, oracle.level(&SignalPair::act, kNow)));
    RC_ASSERT(is_near(figures.cooperation, oracle.level(&SignalPair::cooperation, kNow)));
    RC_ASSERT(figures.articles == oracle.articles_of_last_day(kNow));
    const std::optional<double> z = oracle.z(kNow, all.since());
    RC_ASSERT(figures.z.has_value() == z.has_value());
    if (z) RC_ASSERT(std::abs(*figures.z / 100.0 - *z) < 0.1 + std::abs(*z) / 50);
    const std::optional<double> margin = oracle.burst_margin(kNow, all);
    if (!margin) {
      RC_ASSERT(!figures.burst);
    } else if (std::abs(*margin) > 0.01) {
      RC_ASSERT(figures.burst == (*margin > 0));
      ++(figures.burst ? bursts : usual);
    }
  }));
  // A property that only ever saw one of the two says nothing.
  EXPECT_GT(bursts, 0);
  EXPECT_GT(usual, 0);
}

TEST(PairSeries, NothingIsUnusualBeforeItIsWarm) {
  PairSeries series;
  for (std::uint64_t story = 1; story <= 20; ++story) series.add(story, kNow, scored(800), 3);
  const PairFigures cold = series.figures(kNow, everyday(kNow - 5, kNow, 10));
  EXPECT_FALSE(cold.z);
  EXPECT_FALSE(cold.burst);
  const PairFigures warm = series.figures(kNow, everyday(kNow - 200, kNow, 10));
  ASSERT_TRUE(warm.z);
  EXPECT_GT(*warm.z, 300);
  EXPECT_TRUE(warm.burst);
}

TEST(PairSeries, BackfillOfAnOutageIsNoBurst) {
  PairSeries series;
  for (std::uint64_t i = 0; i < 40; ++i) {
    series.add(i + 1, kNow - 250 + static_cast<Hour>(5 * i), scored(400), 1);
  }
  const PairFigures figures = series.figures(kNow, everyday(kNow - 300, kNow, 10));
  EXPECT_FALSE(figures.burst);
  ASSERT_TRUE(figures.z);
  EXPECT_LT(*figures.z, 300);
}

TEST(PairSeries, AnAssaultAfterAThreatCarriesItOut) {
  PairSeries series;
  SignalPair threat;
  threat.events = 1U << static_cast<unsigned>(EventType::threaten);
  SignalPair assault;
  assault.events = 1U << static_cast<unsigned>(EventType::assault);
  series.note_events(assault, 1000);
  EXPECT_EQ(series.threat_realised_ms, 0);
  series.note_events(threat, 2000);
  series.note_events(assault, 3000);
  EXPECT_EQ(series.threat_realised_ms, 3000);
}

}  // namespace
}  // namespace tocsin::test
