// What may be written to a terminal: colours and lines that are drawn over.
#pragma once

namespace tocsin {

// A terminal that can move its cursor: $TERM is neither absent nor "dumb" (terminfo(5)).
[[nodiscard]] bool is_capable_terminal(int descriptor);
// The same, and nobody asked for none ($NO_COLOR, no-color.org).
[[nodiscard]] bool has_colour(int descriptor);

}  // namespace tocsin
