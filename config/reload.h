// What a changed configuration means for a program that runs: which keys a reload brings into
// force, which need a restart, and what a restart would refuse.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace tocsin {

enum class Program : std::uint8_t { run, notify };

struct ConfigChange {
  std::vector<std::string> reloaded;  // keys, in the order of the sample
  std::vector<std::string> restart;   // the same: in force after a restart only
  Config config;                      // the running one, with the reloaded keys of the other
  std::string refusal;                // why a restart with the other would end with exit code 3
};

// Keys that the program does not read are in neither list.
[[nodiscard]] ConfigChange config_change(Program program, const Config& running,
                                         const Config& wanted);

// "a, b, c".
[[nodiscard]] std::string joined(const std::vector<std::string>& words, std::string_view between);

}  // namespace tocsin
