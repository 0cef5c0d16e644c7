// Limits of control groups, as files under a root of the test's own.
#include "config/machine.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace tocsin {
namespace {

class Machine : public testing::Test {
 protected:
  void SetUp() override {
    root_ =
        std::filesystem::temp_directory_path() / ("tocsin-machine-" + std::to_string(::getpid()));
  }
  void TearDown() override { std::filesystem::remove_all(root_); }
  void write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name) << text;
  }
  std::filesystem::path root_;
};

TEST_F(Machine, WithoutGroupsNothingIsLimited) {
  const Grants grants = read_grants(root_);
  EXPECT_FALSE(grants.memory_bytes);
  EXPECT_FALSE(grants.processors);
}

TEST_F(Machine, VersionTwoTheLeastAlongTheWay) {
  write("proc/self/cgroup", "0::/a/b\n");
  write("sys/fs/cgroup/a/b/memory.max", "max\n");
  write("sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
  write("sys/fs/cgroup/a/memory.max", "2147483648\n");
  write("sys/fs/cgroup/a/cpu.max", "50000 100000\n");
  const Grants grants = read_grants(root_);
  EXPECT_EQ(grants.memory_bytes, 2147483648U);
  EXPECT_EQ(grants.processors, 0.5);
}

TEST_F(Machine, VersionOne) {
  write("proc/self/cgroup", "4:memory:/a\n3:cpu,cpuacct:/b\n1:name=systemd:/\n");
  write("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "136314880\n");
  write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  write("sys/fs/cgroup/cpu/b/cpu.cfs_quota_us", "150000\n");
  write("sys/fs/cgroup/cpu/b/cpu.cfs_period_us", "100000\n");
  write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
  write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  const Grants grants = read_grants(root_);
  EXPECT_EQ(grants.memory_bytes, 136314880U);
  EXPECT_EQ(grants.processors, 1.5);
}

TEST_F(Machine, InAContainerTheMountIsItsOwnGroup) {
  write("proc/self/cgroup", "0::/../../kubepods/pod1/c1\n");
  write("sys/fs/cgroup/memory.max", "1073741824\n");
  write("sys/fs/cgroup/cpu.max", "200000 100000\n");
  const Grants grants = read_grants(root_);
  EXPECT_EQ(grants.memory_bytes, 1073741824U);
  EXPECT_EQ(grants.processors, 2.0);
}

TEST_F(Machine, NonsenseLimitsNothing) {
  write("proc/self/cgroup", "0::\nx\n7:memory\n");
  write("sys/fs/cgroup/memory.max", "\n");
  write("sys/fs/cgroup/cpu.max", "0 0\n");
  const Grants grants = read_grants(root_);
  EXPECT_FALSE(grants.memory_bytes);
  EXPECT_FALSE(grants.processors);
  EXPECT_GE(processor_count(), 1U);
  EXPECT_GT(resident_bytes(), 0U);
}

}  // namespace
}  // namespace tocsin
