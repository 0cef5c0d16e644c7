// A fault in a file the user wrote: where it is, what is wrong, and how it is shown.
// Promises: compiler style, `file:line:column: error: message`, the source line and a caret under
// it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin {

struct Fault {
  std::string file;
  std::uint32_t line = 0;    // from 1; 0: the file as a whole
  std::uint32_t column = 0;  // from 1, in code points; 0: the line as a whole
  std::string message;
  bool is_warning = false;
  std::string source_line;  // empty: not shown
};

[[nodiscard]] bool has_errors(std::span<const Fault> faults) noexcept;
// By file, line, column, message; doubles removed.
void sort_faults(std::vector<Fault>& faults);
// With a line break at its end.
[[nodiscard]] std::string render(const Fault& fault);
[[nodiscard]] std::string render(std::span<const Fault> faults);
// Line `number` (from 1) of a text, without its line break.
[[nodiscard]] std::string_view line_of(std::string_view text, std::uint32_t number);

// The nearest of `known` by Damerau-Levenshtein distance (optimal string alignment), for
// "did you mean"; empty when none is near enough: 2 edits, 1 for words of up to 4 letters.
[[nodiscard]] std::string nearest(std::string_view word, std::span<const std::string> known);

}  // namespace tocsin
