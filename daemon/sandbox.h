// What may kill the process, tried in another one.
#pragma once

#include <chrono>
#include <functional>
#include <string_view>

namespace tocsin {

// For a child: it ends with its parent, and goes first where memory ends.
void be_expendable();

// Runs `work` on the bytes in a child of this process. True when the child dies over it, or is not
// done by `limit`, or cannot be made. The child has one thread and the locks of all others as they
// were: `work` takes none of ours, logs nothing and touches no client.
[[nodiscard]] bool dies_over(std::string_view bytes, const std::function<void()>& work,
                             std::chrono::milliseconds limit);

}  // namespace tocsin
