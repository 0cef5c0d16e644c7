// The manual page and the shells' completions, made from the command line itself, so that they
// never say anything else than `--help`.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace tocsin {

// tocsin(1) in troff's man macros.
[[nodiscard]] std::string manual_page(const CLI::App& app);

// Verbs, options and their fixed choices; files where an option takes anything else.
[[nodiscard]] std::string bash_completion(const CLI::App& app);
[[nodiscard]] std::string zsh_completion(const CLI::App& app);
[[nodiscard]] std::string fish_completion(const CLI::App& app);

}  // namespace tocsin
