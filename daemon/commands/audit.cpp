#include "daemon/audit/audit.h"

#include <cstdio>

#include "daemon/commands/commands.h"
#include "daemon/commands/output.h"
#include "daemon/commands/progress.h"
#include "daemon/log.h"

namespace tocsin {

ExitCode audit(const AuditOptions& options) {
  Setup setup = load_setup(options.config);
  if (!setup.pipeline) return ExitCode::bad_input;
  init_log(setup.config.log, setup.config.instance);
  AuditReport report;
  try {
    Progress progress("records", 0);
    Audit audit(setup.config, std::move(setup.pipeline), options.listed_max);
    audit.on_progress = [&](std::uint64_t done, std::uint64_t total) {
      progress.set_total(total);
      progress.show(done, done);
    };
    report = audit.run();
  } catch (const StopError& error) {
    std::fprintf(stderr, "tocsin: %s\n", error.what());
    return error.exit_code();
  }
  const std::string text = options.as_json ? json_of(report) : text_of(report);
  if (!write_output(text)) return ExitCode::failed;
  return report.is_clean() ? ExitCode::fine : ExitCode::failed;
}

}  // namespace tocsin
