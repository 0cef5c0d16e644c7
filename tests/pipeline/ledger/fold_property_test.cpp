// The fast dedup state against the obvious one, against itself with other tables, and against a
// dedup state restored from the end of the ledger.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <limits>
#include <map>

#include "tests/pipeline/ledger/oracle_dedup_state.h"
#include "tests/pipeline/ledger/random_history.h"

namespace tocsin::test {
namespace {

Epoch random_epoch() {
  Epoch epoch;
  epoch.window_ms = *rc::gen::inRange<std::int64_t>(50, 4000);
  epoch.entries_max = *rc::gen::element<std::uint64_t>(10'000, 10'000, 40, 5);
  epoch.band_candidates_max = *rc::gen::element<std::uint16_t>(64, 64, 3, 1);
  return epoch;
}

std::vector<LedgerEntry> ledger_of(std::uint64_t seed, const Epoch& epoch, std::size_t records,
                                   bool has_retracts) {
  RandomHistory history(seed);
  history.epoch = epoch;
  history.has_retracts = has_retracts;
  return history.make(records);
}

std::vector<LedgerEntry> random_ledger(std::size_t records, bool more_epochs,
                                       bool has_retracts = true) {
  const auto seed = *rc::gen::arbitrary<std::uint64_t>();
  std::vector<LedgerEntry> ledger = ledger_of(seed, random_epoch(), records, has_retracts);
  if (more_epochs) {
    for (std::uint32_t revision = 1; revision <= 3; ++revision) {
      Epoch next = random_epoch();
      next.revision = *rc::gen::inRange<std::uint32_t>(1, 4);
      if (revision == 3) next.signature_version = kSignatureVersion + 1;
      LedgerEntry& entry = ledger[*rc::gen::inRange<std::size_t>(1, records)];
      entry.record.emplace<Epoch>(next);
    }
  }
  return ledger;
}

// Stories of both dedup states must name the same groups, whatever they call them.
class SameStories {
 public:
  bool operator()(std::uint64_t first, std::uint64_t second) {
    return first_.emplace(first, second).first->second == second &&
           second_.emplace(second, first).first->second == first;
  }

 private:
  std::map<std::uint64_t, std::uint64_t> first_;
  std::map<std::uint64_t, std::uint64_t> second_;
};

TEST(FoldProperty, EqualsTheOracle) {
  EXPECT_TRUE(rc::check("every verdict, every look-up", [] {
    const std::vector<LedgerEntry> ledger = random_ledger(250, true);
    DedupState state(2);
    OracleDedupState oracle;
    SameStories same_stories;
    for (const LedgerEntry& entry : ledger) {
      if (const auto* sighting = std::get_if<Sighting>(&entry.record)) {
        RC_ASSERT(state.is_sighted(sighting->position) == oracle.is_sighted(sighting->position));
        if (!state.epoch() || state.epoch()->signature_version == kSignatureVersion) {
          RC_ASSERT(state.find_copy(sighting->signature, sighting->time_ms) ==
                    oracle.find_copy(sighting->signature, sighting->time_ms));
        }
      }
      const Applied applied = state.apply(entry.offset, entry.append_time_ms, entry.record);
      RC_ASSERT(applied == oracle.apply(entry.offset, entry.append_time_ms, entry.record));
      RC_ASSERT(state.size().window_entries == oracle.residents());
      if (const auto* sighting = std::get_if<Sighting>(&entry.record)) {
        auto verdict = state.verdict(sighting->position, sighting->raw_hash);
        auto expected = oracle.verdict(sighting->position, sighting->raw_hash);
        RC_ASSERT(verdict.has_value() == expected.has_value());
        if (!verdict) continue;
        RC_ASSERT(same_stories(verdict->story, oracle.name_of(expected->story)));
        verdict->story = expected->story;
        RC_ASSERT(*verdict == *expected);
      }
    }
  }));
}

TEST(FoldProperty, AGapHoldsWhatIsSightedInIt) {
  EXPECT_TRUE(rc::check("the positions of the range that are honoured, in order", [] {
    const std::vector<LedgerEntry> ledger = random_ledger(150, false);
    DedupState state;
    OracleDedupState oracle;
    Position somewhere;
    std::int64_t last = 0;
    for (const LedgerEntry& entry : ledger) {
      state.apply(entry.offset, entry.append_time_ms, entry.record);
      oracle.apply(entry.offset, entry.append_time_ms, entry.record);
      if (const auto* sighting = std::get_if<Sighting>(&entry.record)) {
        somewhere = sighting->position;
        last = std::max(last, somewhere.offset);
      }
    }
    const std::int64_t first = *rc::gen::inRange<std::int64_t>(0, last + 2);
    const std::int64_t end = *rc::gen::inRange<std::int64_t>(first, last + 3);
    std::vector<Retract> expected;
    for (Position at = {somewhere.topic, somewhere.partition, first}; at.offset < end;
         ++at.offset) {
      if (oracle.is_sighted(at)) expected.push_back({at, {}});
    }
    RC_ASSERT(state.sighted_between(somewhere.topic, somewhere.partition, first, end) == expected);
    RC_ASSERT(state.sighted_between("elsewhere", somewhere.partition, first, end).empty());
  }));
}

TEST(FoldProperty, AGapIsLookedAtNoFurtherThanItsLimit) {
  DedupState state;
  state.apply(0, 0, LedgerHeader{"cluster", "group", {"raw"}, {}});
  state.apply(1, 0, Epoch{});
  Sighting sighting;
  for (const std::int64_t offset : {std::int64_t{0}, DedupState::kGapOffsetsMax}) {
    sighting.position = {"raw", 0, offset};
    state.apply(state.next_offset(), 0, sighting);
  }
  const auto found = state.sighted_between("raw", 0, 0, std::numeric_limits<std::int64_t>::max());
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found.front().position.offset, 0);
}

TEST(FoldProperty, TablesDoNotMatter) {
  EXPECT_TRUE(rc::check("equal digests and verdicts from small and large tables", [] {
    const std::vector<LedgerEntry> ledger = random_ledger(300, true);
    DedupState small(2);
    DedupState large(1 << 12);
    for (const LedgerEntry& entry : ledger) {
      RC_ASSERT(small.apply(entry.offset, entry.append_time_ms, entry.record) ==
                large.apply(entry.offset, entry.append_time_ms, entry.record));
      RC_ASSERT(small.digest() == large.digest());
      if (const auto* sighting = std::get_if<Sighting>(&entry.record)) {
        RC_ASSERT(small.verdict(sighting->position, sighting->raw_hash) ==
                  large.verdict(sighting->position, sighting->raw_hash));
      }
    }
  }));
}

TEST(FoldProperty, PastDigestsAreRemembered) {
  const std::uint64_t records = DedupState::kDigestsMax + 500;
  const LedgerRecord tick = Tick{};
  DedupState state;
  std::map<std::int64_t, std::uint64_t> digests;
  std::int64_t offset = 0;
  for (std::uint64_t i = 0; i < records; ++i) {
    offset += 1 + static_cast<std::int64_t>(i % 3);  // offsets may have gaps
    state.apply(offset, static_cast<std::int64_t>(i), tick);
    digests[offset + 1] = state.digest();
  }
  std::uint64_t found = 0;
  for (std::int64_t at = 0; at <= offset + 2; ++at) {
    const std::optional<std::uint64_t> past = state.digest_at(at);
    if (!past) continue;
    EXPECT_EQ(*past, digests.at(at));
    ++found;
  }
  EXPECT_EQ(found, DedupState::kDigestsMax);
  EXPECT_EQ(state.digest_at(offset + 1), state.digest());
}

// A dedup state that ran through and one that was restored from three windows of the ledger when
// `end` records were there: equal then and for the rest of the ledger?
bool restores(const std::vector<LedgerEntry>& ledger, std::size_t end) {
  const Epoch& epoch = std::get<Epoch>(ledger.front().record);
  DedupState running;
  std::vector<std::int64_t> clock;  // the broker's stamps as the fold reads them
  for (std::size_t i = 0; i < end; ++i) {
    running.apply(ledger[i].offset, ledger[i].append_time_ms, ledger[i].record);
    clock.push_back(std::max(clock.empty() ? 0 : clock.back(), ledger[i].append_time_ms));
  }
  std::size_t first = 1;
  while (clock[first] < clock.back() - 3 * epoch.window_ms) ++first;
  DedupState restored;
  restored.apply(ledger[0].offset, ledger[0].append_time_ms, ledger[0].record);
  for (std::size_t i = first; i < end; ++i) {
    // Stamps that step back are read as the fold's clock stood.
    restored.apply(ledger[i].offset, clock[i], ledger[i].record);
  }
  if (restored.next_offset() != running.next_offset()) return false;
  if (restored.digest() != running.digest()) return false;
  for (std::size_t i = end; i < ledger.size(); ++i) {
    const std::int64_t append = std::max(clock.back(), ledger[i].append_time_ms);
    const Applied applied = running.apply(ledger[i].offset, append, ledger[i].record);
    if (restored.apply(ledger[i].offset, append, ledger[i].record) != applied) return false;
    if (restored.digest() != running.digest()) return false;
    const auto* sighting = std::get_if<Sighting>(&ledger[i].record);
    if (sighting == nullptr || applied == Applied::redelivery) continue;
    const auto verdict = running.verdict(sighting->position, sighting->raw_hash);
    const auto again = restored.verdict(sighting->position, sighting->raw_hash);
    if (!verdict || !again || verdict->is_copy != again->is_copy ||
        verdict->method != again->method || verdict->original_offset != again->original_offset) {
      return false;
    }
  }
  return true;
}

TEST(FoldProperty, ThreeWindowsRestore) {
  EXPECT_TRUE(rc::check("a restored dedup state has the digest and judges alike", [] {
    const std::vector<LedgerEntry> ledger = random_ledger(400, false, false);
    RC_ASSERT(restores(ledger, *rc::gen::inRange<std::size_t>(100, ledger.size())));
  }));
}

// A retract takes the copies that lead to it along, so what it does depends on verdicts that are as
// old as the window: where one meets a copy at the far edge of the three windows, the restored
// dedup state may differ, until a tick shows it. Rare even where every twentieth record is a
// retract.
TEST(FoldProperty, ThreeWindowsRestoreNearlyAlwaysWithRetracts) {
  constexpr std::uint64_t kLedgers = 400;
  std::uint64_t different = 0;
  for (std::uint64_t seed = 1; seed <= kLedgers; ++seed) {
    Epoch epoch;
    epoch.window_ms = 50 + static_cast<std::int64_t>(mix64(seed) % 4000);
    const std::vector<LedgerEntry> ledger = ledger_of(seed, epoch, 400, true);
    if (!restores(ledger, 100 + mix64(seed + 1) % 300)) ++different;
  }
  EXPECT_LE(different, 2);
}

}  // namespace
}  // namespace tocsin::test
