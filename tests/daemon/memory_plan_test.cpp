// What fits, what gives way, what is refused.
#include "daemon/memory_plan.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace tocsin {
namespace {

constexpr std::uint64_t kMB = 1'000'000;
constexpr MemoryNeeds kNeeds{70 * kMB, 30 * kMB};

Config config(std::uint64_t entries_max = Epoch{}.entries_max) {
  Config config;
  config.dedupe.entries_max = entries_max;
  return config;
}

TEST(MemoryPlan, WhatFitsStays) {
  const MemoryPlan plan = plan_memory(config(), 8'000 * kMB, kNeeds);
  EXPECT_FALSE(plan.is_lowered);
  EXPECT_EQ(plan.entries_max, Epoch{}.entries_max);
  EXPECT_EQ(plan.limits.inflight_bytes_max, LimitsConfig{}.inflight_bytes_max);
  EXPECT_FALSE(plan_memory(config(2'500'000), 2'048ULL << 20, kNeeds).is_lowered)
      << "as the Kubernetes manifests have it";
}

TEST(MemoryPlan, TheDefaultGivesWay) {
  for (const std::uint64_t limit : {300 * kMB, 500 * kMB, 2'000 * kMB, 5'000 * kMB}) {
    const MemoryPlan plan = plan_memory(config(), limit, kNeeds);
    EXPECT_TRUE(plan.is_lowered && !plan.is_refused) << limit;
    EXPECT_LT(plan.entries_max, Epoch{}.entries_max) << limit;
    EXPECT_NE(plan.arithmetic.find("dedupe.entries_max is 10000000"), std::string::npos)
        << plan.arithmetic;
  }
}

TEST(MemoryPlan, WhatWasChosenIsRefused) {
  EXPECT_TRUE(plan_memory(config(5'000'000), 2'000 * kMB, kNeeds).is_refused);
  EXPECT_FALSE(plan_memory(config(500'000), 2'000 * kMB, kNeeds).is_refused);
  EXPECT_TRUE(plan_memory(config(), 100 * kMB, kNeeds).is_refused) << "not even the least fits";
}

TEST(MemoryPlan, TheLivePageIsCountedWhenItIsOn) {
  Config with_page = config();
  with_page.page.listen = {"127.0.0.1", 9465};
  with_page.page.memory_bytes_max = 200 * kMB;
  const std::uint64_t limit = 2'000 * kMB;
  const MemoryPlan without = plan_memory(config(), limit, kNeeds);
  const MemoryPlan with = plan_memory(with_page, limit, kNeeds);
  EXPECT_NEAR(static_cast<double>(without.entries_max - with.entries_max),
              200.0 * kMB / kEntryBytes, 2'000);
  EXPECT_NE(with.arithmetic.find("live page 200 MB"), std::string::npos) << with.arithmetic;
}

TEST(MemoryPlan, APlanFitsItsLimit) {
  EXPECT_TRUE(rc::check([](std::uint32_t limit_kb, std::uint32_t entries) {
    const std::uint64_t limit = std::uint64_t{limit_kb} << 10;
    const MemoryPlan plan = plan_memory(config(1'000 + entries % 16'000'000), limit, kNeeds);
    if (plan.is_refused) return;
    const std::uint64_t used = kNeeds.resident_bytes + kNeeds.pipeline_bytes +
                               3 * plan.limits.inflight_bytes_max + plan.entries_max * kEntryBytes;
    RC_ASSERT(used <= limit);
    RC_ASSERT(plan.limits.inflight_bytes_max >= (1 << 20));
  }));
}

}  // namespace
}  // namespace tocsin
