// The alert engine's fold: a restored one goes on as if it had never stopped, whatever it had seen.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>
#include <set>

#include "pipeline/alerts/alert_engine.h"
#include "pipeline/ledger/byte_codec.h"

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
  pair.act = pair.score;
  pair.kinds = *rc::gen::element<std::uint16_t>(1, 2, 1U << 7, 1U << 9);
  pair.toll = *rc::gen::element<std::uint16_t>(0, 5, 20, 300);
  pair.assaults = *rc::gen::element<std::uint8_t>(0, 1, 2);
  if (pair.cooperation > 0) pair.peace = *rc::gen::element(Peace::none, Peace::ceasefire);
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

// What articles between whom make of which rules' alerts, an hour apart: "opened violence".
class OneCountry {
 public:
  std::vector<std::string> add(const PairName& name, std::vector<std::string> met) {
    now_ms_ += kHourMs;
    AlertSignal signal;
    signal.published_at_ms = now_ms_;
    signal.flags = AlertSignal::kDated;
    signal.tier = 95;
    signal.rules = std::move(met);
    SignalPair pair;
    pair.name = name;
    pair.score = pair.act = 700;
    pair.events = 1U << static_cast<unsigned>(EventType::assault);
    pair.rules = static_cast<std::uint16_t>((1U << signal.rules.size()) - 1);
    signal.pairs = {pair};
    Sighting sighting;
    sighting.position = {"raw", 0, offset_};
    sighting.time_ms = now_ms_;
    sighting.outlet = 7;
    sighting.signal = encode(signal);
    Verdict verdict;
    verdict.story = static_cast<std::uint64_t>(++offset_);
    std::vector<std::string> told;
    for (const AlertRecord& alert : engine_.apply(offset_, now_ms_, sighting, verdict)) {
      told.push_back(std::string(tocsin::name(alert.change)) + ' ' + alert.rule);
    }
    return told;
  }

 private:
  static AlertRules its_rules() {
    AlertRule violence;
    violence.id = "violence";
    violence.with_alone = violence.only_alone = true;
    AlertRule upheaval = violence;
    upheaval.id = "upheaval";
    AlertRule escalation;
    escalation.id = "escalation";
    return AlertRules({escalation, upheaval, violence});
  }

  AlertRules rules_ = its_rules();
  AlertEngine engine_{rules_};
  std::int64_t now_ms_ = kStartMs;
  std::int64_t offset_ = 0;
};

TEST(AlertEngine, WhatHappensInOneCountryIsOneAlert) {
  using Told = std::vector<std::string>;
  const PairName country{"Q1", "", "AAA", "", "Aland", ""};
  OneCountry ledger;
  EXPECT_EQ(ledger.add(country, {"violence"}), Told{"opened violence"});
  EXPECT_EQ(ledger.add(country, {"upheaval"}), Told{});
  EXPECT_EQ(ledger.add({"Q2", "", "BBB", "", "Bland", ""}, {"upheaval"}), Told{"opened upheaval"});
}

TEST(AlertEngine, NobodysAttackBelongsToTheWarAtHome) {
  using Told = std::vector<std::string>;
  const PairName country{"Q1", "", "AAA", "", "Aland", ""};
  OneCountry at_home;
  EXPECT_EQ(at_home.add({"Q1", "Q9", "AAA", "AAA", "Aland", "Rebels"}, {"escalation"}),
            Told{"opened escalation"});
  EXPECT_EQ(at_home.add(country, {"violence"}), Told{});
  OneCountry abroad;
  EXPECT_EQ(abroad.add({"Q1", "Q2", "AAA", "BBB", "Aland", "Bland"}, {"escalation"}),
            Told{"opened escalation"});
  EXPECT_EQ(abroad.add(country, {"violence"}), Told{"opened violence"});
}

// One pair, one rule: what each article makes of its alert.
class OneAlert {
 public:
  using Told = std::vector<std::string>;

  Told add(std::int64_t after_ms, const SignalPair& pair, std::string title = "Title") {
    now_ms_ += after_ms;
    Sighting sighting;
    sighting.position = {"raw", 0, offset_};
    sighting.time_ms = now_ms_;
    sighting.outlet = 7;
    AlertSignal signal;
    signal.published_at_ms = now_ms_;
    signal.flags = AlertSignal::kDated;
    signal.tier = 95;
    signal.rules = {"escalation"};
    signal.title = std::move(title);
    signal.pairs = {pair};
    sighting.signal = encode(signal);
    Verdict verdict;
    verdict.story = static_cast<std::uint64_t>(offset_) + 1;
    return apply(sighting, verdict);
  }
  Told wait(std::int64_t after_ms) {
    now_ms_ += after_ms;
    return apply(Tick{offset_, 0}, std::nullopt);
  }
  [[nodiscard]] const std::string& last_value() const { return last_value_; }

 private:
  Told apply(const LedgerRecord& record, const std::optional<Verdict>& verdict) {
    Told told;
    for (const AlertRecord& alert : engine_.apply(offset_, now_ms_, record, verdict)) {
      told.push_back(std::string(name(alert.change)) + ' ' + std::string(name(alert.level)));
      last_value_ = alert.value;
    }
    ++offset_;
    return told;
  }

  AlertRules rules_ = rules();
  AlertEngine engine_{rules_};
  std::int64_t now_ms_ = kStartMs;
  std::int64_t offset_ = 0;
  std::string last_value_;
};
using Told = OneAlert::Told;

SignalPair assault(std::uint16_t score, ActKind kind = ActKind::strike) {
  SignalPair pair;
  pair.name = numbered(0);
  pair.score = pair.act = score;
  pair.events = 1U << static_cast<unsigned>(EventType::assault);
  pair.kinds = static_cast<std::uint16_t>(1U << static_cast<unsigned>(kind));
  pair.assaults = 1;
  pair.rules = 1;
  return pair;
}

SignalPair peace() {
  SignalPair pair;
  pair.name = numbered(0);
  pair.cooperation = 700;
  pair.peace = Peace::ceasefire;
  return pair;
}

bool says(const std::string& value, const std::string& part) {
  return value.find(part) != std::string::npos;
}

TEST(AlertLife, OffersAndMediationDoNotCalm) {
  OneAlert alert;
  EXPECT_EQ(alert.add(0, assault(700)), Told{"opened high"});
  SignalPair offer = peace();
  offer.peace = Peace::none;
  EXPECT_EQ(alert.add(kHourMs, offer), Told{});
  EXPECT_EQ(alert.wait(14 * kHourMs), Told{});
}

TEST(AlertLife, APeaceLongAfterTheLastAssaultClosesAtOnceAndSaysWhich) {
  OneAlert alert;
  EXPECT_EQ(alert.add(0, assault(900)), Told{"opened high"});
  EXPECT_EQ(alert.add(13 * kHourMs, peace(), "Both sign a truce"), Told{"closed high"});
  EXPECT_TRUE(says(alert.last_value(), "they come to terms (Both sign a truce)"));
  EXPECT_TRUE(says(alert.last_value(), R"("closed_reason":"cooperation")"));
}

TEST(AlertLife, APeaceOverAnAssaultWaitsTwelveHours) {
  OneAlert alert;
  EXPECT_EQ(alert.add(0, assault(900)), Told{"opened high"});
  EXPECT_EQ(alert.add(2 * kHourMs, peace()), Told{});
  EXPECT_EQ(alert.wait(9 * kHourMs), Told{});
  EXPECT_EQ(alert.wait(2 * kHourMs), Told{"closed high"});
  EXPECT_TRUE(says(alert.last_value(), R"("closed_reason":"cooperation")"));
}

TEST(AlertLife, AnAssaultAfterThePeaceMakesItVoid) {
  OneAlert alert;
  EXPECT_EQ(alert.add(0, assault(900)), Told{"opened high"});
  EXPECT_EQ(alert.add(2 * kHourMs, peace()), Told{});
  EXPECT_EQ(alert.add(kHourMs, assault(600)), Told{});
  EXPECT_EQ(alert.wait(20 * kHourMs), Told{});
  EXPECT_EQ(alert.wait(40 * kHourMs), Told{"closed high"});
  EXPECT_TRUE(says(alert.last_value(), R"("closed_reason":"quiet")"));
}

TEST(AlertLife, ANewKindOfActIsToldOnce) {
  OneAlert alert;
  EXPECT_EQ(alert.add(0, assault(700)), Told{"opened high"});
  EXPECT_EQ(alert.add(kHourMs, assault(600, ActKind::invasion)), Told{"updated high"});
  EXPECT_TRUE(says(alert.last_value(), R"("update_reason":"kind")"));
  EXPECT_EQ(alert.add(kHourMs, assault(600, ActKind::invasion)), Told{});
}

TEST(AlertLife, ATollOfAnotherOrderIsToldOnce) {
  OneAlert alert;
  SignalPair few = assault(700);
  few.toll = 4;
  SignalPair many = assault(600);
  many.toll = 120;
  EXPECT_EQ(alert.add(0, few), Told{"opened high"});
  EXPECT_EQ(alert.add(kHourMs, many), Told{"updated high"});
  EXPECT_TRUE(says(alert.last_value(), R"("update_reason":"toll")"));
  many.toll = 180;
  EXPECT_EQ(alert.add(kHourMs, many), Told{});
}

TEST(AlertLife, WhileItIsFedItIsToldOnceADay) {
  OneAlert alert;
  EXPECT_EQ(alert.add(0, assault(700)), Told{"opened high"});
  int told = 0;
  for (int i = 0; i < 10; ++i)
    told += static_cast<int>(alert.add(8 * kHourMs, assault(650)).size());
  EXPECT_EQ(told, 3);
}

TEST(AlertLife, SeveralSentencesOfOneFirstTierSourceOpenCritical) {
  OneAlert one;
  EXPECT_EQ(one.add(0, assault(950)), Told{"opened high"});
  OneAlert several;
  SignalPair pair = assault(950);
  pair.assaults = 2;
  EXPECT_EQ(several.add(0, pair), Told{"opened critical"});
}

// Two reports of medium attacks on two days are more than each; threats and copies add nothing.
TEST(AlertLife, FurtherAttacksRaiseAnOpenAlert) {
  OneAlert attacks;
  EXPECT_EQ(attacks.add(0, assault(520)), Told{"opened medium"});
  EXPECT_EQ(attacks.add(10 * kHourMs, assault(560)), Told{"updated high"});
  EXPECT_TRUE(says(attacks.last_value(), R"("update_reason":"level")"));
  OneAlert threats;
  SignalPair threat = assault(520);
  threat.events = 1U << static_cast<unsigned>(EventType::threaten);
  threat.kinds = 1;
  EXPECT_EQ(threats.add(0, threat), Told{"opened medium"});
  EXPECT_EQ(threats.add(10 * kHourMs, threat), Told{});
}

// A pair at war is judged against itself, but not where one marches into the other.
TEST(AlertLife, AnInvasionOpensAWarAgain) {
  OneAlert alert;
  EXPECT_EQ(alert.add(0, assault(700)), Told{"opened high"});
  for (int day = 0; day < 12; ++day) static_cast<void>(alert.add(12 * kHourMs, assault(700)));
  EXPECT_EQ(alert.wait(60 * kHourMs), Told{"closed high"});
  EXPECT_EQ(alert.add(12 * kHourMs, assault(700)), Told{});
  EXPECT_EQ(alert.add(kHourMs, assault(700, ActKind::invasion)), Told{"opened high"});
}

// Weeks of the same: it opens, is told daily, and after a lull opens again only for more.
TEST(AlertLife, AWarIsJudgedAgainstItself) {
  OneAlert alert;
  EXPECT_EQ(alert.add(0, assault(700)), Told{"opened high"});
  for (int day = 0; day < 12; ++day) static_cast<void>(alert.add(12 * kHourMs, assault(700)));
  EXPECT_EQ(alert.wait(60 * kHourMs), Told{"closed high"});
  EXPECT_EQ(alert.add(12 * kHourMs, assault(700)), Told{});
  static_cast<void>(alert.add(kHourMs, assault(700)));
  static_cast<void>(alert.add(kHourMs, assault(700)));
  const Told told = alert.add(kHourMs, assault(700));
  EXPECT_TRUE(says(alert.last_value(), R"("state":"opened")"));
  static_cast<void>(told);
}

TEST(AlertEngine, StateOfAnEarlierVersionBeginsAnew) {
  const AlertRules its_rules = rules();
  AlertEngine engine(its_rules);
  PairSeries series;
  series.name = numbered(0);
  std::string state = encode_state(series);
  state.resize(state.size() - 8);
  state[0] = 1;
  ByteWriter writer;
  for (const char byte : state) writer.integer(static_cast<std::uint8_t>(byte));
  EXPECT_TRUE(engine.restore("Q1|Q2", writer.take_with_checksum()));
  EXPECT_EQ(engine.size().pairs, 0U);
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
