// The topics as they must be before the service starts: created where allowed, the ledger's own
// settings checked. Throws StopError with the reason when the service must not start.
#pragma once

#include "config/config.h"

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

}  // namespace tocsin::kafka
