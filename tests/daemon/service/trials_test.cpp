// A record that kills whoever analyses it is found, and nobody else is blamed.
#include "daemon/trials.h"

#include <gtest/gtest.h>

#include <set>

namespace tocsin {
namespace {

const kafka::Partition kRaw{"raw", 0};

// The group's committed offset and metadata, as the broker keeps them.
struct Group {
  Commit commit{0, 0, ""};
  std::set<std::int64_t> published;
  std::set<std::int64_t> condemned;
};

void take(Group& group, const OffsetRanges& ranges) {
  for (const auto& [partition, range] : ranges) {
    group.commit = {range.next, range.next, range.metadata};
  }
}

Batch batch_of(std::int64_t first, std::int64_t count) {
  Batch batch;
  for (std::int64_t offset = first; offset < first + count; ++offset) {
    batch.items.emplace_back().position = {kRaw.topic, kRaw.number, offset};
  }
  return batch;
}

// One life of a process; false when it dies.
bool live(Group& group, std::int64_t end, std::int64_t batch_max, std::int64_t deadly) {
  Trials trials;
  trials.begin({{kRaw, group.commit}});
  while (group.commit.offset < end) {
    const std::int64_t first = group.commit.offset;
    const auto limit = trials.records_max(kRaw, first);
    const std::int64_t count =
        std::min({batch_max, end - first, limit ? static_cast<std::int64_t>(*limit) : batch_max});
    const Batch batch = batch_of(first, count);
    const std::int64_t deaths = trials.deaths(batch);
    const OffsetRanges announced = trials.announce(batch);
    take(group, announced);
    const bool dies_elsewhere = deaths >= Trials::kDeathsSuspicious && deadly == first;
    if (dies_elsewhere || deaths >= Trials::kDeathsCertain) {
      group.condemned.insert(first);
    } else {
      if (deadly >= first && deadly < first + count) return false;
      take(group, Trials::acquit(announced));
    }
    for (std::int64_t i = 0; i < count; ++i) group.published.insert(first + i);
    group.commit = {first + count, first + count, ""};
  }
  return true;
}

TEST(Trials, MetadataIsReadAsItWasWritten) {
  const auto trial = decode_trial(encode(Trial{188, 2}));
  ASSERT_TRUE(trial);
  EXPECT_EQ(trial->span, 188);
  EXPECT_EQ(trial->deaths, 2);
  for (const char* foreign :
       {"", "x", "tocsin/1 span=", "tocsin/1 span=1", "tocsin/1 span=-1 deaths=1",
        "tocsin/1 span=1 deaths=2 more", "tocsin/2 span=1 deaths=1"}) {
    EXPECT_FALSE(decode_trial(foreign)) << foreign;
  }
}

TEST(Trials, TheDeadlyRecordIsFoundAndNoOther) {
  for (const std::int64_t batch_max : {1, 2, 17, 300, 3000}) {
    for (const std::int64_t deadly : {0, 1, 16, 299, 2999, 4000}) {
      Group group;
      int deaths = 0;
      while (!live(group, 5000, batch_max, deadly)) ASSERT_LT(++deaths, 9);
      EXPECT_EQ(group.condemned, std::set<std::int64_t>{deadly});
      EXPECT_EQ(group.published.size(), 5000U);
    }
  }
}

TEST(Trials, WhoIsKilledWhilePublishingIsNotBlamed) {
  Group group;
  for (int i = 0; i < 20; ++i) {
    Trials trials;
    trials.begin({{kRaw, group.commit}});
    const Batch batch = batch_of(group.commit.offset, 1);
    ASSERT_LT(trials.deaths(batch), Trials::kDeathsSuspicious);
    const OffsetRanges announced = trials.announce(batch);
    take(group, announced);
    take(group, Trials::acquit(announced));  // analysed; then killed
  }
}

TEST(Trials, WhoDiesOfWhatItFetchesIsCounted) {
  Group group;
  const auto fetch = [&](std::int64_t offset) {
    return Trials::announce_fetch({{kRaw, group.commit}}, {{kRaw, offset}});
  };
  for (std::int64_t life = 0; life < Trials::kDeathsSuspicious; ++life) {
    EXPECT_FALSE(Trials::is_fetch_suspicious(group.commit));
    take(group, fetch(0));
  }
  EXPECT_TRUE(Trials::is_fetch_suspicious(group.commit));
  EXPECT_EQ(decode_trial(fetch(7).at(kRaw).metadata)->fetches, 1);  // behind what killed them
  group.commit.metadata = encode(Trial{188, 2});
  EXPECT_EQ(decode_trial(fetch(0).at(kRaw).metadata)->deaths, 2);
}

TEST(Trials, ForeignMetadataAndNewPartitionsAreNotSuspect) {
  Trials trials;
  trials.begin({{kRaw, {7, 7, "of somebody else"}}});
  EXPECT_FALSE(trials.records_max(kRaw, 7));
  EXPECT_EQ(trials.deaths(batch_of(7, 1)), 0);
}

}  // namespace
}  // namespace tocsin
