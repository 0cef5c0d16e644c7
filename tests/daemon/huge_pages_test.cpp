// What a process holds is the same in huge pages, and regions that are no data are left alone.
#include "daemon/huge_pages.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <vector>

namespace tocsin {
namespace {

// A kernel that was built without them refuses all.
bool has_huge_pages() {
  return std::filesystem::exists("/sys/kernel/mm/transparent_hugepage");
}

TEST(HugePages, keep_what_is_in_memory) {
  if (!has_huge_pages()) GTEST_SKIP() << "no huge pages in this kernel";
  std::vector<std::uint32_t> table(std::size_t{4} << 20);
  std::iota(table.begin(), table.end(), 1U);
  EXPECT_GE(use_huge_pages(), std::size_t{8} << 20);
  for (std::size_t i = 0; i < table.size(); ++i) ASSERT_EQ(table[i], i + 1);
}

// One region as the kernel shows it.
std::string shown(const void* at, std::size_t bytes, const char* kind, std::size_t resident) {
  const auto begin = reinterpret_cast<std::uintptr_t>(at);
  char text[200];
  std::snprintf(text, sizeof text, "%zx-%zx %s\nSize: %zu kB\nRss:  %8zu kB\n",
                static_cast<std::size_t>(begin), static_cast<std::size_t>(begin + bytes), kind,
                bytes / 1024, resident / 1024);
  return text;
}

TEST(HugePages, leave_files_stacks_and_what_is_small) {
  if (!has_huge_pages()) GTEST_SKIP() << "no huge pages in this kernel";
  constexpr std::size_t kBytes = std::size_t{8} << 20;
  void* const at =
      ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(at, MAP_FAILED);
  const std::string path = ::testing::TempDir() + "huge_pages_smaps";
  const auto asked = [&](const std::string& content) {
    std::ofstream(path) << content;
    return use_huge_pages(path);
  };
  EXPECT_EQ(asked(shown(at, kBytes, "rw-p 00000000 00:00 0                 [stack]", kBytes)), 0U);
  EXPECT_EQ(asked(shown(at, kBytes, "r--p 00000000 00:00 0 ", kBytes)), 0U);
  EXPECT_EQ(asked(shown(at, kBytes, "rw-p 00000000 fe:00 17                /bin/x", kBytes)), 0U);
  EXPECT_EQ(asked(shown(at, kBytes, "rw-p 00000000 00:00 0 ", kBytes / 4)), 0U);
  EXPECT_EQ(asked(shown(at, 4096, "rw-p 00000000 00:00 0 ", 4096)), 0U);
  EXPECT_EQ(asked("no such thing\nRss: x\n"), 0U);
  EXPECT_GE(asked(shown(at, kBytes, "rw-p 00000000 00:00 0 ", kBytes)), kBytes / 2);
  EXPECT_GE(asked(shown(at, kBytes, "rw-p 00000000 00:00 0      [heap]", kBytes)), kBytes / 2);
  std::filesystem::remove(path);
  ::munmap(at, kBytes);
}

}  // namespace
}  // namespace tocsin
