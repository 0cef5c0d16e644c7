// Standard output as every verb writes it. Promises: what could not be written is said once on
// standard error, with the reason, and is exit code 1.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace tocsin {

// Everything and at once; false: told already.
[[nodiscard]] bool write_output(std::string_view text);
// What printf has left to write; false: told already.
[[nodiscard]] bool flush_output();

// A stranger's text as it may be shown on a terminal: no control characters, so no escape sequence
// reaches it, and nothing that turns the direction of a line.
[[nodiscard]] std::string printable(std::string_view text);

// 0, 1 and 2 are what the process was given or lead nowhere, never a file or socket of its own.
void occupy_standard_streams();

// A file as a whole. A regular file, or none: written beside and renamed, so that whoever opens or
// maps the name has the old content or the new one. A link: the same for what it points at. A
// device or a pipe is written through. Empty when it was, else why not.
[[nodiscard]] std::string write_file(const std::filesystem::path& path, std::string_view content);

}  // namespace tocsin
