#include <cstdio>

#include "daemon/commands/commands.h"

namespace tocsin {
namespace {

struct Count {
  std::size_t examples = 0;
  std::size_t failed = 0;
};

void print_failure(const std::string& file, std::uint32_t line, const std::string& rule,
                   const std::string& text, const std::string& expected, const std::string& got) {
  std::printf("%s:%u: rule %s failed\n  example   %s\n  expected  %s\n  got       %s\n",
              file.c_str(), line, rule.c_str(), text.c_str(), expected.c_str(), got.c_str());
}

// Loaded once more for the examples beside the rules, that a service has no use for.
Count test_lexicon(const Setup& setup, std::size_t& rules_without_example) {
  const ExampleReport report = run_examples(load_lexicon(setup.config), setup.pipeline->gazetteer);
  for (const ExampleFailure& failure : report.failures) {
    const LexiconExample& example = failure.example;
    print_failure(example.file, example.line, example.rule, example.text, failure.expected,
                  failure.got);
  }
  rules_without_example = report.rules_without_example;
  return {report.examples, report.failures.size()};
}

Count test_names(const std::vector<NameExample>& examples, const Gazetteer& gazetteer) {
  Count count;
  for (const NameExample& example : examples) {
    const std::string got = meaning_of(example, gazetteer);
    ++count.examples;
    if (got == example.expected) continue;
    ++count.failed;
    print_failure(example.file, example.line, example.rule, example.text,
                  example.surface + "=" + example.expected, example.surface + "=" + got);
  }
  return count;
}

}  // namespace

ExitCode test(const std::filesystem::path& file) {
  const Setup setup = load_setup(file);
  if (!setup.pipeline) return ExitCode::bad_input;
  const LoadedNameExamples names = load_name_examples(setup.config);
  if (!names.faults.empty()) {
    const std::string text = render(names.faults);
    std::fwrite(text.data(), 1, text.size(), stderr);
    return ExitCode::bad_input;
  }
  std::size_t rules_without_example = 0;
  const Count of_rules = test_lexicon(setup, rules_without_example);
  const Count of_names = test_names(names.examples, setup.pipeline->gazetteer);
  std::printf("%zu examples, %zu failed", of_rules.examples + of_names.examples,
              of_rules.failed + of_names.failed);
  if (rules_without_example > 0) {
    std::printf(", %zu rules without an example", rules_without_example);
  }
  std::printf("\n");
  if (std::fflush(stdout) != 0) return ExitCode::failed;
  return of_rules.failed + of_names.failed == 0 ? ExitCode::fine : ExitCode::failed;
}

}  // namespace tocsin
