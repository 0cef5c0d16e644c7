// The verbs of the command line. Each takes its parsed options and returns the exit code.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "config/load_pipeline.h"
#include "daemon/stop.h"

namespace tocsin {

struct RunOptions {
  std::filesystem::path config;
  bool is_held = false;  // stay, not ready, where exit code 2 or 3 would end it
};

struct NotifyOptions {
  std::filesystem::path config;
  std::string test_target;  // not empty: one test alert to this webhook, then the end
};

struct PageOptions {
  std::filesystem::path config;
};
// Where `tocsin page` listens when page.listen is off.
inline const ListenAddress kPageListenAlone{"127.0.0.1", 9465};

struct CheckOptions {
  std::filesystem::path config;
  std::filesystem::path against;  // the file of what runs; empty: nothing is compared
  bool connects = false;          // asks the cluster, too; changes nothing there
};

struct ReplayOptions {
  std::filesystem::path config;       // empty: the defaults
  std::optional<InputFormat> format;  // absent: as configured; text: one article a file
  std::vector<std::string> files;     // "-" or none: standard input
  unsigned workers = 0;               // 0: one a core
  std::filesystem::path compare;      // not empty: the other configuration
};

struct TestOptions {
  std::filesystem::path config;    // empty: the defaults
  std::vector<std::string> files;  // of a report: articles; none: the examples of the lexicon
};

struct ImportOptions {
  std::filesystem::path config;  // empty: the defaults; its gazetteer says what states are called
  std::string format;            // wikidata, geonames or jrc-names
  std::string file;              // "-": standard input
};

// json: the record that would be published.
enum class ExplainFormat : std::uint8_t { text, json, html };
struct ExplainOptions {
  std::filesystem::path config;  // empty: the defaults
  ExplainFormat format = ExplainFormat::text;
  bool has_trees = false;
  std::string file;  // "-": standard input; JSON when it begins with '{', else text
};

struct AuditOptions {
  std::filesystem::path config;
  std::size_t listed_max = 20;  // findings a kind
  bool as_json = false;
};

struct LedgerShowOptions {
  std::filesystem::path config;
  std::int64_t from = 0;  // offset of the first record shown
  std::uint64_t records_max = ~0ULL;
  bool as_json = false;
};

struct BacktestOptions {
  std::filesystem::path config;    // empty: the defaults
  std::filesystem::path rules;     // empty: as configured
  bool is_json = false;            // each alert as it would be published; else a summary for people
  std::vector<std::string> files;  // "-" or none: standard input
  unsigned workers = 0;            // 0: one a core
};

enum class DeadletterAction : std::uint8_t { list, show, replay };
struct DeadletterOptions {
  std::filesystem::path config;
  DeadletterAction action = DeadletterAction::list;
  std::string stage;                // empty: any
  std::string code;                 // empty: any
  std::string since;                // RFC 3339, of the dead letter's record; empty: the first
  std::string until;                // exclusive; empty: the last
  std::vector<std::string> places;  // <partition>/<offset> on the dead letter topic; none: all
  std::uint64_t records_max = ~0ULL;
  std::uint64_t attempts_max = 3;  // of `replay`: how often one record is sent back
  bool is_dry = false;             // of `replay`: count only
  bool as_json = false;
};

enum class TapFormat : std::uint8_t { text, json, csv };
struct TapOptions {
  std::filesystem::path config;
  bool of_alerts = false;  // else of enriched records
  TapFormat format = TapFormat::text;
  std::string level;               // least level; empty: any
  std::vector<std::string> codes;  // all of them in one pair; none: any
  std::string topic;               // one of the record's topics; empty: any
  std::string since;               // RFC 3339; empty: from now on
  std::string group;               // not empty: goes on where the last tap of the group ended
  bool until_end = false;          // ends at what is there now
  std::uint64_t records_max = ~0ULL;
};

[[nodiscard]] ExitCode run_service(const RunOptions& options);
[[nodiscard]] ExitCode replay(const ReplayOptions& options);
[[nodiscard]] ExitCode backtest(const BacktestOptions& options);
// Articles whose level another configuration changes, and by which events.
[[nodiscard]] ExitCode compare(const ReplayOptions& options);
[[nodiscard]] ExitCode explain(const ExplainOptions& options);
// All faults of the configuration and of the data files it names; warnings too.
[[nodiscard]] ExitCode check(const CheckOptions& options);
// What the service on this host answers to /livez, or to /readyz; 1 when it is not well or silent.
[[nodiscard]] ExitCode health(const std::filesystem::path& config_file, bool asks_ready);
// Exit 1 when there is a finding.
[[nodiscard]] ExitCode audit(const AuditOptions& options);
[[nodiscard]] ExitCode ledger_show(const LedgerShowOptions& options);
// Creates the ledger topic if it is missing, writes header and epoch if it is empty.
[[nodiscard]] ExitCode ledger_init(const std::filesystem::path& config_file);
// Exit 1 for what the service lives with, 3 for what it would not start with.
[[nodiscard]] ExitCode ledger_verify(const std::filesystem::path& config_file);
// Commits where a group goes on that has no offsets any more; 1 while it has members.
enum class ResumeFrom : std::uint8_t { ledger, earliest };
[[nodiscard]] ExitCode ledger_resume(const std::filesystem::path& config_file, ResumeFrom from);
// The gazetteer of the configuration (empty: the one that ships) in its compiled form to `output`.
[[nodiscard]] ExitCode compile_gazetteer(const std::filesystem::path& config_file,
                                         const std::filesystem::path& output);
// Alerts to webhooks, until SIGTERM; or one test alert.
[[nodiscard]] ExitCode notify(const NotifyOptions& options);
// The live page of a cluster, until SIGTERM.
[[nodiscard]] ExitCode page_alone(const PageOptions& options);
// Inputs that could not be processed: which, their bytes, back to the raw topic.
[[nodiscard]] ExitCode deadletter(const DeadletterOptions& options);
// Enriched records or alerts as they are published, until SIGINT.
[[nodiscard]] ExitCode tap(const TapOptions& options);
// What instances do now, as a page that is drawn again and again, or once.
struct TopOptions {
  std::filesystem::path config;
  std::vector<std::string> instances;  // host:port of admin listeners; none: that of the config
  unsigned interval_seconds = 2;
  bool is_once = false;
};
[[nodiscard]] ExitCode top(const TopOptions& options);
// Name data of others as rows of a gazetteer, to standard output.
[[nodiscard]] ExitCode import(const ImportOptions& options);
// The examples written beside the lexicon, gazetteer and alert rules.
[[nodiscard]] ExitCode test(const std::filesystem::path& config_file);
// Rules that no text reaches and rules that read the same words.
[[nodiscard]] ExitCode report_rules(const TestOptions& options);

// The configuration alone; nullopt when it is wrong, every fault printed to standard error.
[[nodiscard]] std::optional<Config> read_config(const std::filesystem::path& file);
// Configuration and pipeline of `file` (empty: the defaults that ship with the binary), every fault
// printed to standard error; `format` overrides input.format, `alert_rules` alerts.rules.
// `pipeline` is nullptr when something is wrong: exit 2.
struct Setup {
  Config config;
  std::shared_ptr<const Pipeline> pipeline;
};
[[nodiscard]] Setup load_setup(const std::filesystem::path& file,
                               std::optional<InputFormat> format = std::nullopt,
                               const std::filesystem::path& alert_rules = {});

}  // namespace tocsin
