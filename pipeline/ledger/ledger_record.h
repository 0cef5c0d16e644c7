// The records of the ledger topic and their bytes. Decoding never trusts a byte: a bad checksum,
// an unknown type or a newer version come back as errors.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <boost/system/result.hpp>

#include "pipeline/article.h"
#include "pipeline/dedupe/signature.h"

namespace tocsin {

// First record of a ledger: whose it is. A mismatch stops the instance (exit 3).
struct LedgerHeader {
  std::string cluster_id;
  std::string group;
  std::vector<std::string> raw_topics;
  // Where the group begins, of partitions that were there then; none: at what is oldest.
  std::vector<Position> starts;
  friend bool operator==(const LedgerHeader&, const LedgerHeader&) = default;
};

// Parameters of the fold, active from the record's offset on.
struct Epoch {
  std::uint32_t revision = 1;
  std::uint16_t signature_version = kSignatureVersion;
  std::int64_t window_ms = 72LL * 3600 * 1000;
  std::uint8_t jaccard_percent_min = 50;
  std::uint8_t containment_percent_min = 70;
  std::uint16_t band_candidates_max = 64;
  std::uint64_t entries_max = 10'000'000;
  friend bool operator==(const Epoch&, const Epoch&) = default;
};

// One article as one instance saw it.
struct Sighting {
  Position position;
  Hash128 raw_hash;
  std::int64_t time_ms = 0;  // the raw record's timestamp; the fold clamps it to the append time
  std::string article_id;    // empty: the default, made of the position
  std::uint64_t outlet = 0;  // hash of the owner of the source; 0 unknown
  std::uint16_t signature_version = kSignatureVersion;
  Signature signature;
  std::optional<std::int64_t> copy_of;  // early skip: ledger offset of what it is a copy of
  std::string signal;  // what an alert needs of a tense article; opaque to the dedup state
  friend bool operator==(const Sighting&, const Sighting&) = default;
};

// A sighted article that ended as a dead letter after all: later copies match neither it nor the
// copies that lead to it.
struct Retract {
  Position position;
  Hash128 raw_hash;  // zero: every sighting of the position (its record is gone, its hash unknown)
  friend bool operator==(const Retract&, const Retract&) = default;
};

// The alert engine's clock and its dedup state digest at `through`.
struct Tick {
  std::int64_t through = 0;  // ledger offset: the digest covers records below it
  std::uint64_t digest = 0;
  friend bool operator==(const Tick&, const Tick&) = default;
};

using LedgerRecord = std::variant<LedgerHeader, Epoch, Sighting, Retract, Tick>;

enum class LedgerFault : std::uint8_t {
  bad_checksum,   // skipped and counted by everyone
  unknown_type,   // stops the instance
  newer_version,  // stops the instance
};
template <class T>
using LedgerResult = boost::system::result<T, LedgerFault>;
[[noreturn]] void throw_exception_from_error(LedgerFault, const boost::source_location&);

[[nodiscard]] std::string encode(const LedgerRecord&);
[[nodiscard]] LedgerResult<LedgerRecord> decode_ledger_record(std::string_view bytes);

}  // namespace tocsin
