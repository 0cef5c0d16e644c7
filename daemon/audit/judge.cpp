#include "daemon/audit/judge.h"

#include <algorithm>

namespace tocsin {
namespace {

constexpr int kHopsMax = 100;  // of a chain of duplicates; the fold itself makes one hop
// Clocks of instances and brokers may differ by this much.
constexpr std::int64_t kClockSkewMs = 10 * 60 * 1000;

std::string_view noun(OutcomeKind kind) {
  switch (kind) {
    case OutcomeKind::enriched:
      return "enriched";
    case OutcomeKind::duplicate:
      return "duplicate";
    case OutcomeKind::deadletter:
      break;
  }
  return "dead letter";
}

// The kind the ledger and the pipeline ask for.
OutcomeKind kind_of(const Expectation& expected) {
  if (expected.sighted == nullptr) return OutcomeKind::deadletter;
  return expected.sighted->is_copy ? OutcomeKind::duplicate : OutcomeKind::enriched;
}

bool same_verdict(const Published& left, const Published& right) {
  return left.kind == right.kind && left.terms == right.terms && left.code == right.code;
}

}  // namespace

Judge::Judge(const Config& config, const Pipeline& pipeline, const Evidence& evidence,
             const Horizon& horizon, std::size_t listed_max, AuditReport& report)
    : config_(config),
      pipeline_(pipeline),
      evidence_(evidence),
      horizon_(horizon),
      listed_max_(listed_max),
      report_(report),
      judged_(evidence.published().size()) {}

void Judge::expect(const RawRecord& record, Expectation& expected) const {
  expected.payload = raw_hash(record.payload);
  expected.sighted = evidence_.sighted(expected.position, expected.payload);
  const Result<Reading> reading = read(pipeline_, record);
  if (!reading) {
    expected.error = reading.error().code;
    return;
  }
  const bool is_copy = expected.sighted != nullptr && expected.sighted->is_copy;
  const Result<Drafts> drafts = draft(pipeline_, *reading, is_copy);
  if (!drafts) {
    expected.error = drafts.error().code;
  } else if (expected.sighted != nullptr) {
    expected.value = raw_hash(resolve(*drafts, evidence_.verdict_of(*expected.sighted)).value);
  }
}

void Judge::judge(const Expectation& expected) {
  const std::span<const Published> found = evidence_.published_at(expected.position);
  const auto first = static_cast<std::size_t>(found.data() - evidence_.published().data());
  for (std::size_t i = 0; i < found.size(); ++i) judged_[first + i] = true;
  if (expected.is_null) {
    ++report_.null_values;
    for (const Published& each : found) {
      find(FindingKind::unexplained, each.position, "an outcome of a null value:", {&each, 1});
    }
  } else if (found.empty()) {
    judge_missing(expected);
  } else if (horizon_.raw.at(expected.position.partition).is_created_again) {
    judge_lives(expected, found);
  } else if (found.size() > 1) {
    judge_several(expected, found);
  } else {
    judge_one(expected, found.front());
  }
}

void Judge::judge_missing(const Expectation& expected) {
  const Place& position = expected.position;
  if (!is_committed(position)) {
    ++report_.pending;
  } else if (expected.sighted == nullptr && is_before_ledger(position)) {
    ++report_.before_ledger;
  } else if (may_have_expired(kind_of(expected), position)) {
    ++report_.expired;
  } else {
    find(FindingKind::lost, position,
         expected.sighted != nullptr ? "committed and sighted, no outcome"
                                     : "committed, neither a sighting nor an outcome",
         {});
  }
}

// Outcomes of a topic's earlier lives have the same positions; at most one is of this life.
void Judge::judge_lives(const Expectation& expected, std::span<const Published> found) {
  const auto ours = std::find_if(found.begin(), found.end(), [&](const Published& each) {
    bool by_verdict_only = false;
    return difference(expected, each, by_verdict_only).empty();
  });
  report_.raw_gone += found.size() - (ours != found.end() ? 1 : 0);
  if (ours != found.end()) {
    judge_one(expected, *ours);
  } else {
    judge_missing(expected);
  }
}

void Judge::judge_several(const Expectation& expected, std::span<const Published> found) {
  const bool are_equal = std::all_of(found.begin(), found.end(), [&](const Published& each) {
    return same_verdict(each, found.front());
  });
  if (are_equal && config_.delivery == Delivery::at_least_once) {
    report_.repeated += found.size() - 1;
  } else {
    find(FindingKind::doubled, expected.position,
         are_equal ? "outcomes with equal verdicts:" : "outcomes with different verdicts:", found);
  }
  for (const Published& each : found) judge_one(expected, each);
}

void Judge::judge_one(const Expectation& expected, const Published& found) {
  if (found.kind != OutcomeKind::deadletter) {
    if (expected.sighted == nullptr && is_before_ledger(expected.position)) {
      ++report_.before_ledger;
      return;
    }
    if (expected.sighted == nullptr) {
      find(FindingKind::unexplained, expected.position,
           "an outcome without a sighting:", {&found, 1});
      return;
    }
    if (certainty(*expected.sighted) == Certainty::none) {
      ++report_.before_ledger;
      return;
    }
  }
  bool by_verdict_only = false;
  const std::string_view differs = difference(expected, found, by_verdict_only);
  if (!differs.empty()) {
    find(FindingKind::differing, expected.position,
         std::string(differs) + " of the " + std::string(noun(found.kind)), {&found, 1});
  } else if (by_verdict_only) {
    ++report_.by_verdict_only;
  }
}

std::string_view Judge::difference(const Expectation& expected, const Published& found,
                                   bool& by_verdict_only) const {
  if (found.kind == OutcomeKind::deadletter) return deadletter_difference(expected, found);
  if (expected.sighted == nullptr || found.kind != kind_of(expected)) return "kind";
  const Terms& terms = expected.sighted->terms;
  if (!terms.same_likeness(found.terms)) return "verdict";
  if (certainty(*expected.sighted) == Certainty::likeness_only) {
    by_verdict_only = true;
    return {};
  }
  if (terms != found.terms) return "verdict";
  const std::string key = story_id(terms.story);
  if (found.key != key_hash(key.data(), key.size())) return "key";
  if (!expected.error && expected.value == found.value) return {};
  // A duplicate bears no stamp: any other configuration that was at work may have made it.
  const bool is_ours =
      found.kind == OutcomeKind::duplicate ? !horizon_.has_other_stamps : found.is_current;
  if (is_ours) return expected.error ? "kind" : "value";
  by_verdict_only = true;
  return {};
}

std::string_view Judge::deadletter_difference(const Expectation& expected,
                                              const Published& found) const {
  if (found.value != expected.payload) return "value";
  if (found.key != expected.key && !found.is_key_omitted) return "key";
  if (evidence_.is_retracted(expected.position, expected.payload)) return {};
  if (expected.error) {
    const bool is_same = found.code == text_hash(name(*expected.error));
    return is_same || !found.is_current ? "" : "code";
  }
  // Good by the present configuration: then it must have been refused by another one.
  return found.is_current ? "kind" : "";
}

void Judge::judge_rest() {
  const std::span<const Published> published = evidence_.published();
  for (std::size_t i = 0; i < published.size(); ++i) {
    if (!judged_[i]) judge_stray(published[i]);
  }
}

// An outcome whose raw record was not read.
void Judge::judge_stray(const Published& found) {
  const Place& position = found.position;
  const auto raw = horizon_.raw.find(position.partition);
  if (raw == horizon_.raw.end() || position.offset < 0) {
    find(FindingKind::unexplained, position, "no such raw partition:", {&found, 1});
    return;
  }
  const Horizon::RawPartition& partition = raw->second;
  if (position.offset < partition.low || partition.is_created_again ||
      (partition.is_compacted && position.offset < partition.high)) {
    ++report_.raw_gone;
    return;
  }
  find(FindingKind::unexplained, position, "no such raw record:", {&found, 1});
}

void Judge::judge_chains() {
  for (const Published& published : evidence_.published()) {
    if (published.kind == OutcomeKind::duplicate && published.terms.is_readable) {
      judge_chain(published);
    }
  }
}

void Judge::judge_chain(const Published& duplicate) {
  const std::span<const Sighted> sighted = evidence_.sighted_at(duplicate.position);
  // The story may have got another name where the ledger no longer reaches its founder.
  const bool is_certain =
      sighted.empty() ? horizon_.ledger_is_whole : certainty(sighted.back()) == Certainty::certain;
  Place position = duplicate.terms.original;
  for (int hop = 0; hop < kHopsMax; ++hop) {
    const std::span<const Published> found = evidence_.published_at(position);
    if (found.empty()) {
      const auto raw = horizon_.raw.find(position.partition);
      if (raw != horizon_.raw.end() &&
          (may_have_expired(OutcomeKind::enriched, position) || is_before_ledger(position))) {
        ++report_.expired;
      } else if (raw == horizon_.raw.end() || is_committed(position) || position.offset < 0) {
        find(FindingKind::broken_chain, duplicate.position,
             "leads to " + evidence_.partitions.text(position) + ", which has no outcome:",
             {&duplicate, 1});
      }
      return;
    }
    for (const Published& each : found) {
      if (each.kind != OutcomeKind::enriched) continue;
      if (each.terms.story == duplicate.terms.story || !is_certain) return;
    }
    const auto next = std::find_if(found.begin(), found.end(), [](const Published& each) {
      return each.kind == OutcomeKind::duplicate;
    });
    if (next == found.end()) {
      find(FindingKind::broken_chain, duplicate.position,
           "leads to " + evidence_.partitions.text(position) +
               ", which is no enriched record of its story:",
           {&duplicate, 1});
      return;
    }
    position = next->terms.original;
  }
  find(FindingKind::broken_chain, duplicate.position, "goes round in a circle:", {&duplicate, 1});
}

// How sure the fold is of a verdict. Near the beginning of a ledger that has lost records its first
// sighting may be a redelivery; a story is only certain if every restore reached its founder.
Judge::Certainty Judge::certainty(const Sighted& sighted) const {
  const std::int64_t window_ms = horizon_.window_ms;
  const std::int64_t reach_ms = horizon_.ledger_first_ms;
  if (!horizon_.ledger_is_whole && sighted.append_ms < reach_ms + 2 * window_ms) {
    return Certainty::none;
  }
  const std::int64_t founded_ms = evidence_.founded_ms(sighted.terms.story);
  const bool is_founder_known =
      founded_ms >= 0 && (horizon_.ledger_is_whole || founded_ms >= reach_ms + window_ms);
  const bool is_in_reach = sighted.append_ms - founded_ms <= 3 * window_ms;
  return is_founder_known && is_in_reach ? Certainty::certain : Certainty::likeness_only;
}

bool Judge::may_have_expired(OutcomeKind kind, const Place& position) const {
  const OutputHorizon& output = horizon_.outputs[static_cast<std::size_t>(kind)];
  if (!output.is_trimmed) return false;
  const std::int64_t sighted_ms = evidence_.sighted_by(position);
  return sighted_ms < output.expired_ms + kClockSkewMs ||
         (output.is_limited_in_bytes && sighted_ms < output.first_record_ms + kClockSkewMs);
}

// True when the sighting of the position may have left the ledger.
bool Judge::is_before_ledger(const Place& position) const {
  return !horizon_.ledger_is_whole && evidence_.sighted_by(position) < 0;
}

bool Judge::is_committed(const Place& position) const {
  const auto raw = horizon_.raw.find(position.partition);
  return raw != horizon_.raw.end() && position.offset < raw->second.committed;
}

void Judge::find(FindingKind kind, const Place& position, std::string_view what,
                 std::span<const Published> outputs) {
  Finding finding;
  finding.position = evidence_.partitions.text(position);
  finding.what = what;
  for (const Published& each : outputs) {
    finding.outputs.push_back(evidence_.partitions.text(each.place));
  }
  report_.add(kind, std::move(finding), listed_max_);
}

}  // namespace tocsin
