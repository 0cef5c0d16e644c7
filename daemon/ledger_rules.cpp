#include "daemon/ledger_rules.h"

#include <string>
#include <string_view>

#include "daemon/stop.h"

namespace tocsin {

std::optional<LedgerRecord> decode_ledger_message(const kafka::Record& message) {
  LedgerResult<LedgerRecord> record = decode_ledger_record(message.value());
  if (record) return *std::move(record);
  if (record.error() == LedgerFault::bad_checksum) return std::nullopt;
  throw StopError(ExitCode::state_refused, "ledger: offset " + std::to_string(message.offset()) +
                                               (record.error() == LedgerFault::newer_version
                                                    ? ": record of a newer version"
                                                    : ": record of an unknown type") +
                                               "; this tocsin is too old to read it");
}

void check_owner(const LedgerHeader& header, const Config& config) {
  if (header.group == config.kafka.group && header.raw_topics == config.topics.raw) return;
  throw StopError(ExitCode::state_refused, "ledger: it belongs to group '" + header.group +
                                               "' and other raw topics; this is group '" +
                                               config.kafka.group + "'");
}

void check_cluster(const LedgerHeader& header, const std::string& cluster_id,
                   const Config& config) {
  if (header.cluster_id.empty() || cluster_id.empty() || header.cluster_id == cluster_id) return;
  throw StopError(
      ExitCode::state_refused,
      "ledger " + config.topics.ledger + " was written for another cluster: " + header.cluster_id);
}

bool is_before_epoch(const LedgerRecord& record, const DedupState& state) {
  return std::holds_alternative<Sighting>(record) && !state.epoch();
}

}  // namespace tocsin
