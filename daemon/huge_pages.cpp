#include "daemon/huge_pages.h"

#include <sys/mman.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <fstream>
#include <string_view>

namespace tocsin {
namespace {

constexpr std::uintptr_t kPage = std::uintptr_t{2} << 20;
#ifndef MADV_COLLAPSE
constexpr int MADV_COLLAPSE = 25;
#endif

struct Region {
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;
  bool is_data = false;  // private, written to, of no file
};

// "7f1c24000000-7f1c28000000 rw-p 00000000 00:00 0    [heap]"; false: it begins no region.
bool read_head(std::string_view line, Region& region) {
  const char* const last = line.data() + line.size();
  const auto begin = std::from_chars(line.data(), last, region.begin, 16);
  if (begin.ec != std::errc() || begin.ptr == last || *begin.ptr != '-') return false;
  const auto end = std::from_chars(begin.ptr + 1, last, region.end, 16);
  if (end.ec != std::errc()) return false;
  const std::string_view rest = line.substr(static_cast<std::size_t>(end.ptr - line.data()));
  const std::string_view name = rest.substr(std::min(rest.size(), rest.find_last_of(' ') + 1));
  region.is_data = rest.starts_with(" rw-p 00000000 00:00 0") &&
                   (name == "0" || name == "[heap]" || name.empty());
  return true;
}

std::size_t collapse(const Region& region) {
  const std::uintptr_t begin = (region.begin + kPage - 1) / kPage * kPage;
  const std::uintptr_t end = region.end / kPage * kPage;
  if (begin >= end) return 0;
  void* const at = reinterpret_cast<void*>(begin);
  if (::madvise(at, end - begin, MADV_HUGEPAGE) != 0) return 0;
  ::madvise(at, end - begin, MADV_COLLAPSE);  // else the system does it in its own time
  return end - begin;
}

}  // namespace

std::size_t use_huge_pages(const std::string& smaps) {
  std::ifstream file(smaps);
  std::size_t asked = 0;
  Region region;
  for (std::string line; std::getline(file, line);) {
    constexpr std::string_view kResident = "Rss:";
    if (read_head(line, region) || !line.starts_with(kResident)) continue;
    std::size_t kilobytes = 0;
    const std::size_t digits = std::min(line.size(), line.find_first_not_of(' ', kResident.size()));
    std::from_chars(line.data() + digits, line.data() + line.size(), kilobytes);
    const bool is_used = 2 * 1024 * kilobytes >= region.end - region.begin;
    if (region.is_data && is_used) asked += collapse(region);
  }
  return asked;
}

}  // namespace tocsin
