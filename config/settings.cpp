#include "config/settings.h"

#include <algorithm>
#include <utility>

namespace tocsin {

namespace {

using std::chrono::milliseconds;
using Form = TextSetting::Form;

constexpr milliseconds kSecond{1'000};
constexpr milliseconds kMinute{60'000};
constexpr milliseconds kHour{3'600'000};
constexpr milliseconds kDay{86'400'000};

template <class At>
NumberSetting number(At at, std::uint64_t min, std::uint64_t max) {
  return {[at](const Config& config) { return static_cast<std::uint64_t>(at(config)); },
          [at](Config& config, std::uint64_t value) {
            auto& target = at(config);
            target = static_cast<std::remove_reference_t<decltype(target)>>(value);
          },
          min, max, false};
}

template <class At>
NumberSetting bytes(At at, std::uint64_t min, std::uint64_t max) {
  NumberSetting setting = number(at, min, max);
  setting.is_bytes = true;
  return setting;
}

template <class At>
ChoiceSetting choice(At at, std::vector<std::string> names) {
  return {std::move(names),
          [at](const Config& config) { return static_cast<std::size_t>(at(config)); },
          [at](Config& config, std::size_t index) {
            auto& target = at(config);
            target = static_cast<std::remove_reference_t<decltype(target)>>(index);
          }};
}

// The place of a setting, for both const and mutable configs.
// NOLINTBEGIN(bugprone-macro-parentheses): a member's name cannot be in parentheses
#define TOCSIN_AT(member)     \
  [](auto& config) -> auto& { \
    return config.member;     \
  }
// NOLINTEND(bugprone-macro-parentheses)

void add_kafka(std::vector<Setting>& all) {
  all.insert(
      all.end(),
      {{"kafka.brokers", TextSetting{TOCSIN_AT(kafka.brokers), Form::brokers},
        "host:port, several with commas"},
       {"kafka.group", TextSetting{TOCSIN_AT(kafka.group), Form::label},
        "consumer group; names the service: its offsets, its ledger, its transactional ids"},
       {"kafka.create_topics", FlagSetting{TOCSIN_AT(kafka.create_topics)},
        "create topics that are missing, the ledger with its own settings"},
       {"kafka.client", PropertiesSetting{false},
        "any librdkafka property but those that would break a promise, such as isolation.level"},
       {"kafka.client_files", PropertiesSetting{true},
        "the same, each value read from a file: sasl.password: /run/credentials/tocsin/password"},
       {"topics.raw", TopicsSetting{TOCSIN_AT(topics.raw)}, "input: one topic, or a list of them"},
       {"topics.enriched", TextSetting{TOCSIN_AT(topics.enriched), Form::topic},
        "one record for every article that is news"},
       {"topics.duplicates", TextSetting{TOCSIN_AT(topics.duplicates), Form::topic},
        "one record for every copy"},
       {"topics.alerts", TextSetting{TOCSIN_AT(topics.alerts), Form::topic}, "alerts"},
       {"topics.pairs", TextSetting{TOCSIN_AT(topics.pairs), Form::topic},
        "state of each pair of actors"},
       {"topics.deadletter", TextSetting{TOCSIN_AT(topics.deadletter), Form::topic},
        "inputs that could not be processed, untouched"},
       {"topics.ledger", TextSetting{TOCSIN_AT(topics.ledger), Form::topic},
        "the order all instances agree on; whoever may write it can suppress news"}});
}

void add_schemas(std::vector<Setting>& all) {
  const auto id = [&all](std::string name, auto at, std::string note) {
    all.push_back(
        {"output.schema_ids." + std::move(name), number(at, 0, 4'294'967'295), std::move(note)});
  };
  id("enriched", TOCSIN_AT(schema_ids.enriched),
     "published in Confluent's wire format, behind the id of a schema; 0: JSON alone");
  id("duplicates", TOCSIN_AT(schema_ids.duplicates), "the same of copies");
  id("alerts", TOCSIN_AT(schema_ids.alerts), "the same of alerts");
  id("pairs", TOCSIN_AT(schema_ids.pairs), "the same of pairs");
  all.insert(
      all.end(),
      {{"output.connect_headers", FlagSetting{TOCSIN_AT(has_connect_headers)},
        "dead letters also get the headers of Kafka Connect's (__connect.errors.topic, ...)"},
       {"schema_registry.url", TextSetting{TOCSIN_AT(schema_registry.url), Form::url},
        "a start and `tocsin check --connect` look up the ids of schemas there; \"\": nowhere"},
       {"schema_registry.login_file", PathSetting{TOCSIN_AT(schema_registry.login_file)},
        "holds user:password"},
       {"schema_registry.ca_file", PathSetting{TOCSIN_AT(schema_registry.ca_file)},
        "certificates to trust besides the system's (PEM)"}});
}

void add_input(std::vector<Setting>& all) {
  all.insert(
      all.end(),
      {{"delivery", choice(TOCSIN_AT(delivery), {"exactly_once", "at_least_once"}),
        "at_least_once: lower latency, an output may repeat, its verdict never changes"},
       {"input.format", choice(TOCSIN_AT(input.format), {"json", "text", "confluent"}),
        "text: first line the title, the rest the body; confluent: JSON behind the id of its "
        "schema"},
       {"input.schema_id", number(TOCSIN_AT(input.fields.schema_id), 0, 4'294'967'295),
        "confluent: other ids are dead letters; 0: any id is read"},
       {"input.start", choice(TOCSIN_AT(input.start), {"earliest", "latest"}),
        "where a group without committed offsets begins"},
       {"input.on_gap", choice(TOCSIN_AT(input.on_gap), {"continue", "stop"}),
        "when offsets that were not read yet are gone from the topic"}});
  const auto field = [&all](std::string name, auto at, std::string note) {
    all.push_back(
        {"input.fields." + std::move(name), TextSetting{at, Form::pointer}, std::move(note)});
  };
  field("title", TOCSIN_AT(input.fields.title), "JSON pointers into your records; \"\": not read");
  field("body", TOCSIN_AT(input.fields.body), "one of title and body is required in a record");
  field("url", TOCSIN_AT(input.fields.url), "address of the article");
  field("source", TOCSIN_AT(input.fields.source), "name or host of the outlet");
  field("published_at", TOCSIN_AT(input.fields.published_at), "RFC 3339, RFC 822 or epoch");
  field("language", TOCSIN_AT(input.fields.language), "ISO 639-1; detected when absent");
  field("id", TOCSIN_AT(input.fields.id), "<topic>-<partition>-<offset> when absent");
  field("author", TOCSIN_AT(input.fields.author), "who wrote it");
  field("section", TOCSIN_AT(input.fields.section), "part of the paper: world, sport");
  all.push_back({"output.include_body", FlagSetting{TOCSIN_AT(output.include_body)},
                 "copy the whole text to the enriched record"});
  all.push_back({"output.detail", choice(TOCSIN_AT(output.detail), {"standard", "full"}),
                 "full: also the events that add nothing to the score"});
  add_schemas(all);
}

void add_dedupe(std::vector<Setting>& all) {
  all.insert(
      all.end(),
      {{"dedupe.revision", number(TOCSIN_AT(dedupe.revision), 1, 1'000'000'000),
        "raise it with every change below: the ledger keeps what it began with until then"},
       {"dedupe.window", DurationSetting{TOCSIN_AT(dedupe.window), kMinute, 30 * kDay},
        "how far apart two copies may be; memory grows with it"},
       {"dedupe.jaccard_percent_min", number(TOCSIN_AT(dedupe.jaccard_percent_min), 1, 100),
        "a copy shares so much of the words of both"},
       {"dedupe.containment_percent_min", number(TOCSIN_AT(dedupe.containment_percent_min), 1, 100),
        "or so much of the words of the shorter"},
       {"dedupe.band_candidates_max", number(TOCSIN_AT(dedupe.band_candidates_max), 1, 4'096),
        "articles compared a band; more find more boilerplate"},
       {"dedupe.entries_max", number(TOCSIN_AT(dedupe.entries_max), 1'000, 16'000'000),
        "articles in the window; the oldest leave first"}});
}

void add_data_and_listeners(std::vector<Setting>& all) {
  all.insert(
      all.end(),
      {{"gazetteer", PathsSetting{TOCSIN_AT(gazetteer)},
        "files or folders of names, relative to this file; the shipped ones when absent"},
       {"lexicon", PathsSetting{TOCSIN_AT(lexicon)},
        "files or folders of acts, relative to this file; the shipped ones when absent"},
       {"sources", PathSetting{TOCSIN_AT(sources)},
        "table of outlets; the shipped one when absent"},
       {"alerts.rules", PathSetting{TOCSIN_AT(alerts.rules)},
        "alert rules; the shipped ones when absent"},
       {"alerts.webhooks", WebhooksSetting{},
        "who is told of alerts: a list of {name, kind: json, slack or pagerduty, url, ...}"},
       {"alerts.silences", PathSetting{TOCSIN_AT(alerts.silences)},
        "what tocsin notify does not tell for a while: pairs, actors, rules; read again at SIGHUP"},
       {"alerts.silence_max", DurationSetting{TOCSIN_AT(alerts.silence_max), kSecond, kDay},
        "without a tick in the ledger for so long tocsin notify alerts all targets"},
       {"alerts.listen", ListenSetting{TOCSIN_AT(alerts.listen)},
        "probes and metrics of tocsin notify; \"\": off"},
       {"alerts.tick_interval",
        DurationSetting{TOCSIN_AT(alerts.tick_interval), milliseconds{100}, 10 * kMinute},
        "how often the dedup states of all instances are compared and deadlines of alerts looked "
        "at"},
       {"admin.listen", ListenSetting{TOCSIN_AT(admin.listen)},
        "probes and metrics, host:port or [::1]:port; \"\": off"},
       {"admin.token_file", PathSetting{TOCSIN_AT(admin.token_file)},
        "holds the token that a reload and a live page off loopback ask for"},
       {"admin.watch_files", DurationSetting{TOCSIN_AT(admin.watch_files), milliseconds{0}, kDay},
        "reload when a file has changed, looked at so often; 0ms: only when asked"},
       {"page.listen", ListenSetting{TOCSIN_AT(page.listen)},
        "live page; off loopback only with a token"},
       {"page.history", DurationSetting{TOCSIN_AT(page.history), kHour, 366 * kDay},
        "how far back the page holds articles and copies"},
       {"page.memory_bytes_max", bytes(TOCSIN_AT(page.memory_bytes_max), 8ULL << 20, 64ULL << 30),
        "memory for the articles and copies of the page; the oldest leave first"},
       {"log.level", choice(TOCSIN_AT(log.level), {"trace", "debug", "info", "warn", "error"}),
        "least level that is logged"},
       {"log.format", choice(TOCSIN_AT(log.format), {"auto", "text", "json"}),
        "auto: text on a terminal, else JSON"},
       {"workers", number(TOCSIN_AT(workers), 0, 1'024), "threads that analyse; 0: one a core"}});
}

void add_limits(std::vector<Setting>& all) {
  constexpr std::uint64_t kKiB = 1 << 10;
  constexpr std::uint64_t kMiB = 1 << 20;
  constexpr std::uint64_t kGiB = 1 << 30;
  all.insert(
      all.end(),
      {{"limits.article_bytes_max", bytes(TOCSIN_AT(limits.article_bytes_max), kKiB, 64 * kMiB),
        "a longer input is a dead letter"},
       {"limits.json_depth_max", number(TOCSIN_AT(limits.json_depth_max), 1, 1'024),
        "an input nested deeper is a dead letter"},
       {"limits.id_bytes_max", bytes(TOCSIN_AT(limits.id_bytes_max), 16, 4 * kKiB),
        "an input with a longer id is a dead letter"},
       {"limits.tokens_max", number(TOCSIN_AT(limits.tokens_max), 100, 10'000'000),
        "words of an article; one with more is a dead letter"},
       {"limits.output_bytes_max", bytes(TOCSIN_AT(limits.output_bytes_max), 8 * kKiB, 64 * kMiB),
        "of a published record; keep it below the broker's message.max.bytes"},
       {"limits.batch_records_max", number(TOCSIN_AT(limits.batch_records_max), 1, 1'000'000),
        "records of one transaction"},
       {"limits.batch_bytes_max", bytes(TOCSIN_AT(limits.batch_bytes_max), kKiB, kGiB),
        "raw bytes of one transaction"},
       {"limits.batch_wait",
        DurationSetting{TOCSIN_AT(limits.batch_wait), milliseconds{0}, 10 * kSecond},
        "how long a batch that is handed on behind another waits for more"},
       {"limits.inflight_bytes_max", bytes(TOCSIN_AT(limits.inflight_bytes_max), kMiB, 64 * kGiB),
        "raw bytes in memory; above it partitions are paused"},
       {"limits.drain_timeout", DurationSetting{TOCSIN_AT(limits.drain_timeout), kSecond, kHour},
        "to finish what was begun after SIGTERM"},
       {"limits.poll_interval_max",
        DurationSetting{TOCSIN_AT(limits.poll_interval_max), 10 * kSecond, kDay},
        "an instance silent for longer loses its partitions (max.poll.interval.ms)"},
       {"limits.publish_stall", DurationSetting{TOCSIN_AT(limits.publish_stall), kSecond, kHour},
        "nothing could be published for so long: not ready, with the reason"},
       {"limits.transaction_timeout",
        DurationSetting{TOCSIN_AT(limits.transaction_timeout), 10 * kSecond, 15 * kMinute},
        "the broker aborts an older transaction (transaction.timeout.ms)"}});
}

std::vector<Setting> make_webhook_settings() {
  return {
      {"alerts.webhooks.name", TextSetting{TOCSIN_AT(alerts.webhooks.back().name), Form::label},
       "names its consumer group, <group>.notify.<name>, and its metrics"},
      {"alerts.webhooks.kind",
       choice(TOCSIN_AT(alerts.webhooks.back().kind), {"json", "slack", "pagerduty"}),
       "json: the alert as it is; slack: and what understands Slack; pagerduty: Events v2"},
      {"alerts.webhooks.url", TextSetting{TOCSIN_AT(alerts.webhooks.back().url), Form::url},
       "http:// or https:// address; PagerDuty's own when absent"},
      {"alerts.webhooks.url_file", PathSetting{TOCSIN_AT(alerts.webhooks.back().url_file), true},
       "holds the address, where that is a secret"},
      {"alerts.webhooks.secret_file",
       PathSetting{TOCSIN_AT(alerts.webhooks.back().secret_file), true},
       "holds the key of the signature (json) or the routing key (pagerduty)"},
      {"alerts.webhooks.ca_file", PathSetting{TOCSIN_AT(alerts.webhooks.back().ca_file), true},
       "certificates to trust besides the system's (PEM)"},
      {"alerts.webhooks.proxy", TextSetting{TOCSIN_AT(alerts.webhooks.back().proxy), Form::url},
       "HTTP proxy, http://host:port; CONNECT for an https address"},
      {"alerts.webhooks.proxy_file",
       PathSetting{TOCSIN_AT(alerts.webhooks.back().proxy_file), true},
       "holds http://user:password@host:port of the proxy"},
      {"alerts.webhooks.timeout",
       DurationSetting{TOCSIN_AT(alerts.webhooks.back().timeout), milliseconds{100}, kMinute},
       "of one attempt"},
      {"alerts.webhooks.attempts_max",
       number(TOCSIN_AT(alerts.webhooks.back().attempts_max), 1, 1'000),
       "then the alert is given up, counted and told to the other targets"},
      {"alerts.webhooks.deadline",
       DurationSetting{TOCSIN_AT(alerts.webhooks.back().deadline), kSecond, kDay},
       "of an alert, from its first attempt; also a Retry-After waits no longer"},
      {"alerts.webhooks.requests_per_minute",
       number(TOCSIN_AT(alerts.webhooks.back().requests_per_minute), 1, 100'000),
       "more have to wait"}};
}

std::vector<Setting> make_settings() {
  std::vector<Setting> all{{"version", VersionSetting{}, "format of this file"},
                           {"instance", TextSetting{TOCSIN_AT(instance), Form::label},
                            "stable name of this instance; \"\": the host's name"}};
  add_kafka(all);
  add_input(all);
  add_dedupe(all);
  add_data_and_listeners(all);
  add_limits(all);
  return all;
}

#undef TOCSIN_AT

const std::vector<Setting>& table() {
  static const std::vector<Setting> all = make_settings();
  return all;
}

}  // namespace

std::span<const Setting> settings() {
  return table();
}

std::span<const Setting> webhook_settings() {
  static const std::vector<Setting> all = make_webhook_settings();
  return all;
}

std::vector<std::string> keys_of(std::string_view section) {
  std::vector<std::string> keys;
  for (const Setting& setting : table()) {
    std::string_view rest = setting.path;
    if (!section.empty()) {
      if (!rest.starts_with(section) || rest.size() <= section.size() ||
          rest[section.size()] != '.') {
        continue;
      }
      rest.remove_prefix(section.size() + 1);
    }
    std::string key(rest.substr(0, rest.find('.')));
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(std::move(key));
  }
  return keys;
}

bool is_section(std::string_view path) {
  return find_setting(path) == nullptr && !keys_of(path).empty();
}

const Setting* find_setting(std::string_view path) {
  for (const Setting& setting : table()) {
    if (setting.path == path) return &setting;
  }
  return nullptr;
}

}  // namespace tocsin
