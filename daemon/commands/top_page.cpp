#include "daemon/commands/top_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "daemon/commands/output.h"

namespace tocsin {
namespace {

double value_of(const MetricSample& sample, std::string_view series) {
  const auto found = sample.find(series);
  return found == sample.end() ? 0 : found->second;
}

// Of all series of a family.
double sum_of(const MetricSample& sample, std::string_view name) {
  double sum = value_of(sample, name);
  const std::string labelled = std::string(name) + '{';
  for (auto entry = sample.lower_bound(labelled);
       entry != sample.end() && entry->first.starts_with(labelled); ++entry) {
    sum += entry->second;
  }
  return sum;
}

// A second; a counter that began anew grew by what it is.
double rate_of(const TopInstance& instance, std::string_view name) {
  if (instance.before.empty() || instance.seconds <= 0) return 0;
  const double now = sum_of(instance.now, name);
  const double before = sum_of(instance.before, name);
  return (now >= before ? now - before : now) / instance.seconds;
}

std::string seconds_text(double seconds) {
  if (seconds < 0) return "-";
  return seconds < 1 ? fmt::format("{:.0f} ms", seconds * 1000) : fmt::format("{:.1f} s", seconds);
}

std::string line_of(const TopInstance& instance) {
  if (!instance.error.empty()) return fmt::format("{:<22} {}", instance.name, instance.error);
  const auto outcome = [&](const char* kind) {
    return rate_of(instance,
                   fmt::format("tocsin_articles_published_total{{outcome=\"{}\"}}", kind));
  };
  return fmt::format(
      "{:<22} {:<5} {:>5.0f} {:>8.1f} {:>8.1f} {:>8.1f} {:>6.1f} {:>9.0f} {:>9} {:>8} {:>8} "
      "{:>6.0f}",
      instance.name, value_of(instance.now, "tocsin_ready") > 0 ? "yes" : "no",
      value_of(instance.now, "tocsin_partitions_assigned"),
      rate_of(instance, "tocsin_articles_received_total"), outcome("enriched"),
      outcome("duplicate"), outcome("deadletter"),
      sum_of(instance.now, "tocsin_consumer_lag_records"),
      seconds_text(sum_of(instance.now, "tocsin_consumer_lag_seconds")),
      seconds_text(quantile(instance, "tocsin_end_to_end_seconds", 0.5)),
      seconds_text(quantile(instance, "tocsin_end_to_end_seconds", 0.99)),
      value_of(instance.now, "process_resident_memory_bytes") / (1 << 20));
}

std::string owner_line(const TopView& view) {
  for (const TopInstance& instance : view.instances) {
    if (value_of(instance.now, "tocsin_alerts_owner") == 0) continue;
    return fmt::format("alert engine at {}: {:.0f} pairs, {:.0f} open alerts", instance.name,
                       value_of(instance.now, "tocsin_alerts_pairs"),
                       value_of(instance.now, "tocsin_alerts_open"));
  }
  return "alert engine: at none of these";
}

int rank_of(std::string_view level) {
  return level == "critical" ? 4 : level == "high" ? 3 : level == "medium" ? 2 : 1;
}

// At most so many bytes, whole code points.
std::string cut(std::string text, std::size_t columns) {
  if (text.size() <= columns) return text;
  std::size_t end = columns;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  text.resize(end);
  return text;
}

}  // namespace

MetricSample parse_metrics(std::string_view exposition) {
  MetricSample sample;
  while (!exposition.empty()) {
    const std::size_t end = exposition.find('\n');
    const std::string_view line = exposition.substr(0, end);
    exposition.remove_prefix(end == std::string_view::npos ? exposition.size() : end + 1);
    const std::size_t space = line.rfind(' ');
    if (line.starts_with('#') || space == std::string_view::npos || space == 0) continue;
    const std::string_view number = line.substr(space + 1);
    double value = 0;
    const auto [stop, error] = std::from_chars(number.data(), number.data() + number.size(), value);
    const bool is_number = error == std::errc{} && stop == number.data() + number.size();
    if (!is_number || !std::isfinite(value)) continue;
    sample.emplace(line.substr(0, space), value);
  }
  return sample;
}

double quantile(const TopInstance& instance, std::string_view histogram, double share) {
  const std::string bucket = std::string(histogram) + "_bucket{le=\"";
  std::map<double, double> counts;  // by upper bound, cumulative, since the sample before
  for (auto entry = instance.now.lower_bound(bucket);
       entry != instance.now.end() && entry->first.starts_with(bucket); ++entry) {
    const std::string bound = entry->first.substr(bucket.size());
    const double upper = bound.starts_with('+') ? HUGE_VAL : std::atof(bound.c_str());
    counts[upper] = entry->second - value_of(instance.before, entry->first);
  }
  if (counts.empty() || counts.rbegin()->second <= 0) return -1;
  const double wanted = share * counts.rbegin()->second;
  double lower = 0;
  double below = 0;
  for (const auto& [upper, count] : counts) {
    if (count >= wanted) {
      if (std::isinf(upper) || count <= below) return lower;
      return lower + (upper - lower) * (wanted - below) / (count - below);
    }
    lower = upper;
    below = count;
  }
  return lower;
}

std::vector<std::string> top_page(const TopView& view, std::size_t rows, std::size_t columns) {
  std::vector<std::string> lines;
  const auto ready = std::count_if(view.instances.begin(), view.instances.end(), [](const auto& i) {
    return value_of(i.now, "tocsin_ready") > 0;
  });
  lines.push_back(
      fmt::format("tocsin  {}  {} of {} ready", view.time, ready, view.instances.size()));
  lines.push_back(
      fmt::format("{:<22} {:<5} {:>5} {:>8} {:>8} {:>8} {:>6} {:>9} {:>9} {:>8} {:>8} {:>6}",
                  "instance", "ready", "parts", "in/s", "news/s", "copies/s", "dead/s", "lag",
                  "lag age", "p50", "p99", "MiB"));
  for (const TopInstance& instance : view.instances) lines.push_back(line_of(instance));
  lines.emplace_back();
  lines.push_back(owner_line(view));
  if (!view.trouble.empty()) lines.push_back(view.trouble);
  std::vector<TopAlert> alerts = view.alerts;
  std::stable_sort(alerts.begin(), alerts.end(), [](const TopAlert& a, const TopAlert& b) {
    return rank_of(a.level) != rank_of(b.level) ? rank_of(a.level) > rank_of(b.level)
                                                : a.last_seen > b.last_seen;
  });
  for (const TopAlert& alert : alerts) {
    lines.push_back(fmt::format("{}  {}", alert.last_seen, alert.sentence));
  }
  lines.emplace_back();
  lines.push_back(
      fmt::format("{:<10} {:>6} {:>8} {:>8}  {}", "pair", "level", "baseline", "articles", "hour"));
  std::vector<TopPair> pairs = view.pairs;
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const TopPair& a, const TopPair& b) { return a.level > b.level; });
  for (const TopPair& pair : pairs) {
    lines.push_back(fmt::format("{:<10} {:>6.1f} {:>8.1f} {:>8}  {}", pair.codes, pair.level,
                                pair.baseline, pair.articles, pair.hour));
  }
  if (lines.size() > rows) lines.resize(rows);
  for (std::string& line : lines) line = cut(printable(line), columns);
  return lines;
}

}  // namespace tocsin
