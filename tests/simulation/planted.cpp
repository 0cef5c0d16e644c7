#include "tests/simulation/planted.h"

#include <string>

#include "tests/simulation/scheduler.h"

namespace tocsin::simulation {

namespace {
std::string active;
}

void plant(std::string_view bug) {
  active = bug;
}

bool planted(std::string_view bug) {
  // Not in the oracle, which runs outside the fibers and may share the planted fold.
  return active == bug && scheduler->current() != nullptr;
}

long long wall_clock_ms() {
  return 1'790'000'000'000 + scheduler->now_ms();
}

}  // namespace tocsin::simulation
