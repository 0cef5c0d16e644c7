// The alert engine's fold: a restored one goes on as if it had never stopped, whatever it had seen.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>
#include <set>

#include "pipeline/alerts/alert_engine.h"

namespace tocsin::test {
namespace {

constexpr std::int64_t kStartMs = 1'772'409'600'000;

AlertRules rules() {
  AlertRule escalation;
  escalation.id = "escalation";
  AlertRule surge;
  surge.id = "surge";
  surge.hold_ms = 2 * kHourMs;
  surge.outlets_min = 2;
  surge.cooldown_ms = 3 * kHourMs;
  return AlertRules({escalation, surge});
}

struct Entry {
  std::int64_t append_ms = 0;
  LedgerRecord record;
  std::optional<Verdict> verdict;
};

SignalPair random_pair() {
  static const std::vector<PairName> kNames = {{"Q1", "Q2", "AAA", "BBB", "Aland", "Bland"},
                                               {"Q1", "Q3", "AAA", "CCC", "Aland", "Cland"}};
  SignalPair pair;
  pair.name = *rc::gen::elementOf(kNames);
  pair.score = *rc::gen::inRange<std::uint16_t>(0, 1000);
  pair.threat = pair.score;
  pair.cooperation = *rc::gen::element<std::uint16_t>(0, 0, 700);
  if (pair.cooperation > 0) pair.score = 100;
  pair.events = *rc::gen::element<std::uint16_t>(1U << 10, 1U << 15);
  pair.rules = 3;
  return pair;
}

std::vector<Entry> random_ledger(std::size_t records) {
  std::vector<Entry> ledger;
  std::int64_t now_ms = kStartMs;
  for (std::size_t i = 0; i < records; ++i) {
    now_ms += *rc::gen::inRange<std::int64_t>(0, 4 * kHourMs);
    if (*rc::gen::inRange(0, 8) == 0) {
      ledger.push_back({now_ms, Tick{static_cast<std::int64_t>(i), 0}, std::nullopt});
      continue;
    }
    Sighting sighting;
    sighting.position = {"raw", 0, static_cast<std::int64_t>(i)};
    sighting.time_ms = now_ms;
    sighting.outlet = *rc::gen::inRange<std::uint64_t>(1, 6);
    Verdict verdict;
    verdict.story = *rc::gen::inRange<std::uint64_t>(1, 20);
    verdict.story_outlets = *rc::gen::inRange<std::uint32_t>(1, 5);
    verdict.is_copy = *rc::gen::inRange(0, 4) == 0;
    AlertSignal signal;
    signal.published_at_ms = now_ms - *rc::gen::inRange<std::int64_t>(0, 60 * kHourMs);
    signal.flags = AlertSignal::kDated;
    signal.tier = *rc::gen::element<std::uint8_t>(60, 60, 100);
    signal.rules = {"escalation", "surge"};
    signal.title = "Title " + std::to_string(i);
    signal.pairs = {random_pair()};
    if (!verdict.is_copy) sighting.signal = encode(signal);
    ledger.push_back({now_ms, sighting, verdict});
  }
  return ledger;
}

std::vector<std::string> apply(AlertEngine& engine, const std::vector<Entry>& ledger,
                               std::size_t begin, std::size_t end) {
  std::vector<std::string> values;
  for (std::size_t i = begin; i < end; ++i) {
    for (const AlertRecord& record : engine.apply(static_cast<std::int64_t>(i), ledger[i].append_ms,
                                                  ledger[i].record, ledger[i].verdict)) {
      values.push_back(record.value);
    }
  }
  return values;
}

TEST(AlertEngine, ARestoredBellGoesOnAsIfItHadNeverStopped) {
  EXPECT_TRUE(rc::check("alerts after a restore at any record", [] {
    const AlertRules its_rules = rules();
    const std::vector<Entry> ledger = random_ledger(120);
    const std::size_t stop = *rc::gen::inRange<std::size_t>(1, ledger.size());
    const std::size_t between = *rc::gen::inRange<std::size_t>(0, stop);
    AlertEngine running(its_rules);
    std::map<std::string, std::string> compacted;  // what is left on news.pairs
    const auto publish = [&](std::vector<StateRecord> changes) {
      for (const StateRecord& change : changes) {
        if (change.value) {
          compacted[change.key] = change.state;
        } else {
          compacted.erase(change.key);
        }
      }
    };
    static_cast<void>(apply(running, ledger, 0, between));
    publish(running.take_changes());
    static_cast<void>(apply(running, ledger, between, stop));
    publish(running.take_changes());
    AlertEngine restored(its_rules);
    for (const auto& [key, state] : compacted) RC_ASSERT(restored.restore(key, state));
    RC_ASSERT(restored.clock_ms() == running.clock_ms());
    RC_ASSERT(restored.size().pairs == running.size().pairs);
    RC_ASSERT(apply(restored, ledger, stop, ledger.size()) ==
              apply(running, ledger, stop, ledger.size()));
  }));
}

// Sequence of what is published for one pair: opened, then updated..., then closed.
TEST(AlertEngine, RevisionsOfAnAlertAreInOrder) {
  EXPECT_TRUE(rc::check("opened first, closed last, ids apart", [] {
    const AlertRules its_rules = rules();
    AlertEngine engine(its_rules);
    const std::vector<Entry> ledger = random_ledger(200);
    std::map<std::string, AlertChange> last;
    for (std::size_t i = 0; i < ledger.size(); ++i) {
      for (const AlertRecord& record :
           engine.apply(static_cast<std::int64_t>(i), ledger[i].append_ms, ledger[i].record,
                        ledger[i].verdict)) {
        const auto known = last.find(record.key);
        RC_ASSERT((known == last.end()) == (record.change == AlertChange::opened));
        if (known != last.end()) RC_ASSERT(known->second != AlertChange::closed);
        last[record.key] = record.change;
      }
    }
  }));
}

Entry report(std::size_t number, std::int64_t now_ms, const PairName& name, std::uint16_t score) {
  Sighting sighting;
  sighting.position = {"raw", 0, static_cast<std::int64_t>(number)};
  sighting.time_ms = now_ms;
  sighting.outlet = number + 1;
  AlertSignal signal;
  signal.published_at_ms = now_ms;
  signal.flags = AlertSignal::kDated;
  signal.rules = {"escalation"};
  signal.title = "Title";
  SignalPair pair;
  pair.name = name;
  pair.score = score;
  pair.rules = 1;
  signal.pairs = {pair};
  sighting.signal = encode(signal);
  Verdict verdict;
  verdict.story = number + 1;
  return {now_ms, sighting, verdict};
}

PairName numbered(std::size_t number) {
  return {"Q1", "Q" + std::to_string(number + 2), "AAA", "BBB", "Aland", "Bland"};
}

// Alerts that are open stay; pairs and alerts that only wait make room, with a tombstone each.
TEST(AlertEngine, MemoryIsBoundedAndWhatLeavesIsBuried) {
  const AlertRules its_rules = rules();
  AlertEngine engine(its_rules);
  std::set<std::string> kept;
  std::size_t number = 0;
  const auto add = [&](std::size_t pair, std::uint16_t score) {
    const Entry entry = report(number++, kStartMs, numbered(pair), score);
    std::vector<AlertRecord> alerts = engine.apply(static_cast<std::int64_t>(number),
                                                   entry.append_ms, entry.record, entry.verdict);
    for (const StateRecord& change : engine.take_changes()) {
      if (change.value) {
        kept.insert(change.key);
      } else {
        EXPECT_EQ(kept.erase(change.key), 1U) << change.key;
      }
    }
    return alerts;
  };
  EXPECT_EQ(add(0, 900).size(), 1U);
  for (std::size_t i = 0; i < AlertEngine::kPairsMax + 50; ++i) {
    EXPECT_TRUE(add(i + 1, 250).empty());
    EXPECT_LE(engine.size().pairs, AlertEngine::kPairsMax);
  }
  // Pairs, alerts (one of them open), the clock.
  EXPECT_LE(kept.size(), AlertEngine::kPairsMax + AlertEngine::kAlertsMax + 1);
  EXPECT_EQ(engine.size().open_alerts, 1U);
  EXPECT_TRUE(kept.contains("!alert|escalation|Q1|Q2"));
  // Full of alerts that wait, it still opens one for a new pair.
  EXPECT_EQ(add(AlertEngine::kPairsMax + 100, 900).size(), 1U);
}

TEST(AlertEngine, CooldownHoldsForALevelAndAHigherOneBreaksThrough) {
  const AlertRules its_rules = rules();
  AlertEngine engine(its_rules);
  std::int64_t now_ms = kStartMs;
  std::size_t number = 0;
  const auto add = [&](std::int64_t after_ms, std::uint16_t score) {
    now_ms += after_ms;
    const Entry entry = report(number++, now_ms, numbered(0), score);
    std::vector<std::string> told;
    for (const AlertRecord& alert :
         engine.apply(static_cast<std::int64_t>(number), now_ms, entry.record, entry.verdict)) {
      told.push_back(std::string(name(alert.change)) + ' ' + std::string(name(alert.level)));
    }
    return told;
  };
  using Told = std::vector<std::string>;
  EXPECT_EQ(add(0, 500), Told{"opened low"});
  EXPECT_EQ(add(25 * kHourMs, 100), Told{"closed low"});  // halved after a day
  EXPECT_EQ(add(kHourMs, 500), Told{});  // one voice, low again: silent for six hours
  EXPECT_EQ(add(kHourMs, 700), Told{"opened medium"});  // a second voice makes it higher
}

TEST(AlertEngine, DamagedStateIsRefused) {
  const AlertRules its_rules = rules();
  AlertEngine engine(its_rules);
  EXPECT_FALSE(engine.restore("Q1|Q2", "nonsense"));
  EXPECT_FALSE(engine.restore("!alert|escalation|Q1|Q2", ""));
  EXPECT_FALSE(engine.restore("!engine", "nonsense"));
}

}  // namespace
}  // namespace tocsin::test
