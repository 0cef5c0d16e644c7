// The topics as they must be before the service starts: created where allowed, the ledger's own
// settings checked. Throws StopError with the reason when the service must not start.
#pragma once

#include <string>

#include "config/config.h"
#include "daemon/kafka/client.h"

namespace tocsin::kafka {

struct TopicsState {
  std::string cluster_id;
  bool group_has_offsets = false;  // the group has committed positions in a raw topic
  bool ledger_created = false;     // by this call
};

// Creates what is missing if kafka.create_topics, then checks. Errors: a missing topic that may not
// be created (exit 2); a ledger that is missing although the group has committed offsets, or whose
// settings would lose or reorder sightings (exit 3); brokers that do not answer within a minute
// (1).
[[nodiscard]] TopicsState prepare_topics(const Config& config);

// The same for the ledger alone: what `tocsin ledger init` asks for. Creates it also when the group
// has committed offsets, and when kafka.create_topics is off.
[[nodiscard]] TopicsState prepare_ledger(const Config& config);

// A topic's settings, names and values as the broker has them. Throws StopError (failed).
[[nodiscard]] Settings topic_settings(const Config& config, const std::string& topic);

// Throws StopError (state_refused) when the ledger topic is missing or its settings would lose,
// reorder or forget sightings.
void check_ledger(const Config& config);

}  // namespace tocsin::kafka
