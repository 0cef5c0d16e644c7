#include "daemon/terminal.h"

#include <unistd.h>

#include "config/scalars.h"

namespace tocsin {

bool is_capable_terminal(int descriptor) {
  const auto kind = process_variable("TERM");
  return kind && !kind->empty() && *kind != "dumb" && ::isatty(descriptor) == 1;
}

bool has_colour(int descriptor) {
  const auto no_colour = process_variable("NO_COLOR");
  return (!no_colour || no_colour->empty()) && is_capable_terminal(descriptor);
}

}  // namespace tocsin
