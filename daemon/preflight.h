// What `tocsin run` and `tocsin notify` would refuse, found without starting them.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "daemon/stop.h"

namespace tocsin {

// Every client of ours is made, without a broker to connect to, and the files of the webhooks are
// read; each fault once.
[[nodiscard]] std::vector<std::string> offline_faults(const Config& config);

// One thing that the cluster says, for a person.
struct ClusterFinding {
  ExitCode exit_code = ExitCode::fine;  // what `tocsin run` would end with because of it
  bool is_warning = false;
  std::string text;
};
// Asks the cluster: topics, settings, limits, access, offsets. Changes nothing. Throws StopError
// (failed) when no broker answers.
[[nodiscard]] std::vector<ClusterFinding> cluster_findings(const Config& config);

}  // namespace tocsin
