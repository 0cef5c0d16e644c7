// What the audit may say and what it must leave open: each row a history, the judge's counts beside
// it.
#include "daemon/audit/judge.h"

#include <gtest/gtest.h>

#include "config/load_pipeline.h"

namespace tocsin {
namespace {

constexpr std::int64_t kHourMs = 3'600'000;
constexpr std::int64_t kWindowMs = 72 * kHourMs;
constexpr std::int64_t kStartMs = 1'772'000'000'000;

const Pipeline& pipeline() {
  static const std::shared_ptr<const Pipeline> shared = load_pipeline(default_config()).pipeline;
  return *shared;
}

// A ledger folded by the real dedup state, outcomes made by the real encoder.
class JudgeTest : public testing::Test {
 protected:
  JudgeTest() : config_(default_config()), evidence_(pipeline().stamp) {
    raw_ = evidence_.partitions.number_of({"raw", 0});
    output_ = evidence_.partitions.number_of({"enriched", 0});
    horizon_.window_ms = kWindowMs;
    horizon_.ledger_first_ms = kStartMs;
    horizon_.raw[raw_].high = 1'000;
    horizon_.raw[raw_].committed = 1'000;
    state_.apply(1, kStartMs, Epoch{});
  }

  // Forty words that no other seed has.
  static std::string article(int seed) {
    std::string body;
    for (int i = 0; i < 40; ++i)
      body += "word" + std::to_string(seed) + "x" + std::to_string(i) + " ";
    return R"({"title":"Report )" + std::to_string(seed) + R"(","body":")" + body + R"("})";
  }

  RawRecord record(std::int64_t offset, const std::string& payload) const {
    return {{"raw", 0, offset}, payload, kStartMs, PublishedAtSource::kafka};
  }

  // Appends a sighting of the payload, `hours` after the start of the ledger.
  void sight_at(std::int64_t offset, const std::string& payload, int hours) {
    const Result<Reading> reading = read(pipeline(), record(offset, payload));
    const LedgerRecord appended(std::in_place_type<Sighting>, sight(*reading, std::nullopt));
    const auto& sighting = std::get<Sighting>(appended);
    const std::int64_t append_ms = kStartMs + hours * kHourMs;
    const Applied applied = state_.apply(next_++, append_ms, appended);
    if (applied != Applied::sighting && applied != Applied::recreated) return;
    const Verdict verdict = *state_.verdict(sighting.position, sighting.raw_hash);
    verdicts_[{offset, payload}] = verdict;
    evidence_.add_sighted(sighting, append_ms, verdict);
  }

  // The record the service publishes for it.
  Published outcome_of(std::int64_t offset, const std::string& payload) {
    const Result<Reading> reading = read(pipeline(), record(offset, payload));
    const Verdict verdict = verdicts_.at({offset, payload});
    const Outcome outcome =
        resolve(*draft(pipeline(), *reading, analyse(pipeline(), *reading)), verdict);
    Published published;
    published.position = {raw_, offset};
    published.place = {output_, places_++};
    published.kind = outcome.kind;
    published.key = key_hash(outcome.key.data(), outcome.key.size());
    published.value = raw_hash(outcome.value);
    published.terms = terms_of(verdict);
    return published;
  }

  Published deadletter_of(std::int64_t offset, const std::string& payload, Errc code) {
    Published published;
    published.position = {raw_, offset};
    published.place = {output_, places_++};
    published.kind = OutcomeKind::deadletter;
    published.value = raw_hash(payload);
    published.code = text_hash(name(code));
    return published;
  }

  Terms terms_of(const Verdict& verdict) {
    Terms terms;
    terms.story = verdict.story;
    terms.story_size = verdict.story_size;
    terms.story_outlets = static_cast<std::uint16_t>(verdict.story_outlets);
    if (verdict.is_copy) {
      terms.method = verdict.method;
      terms.similarity_percent = verdict.similarity_percent;
      terms.original = evidence_.place_of(verdict.original_position);
      terms.original_id = text_hash(verdict.original_id);
    }
    return terms;
  }

  // Judges these raw records; all others are not in the topic (any more).
  AuditReport judge(const std::vector<std::pair<std::int64_t, std::string>>& raw) {
    evidence_.sort();
    AuditReport report;
    Judge judge(config_, pipeline(), evidence_, horizon_, 10, report);
    for (const auto& [offset, payload] : raw) {
      Expectation expected;
      expected.position = {raw_, offset};
      judge.expect(record(offset, payload), expected);
      judge.judge(expected);
    }
    judge.judge_rest();
    judge.judge_chains();
    return report;
  }

  Config config_;
  Evidence evidence_;
  Horizon horizon_;
  DedupState state_;
  std::map<std::pair<std::int64_t, std::string>, Verdict> verdicts_;
  std::int64_t next_ = 2;
  std::int64_t places_ = 0;
  std::uint32_t raw_ = 0;
  std::uint32_t output_ = 0;
};

TEST_F(JudgeTest, AnOriginalAndItsCopyAreClean) {
  sight_at(0, article(1), 1);
  sight_at(1, article(1), 2);
  evidence_.add_published(outcome_of(0, article(1)));
  evidence_.add_published(outcome_of(1, article(1)));
  ASSERT_EQ(evidence_.published()[1].kind, OutcomeKind::duplicate);
  const AuditReport report = judge({{0, article(1)}, {1, article(1)}});
  EXPECT_TRUE(report.is_clean()) << text_of(report);
  EXPECT_EQ(report.raw_gone + report.before_ledger + report.expired + report.by_verdict_only, 0U);
}

TEST_F(JudgeTest, WhatIsNotCommittedIsPendingNotLost) {
  sight_at(0, article(1), 1);
  sight_at(1, article(2), 1);
  horizon_.raw[raw_].committed = 1;
  const AuditReport report = judge({{0, article(1)}, {1, article(2)}});
  EXPECT_EQ(report.count(FindingKind::lost), 1U);
  EXPECT_EQ(report.pending, 1U);
}

TEST_F(JudgeTest, AnOutcomeOfWhatLeftTheRawTopicCannotBeJudged) {
  sight_at(3, article(1), 1);
  evidence_.add_published(outcome_of(3, article(1)));
  horizon_.raw[raw_].low = 4;
  AuditReport report = judge({});
  EXPECT_TRUE(report.is_clean()) << text_of(report);
  EXPECT_EQ(report.raw_gone, 1U);
  horizon_.raw[raw_].low = 3;  // it should still be there
  report = judge({});
  EXPECT_EQ(report.count(FindingKind::unexplained), 1U);
  horizon_.raw[raw_].is_compacted = true;
  EXPECT_TRUE(judge({}).is_clean());
}

TEST_F(JudgeTest, AnOutcomeThatMayHaveExpiredIsNotLost) {
  sight_at(0, article(1), 1);
  OutputHorizon& enriched = horizon_.outputs[static_cast<std::size_t>(OutcomeKind::enriched)];
  enriched.expired_ms = kStartMs + 2 * kHourMs;
  EXPECT_EQ(judge({{0, article(1)}}).count(FindingKind::lost), 1U) << "the topic lost nothing yet";
  enriched.is_trimmed = true;
  const AuditReport report = judge({{0, article(1)}});
  EXPECT_TRUE(report.is_clean()) << text_of(report);
  EXPECT_EQ(report.expired, 1U);
  enriched.expired_ms = kStartMs;  // it is too young to have expired
  EXPECT_EQ(judge({{0, article(1)}}).count(FindingKind::lost), 1U);
}

TEST_F(JudgeTest, NearTheBeginningOfATrimmedLedgerVerdictsAreLeftOpen) {
  sight_at(0, article(1), 100);  // less than two windows after the ledger's first record
  sight_at(1, article(2), 150);
  evidence_.add_published(outcome_of(0, article(1)));
  Published changed = outcome_of(1, article(2));
  changed.terms.story_size = 9;
  evidence_.add_published(changed);
  horizon_.ledger_is_whole = false;
  AuditReport report = judge({{0, article(1)}, {1, article(2)}});
  EXPECT_EQ(report.before_ledger, 1U);
  EXPECT_EQ(report.count(FindingKind::differing), 1U) << text_of(report);
  horizon_.ledger_is_whole = true;
  report = judge({{0, article(1)}, {1, article(2)}});
  EXPECT_EQ(report.before_ledger, 0U);
  EXPECT_EQ(report.count(FindingKind::differing), 1U);
}

TEST_F(JudgeTest, AStoryWhoseFounderNoRestoreReachesIsComparedByLikeness) {
  // A chain of copies, two days from one to the next: ten days after its founder a restored service
  // knows the story by another name.
  for (int day = 0; day <= 10; day += 2) sight_at(day, article(1), 24 * day);
  Published renamed = outcome_of(10, article(1));
  ASSERT_EQ(renamed.kind, OutcomeKind::duplicate);
  renamed.terms.story ^= 1;
  renamed.terms.original = {raw_, 2};
  Published soon = outcome_of(4, article(1));
  soon.terms.story ^= 1;
  for (int day = 0; day <= 10; day += 2) {
    if (day != 4 && day != 10) evidence_.add_published(outcome_of(day, article(1)));
  }
  evidence_.add_published(renamed);
  evidence_.add_published(soon);
  std::vector<std::pair<std::int64_t, std::string>> raw;
  for (int day = 0; day <= 10; day += 2) raw.emplace_back(day, article(1));
  const AuditReport report = judge(raw);
  EXPECT_EQ(report.by_verdict_only, 1U);
  ASSERT_EQ(report.count(FindingKind::differing), 1U) << text_of(report);
  EXPECT_EQ(report.findings[static_cast<std::size_t>(FindingKind::differing)].listed[0].position,
            "raw-0-4");
}

TEST_F(JudgeTest, ARetractedArticleMayEndAsADeadLetter) {
  sight_at(0, article(1), 1);
  evidence_.add_published(deadletter_of(0, article(1), Errc::poison));
  EXPECT_EQ(judge({{0, article(1)}}).count(FindingKind::differing), 1U);
  Retract retract;
  retract.position.topic = "raw";
  retract.raw_hash = raw_hash(article(1));
  evidence_.add_retract(retract);
  const AuditReport report = judge({{0, article(1)}});
  EXPECT_TRUE(report.is_clean()) << text_of(report);
}

TEST_F(JudgeTest, ADeadLetterHasTheCodeThePipelineGives) {
  evidence_.add_published(deadletter_of(0, "{", Errc::invalid_json));
  evidence_.add_published(deadletter_of(1, "{", Errc::too_deep));
  Published old = deadletter_of(2, article(1), Errc::too_large);
  old.is_current = false;  // refused by another configuration
  evidence_.add_published(old);
  const AuditReport report = judge({{0, "{"}, {1, "{"}, {2, article(1)}});
  ASSERT_EQ(report.count(FindingKind::differing), 1U) << text_of(report);
  EXPECT_EQ(report.findings[static_cast<std::size_t>(FindingKind::differing)].listed[0].what,
            "code of the dead letter");
}

TEST_F(JudgeTest, ATopicThatWasCreatedAgainHasOutcomesOfItsEarlierLife) {
  sight_at(0, article(1), 1);
  evidence_.add_published(outcome_of(0, article(1)));
  sight_at(1, article(2), 1);
  evidence_.add_published(outcome_of(1, article(2)));
  sight_at(0, article(3), 2);  // the new life; offset 1 is not there yet
  evidence_.add_published(outcome_of(0, article(3)));
  horizon_.raw[raw_].is_created_again = true;
  horizon_.raw[raw_].committed = 1;
  const AuditReport report = judge({{0, article(3)}, {1, article(4)}});
  EXPECT_TRUE(report.is_clean()) << text_of(report);
  EXPECT_EQ(report.raw_gone, 2U);
  EXPECT_EQ(report.pending, 1U);
}

TEST_F(JudgeTest, AtLeastOnceMayRepeatButNotContradict) {
  sight_at(0, article(1), 1);
  evidence_.add_published(outcome_of(0, article(1)));
  evidence_.add_published(outcome_of(0, article(1)));
  EXPECT_EQ(judge({{0, article(1)}}).count(FindingKind::doubled), 1U);
  config_.delivery = Delivery::at_least_once;
  const AuditReport report = judge({{0, article(1)}});
  EXPECT_TRUE(report.is_clean()) << text_of(report);
  EXPECT_EQ(report.repeated, 1U);
  Published other = outcome_of(0, article(1));
  other.terms.story_size = 2;
  evidence_.add_published(other);
  EXPECT_EQ(judge({{0, article(1)}}).count(FindingKind::doubled), 1U);
}

class ChainTest : public JudgeTest, public testing::WithParamInterface<std::int64_t> {};

TEST_P(ChainTest, ADuplicateMustLeadToAnEnrichedRecordOfItsStory) {
  sight_at(0, article(1), 1);
  sight_at(1, article(1), 2);
  sight_at(2, article(2), 2);
  evidence_.add_published(outcome_of(0, article(1)));
  evidence_.add_published(outcome_of(2, article(2)));
  Published copy = outcome_of(1, article(1));
  copy.terms.original.offset = GetParam();
  evidence_.add_published(copy);
  const AuditReport report = judge({{0, article(1)}, {1, article(1)}, {2, article(2)}});
  EXPECT_EQ(report.count(FindingKind::broken_chain), 1U) << text_of(report);
  EXPECT_EQ(report.count(FindingKind::differing), 1U) << text_of(report);
}

// Itself, a record of another story, nothing.
INSTANTIATE_TEST_SUITE_P(Wrong, ChainTest, testing::Values(1, 2, 7));

}  // namespace
}  // namespace tocsin
