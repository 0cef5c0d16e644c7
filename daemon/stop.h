// Why and how the process ends: the exit codes as a type.
#pragma once

#include <stdexcept>
#include <string>

namespace tocsin {

enum class ExitCode : int {
  fine = 0,
  failed = 1,         // the run failed; a restart may help
  bad_input = 2,      // flags, config or files are wrong; must not be restarted
  state_refused = 3,  // foreign or damaged ledger, newer format, a twin; must not be restarted
};

// Thrown while starting and from the loops' own threads; caught once at the top of each.
class StopError : public std::runtime_error {
 public:
  StopError(ExitCode exit_code, const std::string& reason)
      : std::runtime_error(reason), exit_code_(exit_code) {}
  [[nodiscard]] ExitCode exit_code() const noexcept { return exit_code_; }

 private:
  ExitCode exit_code_;
};

}  // namespace tocsin
