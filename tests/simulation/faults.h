// What goes wrong in a run, drawn from its seed: some runs are quiet, most mix a few kinds of
// fault.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/simulation/client.h"
#include "tests/simulation/random.h"

namespace tocsin::simulation {

enum class Blow : std::uint8_t {
  kill,      // SIGKILL, started again a moment later
  restart,   // SIGTERM, started again
  freeze,    // SIGSTOP for up to 40 s
  stick,     // one thread does not run for up to 40 s
  cut,       // the network of one instance
  outage,    // the broker
  evict,     // the group coordinator forgets a member
  lose_raw,  // retention removes raw records, processed or not
  hang,      // somebody leaves a transaction open on the ledger
};

struct Faults {
  Network network;
  std::int64_t death_per_million = 0;   // at every yield point
  std::int64_t death_at_failpoint = 0;  // per mille
  std::vector<Blow> blows;              // kinds that happen
  std::int64_t blow_interval_ms = 0;    // between two, on average; 0: none
};
extern Faults faults;

[[nodiscard]] Faults draw_faults(Random& random);

}  // namespace tocsin::simulation
