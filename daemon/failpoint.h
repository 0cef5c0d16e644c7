// Places where a test makes the process die or stall: TOCSIN_FAIL_AT=name[:n] ends it as SIGKILL
// would at the n-th pass (default 1), name:n:milliseconds holds the passing thread that long.
#pragma once

#include <string_view>

namespace tocsin {

void failpoint(std::string_view name);
// The same for what is to go wrong without a death: true at the n-th pass.
[[nodiscard]] bool failpoint_reached(std::string_view name);
// Dies when the variable names it and the bytes hold "tocsin.test.deadly".
void failpoint_on(std::string_view name, std::string_view bytes);
// True when the variable names it, whatever the pass.
[[nodiscard]] bool failpoint_armed(std::string_view name);

}  // namespace tocsin
