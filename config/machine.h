// What the machine, or the container on it, grants this process: memory and processors, as control
// groups limit them (cgroups(7), versions 1 and 2).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace tocsin {

struct Grants {
  std::optional<std::uint64_t> memory_bytes;  // nullopt: no limit
  std::optional<double> processors;           // of time; nullopt: no quota
};

// The least along the way from the process's own group to the root. `root` is where /proc and /sys
// are, for tests. What cannot be read limits nothing.
[[nodiscard]] Grants read_grants(const std::filesystem::path& root = "/");

// Threads worth having: the processors this process may run on, no more than the quota grants, at
// least one.
[[nodiscard]] unsigned processor_count();

// Resident memory of this process, bytes; 0 when it cannot be read.
[[nodiscard]] std::uint64_t resident_bytes();

}  // namespace tocsin
