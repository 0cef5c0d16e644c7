#include <algorithm>
#include <cstdio>

#include "daemon/commands/backtest.h"
#include "daemon/commands/commands.h"
#include "pipeline/decode/decode.h"
#include "pipeline/encode/json_writer.h"

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
  const Languages& languages = setup.pipeline->languages;
  const ExampleReport report =
      run_examples(load_lexicon(setup.config, languages), languages, setup.pipeline->gazetteer);
  for (const ExampleFailure& failure : report.failures) {
    const LexiconExample& example = failure.example;
    print_failure(example.file, example.line, example.rule, example.text, failure.expected,
                  failure.got);
  }
  rules_without_example = report.rules_without_example;
  return {report.examples, report.failures.size()};
}

Count test_names(const std::vector<NameExample>& examples, const Pipeline& pipeline) {
  Count count;
  for (const NameExample& example : examples) {
    const std::string got = meaning_of(example, pipeline.languages, pipeline.gazetteer);
    ++count.examples;
    if (got == example.expected) continue;
    ++count.failed;
    print_failure(example.file, example.line, example.rule, example.text,
                  example.surface + "=" + example.expected, example.surface + "=" + got);
  }
  return count;
}

// Examples play from here on.
constexpr std::int64_t kExampleStartMs = 1'772'409'600'000;  // 2026-03-02

std::string article_json(const AlertExampleArticle& article, std::int64_t at_ms) {
  std::string out;
  JsonWriter json(out);
  json.open_object();
  json.key("title").string(article.title);
  if (!article.body.empty()) json.key("body").string(article.body);
  if (!article.source.empty()) json.key("source").string(article.source);
  if (!article.section.empty()) json.key("section").string(article.section);
  if (article.is_dated) json.key("published_at").string(format_time(at_ms - article.age_ms));
  json.close_object();
  return out;
}

// "opened low", "updated high", "closed high": what the rule made of the example, in order.
std::vector<std::string> alerts_of(const Setup& setup, const AlertRules& rules,
                                   const AlertExample& example) {
  Archive archive(setup.config, setup.pipeline, 1);
  AlertEngine engine(rules);
  std::vector<std::string> alerts;
  fold_alerts(archive, engine, [&](const AlertRecord& record) {
    alerts.push_back(std::string(name(record.change)) + ' ' + std::string(name(record.level)));
  });
  archive.open();
  std::int64_t offset = 0;
  bool is_fine = true;
  const auto add = [&](const AlertExampleArticle& article) {
    const std::string json = article_json(article, kExampleStartMs + article.at_ms);
    is_fine = is_fine && archive.add({"example", 0, offset++}, json);
  };
  // Nothing in particular, to say what time it is before and after.
  const auto say_time = [&](std::int64_t at_ms) {
    AlertExampleArticle filler;
    filler.at_ms = at_ms;
    filler.title = "Notes of hour " + std::to_string(at_ms / kHourMs);
    add(filler);
  };
  say_time(0);
  for (const AlertExampleArticle& article : example.articles) {
    say_time(article.at_ms);
    add(article);
  }
  for (std::int64_t at_ms = example.articles.back().at_ms; at_ms < example.until_ms;
       at_ms += kHourMs) {
    say_time(at_ms + kHourMs);
  }
  if (!is_fine || !archive.finish()) alerts.emplace_back("an article that cannot be read");
  return alerts;
}

std::string list_of(const std::vector<std::string>& alerts) {
  std::string text;
  for (const std::string& alert : alerts) text += (text.empty() ? "" : ", ") + alert;
  return text.empty() ? "nothing" : text;
}

// Each example alone with its rule.
Count test_alert_rules(const Setup& setup) {
  const LoadedAlertRules loaded = load_alert_rules(setup.config, setup.pipeline->gazetteer);
  Count count;
  for (const AlertExample& example : loaded.examples) {
    const AlertRules rules({*loaded.rules.find(example.rule)});
    const std::vector<std::string> got = alerts_of(setup, rules, example);
    ++count.examples;
    if (got == example.alerts) continue;
    ++count.failed;
    print_failure(example.file, example.line, example.rule, example.name, list_of(example.alerts),
                  list_of(got));
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
  // The examples of senses are about the names that ship.
  std::vector<NameExample> name_examples;
  if (setup.config.gazetteer.empty()) name_examples = load_languages().examples;
  name_examples.insert(name_examples.end(), names.examples.begin(), names.examples.end());
  const Count of_names = test_names(name_examples, *setup.pipeline);
  const Count of_alerts = test_alert_rules(setup);
  const std::size_t failed = of_rules.failed + of_names.failed + of_alerts.failed;
  std::printf("%zu examples, %zu failed",
              of_rules.examples + of_names.examples + of_alerts.examples, failed);
  if (rules_without_example > 0) {
    std::printf(", %zu rules without an example", rules_without_example);
  }
  std::printf("\n");
  return failed == 0 ? ExitCode::fine : ExitCode::failed;
}

}  // namespace tocsin
