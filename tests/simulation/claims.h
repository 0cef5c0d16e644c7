// The claims of ARCHITECTURE.md, checked against the logs of a broker after a run: this is the
// oracle. It folds the ledger once, plainly, and knows nothing of batches, groups or transactions.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "config/config.h"
#include "pipeline/pipeline.h"
#include "tests/simulation/broker.h"

namespace tocsin::simulation {

struct Claims {
  const Broker& broker;
  const Config& config;
  const Pipeline& pipeline;
  DedupState& state;  // comes back with the whole ledger folded
};

// One line for each claim that does not hold.
[[nodiscard]] std::vector<std::string> broken_claims(const Claims& claims);

}  // namespace tocsin::simulation
