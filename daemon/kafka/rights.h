// What the brokers let us do, asked without doing it; for `tocsin check --connect`.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "daemon/kafka/client.h"

namespace tocsin::kafka {

// Topics that may not be written, each "not authorized: WRITE on topic ...", or why that cannot be
// told. Nothing is written: a record larger than the topic takes is refused for its size by a
// broker that would let us, and for the access by one that would not. `bytes_max`: of each topic.
[[nodiscard]] std::vector<std::string> write_faults(
    const Config& config, const std::map<std::string, std::int64_t>& bytes_max);

// Throws StopError when transactions cannot be begun: failed without access to transactional ids,
// bad_input with a time-out above the brokers'. Fences nobody: under an id of its own beside the
// instances', `tocsin.<group>.check`.
void check_transactions(const Config& config);

}  // namespace tocsin::kafka
