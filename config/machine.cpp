#include "config/machine.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

#include "config/scalars.h"

namespace tocsin {
namespace {

using std::filesystem::path;

// Version 1 says "no limit" with the largest multiple of a page.
constexpr std::uint64_t kUnlimited = std::uint64_t{1} << 60;

std::string first_line(const path& file) {
  std::ifstream stream(file);
  std::string line;
  std::getline(stream, line);
  return line;
}

template <class T>
void lower(std::optional<T>& limit, T value) {
  limit = limit ? std::min(*limit, value) : value;
}

void lower_memory(Grants& grants, const std::string& text) {
  const auto bytes = parse_number(text);
  if (bytes && *bytes < kUnlimited) lower(grants.memory_bytes, *bytes);
}

void lower_processors(Grants& grants, const std::string& quota_us, const std::string& period_us) {
  const auto quota = parse_number(quota_us);
  const auto period = parse_number(period_us);
  if (!quota || !period || *period == 0) return;  // "max", "-1"
  lower(grants.processors, static_cast<double>(*quota) / static_cast<double>(*period));
}

// One group's own limits, whichever version its files are of.
void lower_by(Grants& grants, const path& group) {
  lower_memory(grants, first_line(group / "memory.max"));
  lower_memory(grants, first_line(group / "memory.limit_in_bytes"));
  std::istringstream both(first_line(group / "cpu.max"));
  std::string quota;
  std::string period;
  if (both >> quota >> period) lower_processors(grants, quota, period);
  lower_processors(grants, first_line(group / "cpu.cfs_quota_us"),
                   first_line(group / "cpu.cfs_period_us"));
}

// From `group` below `mount` up to the mount itself. Inside a container the group's name may be the
// host's: then only the mount is there, and it is the container's own.
void lower_along(Grants& grants, const path& mount, const path& group) {
  path below = group.relative_path().lexically_normal();
  while (true) {
    lower_by(grants, mount / below);
    if (below.empty() || below == ".") return;
    below = below.parent_path();
  }
}

bool has_word(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    if (list.substr(0, comma) == word) return true;
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  }
  return false;
}

}  // namespace

Grants read_grants(const path& root) {
  Grants grants;
  const path mounts = root / "sys/fs/cgroup";
  std::ifstream file(root / "proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {  // "4:memory:/path", "0::/path"
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string kinds = line.substr(first + 1, second - first - 1);
    const path group = line.substr(second + 1);
    if (kinds.empty()) {
      lower_along(grants, mounts, group);
      lower_along(grants, mounts / "unified", group);
    }
    if (has_word(kinds, "memory")) lower_along(grants, mounts / "memory", group);
    if (has_word(kinds, "cpu")) {
      lower_along(grants, mounts / "cpu", group);
      lower_along(grants, mounts / "cpu,cpuacct", group);
    }
  }
  return grants;
}

unsigned processor_count() {
  const unsigned found = std::max(1U, std::thread::hardware_concurrency());
  const std::optional<double> granted = read_grants().processors;
  if (!granted || *granted >= found) return found;
  return std::max(1U, static_cast<unsigned>(*granted));
}

std::uint64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t virtual_pages = 0;
  std::uint64_t resident_pages = 0;
  file >> virtual_pages >> resident_pages;
  return resident_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace tocsin
