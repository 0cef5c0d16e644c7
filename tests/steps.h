// How many basic blocks this thread has run: a measure of work that is the same in every run.
// Only the sanitizer build counts; what is compiled with -fsanitize-coverage=trace-pc calls in
// here.
#pragma once

#include <cstdint>

namespace tocsin {

[[nodiscard]] std::uint64_t steps_so_far() noexcept;

}  // namespace tocsin
