// One run: a broker, one to three instances of the daemon, a writer of raw news and the faults, all
// drawn from a seed. After the faults everything must settle, and then the claims must hold.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "daemon/service.h"
#include "tests/simulation/broker.h"
#include "tests/simulation/faults.h"
#include "tests/simulation/scheduler.h"

namespace tocsin::simulation {

struct Outcome {
  std::vector<std::string> violations;  // empty: all claims hold
  std::uint64_t steps = 0;
  std::int64_t virtual_ms = 0;
  std::size_t articles = 0;
  std::size_t deaths = 0;
};

[[nodiscard]] Outcome run_seed(std::uint64_t seed, bool trace);

}  // namespace tocsin::simulation
