// What a record of the ledger topic means, the same for all who read it: the follower, the audit,
// `tocsin ledger`. A record that must not be guessed about stops the reader (exit 3).
#pragma once

#include <optional>

#include "config/config.h"
#include "daemon/kafka/record.h"
#include "pipeline/ledger/dedup_state.h"

namespace tocsin {

// The record; nullopt when its checksum is bad: everybody skips and counts it. Throws StopError
// (state_refused) on an unknown type and on a newer version.
[[nodiscard]] std::optional<LedgerRecord> decode_ledger_message(const kafka::Record& message);

// Throws StopError (state_refused) when the header names another group or other raw topics.
void check_owner(const LedgerHeader& header, const Config& config);
// The same for the cluster; an empty id, ours or the header's, is nobody's.
void check_cluster(const LedgerHeader& header, const std::string& cluster_id, const Config& config);

// A reader that starts inside a ledger meets sightings before the first repeated epoch: they are
// not folded. (A restore starts so early that no verdict that still counts needs them.)
[[nodiscard]] bool is_before_epoch(const LedgerRecord& record, const DedupState& state);

}  // namespace tocsin
