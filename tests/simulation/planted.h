// Bugs planted in copies of the daemon's sources (plant.py), to show that the simulation finds
// them. The shipped sources know nothing of this.
#pragma once

#include <string_view>

namespace tocsin::simulation {

// Turns one on for the process; an empty name: none.
void plant(std::string_view bug);
[[nodiscard]] bool planted(std::string_view bug);
// The virtual clock of day, for a fold that wrongly asks for it.
[[nodiscard]] long long wall_clock_ms();

}  // namespace tocsin::simulation
