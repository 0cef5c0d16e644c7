// The process's memory in huge pages. Names, patterns and weights are megabytes that are read here
// and there: with pages of 4 KiB a fifteenth of an article's time goes into finding where they are.
#pragma once

#include <cstddef>
#include <string>

namespace tocsin {

// Asks the system to put what is in memory now, of regions that are used for the most part (heaps
// and tables, not stacks), into huge pages, at once where it can (Linux 6.1). Returns the bytes
// that were asked for; where the system refuses, nothing changes but time. `smaps`: for tests.
std::size_t use_huge_pages(const std::string& smaps = "/proc/self/smaps");

}  // namespace tocsin
