#include <cstdio>

#include "daemon/commands/commands.h"

namespace tocsin {

ExitCode test(const std::filesystem::path& file) {
  const Setup setup = load_setup(file);
  if (!setup.pipeline) return ExitCode::bad_input;
  // Loaded once more for the examples beside the rules, that a service has no use for.
  const LoadedLexicon loaded = load_lexicon(setup.config);
  const ExampleReport report = run_examples(loaded, setup.pipeline->gazetteer);
  for (const ExampleFailure& failure : report.failures) {
    const LexiconExample& example = failure.example;
    std::printf("%s:%u: rule %s failed\n  example   %s\n  expected  %s\n  got       %s\n",
                example.file.c_str(), example.line, example.rule.c_str(), example.text.c_str(),
                failure.expected.c_str(), failure.got.c_str());
  }
  std::printf("%zu examples, %zu failed", report.examples, report.failures.size());
  if (report.rules_without_example > 0) {
    std::printf(", %zu rules without an example", report.rules_without_example);
  }
  std::printf("\n");
  if (std::fflush(stdout) != 0) return ExitCode::failed;
  return report.failures.empty() ? ExitCode::fine : ExitCode::failed;
}

}  // namespace tocsin
