#include "tests/simulation/faults.h"

#include <algorithm>

namespace tocsin::simulation {

Faults faults;

Faults draw_faults(Random& random) {
  Faults drawn;
  const auto some = [&](std::int64_t rate) { return random.chance(350) ? random.below(rate) : 0; };
  drawn.network.slow = some(60);
  drawn.network.lost = some(60);
  drawn.network.answer_lost = some(60);
  drawn.network.late = some(30);
  drawn.network.commit_unknown = some(200);
  drawn.network.ledger_fatal = some(60);
  drawn.death_per_million = random.chance(400) ? random.below(1500) : 0;
  drawn.death_at_failpoint = some(60);
  for (int blow = 0; blow <= static_cast<int>(Blow::hang); ++blow) {
    const bool is_rare = blow >= static_cast<int>(Blow::lose_raw);
    if (random.chance(is_rare ? 120 : 300)) drawn.blows.push_back(static_cast<Blow>(blow));
  }
  // Known limit: a sighting that is still on its way when its raw record is found to be gone.
  if (std::find(drawn.blows.begin(), drawn.blows.end(), Blow::lose_raw) != drawn.blows.end()) {
    drawn.network = {};
    drawn.blows = {Blow::kill, Blow::restart, Blow::evict, Blow::lose_raw};
  }
  if (!drawn.blows.empty()) drawn.blow_interval_ms = random.between(1500, 12'000);
  return drawn;
}

}  // namespace tocsin::simulation
