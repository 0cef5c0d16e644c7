#include "daemon/notify/notify.h"

#include <spdlog/spdlog.h>

#include "daemon/commands/commands.h"
#include "daemon/log.h"

namespace tocsin {

ExitCode notify(const std::filesystem::path& config_file) {
  const std::optional<Config> config = read_config(config_file);
  if (!config) return ExitCode::bad_input;
  init_log(config->log, config->instance);
  spdlog::info("notify: starting version={} group={} alerts={} ledger={} targets={}",
               TOCSIN_VERSION, config->kafka.group, config->topics.alerts, config->topics.ledger,
               config->alerts.webhooks.size());
  try {
    return Notify(*config).run();
  } catch (const StopError& error) {
    spdlog::error("notify: {}", error.what());
    return error.exit_code();
  }
}

}  // namespace tocsin
