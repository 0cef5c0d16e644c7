#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "config/reload.h"
#include "daemon/commands/commands.h"
#include "daemon/file_limit.h"
#include "daemon/log.h"
#include "daemon/notify/notify.h"
#include "daemon/notify/sender.h"
#include "daemon/unix_time.h"

namespace tocsin {
namespace {

// One marked alert to one webhook; PagerDuty's incident is resolved again.
ExitCode test_target(const Config& config, const std::string& name) {
  const std::vector<WebhookConfig>& webhooks = config.alerts.webhooks;
  const auto webhook = std::find_if(webhooks.begin(), webhooks.end(),
                                    [&](const WebhookConfig& one) { return one.name == name; });
  if (webhook == webhooks.end()) {
    std::vector<std::string> names;
    for (const WebhookConfig& one : webhooks) names.push_back(one.name);
    std::fprintf(stderr, "tocsin: no webhook '%s'; there are: %s\n", name.c_str(),
                 names.empty() ? "none" : joined(names, ", ").c_str());
    return ExitCode::bad_input;
  }
  const Sender sender(*webhook, config.kafka.group);
  const std::int64_t revision = unix_seconds();
  for (const bool is_closed : {false, true}) {
    if (is_closed && webhook->kind != WebhookKind::pagerduty) break;
    const HttpAnswer answer =
        sender.post(*read_alert(test_alert(config.kafka.group, is_closed, revision)));
    if (!answer.is_success()) {
      std::fprintf(stderr, "tocsin: %s: not delivered: status %u: %s\n", name.c_str(),
                   answer.status, one_line(answer.error).c_str());
      return ExitCode::failed;
    }
    std::printf("%s: %s delivered, status %u\n", name.c_str(), is_closed ? "its end" : "test alert",
                answer.status);
  }
  return ExitCode::fine;
}

}  // namespace

ExitCode notify(const NotifyOptions& options) {
  if (!options.test_target.empty()) {
    const std::optional<Config> config = read_config(options.config);
    if (!config) return ExitCode::bad_input;
    try {
      return test_target(*config, options.test_target);
    } catch (const StopError& error) {
      std::fprintf(stderr, "tocsin: %s\n", error.what());
      return error.exit_code();
    }
  }
  const ConfigResult read = load_config(options.config);
  const Config& config = read.config;
  init_log(config.log, config.instance);
  log_faults("notify", read.faults);
  if (!read.ok()) return ExitCode::bad_input;
  spdlog::info("notify: starting version={} group={} alerts={} ledger={} targets={}",
               TOCSIN_VERSION, config.kafka.group, config.topics.alerts, config.topics.ledger,
               config.alerts.webhooks.size());
  try {
    claim_files();
    return Notify(config).run();
  } catch (const StopError& error) {
    spdlog::error("notify: failed: {}", error.what());
    return error.exit_code();
  }
}

}  // namespace tocsin
