// The configuration as typed structs with their defaults, and the one loader that reads it from
// YAML. Promises: a Config is whole and checked; a bad file gives every fault at once with its
// place.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/fault.h"
#include "pipeline/decode/decode.h"
#include "pipeline/ledger/ledger_record.h"

namespace tocsin {

// Where to listen; port 0 lets the system choose. An empty host: off.
struct ListenAddress {
  std::string host;  // without brackets: "127.0.0.1", "::1", "localhost"
  std::uint16_t port = 0;

  [[nodiscard]] bool is_off() const noexcept { return host.empty(); }
  [[nodiscard]] bool is_loopback() const noexcept;
  friend bool operator==(const ListenAddress&, const ListenAddress&) = default;
};

struct KafkaConfig {
  std::string brokers = "127.0.0.1:9092";  // host:port, comma separated: bootstrap.servers
  std::string group = "tocsin";
  bool create_topics = true;
  // librdkafka properties, names and values as librdkafka has them; none of the refused ones.
  // Secrets named by kafka.client_files are already in here, so never log the values.
  std::map<std::string, std::string> client;
};

struct TopicsConfig {
  std::vector<std::string> raw = {"news.raw"};
  std::string enriched = "news.enriched";
  std::string duplicates = "news.duplicates";
  std::string alerts = "news.alerts";
  std::string pairs = "news.pairs";
  std::string deadletter = "news.deadletter";
  std::string ledger = "news.ledger";
};

enum class Delivery : std::uint8_t { exactly_once, at_least_once };
enum class StartAt : std::uint8_t { earliest, latest };  // of a group without committed offsets
enum class OnGap : std::uint8_t { keep_going, stop };    // `continue` and `stop` in YAML
enum class LogLevel : std::uint8_t { trace, debug, info, warn, error };
enum class LogFormat : std::uint8_t { automatic, text, json };  // `auto`: text on a terminal

struct InputConfig {
  InputFormat format = InputFormat::json;
  StartAt start = StartAt::earliest;
  OnGap on_gap = OnGap::keep_going;
  FieldMap fields;
};

// Parameters of the fold; those of the ledger's epoch win.
struct DedupeConfig {
  std::uint32_t revision = Epoch{}.revision;
  std::chrono::milliseconds window{Epoch{}.window_ms};
  std::uint8_t jaccard_percent_min = Epoch{}.jaccard_percent_min;
  std::uint8_t containment_percent_min = Epoch{}.containment_percent_min;
  std::uint16_t band_candidates_max = Epoch{}.band_candidates_max;
  std::uint64_t entries_max = Epoch{}.entries_max;
  // What memory has room for where the default does not fit: for a new epoch. 0: the default fits.
  std::uint64_t entries_granted = 0;

  [[nodiscard]] Epoch epoch() const;
  // Whether a ledger that has this epoch under our revision is ours: entries_max is the ledger's to
  // say unless it was chosen.
  [[nodiscard]] bool agrees_with(const Epoch& other) const;
};

// Ids of the outputs' schemas in a registry: records are published behind them, in Confluent's wire
// format (pipeline/wire_format.h). 0: JSON alone.
struct SchemaIdsConfig {
  std::uint32_t enriched = 0;
  std::uint32_t duplicates = 0;
  std::uint32_t alerts = 0;
  std::uint32_t pairs = 0;
};

// Where it is looked up whether ids of schemas are known; nothing else is asked of it.
struct SchemaRegistryConfig {
  std::string url;                   // empty: ids are not looked up
  std::filesystem::path login_file;  // holds user:password; empty: no login
  std::filesystem::path ca_file;     // certificates to trust besides the system's (PEM)
};

enum class WebhookKind : std::uint8_t { json, slack, pagerduty };

// Where `tocsin notify` sends alerts. Files are read by notify alone, when it starts.
struct WebhookConfig {
  std::string name;  // names its consumer group and its metrics; one each
  WebhookKind kind = WebhookKind::json;
  std::string url;                            // empty: in url_file, or PagerDuty's own
  std::filesystem::path url_file;             // for an address that is a secret itself, as Slack's
  std::filesystem::path secret_file;          // json: key of the signature; pagerduty: routing key
  std::filesystem::path ca_file;              // certificates to trust besides the system's (PEM)
  std::string proxy;                          // "http://host:port"; empty: none
  std::filesystem::path proxy_file;           // the same with user and password
  std::chrono::milliseconds timeout{10'000};  // of one attempt
  std::uint32_t attempts_max = 12;            // then the alert is given up
  std::chrono::milliseconds deadline{900'000};  // from the first attempt; then, too
  std::uint32_t requests_per_minute = 60;
  friend bool operator==(const WebhookConfig&, const WebhookConfig&) = default;
};

struct AlertsConfig {
  std::filesystem::path rules;  // empty: the shipped ones
  std::vector<WebhookConfig> webhooks;
  std::filesystem::path silences;  // what nobody is told of (config/silences.h); empty: nothing
  std::chrono::milliseconds tick_interval{60'000};  // ticks in the ledger; deadlines of alerts
  std::chrono::milliseconds silence_max{300'000};  // without a tick: then notify alerts all targets
  ListenAddress listen;                            // of notify's probes and metrics; off by default
};

struct AdminConfig {
  ListenAddress listen{"127.0.0.1", 9464};
  std::filesystem::path token_file;          // empty: nothing that needs a token is served
  std::chrono::milliseconds watch_files{0};  // how often files are looked at for a reload; 0: never
};

// The live page and how much of the past it holds, whichever is reached first.
struct PageConfig {
  ListenAddress listen;                               // off by default
  std::chrono::milliseconds history{7 * 86'400'000};  // by Kafka timestamps
  std::size_t memory_bytes_max = 256 << 20;           // of articles and copies
};

struct LogConfig {
  LogLevel level = LogLevel::info;
  LogFormat format = LogFormat::automatic;
};

// Limits of the pipeline (articles) and of the service (batches, memory, patience).
struct LimitsConfig : Limits {
  std::size_t batch_records_max = 3'000;
  std::size_t batch_bytes_max = 8 << 20;      // raw payloads of one batch
  std::chrono::milliseconds batch_wait{5};    // how long a batch waits for more once it has one
  std::size_t inflight_bytes_max = 64 << 20;  // raw payloads in memory; partitions pause above it
  std::chrono::milliseconds drain_timeout{25'000};        // after SIGTERM
  std::chrono::milliseconds poll_interval_max{300'000};   // librdkafka's max.poll.interval.ms
  std::chrono::milliseconds publish_stall{30'000};        // of nothing published: not ready
  std::chrono::milliseconds transaction_timeout{15'000};  // librdkafka's transaction.timeout.ms
  std::size_t restore_queue_bytes =
      96 << 20;  // ledger records read ahead; no setting, see memory_plan.h
};

struct Config {
  std::filesystem::path file;  // where it came from; empty: the defaults
  std::string instance;        // never empty after load: the host's name stands in
  KafkaConfig kafka;
  TopicsConfig topics;
  Delivery delivery = Delivery::exactly_once;
  InputConfig input;
  OutputForm output;
  SchemaIdsConfig schema_ids;
  bool has_connect_headers = false;  // dead letters, as Kafka Connect marks its own
  SchemaRegistryConfig schema_registry;
  DedupeConfig dedupe;
  // Files or folders, absolute after load; empty: the shipped ones (config/embedded.h).
  std::vector<std::filesystem::path> gazetteer;
  std::vector<std::filesystem::path> lexicon;
  std::filesystem::path sources;
  AlertsConfig alerts;
  AdminConfig admin;
  PageConfig page;
  LogConfig log;
  unsigned workers = 0;  // 0: one a core; see worker_count()
  LimitsConfig limits;

  // Threads of the pool: `workers`, or one a core.
  [[nodiscard]] unsigned worker_count() const noexcept;
};

[[nodiscard]] std::string_view name(Delivery) noexcept;
[[nodiscard]] std::string_view name(LogLevel) noexcept;

// Configuration, or why not. `faults` may hold warnings beside a good Config.
struct ConfigResult {
  Config config;
  std::vector<Fault> faults;  // sorted by place

  [[nodiscard]] bool ok() const noexcept { return !has_errors(faults); }
};

// The defaults that ship with the binary; instance is the host's name.
[[nodiscard]] Config default_config();
// Reads, interpolates `${VAR}`, checks. Paths in it are relative to the file.
[[nodiscard]] ConfigResult load_config(const std::filesystem::path& file);
// The same for a text; `file` names it in faults and anchors relative paths.
[[nodiscard]] ConfigResult parse_config(std::string_view text, const std::filesystem::path& file);

// Longest configuration file that is read.
inline constexpr std::size_t kConfigBytesMax = 1 << 20;

// Reads a whole file; the return value says why not, empty when it did.
[[nodiscard]] std::string read_file(const std::filesystem::path& file, std::size_t bytes_max,
                                    std::string& text);

// Content of a file that holds a secret, without the line break at its end.
struct SecretResult {
  std::string secret;
  std::string error;  // empty: fine
};
[[nodiscard]] SecretResult read_secret(const std::filesystem::path& file);

}  // namespace tocsin
