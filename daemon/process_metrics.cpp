#include "daemon/process_metrics.h"

#include <prometheus/text_serializer.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>

namespace tocsin {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

MetricFamily family(const char* name, const char* help, double value,
                    MetricType type = MetricType::Gauge) {
  prometheus::ClientMetric metric;
  if (type == MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
  return {name, help, type, {metric}};
}

// The fields of /proc/self/stat behind the command's name (proc(5): from the third on).
struct Stat {
  double cpu_seconds = 0;
  double threads = 0;
  double start_seconds = 0;  // after the boot
  double virtual_bytes = 0;
  double resident_bytes = 0;
};

std::optional<Stat> read_stat() {
  std::ifstream file("/proc/self/stat");
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream rest(text.substr(name_end + 1));
  const std::vector<std::string> fields((std::istream_iterator<std::string>(rest)),
                                        std::istream_iterator<std::string>());
  constexpr std::size_t kUserTicks = 11;
  constexpr std::size_t kSystemTicks = 12;
  constexpr std::size_t kThreads = 17;
  constexpr std::size_t kStartTicks = 19;
  constexpr std::size_t kVirtualBytes = 20;
  constexpr std::size_t kResidentPages = 21;
  if (fields.size() <= kResidentPages) return std::nullopt;
  const auto number = [&](std::size_t i) { return std::stod(fields[i]); };
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  return Stat{(number(kUserTicks) + number(kSystemTicks)) / ticks, number(kThreads),
              number(kStartTicks) / ticks, number(kVirtualBytes),
              number(kResidentPages) * static_cast<double>(::sysconf(_SC_PAGESIZE))};
}

// Seconds since the epoch.
std::optional<double> boot_time() {
  std::ifstream file("/proc/stat");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("btime ")) return std::stod(line.substr(6));
  }
  return std::nullopt;
}

// What OpenMetrics 1.0 wants otherwise: a counter is described without its _total, bounds are
// floats, and the end is marked.
std::string as_open_metrics(std::string_view text) {
  constexpr std::string_view kTotal = "_total";
  constexpr std::string_view kBound = "le=\"";
  std::string out;
  out.reserve(text.size() + text.size() / 16);
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string line(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.starts_with("# ")) {
      const std::size_t name_end = line.find(' ', line.find(' ', 2) + 1);
      const std::size_t total = name_end - kTotal.size();
      if (line.compare(total, kTotal.size(), kTotal) == 0) line.erase(total, kTotal.size());
    } else if (const std::size_t bound = line.find(kBound); bound != std::string::npos) {
      const std::size_t first = bound + kBound.size();
      const std::size_t last = line.find('"', first);
      const bool is_whole =
          line.find_first_not_of("0123456789", first) == last && line[first] != '+';
      if (is_whole) line.insert(last, ".0");
    }
    out += line + '\n';
  }
  return out + "# EOF\n";
}

}  // namespace

std::vector<MetricFamily> process_metrics() {
  std::vector<MetricFamily> families;
  if (const std::optional<Stat> stat = read_stat()) {
    families.push_back(family("process_cpu_seconds_total", "User and system CPU time",
                              stat->cpu_seconds, MetricType::Counter));
    families.push_back(
        family("process_resident_memory_bytes", "Resident memory", stat->resident_bytes));
    families.push_back(
        family("process_virtual_memory_bytes", "Virtual memory", stat->virtual_bytes));
    families.push_back(family("process_threads", "Threads", stat->threads));
    if (const std::optional<double> booted = boot_time()) {
      families.push_back(family("process_start_time_seconds", "Start, seconds since the epoch",
                                *booted + stat->start_seconds));
    }
  }
  std::error_code error;
  const std::filesystem::directory_iterator open("/proc/self/fd", error);
  if (!error) {
    families.push_back(family("process_open_fds", "Open file descriptors",
                              static_cast<double>(std::distance(begin(open), end(open)))));
  }
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    families.push_back(family("process_max_fds", "File descriptors that may be open",
                              static_cast<double>(limit.rlim_cur)));
  }
  return families;
}

const char* content_type(Exposition format) {
  return format == Exposition::text ? "text/plain; version=0.0.4; charset=utf-8"
                                    : "application/openmetrics-text; version=1.0.0; charset=utf-8";
}

std::string exposition(std::vector<MetricFamily> families, Exposition format) {
  for (MetricFamily& of_process : process_metrics()) families.push_back(std::move(of_process));
  std::string text = prometheus::TextSerializer().Serialize(families);
  return format == Exposition::text ? text : as_open_metrics(text);
}

}  // namespace tocsin
