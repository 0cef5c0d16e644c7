// A service that must not run and is not ended either: for supervisors that start every process
// again, whatever its exit code (Kubernetes).
#pragma once

#include <string>

#include "config/config.h"
#include "daemon/stop.h"

namespace tocsin {

enum class HoldEnd : std::uint8_t { stop, reload };

// Serves /livez (200), /readyz (503 with the reason) and /metrics on admin.listen until SIGTERM or
// SIGINT (stop) or until SIGHUP or POST /-/reload (reload: try again). An address that cannot be
// used is tried again; nothing is thrown.
[[nodiscard]] HoldEnd hold(const AdminConfig& admin, ExitCode exit_code, const std::string& reason);

}  // namespace tocsin
