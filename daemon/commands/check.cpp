#include <algorithm>
#include <cstdio>

#include "config/reload.h"
#include "config/silences.h"
#include "daemon/commands/commands.h"
#include "daemon/preflight.h"
#include "pipeline/entities/gazetteer_state.h"

namespace tocsin {
namespace {

void print(const std::vector<Fault>& faults) {
  const std::string text = render(faults);
  std::fwrite(text.data(), 1, text.size(), stderr);
}

std::string counted(std::size_t count, std::string_view noun, std::string_view nouns) {
  return std::to_string(count) + " " + std::string(count == 1 ? noun : nouns);
}

// What the cluster says; the exit code that `tocsin run` would end with.
ExitCode ask_cluster(const Config& config) {
  ExitCode exit_code = ExitCode::fine;
  for (const ClusterFinding& finding : cluster_findings(config)) {
    const bool is_error = finding.exit_code != ExitCode::fine;
    std::fprintf(is_error ? stderr : stdout, "  %s%s\n",
                 is_error             ? "error: "
                 : finding.is_warning ? "warning: "
                                      : "",
                 finding.text.c_str());
    if (exit_code == ExitCode::fine) exit_code = finding.exit_code;
  }
  return exit_code;
}

void print_keys(const char* what, const std::vector<std::string>& keys) {
  if (!keys.empty()) std::printf("  %s: %s\n", what, joined(keys, ", ").c_str());
}

// What the file would change for a program that runs with `running`.
ExitCode compare_with(const std::filesystem::path& against, const Config& wanted) {
  const ConfigResult running = load_config(against);
  print(running.faults);
  if (!running.ok()) return ExitCode::bad_input;
  const ConfigChange run = config_change(Program::run, running.config, wanted);
  const ConfigChange notify = config_change(Program::notify, running.config, wanted);
  print_keys("run: a reload brings into force", run.reloaded);
  print_keys("run: needs a restart", run.restart);
  print_keys("notify: a reload brings into force", notify.reloaded);
  print_keys("notify: needs a restart", notify.restart);
  if (run.refusal.empty()) return ExitCode::fine;
  std::fprintf(stderr, "%s: error: a restart would be refused: %s\n", wanted.file.c_str(),
               run.refusal.c_str());
  return ExitCode::bad_input;
}

}  // namespace

ExitCode check(const CheckOptions& options) {
  const std::filesystem::path& file = options.config;
  ConfigResult result = load_config(file);
  // The data files are looked at even when the configuration is faulty: all faults at once.
  LoadedPipeline loaded = load_pipeline(result.config);
  std::vector<Fault> faults = std::move(result.faults);
  // Warnings about files that ship are for who ships them (tests), not for who uses them.
  std::erase_if(loaded.faults, [](const Fault& fault) {
    return fault.is_warning && fault.file.starts_with("gazetteer/");
  });
  faults.insert(faults.end(), loaded.faults.begin(), loaded.faults.end());
  if (!has_errors(faults)) {
    for (const std::string& fault : offline_faults(result.config)) {
      faults.push_back({file.string(), 0, 0, fault, false, ""});
    }
  }
  const LoadedSilences silences = load_silences(result.config.alerts.silences);
  faults.insert(faults.end(), silences.faults.begin(), silences.faults.end());
  sort_faults(faults);
  print(faults);
  const auto warnings = static_cast<std::size_t>(
      std::count_if(faults.begin(), faults.end(), [](const Fault& f) { return f.is_warning; }));
  if (has_errors(faults)) {
    std::fprintf(stderr, "%s: %s\n", file.c_str(),
                 counted(faults.size() - warnings, "error", "errors").c_str());
    return ExitCode::bad_input;
  }
  const Pipeline& pipeline = *loaded.pipeline;
  std::printf("%s: ok (%s, %s, %s; %s)\n", file.c_str(),
              counted(pipeline.gazetteer.entities().size(), "entity", "entities").c_str(),
              counted(pipeline.gazetteer.state().names.size(), "name", "names").c_str(),
              counted(pipeline.lexicon.rule_count(), "rule", "rules").c_str(),
              counted(warnings, "warning", "warnings").c_str());
  std::printf("  config %s  lexicon %s\n", pipeline.stamp.config.c_str(),
              pipeline.stamp.lexicon.c_str());
  if (options.connects) {
    try {
      if (const ExitCode code = ask_cluster(result.config); code != ExitCode::fine) return code;
    } catch (const StopError& error) {
      std::fprintf(stderr, "  error: %s\n", error.what());
      return error.exit_code();
    }
  }
  if (!options.against.empty()) return compare_with(options.against, result.config);
  return ExitCode::fine;
}

}  // namespace tocsin
