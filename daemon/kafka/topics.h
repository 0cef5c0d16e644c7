// The topics as they must be before the service starts: created where allowed, the ledger's own
// settings checked. Throws StopError with the reason when the service must not start.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "config/config.h"
#include "daemon/kafka/client.h"

namespace tocsin::kafka {

struct TopicsState {
  std::string cluster_id;
  std::map<Partition, std::int64_t> committed;  // by the group, of all raw partitions; -1: none
  bool ledger_created = false;                  // by this call

  // The group has committed positions in a raw topic.
  [[nodiscard]] bool group_has_offsets() const;
};

// Creates what is missing if kafka.create_topics, then checks. Errors: a missing topic that may not
// be created (exit 2); a ledger that is missing although the group has committed offsets, or whose
// settings would lose or reorder sightings (exit 3); brokers that do not answer within a minute
// (1).
[[nodiscard]] TopicsState prepare_topics(const Config& config);

// The topics as they are, for `tocsin check --connect`: nothing is created or refused.
struct TopicsView {
  std::string cluster_id;
  int brokers = 0;
  std::map<std::string, int> partitions;       // of the configured topics that are there
  std::map<std::string, std::string> missing;  // the others; not empty: "not authorized: ..."
  std::vector<std::string> limits;             // that do not fit
  // max.message.bytes of the topics there are; left out where it may not be read
  std::map<std::string, std::int64_t> bytes_max;
  // Of the brokers' protocol, "3.9-IV0"; empty where it may not be read.
  std::string version;
};
[[nodiscard]] TopicsView look_at_topics(const Config& config);

// The same for the ledger alone: what `tocsin ledger init` asks for. Creates it also when the group
// has committed offsets, and when kafka.create_topics is off.
[[nodiscard]] TopicsState prepare_ledger(const Config& config);

// A topic's settings, names and values as the broker has them. Throws StopError (failed).
[[nodiscard]] Settings topic_settings(const Config& config, const std::string& topic);

// Throws StopError (state_refused) when the ledger topic is missing or its settings would lose,
// reorder or forget sightings.
void check_ledger(const Config& config);

}  // namespace tocsin::kafka
