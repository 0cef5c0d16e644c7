#include <malloc.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdio>

#include "config/machine.h"
#include "config/reload.h"
#include "daemon/commands/commands.h"
#include "daemon/file_limit.h"
#include "daemon/hold.h"
#include "daemon/huge_pages.h"
#include "daemon/kafka/client.h"
#include "daemon/log.h"
#include "daemon/memory_plan.h"
#include "daemon/process.h"
#include "daemon/schema_registry.h"

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
  use_huge_pages();
  return setup;
}

namespace {

// The pipeline of a configuration; faults go to the log, warnings are for `tocsin check`.
LoadedPipeline load_data(const Config& config) {
  LoadedPipeline loaded = load_pipeline(config);
  std::erase_if(loaded.faults, [](const Fault& fault) { return fault.is_warning; });
  log_faults("service", loaded.faults);
  use_huge_pages();
  return loaded;
}

// What does not fit into the memory that is granted gives way, or ends the start.
void fit_memory(Config& config, std::uint64_t resident_before) {
  const std::optional<std::uint64_t> limit = read_grants().memory_bytes;
  if (!limit) return;
  const std::uint64_t resident = resident_bytes();
  const MemoryPlan plan =
      plan_memory(config, *limit, {resident, resident - std::min(resident, resident_before)});
  if (plan.is_refused) {
    throw StopError(ExitCode::bad_input, "memory: it does not fit: " + plan.arithmetic);
  }
  if (!plan.is_lowered) return;
  spdlog::warn("memory: lowered entries_max={} inflight_bytes_max={}: {}", plan.entries_max,
               plan.limits.inflight_bytes_max, plan.arithmetic);
  config.limits = plan.limits;
  if (plan.entries_max < config.dedupe.entries_max) {
    config.dedupe.entries_granted = plan.entries_max;
  }
}

// glibc gives threads arenas of their own, eight for each core, and each keeps what a thread left:
// a reload by reload growing heap. One arena for each worker is enough for none to wait.
void bound_arenas(unsigned workers) {
  // Before any thread begins. NOLINTNEXTLINE(concurrency-mt-unsafe)
  ::mallopt(M_ARENA_MAX, static_cast<int>(std::max(1U, workers)));
}

void log_start(const Config& config, const Pipeline& pipeline) {
  spdlog::info(
      "service: starting version={} librdkafka={} config={} lexicon={} instance={} group={} "
      "delivery={} raw={} enriched={} duplicates={} deadletter={} ledger={} workers={}",
      TOCSIN_VERSION, kafka::library_version(), pipeline.stamp.config, pipeline.stamp.lexicon,
      config.instance, config.kafka.group, name(config.delivery), joined(config.topics.raw, ","),
      config.topics.enriched, config.topics.duplicates, config.topics.deadletter,
      config.topics.ledger, config.worker_count());
}

// The first of them, in a line.
std::string first_of(const std::vector<Fault>& faults) {
  const auto error = std::find_if(faults.begin(), faults.end(),
                                  [](const Fault& fault) { return !fault.is_warning; });
  if (error == faults.end()) return "";
  return error->file + ':' + std::to_string(error->line) + ": " + error->message;
}

// Of the file as it is now: what a reload may change, on top of what is in force.
Reloaded reload(const std::filesystem::path& file, const Config& running) {
  Reloaded reloaded;
  const ConfigResult read = load_config(file);
  log_faults("service", read.faults);
  reloaded.fault = first_of(read.faults);
  if (!read.ok()) return reloaded;
  ConfigChange change = config_change(Program::run, running, read.config);
  if (!change.refusal.empty()) {
    spdlog::error("service: a restart with this file would be refused: {}", change.refusal);
    reloaded.fault = change.refusal;
    return reloaded;
  }
  LoadedPipeline loaded = load_data(change.config);
  reloaded.fault = first_of(loaded.faults);
  reloaded.pipeline = std::move(loaded.pipeline);
  reloaded.config = std::move(change.config);
  reloaded.restart_keys = std::move(change.restart);
  return reloaded;
}

// How a run ended, and what holding it needs.
struct RunEnd {
  ExitCode exit_code = ExitCode::fine;
  std::string reason;
  AdminConfig admin;
};

RunEnd run_once(const std::filesystem::path& file) {
  ConfigResult read = load_config(file);
  init_log(read.config.log, read.config.instance);
  log_faults("service", read.faults);
  bound_arenas(read.config.worker_count());
  RunEnd end{ExitCode::fine, "", read.config.admin};
  const auto ended = [&](ExitCode exit_code, std::string reason) {
    end.exit_code = exit_code;
    end.reason = std::move(reason);
    return end;
  };
  if (!read.ok()) return ended(ExitCode::bad_input, "the configuration is wrong");
  try {
    claim_files();
    const std::uint64_t resident_before = resident_bytes();
    std::shared_ptr<const Pipeline> pipeline = load_data(read.config).pipeline;
    if (!pipeline) return ended(ExitCode::bad_input, "the data files are wrong");
    fit_memory(read.config, resident_before);
    log_start(read.config, *pipeline);
    check_schema_ids(read.config);
    Process process(std::move(read.config), std::move(pipeline),
                    [file](const Config& running) { return reload(file, running); });
    const ExitCode exit_code = process.run();
    return ended(exit_code, process.failure());
  } catch (const StopError& error) {
    spdlog::error("service: failed: {}", error.what());
    return ended(error.exit_code(), error.what());
  } catch (const std::exception& error) {
    spdlog::error("service: failed: {}", error.what());
    return ended(ExitCode::failed, error.what());
  }
}

}  // namespace

ExitCode run_service(const RunOptions& options) {
  while (true) {
    const RunEnd end = run_once(options.config);
    const bool is_refused =
        end.exit_code == ExitCode::bad_input || end.exit_code == ExitCode::state_refused;
    if (!options.is_held || !is_refused) return end.exit_code;
    if (hold(end.admin, end.exit_code, end.reason) == HoldEnd::stop) return end.exit_code;
  }
}

}  // namespace tocsin
