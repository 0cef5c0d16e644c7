#include <spdlog/spdlog.h>

#include <cstdio>

#include "daemon/commands/commands.h"
#include "daemon/kafka/client.h"
#include "daemon/log.h"
#include "daemon/process.h"

namespace tocsin {
namespace {

// Faults to standard error, as a compiler shows them; the count of errors decides elsewhere.
void print(const std::vector<Fault>& faults) {
  const std::string text = render(faults);
  std::fwrite(text.data(), 1, text.size(), stderr);
}

}  // namespace

std::optional<Config> read_config(const std::filesystem::path& file) {
  ConfigResult result = load_config(file);
  print(result.faults);
  if (!result.ok()) return std::nullopt;
  return std::move(result.config);
}

Setup load_setup(const std::filesystem::path& file, std::optional<InputFormat> format,
                 const std::filesystem::path& alert_rules) {
  Setup setup;
  if (file.empty()) {
    setup.config = default_config();
  } else {
    std::optional<Config> config = read_config(file);
    if (!config) return setup;
    setup.config = *std::move(config);
  }
  if (format) setup.config.input.format = *format;
  if (!alert_rules.empty()) setup.config.alerts.rules = alert_rules;
  LoadedPipeline loaded = load_pipeline(setup.config);
  std::erase_if(loaded.faults, [](const Fault& fault) { return fault.is_warning; });
  print(loaded.faults);  // warnings are for `tocsin check`
  setup.pipeline = std::move(loaded.pipeline);
  return setup;
}

ExitCode run_service(const std::filesystem::path& config_file) {
  Setup setup = load_setup(config_file);
  if (!setup.pipeline) return ExitCode::bad_input;
  init_log(setup.config.log, setup.config.instance);
  std::string raw_topics;
  for (const std::string& topic : setup.config.topics.raw)
    raw_topics += (raw_topics.empty() ? "" : ",") + topic;
  spdlog::info(
      "service: starting version={} librdkafka={} config={} lexicon={} instance={} group={} "
      "delivery={} raw={} enriched={} duplicates={} deadletter={} ledger={} workers={}",
      TOCSIN_VERSION, rd_kafka_version_str(), setup.pipeline->stamp.config,
      setup.pipeline->stamp.lexicon, setup.config.instance, setup.config.kafka.group,
      name(setup.config.delivery), raw_topics, setup.config.topics.enriched,
      setup.config.topics.duplicates, setup.config.topics.deadletter, setup.config.topics.ledger,
      setup.config.worker_count());
  try {
    Process process(setup.config, std::move(setup.pipeline),
                    [config_file] { return load_setup(config_file).pipeline; });
    return process.run();
  } catch (const StopError& error) {
    spdlog::error("service: {}", error.what());
    return error.exit_code();
  }
}

}  // namespace tocsin
