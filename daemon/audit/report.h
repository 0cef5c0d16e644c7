// What an audit found, counted and listed, and how it is shown to a person or a program.
// Counts are always whole; of the findings themselves at most `listed_max` a kind are kept.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin {

enum class FindingKind : std::uint8_t {
  lost,          // below the committed offset, no outcome
  doubled,       // more than one outcome
  differing,     // not what pipeline and ledger say
  unexplained,   // an outcome of nothing that is in the raw topic, or of no sighting
  broken_chain,  // a duplicate that leads to no enriched record of its story
};
inline constexpr std::size_t kFindingKinds = 5;
[[nodiscard]] std::string_view name(FindingKind) noexcept;

struct Finding {
  std::string position;              // `<topic>-<partition>-<offset>` of the input; may be unknown
  std::string what;                  // one line for a person; never text of an article
  std::vector<std::string> outputs;  // where the records in question stand
};

struct FindingList {
  std::uint64_t count = 0;
  std::vector<Finding> listed;
};

struct AuditReport {
  std::uint64_t raw_records = 0;
  std::uint64_t null_values = 0;
  std::uint64_t pending = 0;  // not committed yet, no outcome yet
  std::uint64_t enriched = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t deadletters = 0;
  std::uint64_t ledger_records = 0;
  std::uint64_t ledger_bad_records = 0;
  std::int64_t ledger_first = 0;  // offsets read: [first, end)
  std::int64_t ledger_end = 0;
  std::uint64_t ledger_digest = 0;
  std::uint64_t repeated = 0;         // more than one outcome, as at_least_once may; equal verdicts
  std::uint64_t by_verdict_only = 0;  // made by another configuration: bytes not compared
  std::uint64_t raw_gone = 0;         // not verifiable: outcomes of what left the raw topic
  std::uint64_t before_ledger = 0;    // not verifiable: older than the ledger tells for certain
  std::uint64_t expired = 0;          // not verifiable: the outcome may have left its topic
  std::array<FindingList, kFindingKinds> findings;

  void add(FindingKind kind, Finding finding, std::size_t listed_max);
  [[nodiscard]] std::uint64_t count(FindingKind kind) const {
    return findings[static_cast<std::size_t>(kind)].count;
  }
  [[nodiscard]] bool is_clean() const;  // no findings
};

[[nodiscard]] std::string text_of(const AuditReport& report);
// One JSON object and a line break.
[[nodiscard]] std::string json_of(const AuditReport& report);

}  // namespace tocsin
