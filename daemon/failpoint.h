// Places where a test makes the process die: TOCSIN_FAIL_AT=name[:n] ends it with SIGKILL's effect
// at the n-th pass (default 1). Costs one comparison when the variable is not set.
#pragma once

#include <string_view>

namespace tocsin {

void failpoint(std::string_view name);

}  // namespace tocsin
