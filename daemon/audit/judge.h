// Compares what was published with what pipeline and ledger say it must be. Knows no Kafka calls:
// evidence and horizon in, findings out.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "daemon/audit/evidence.h"
#include "daemon/audit/report.h"
#include "pipeline/pipeline.h"

namespace tocsin {

// Whether an outcome that is not there may have been there once.
struct OutputHorizon {
  bool is_trimmed = false;           // the topic lost records at its beginning
  std::int64_t expired_ms = -1;      // records older than this may be gone by age
  std::int64_t first_record_ms = 0;  // of what is left; of a topic that is limited in bytes
  bool is_limited_in_bytes = false;
};

// How far the topics let us see.
struct Horizon {
  struct RawPartition {
    std::int64_t committed = -1;  // of the group; -1 none
    std::int64_t low = 0;         // as it is after reading
    std::int64_t high = 0;
    bool is_compacted = false;      // records may be gone from its middle
    bool is_created_again = false;  // the topic was deleted and made anew under its name
  };
  std::map<std::uint32_t, RawPartition> raw;  // by number
  std::array<OutputHorizon, 3> outputs;       // by OutcomeKind
  bool ledger_is_whole = true;                // nothing left its beginning yet
  std::int64_t ledger_first_ms = 0;           // append time of its first record
  std::int64_t window_ms = 0;
  bool has_other_stamps = false;  // outcomes made by another configuration exist
};

// What pipeline and ledger make of one raw record; the first three are given, expect() adds the
// rest.
struct Expectation {
  Place position;
  std::uint64_t key = 0;
  bool is_null = false;
  Hash128 payload;
  const Sighted* sighted = nullptr;
  std::optional<Errc> error;  // the present configuration dead-letters it
  Hash128 value;              // of the record to publish, without an error
};

class Judge {
 public:
  Judge(const Config& config, const Pipeline& pipeline, const Evidence& evidence,
        const Horizon& horizon, std::size_t listed_max, AuditReport& report);

  // Any thread. `expected.position` is that of `record`, which has a value.
  void expect(const RawRecord& record, Expectation& expected) const;
  // Raw records in order of their offsets within each partition.
  void judge(const Expectation& expected);
  // After the last raw record: outcomes that belong to none of them.
  void judge_rest();
  void judge_chains();

 private:
  enum class Certainty : std::uint8_t { certain, likeness_only, none };

  void judge_missing(const Expectation& expected);
  void judge_several(const Expectation& expected, std::span<const Published> found);
  void judge_lives(const Expectation& expected, std::span<const Published> found);
  void judge_one(const Expectation& expected, const Published& found);
  // What differs in a single word; empty: nothing does.
  [[nodiscard]] std::string_view difference(const Expectation& expected, const Published& found,
                                            bool& by_verdict_only) const;
  [[nodiscard]] std::string_view deadletter_difference(const Expectation& expected,
                                                       const Published& found) const;
  void judge_stray(const Published& found);
  void judge_chain(const Published& duplicate);
  [[nodiscard]] Certainty certainty(const Sighted& sighted) const;
  [[nodiscard]] bool may_have_expired(OutcomeKind kind, const Place& position) const;
  [[nodiscard]] bool is_before_ledger(const Place& position) const;
  [[nodiscard]] bool is_committed(const Place& position) const;
  void find(FindingKind kind, const Place& position, std::string_view what,
            std::span<const Published> outputs);

  const Config& config_;
  const Pipeline& pipeline_;
  const Evidence& evidence_;
  const Horizon& horizon_;
  const std::size_t listed_max_;
  AuditReport& report_;
  std::vector<bool> judged_;  // one a published record, in the order of Evidence::published()
};

}  // namespace tocsin
