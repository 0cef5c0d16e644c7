// Whether a service fits into the memory it is granted, and what gives way if it does not. Pure:
// numbers in, numbers and the arithmetic for a person out.
#pragma once

#include <cstdint>
#include <string>

#include "config/config.h"

namespace tocsin {

struct MemoryNeeds {
  std::uint64_t resident_bytes = 0;  // now: program, names, rules
  std::uint64_t pipeline_bytes = 0;  // of them, what a reload holds twice for a moment
};

struct MemoryPlan {
  LimitsConfig limits;            // the configured ones, queues lowered where they do not fit
  std::uint64_t entries_max = 0;  // as configured, or what there is room for
  bool is_lowered = false;
  bool is_refused =
      false;               // what was asked for explicitly does not fit, or not even the least does
  std::string arithmetic;  // "limit 2.00 GB × 0.9 = ..."; set when it is lowered or refused
};

// An entries_max other than the default is what somebody chose: it is refused, not lowered.
[[nodiscard]] MemoryPlan plan_memory(const Config& config, std::uint64_t limit_bytes,
                                     const MemoryNeeds& needs);

// Of the dedup state, everything counted (docs: memory; tests/bench/restore.py measures it).
inline constexpr std::uint64_t kEntryBytes = 600;

}  // namespace tocsin
