#include <CLI/CLI.hpp>
#include <boost/version.hpp>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <exception>
#include <functional>
#include <optional>
#include <string>

#include "config/fault.h"
#include "config/schema.h"
#include "daemon/command_pages.h"
#include "daemon/commands/commands.h"
#include "daemon/commands/output.h"
#include "daemon/kafka/client.h"
#include "daemon/signals.h"
#include "pipeline/decode/decode.h"

namespace {

using tocsin::ExitCode;
using tocsin::InputFormat;

std::string version_text() {
  return std::string("tocsin " TOCSIN_VERSION "\nlibrdkafka ") + tocsin::kafka::library_version() +
         "\nboost " + std::to_string(BOOST_VERSION / 100000) + "." +
         std::to_string(BOOST_VERSION / 100 % 1000) + "\n";
}

// What the user typed. `verb` is set by the parser: what to run once everything is known to be
// right.
struct CommandLine {
  std::string config;
  std::string against;
  std::string test_target;
  bool is_held = false;
  std::string rules;
  std::optional<std::string> format;
  std::vector<std::string> files;
  std::string output;
  std::string source;
  std::string compare;
  bool has_report = false;
  bool has_trees = false;
  bool connects = false;
  bool asks_ready = false;
  std::string resume_from;
  unsigned workers = 0;
  bool as_json = false;
  std::size_t listed_max = tocsin::AuditOptions{}.listed_max;
  std::int64_t from = 0;
  std::uint64_t records_max = tocsin::LedgerShowOptions{}.records_max;
  tocsin::DeadletterOptions deadletter;
  tocsin::TapOptions tap;
  tocsin::TopOptions top;
  std::function<ExitCode()> verb;

  [[nodiscard]] std::optional<InputFormat> input_format() const {
    if (!format) return std::nullopt;
    return *format == "text" ? InputFormat::text : InputFormat::json;
  }
  [[nodiscard]] tocsin::ExplainFormat explain_format() const {
    if (format == "json") return tocsin::ExplainFormat::json;
    return format == "html" ? tocsin::ExplainFormat::html : tocsin::ExplainFormat::text;
  }
};

// What a person typed is looked at before anybody is asked.
std::string time_fault(const std::string& text) {
  return tocsin::parse_time_ms(text) ? "" : "'" + text + "' is no time (RFC 3339)";
}

std::string place_fault(const std::string& text) {
  std::int32_t partition = -1;
  std::int64_t offset = -1;
  const char* end = text.data() + text.size();
  const auto [slash, fault] = std::from_chars(text.data(), end, partition);
  if (fault == std::errc{} && slash != end) std::from_chars(slash + 1, end, offset);
  // As it is written: what is too large, or has zeros in front, is the place of no record.
  const bool is_place = partition >= 0 && offset >= 0 &&
                        text == std::to_string(partition) + "/" + std::to_string(offset);
  return is_place ? "" : "'" + text + "' is no place (<partition>/<offset>)";
}

void add_format(CLI::App* verb, CommandLine& line) {
  verb->add_option("--format", line.format, "json (one article a line) or text (one a file)")
      ->check(CLI::IsMember({"json", "text"}));
}

void add_service_verbs(CLI::App& app, CommandLine& line) {
  CLI::App* run = app.add_subcommand("run", "The service: Kafka in, Kafka out, until SIGTERM");
  run->add_option("--config", line.config, "The configuration (YAML)")->required();
  run->add_flag(
      "--hold", line.is_held,
      "Where exit code 2 or 3 would end it: stay, live but not ready, with the reason on\n"
      "/readyz, and try again at SIGHUP. For supervisors that restart whatever the code "
      "is");
  run->callback([&line] {
    line.verb = [&line] { return tocsin::run_service({line.config, line.is_held}); };
  });

  CLI::App* notify = app.add_subcommand(
      "notify", "Alerts to webhooks (alerts.webhooks), and an alert when tocsin has stopped");
  notify->add_option("--config", line.config, "The configuration (YAML)")->required();
  notify->add_option("--test", line.test_target,
                     "Sends one marked test alert to this webhook, and ends");
  notify->callback([&line] {
    line.verb = [&line] { return tocsin::notify({line.config, line.test_target}); };
  });

  CLI::App* page = app.add_subcommand(
      "page", "The live page of a whole cluster, from its output topics alone (page.listen)");
  page->add_option("--config", line.config, "The configuration (YAML)")->required();
  page->callback([&line] { line.verb = [&line] { return tocsin::page_alone({line.config}); }; });

  CLI::App* check =
      app.add_subcommand("check", "Every fault of a configuration and of the data files it names");
  check->add_option("--config", line.config, "The configuration (YAML)")->required();
  check->add_flag("--connect", line.connects,
                  "Ask the cluster, too: topics, settings, limits, access, offsets");
  check->add_option("--against", line.against,
                    "The file of what runs: names the keys that a reload brings into force, those "
                    "that\nneed a restart, and what a restart would refuse");
  check->callback([&line] {
    line.verb = [&line] { return tocsin::check({line.config, line.against, line.connects}); };
  });
}

void add_health(CLI::App& app, CommandLine& line) {
  CLI::App* health = app.add_subcommand(
      "health",
      "What the service on this host says of itself (admin.listen); exit 1 when not well");
  health->add_option("--config", line.config, "The configuration (YAML)")->required();
  health->add_flag("--ready", line.asks_ready, "Whether it is ready; else only whether it lives");
  health->callback(
      [&line] { line.verb = [&line] { return tocsin::health(line.config, line.asks_ready); }; });
}

void add_report_format(CLI::App* verb, CommandLine& line) {
  verb->add_option_function<std::string>(
          "--format", [&line](const std::string& format) { line.as_json = format == "json"; },
          "text (default) or json")
      ->check(CLI::IsMember({"text", "json"}));
}

void add_state_verbs(CLI::App& app, CommandLine& line) {
  constexpr const char* kConfig = "The configuration (YAML)";
  CLI::App* audit = app.add_subcommand(
      "audit",
      "Folds raw topic and ledger again and compares with what was published: lost, doubled,\n"
      "differing, unexplained, broken chains of copies; exit 0 or 1. Reads only; the service may\n"
      "run. Memory: 0.25 kB for each article in the topics, and the dedup state of one window.");
  audit->add_option("--config", line.config, kConfig)->required();
  add_report_format(audit, line);
  audit->add_option("--limit", line.listed_max, "Findings listed a kind; counts are always whole")
      ->capture_default_str();
  audit->callback([&line] {
    line.verb = [&line] { return tocsin::audit({line.config, line.listed_max, line.as_json}); };
  });

  CLI::App* ledger = app.add_subcommand("ledger", "Look at, create, check the ledger");
  ledger->require_subcommand(1);
  CLI::App* show = ledger->add_subcommand("show", "One line a record, with the fold's verdict");
  show->add_option("--config", line.config, kConfig)->required();
  show->add_option("--from", line.from, "Offset of the first record shown");
  show->add_option("--limit", line.records_max, "Records shown; all when absent");
  add_report_format(show, line);
  show->callback([&line] {
    line.verb = [&line] {
      return tocsin::ledger_show({line.config, line.from, line.records_max, line.as_json});
    };
  });
  CLI::App* init = ledger->add_subcommand(
      "init",
      "Creates the ledger topic if it is missing and begins it; refuses if it is not empty");
  init->add_option("--config", line.config, kConfig)->required();
  init->callback([&line] { line.verb = [&line] { return tocsin::ledger_init(line.config); }; });
  CLI::App* verify = ledger->add_subcommand(
      "verify",
      "Settings, checksums, owner, epochs, offsets and append times; the dedup state's digest");
  verify->add_option("--config", line.config, kConfig)->required();
  verify->callback([&line] { line.verb = [&line] { return tocsin::ledger_verify(line.config); }; });
  CLI::App* resume = ledger->add_subcommand(
      "resume",
      "Where a group goes on that lost its committed offsets; all instances must be stopped");
  resume->add_option("--config", line.config, kConfig)->required();
  resume
      ->add_option(
          "--from", line.resume_from,
          "ledger: after what ledger and outputs prove to be published; earliest: all that "
          "the raw topic holds, once more")
      ->required()
      ->check(CLI::IsMember({"ledger", "earliest"}));
  resume->callback([&line] {
    line.verb = [&line] {
      return tocsin::ledger_resume(line.config, line.resume_from == "ledger"
                                                    ? tocsin::ResumeFrom::ledger
                                                    : tocsin::ResumeFrom::earliest);
    };
  });
}

void add_deadletter_verbs(CLI::App& app, CommandLine& line) {
  CLI::App* deadletter =
      app.add_subcommand("deadletter", "Inputs that could not be processed: list, show, send back");
  deadletter->require_subcommand(1);
  tocsin::DeadletterOptions& options = line.deadletter;
  const auto add = [&](const char* name, const char* what, tocsin::DeadletterAction action) {
    CLI::App* verb = deadletter->add_subcommand(name, what);
    verb->add_option("--config", options.config, "The configuration (YAML)")->required();
    verb->add_option("--stage", options.stage, "Only of this stage: decode, analyse, ...");
    verb->add_option("--code", options.code, "Only of this code: invalid_json, no_text, ...");
    verb->add_option("--since", options.since, "Only from this time on (RFC 3339)")
        ->check(time_fault);
    verb->add_option("--until", options.until, "Only before this time (RFC 3339)")
        ->check(time_fault);
    verb->add_option("--limit", options.records_max, "Records at most; all when absent");
    verb->add_option("PLACE", options.places,
                     "<partition>/<offset> on the dead letter topic, as list prints it; all when "
                     "absent")
        ->check(place_fault);
    verb->callback([&line, action] {
      line.deadletter.action = action;
      line.verb = [&line] { return tocsin::deadletter(line.deadletter); };
    });
    return verb;
  };
  using Action = tocsin::DeadletterAction;
  CLI::App* list = add("list", "One line each, and how many of each kind", Action::list);
  list->add_option_function<std::string>(
          "--format", [&options](const std::string& format) { options.as_json = format == "json"; },
          "text (default) or json")
      ->check(CLI::IsMember({"text", "json"}));
  add("show", "Headers and bytes; what is not printable ASCII as \\xNN", Action::show);
  CLI::App* replay = add(
      "replay",
      "Sends originals back to the topic they came from, with header tocsin.attempt; one that was\n"
      "cut stays, its original stands in the raw topic. What succeeds is published as any input.",
      Action::replay);
  replay->add_option("--attempts", options.attempts_max, "A record is sent back so often at most")
      ->capture_default_str();
  replay->add_flag("--dry-run", options.is_dry, "Count only");
}

void add_tap_verb(CLI::App& app, CommandLine& line) {
  tocsin::TapOptions& options = line.tap;
  CLI::App* tap = app.add_subcommand(
      "tap", "Enriched records or alerts as they are published, filtered, until Ctrl-C");
  tap->add_option("--config", options.config, "The configuration (YAML)")->required();
  tap->add_flag("--alerts", options.of_alerts, "Alerts instead of articles");
  tap->add_option("--level", options.level, "At least this level")
      ->check(CLI::IsMember({"none", "low", "medium", "high", "critical"}));
  tap->add_option("--pair", options.codes, "Between these, in either order: RUS,UKR; one: RUS")
      ->delimiter(',');
  tap->add_option("--topic", options.topic, "With this topic: conflict, diplomacy, ...");
  tap->add_option("--since", options.since, "From this time on (RFC 3339); from now when absent")
      ->check(time_fault);
  tap->add_option("--group", options.group,
                  "Goes on where the last tap with this consumer group ended");
  tap->add_flag("--until-end", options.until_end, "Ends at what is there now");
  tap->add_option("--limit", options.records_max, "Ends after so many");
  tap->add_option_function<std::string>(
         "--format",
         [&options](const std::string& format) {
           options.format = format == "json"  ? tocsin::TapFormat::json
                            : format == "csv" ? tocsin::TapFormat::csv
                                              : tocsin::TapFormat::text;
         },
         "text (default), json (the records as they are) or csv")
      ->check(CLI::IsMember({"text", "json", "csv"}));
  tap->callback([&line] { line.verb = [&line] { return tocsin::tap(line.tap); }; });
}

void add_top_verb(CLI::App& app, CommandLine& line) {
  tocsin::TopOptions& options = line.top;
  CLI::App* top = app.add_subcommand(
      "top", "What instances do now: rate, lag, latency, pairs, alerts; q ends it");
  top->add_option("--config", options.config, "The configuration (YAML)")->required();
  top->add_option("instances", options.instances,
                  "host:port of admin listeners; admin.listen of the configuration when absent");
  top->add_option("--interval", options.interval_seconds, "Seconds between two pages")
      ->check(CLI::Range(1U, 3600U));
  top->add_flag("--once", options.is_once, "One page, after one interval");
  top->callback([&line] { line.verb = [&line] { return tocsin::top(line.top); }; });
}

ExitCode print(const std::string& text) {
  return tocsin::write_output(text) ? ExitCode::fine : ExitCode::failed;
}

// What packages ship beside the binary; last, so that they tell of every verb.
void add_page_verbs(CLI::App& app, CommandLine& line) {
  app.add_subcommand("manual", "This command line as a manual page: tocsin manual | man -l -")
      ->callback([&app, &line] { line.verb = [&app] { return print(tocsin::manual_page(app)); }; });
  CLI::App* completion = app.add_subcommand("completion", "Completions for a shell");
  completion->require_subcommand(1);
  const auto add = [&](const char* shell, std::string (*write)(const CLI::App&)) {
    completion->add_subcommand(shell, std::string("For ") + shell)->callback([&app, &line, write] {
      line.verb = [&app, write] { return print(write(app)); };
    });
  };
  add("bash", tocsin::bash_completion);
  add("zsh", tocsin::zsh_completion);
  add("fish", tocsin::fish_completion);
}

void add_config_verbs(CLI::App& app, CommandLine& line) {
  CLI::App* config = app.add_subcommand("config", "Prints what a configuration may say");
  config->require_subcommand(1);
  config->add_subcommand("sample", "Every key with its default and a note (YAML)")
      ->callback([&line] {
        line.verb = [] {
          const tocsin::Config defaults;
          return print(tocsin::sample_text(defaults));
        };
      });
  config->add_subcommand("schema", "JSON Schema (draft-07), for editors")->callback([&line] {
    line.verb = [] { return print(tocsin::schema_text()); };
  });
}

constexpr const char* kConfig = "The configuration; the shipped defaults when absent";

void add_explain(CLI::App& app, CommandLine& line) {
  CLI::App* explain = app.add_subcommand(
      "explain", "One article for a person: marked text, entities, events, the sum of the score");
  explain->add_option("--config", line.config, kConfig);
  explain
      ->add_option("--format", line.format,
                   "text (default), json (the record that would be published) or html (a page)")
      ->check(CLI::IsMember({"text", "json", "html"}));
  explain->add_flag("--tree", line.has_trees,
                    "Also the grammar of what was read (text), of what gave an event (html)");
  explain->add_option("FILE", line.files, "A file, or - for standard input")
      ->required()
      ->expected(1);
  explain->callback([&line] {
    if (line.has_trees && line.format == "json") {
      throw CLI::ValidationError("--tree", "goes with text or html; the record has no trees");
    }
    line.verb = [&line] {
      return tocsin::explain(
          {line.config, line.explain_format(), line.has_trees, line.files.front()});
    };
  });
}

void add_article_verbs(CLI::App& app, CommandLine& line) {
  CLI::App* replay = app.add_subcommand(
      "replay", "The same pipeline without Kafka: raw articles in, one outcome a line out");
  replay->add_option("--config", line.config, kConfig);
  add_format(replay, line);
  replay->add_option("--workers", line.workers, "Threads; 0: as configured, one a core")
      ->check(CLI::Range(0, 1024));
  replay->add_option("--compare", line.compare,
                     "Another configuration: prints which articles change level there, and why");
  replay->add_option("FILE", line.files, "Files, or - for standard input");
  replay->callback([&line] {
    line.verb = [&line] {
      const tocsin::ReplayOptions options{line.config, line.input_format(), line.files,
                                          line.workers, line.compare};
      return line.compare.empty() ? tocsin::replay(options) : tocsin::compare(options);
    };
  });

  CLI::App* backtest = app.add_subcommand(
      "backtest", "An archive of articles through the alert rules: which alerts, when");
  backtest->add_option("--config", line.config, kConfig);
  backtest->add_option("--rules", line.rules, "Alert rules; as configured when absent");
  backtest->add_option("--format", line.format, "text (for people) or json (as published)")
      ->check(CLI::IsMember({"text", "json"}));
  backtest->add_option("FILES", line.files, "JSON Lines, in order; or - for standard input");
  backtest->callback([&line] {
    line.verb = [&line] {
      return tocsin::backtest(
          {line.config, line.rules, line.format == "json", line.files, line.workers});
    };
  });

  add_explain(app, line);

  CLI::App* test =
      app.add_subcommand("test", "Runs the examples beside lexicon, gazetteer and alert rules");
  test->add_option("--config", line.config, kConfig);
  CLI::Option* report = test->add_flag(
      "--report", line.has_report,
      "Instead: rules that no text reaches, rules that read the same words; the texts\n"
      "are FILES, or the examples of the lexicon");
  test->add_option("FILES", line.files, "Articles for --report, JSON Lines; - is standard input")
      ->needs(report);
  test->callback([&line] {
    line.verb = [&line] {
      return line.has_report ? tocsin::report_rules({line.config, line.files})
                             : tocsin::test(line.config);
    };
  });
}

void add_gazetteer_verbs(CLI::App& app, CommandLine& line) {
  CLI::App* importer = app.add_subcommand(
      "import", "Names from a Wikidata JSON dump, a GeoNames or a JRC-Names file as TSV");
  importer->add_option("--config", line.config,
                       "The configuration whose gazetteer names the states");
  importer->add_option("FORMAT", line.source, "wikidata, geonames or jrc-names")
      ->required()
      ->check(CLI::IsMember({"wikidata", "geonames", "jrc-names"}));
  importer->add_option("FILE", line.files, "The file, or - for standard input (of zcat, say)")
      ->required()
      ->expected(1);
  importer->callback([&line] {
    line.verb = [&line] { return tocsin::import({line.config, line.source, line.files.front()}); };
  });

  CLI::App* compile = app.add_subcommand(
      "compile-gazetteer", "The gazetteer as one file that is mapped at start, for large ones");
  compile->add_option("--config", line.config,
                      "The configuration; the shipped gazetteer when absent");
  compile->add_option("OUTPUT", line.output, "The file to write; name it under gazetteer:")
      ->required();
  compile->callback([&line] {
    line.verb = [&line] { return tocsin::compile_gazetteer(line.config, line.output); };
  });
}

// Words that nothing takes, with the nearest that something would take.
std::string misunderstood(const CLI::App& app) {
  const CLI::App* verb = &app;
  std::vector<std::string> known;
  const auto add_options = [&known](const CLI::App& of) {
    for (const CLI::Option* option : of.get_options()) {
      for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
    }
  };
  add_options(app);
  while (!verb->get_subcommands().empty()) {
    verb = verb->get_subcommands().front();
    add_options(*verb);
  }
  for (const CLI::App* below : verb->get_subcommands([](const CLI::App*) { return true; })) {
    known.push_back(below->get_name());
  }
  std::string text;
  for (const std::string& word : app.remaining(true)) {
    const std::string near = tocsin::nearest(word, known);
    text += "tocsin: not understood: '" + word + "'" +
            (near.empty() ? "\n" : " (did you mean '" + near + "'?)\n");
  }
  return text;
}

// Those run until they are told to end, and are told by signals.
bool is_service(int argc, char** argv) {
  const std::string_view verb = argc > 1 ? argv[1] : "";
  return verb == "run" || verb == "notify" || verb == "page";
}

}  // namespace

int main(int argc, char** argv) {
  if (is_service(argc, argv)) tocsin::hold_signals();
  tocsin::occupy_standard_streams();
  // A reader that went away is a failed write, not a silent death.
  std::signal(SIGPIPE, SIG_IGN);
  CLI::App app(
      "tocsin: reads raw news from Kafka, drops copies, tags who and what they are about, scores "
      "how\n"
      "much they escalate or calm tension and between whom, and publishes the outcomes.\n"
      "Exit codes: 0 fine, 1 the run failed, 2 flags, config or files are wrong, 3 state refused.",
      "tocsin");
  app.set_version_flag("--version", version_text());
  app.require_subcommand(1);
  app.fallthrough();
  CommandLine line;
  add_service_verbs(app, line);
  add_health(app, line);
  add_article_verbs(app, line);
  add_state_verbs(app, line);
  add_deadletter_verbs(app, line);
  add_tap_verb(app, line);
  add_top_verb(app, line);
  add_gazetteer_verbs(app, line);
  add_config_verbs(app, line);
  add_page_verbs(app, line);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() != 0) std::fputs(misunderstood(app).c_str(), stderr);
    if (app.exit(error) != 0) return static_cast<int>(ExitCode::bad_input);
    return static_cast<int>(tocsin::flush_output() ? ExitCode::fine : ExitCode::failed);
  }
  try {
    const ExitCode code = line.verb();
    const bool is_written = tocsin::flush_output();
    return static_cast<int>(is_written || code != ExitCode::fine ? code : ExitCode::failed);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tocsin: %s\n", error.what());
    return static_cast<int>(ExitCode::failed);
  }
}
