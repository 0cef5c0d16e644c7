#include "daemon/commands/archive.h"
#include "daemon/commands/output.h"

namespace tocsin {

ExitCode replay(const ReplayOptions& options) {
  const Setup setup = load_setup(options.config, options.format);
  if (!setup.pipeline) return ExitCode::bad_input;
  Archive archive(setup.config, setup.pipeline, options.workers);
  archive.on_outcomes = [](const std::string& lines) { return write_output(lines); };
  return replay_files(setup, options.files, archive);
}

}  // namespace tocsin
