#include "daemon/commands/top_page.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cmath>

namespace tocsin {
namespace {

TopInstance instance_with(const char* before, const char* now, double seconds) {
  return {"a:1", "", parse_metrics(before), parse_metrics(now), seconds};
}

bool any_has(const std::vector<std::string>& lines, const std::string& text) {
  return std::any_of(lines.begin(), lines.end(),
                     [&](const std::string& line) { return line.find(text) != std::string::npos; });
}

TEST(TopPage, metrics_are_read_as_they_are_written) {
  const MetricSample sample = parse_metrics(
      "# HELP x A\n# TYPE x counter\nx 3\ny{a=\"b c\"} 0.25\nbad\nworse z\nn NaN\nn nan\ni +Inf\ni "
      "inf\n 4\n");
  EXPECT_EQ(sample, (MetricSample{{"x", 3}, {"y{a=\"b c\"}", 0.25}}));
  EXPECT_TRUE(rc::check("any text", [](const std::string& text) {
    for (const auto& [series, value] : parse_metrics(text)) {
      RC_ASSERT(!series.empty());
      RC_ASSERT(std::isfinite(value));
    }
  }));
}

TEST(TopPage, quantiles_lie_within_their_bucket) {
  const TopInstance instance =
      instance_with("h_bucket{le=\"0.1\"} 5\nh_bucket{le=\"1\"} 5\nh_bucket{le=\"+Inf\"} 5\n",
                    "h_bucket{le=\"0.1\"} 5\nh_bucket{le=\"1\"} 15\nh_bucket{le=\"+Inf\"} 15\n", 2);
  EXPECT_NEAR(quantile(instance, "h", 0.5), 0.55, 1e-9);
  EXPECT_NEAR(quantile(instance, "h", 1), 1, 1e-9);
  EXPECT_EQ(quantile(instance_with("", "", 1), "h", 0.5), -1);
}

TEST(TopPage, a_page_shows_rates_alerts_and_pairs) {
  TopView view;
  view.time = "2026-01-01T00:00:00Z";
  view.instances.push_back(
      instance_with("tocsin_articles_received_total 10\n",
                    "tocsin_ready 1\ntocsin_articles_received_total 110\ntocsin_alerts_owner 1\n"
                    "tocsin_alerts_pairs 3\ntocsin_alerts_open 2\n"
                    "tocsin_consumer_lag_records{topic=\"r\",partition=\"0\"} 4\n"
                    "tocsin_consumer_lag_records{topic=\"r\",partition=\"1\"} 5\n",
                    2));
  view.instances.push_back({"b:2", "connect: refused", {}, {}, 0});
  view.alerts = {{"high", "HIGH A \x1b[2J B", "t1"}, {"critical", "CRITICAL C", "t0"}};
  view.pairs = {{"AAA-BBB", 10, 1, 2, "h"}, {"CCC-DDD", 70.5, 2, 3, "h"}};
  const auto lines = top_page(view, 40, 120);
  EXPECT_TRUE(any_has(lines, "1 of 2 ready"));
  EXPECT_TRUE(any_has(lines, " 50.0 "));
  EXPECT_TRUE(any_has(lines, "        9 "));
  EXPECT_TRUE(any_has(lines, "connect: refused"));
  EXPECT_TRUE(any_has(lines, "alert engine at a:1: 3 pairs, 2 open alerts"));
  EXPECT_FALSE(any_has(lines, "\x1b"));
  const auto place = [&](const std::string& text) {
    return std::find_if(lines.begin(), lines.end(), [&](const std::string& line) {
      return line.find(text) != std::string::npos;
    });
  };
  EXPECT_LT(place("CRITICAL C"), place("HIGH A"));
  EXPECT_LT(place("CCC-DDD"), place("AAA-BBB"));
}

TEST(TopPage, a_page_never_is_larger_than_the_terminal) {
  EXPECT_TRUE(rc::check(
      [](const std::vector<std::string>& sentences, std::uint8_t rows, std::uint8_t columns) {
        TopView view;
        for (const std::string& sentence : sentences)
          view.alerts.push_back({"high", sentence, "t"});
        view.instances.push_back({"a:1", "", {}, {}, 0});
        const auto lines = top_page(view, rows, columns);
        RC_ASSERT(lines.size() <= rows);
        for (const std::string& line : lines) RC_ASSERT(line.size() <= columns);
      }));
}

}  // namespace
}  // namespace tocsin
