#include "config/config.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "config/schema.h"

namespace tocsin {
namespace {

// All faults of a text, as shown but without source lines and carets.
std::string faults_of(std::string_view yaml) {
  std::string out;
  for (const Fault& fault : parse_config(yaml, "t.yaml").faults) {
    Fault bare = fault;
    bare.source_line.clear();
    out += render(bare);
  }
  return out;
}

struct Row {
  std::string yaml;  // after "version: 1\n", so its lines begin at 2
  std::string faults;
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.yaml;
}

class Faults : public testing::TestWithParam<Row> {};

TEST_P(Faults, AreSaidWithTheirPlace) {
  EXPECT_EQ(faults_of("version: 1\n" + GetParam().yaml), GetParam().faults);
}

INSTANTIATE_TEST_SUITE_P(
    Keys, Faults,
    testing::Values(
        Row{"kafka:\n  brokerz: x\n",
            "t.yaml:3:3: error: unknown key 'brokerz' in 'kafka' (did you mean 'brokers'?)\n"},
        Row{"wrokers: 2\n", "t.yaml:2:1: error: unknown key 'wrokers' (did you mean 'workers'?)\n"},
        Row{"log: {colour: red}\n",
            "t.yaml:2:7: error: unknown key 'colour' in 'log'; known: level or format\n"},
        Row{"workers: 2\nworkers: 3\n",
            "t.yaml:3:1: error: doubled key 'workers' (first in line 2)\n"},
        Row{"log: {level: info, level: warn}\n",
            "t.yaml:2:20: error: doubled key 'level' (first in line 2)\n"},
        Row{"log: info\n", "t.yaml:2:6: error: 'log' holds keys: level or format\n"},
        Row{"workers:\n",
            "t.yaml:2:1: error: 'workers' has no value; leave the key out for its default\n"},
        Row{"workers: [1]\n", "t.yaml:2:10: error: 'workers' takes one value, not a list\n"},
        Row{"? [a, b]\n: 1\n", "t.yaml:2:3: error: a key must be a word\n"}));

INSTANTIATE_TEST_SUITE_P(
    Values, Faults,
    testing::Values(
        Row{"workers: many\n",
            "t.yaml:2:10: error: 'workers' must be a whole number from 0 to 1024, not 'many'\n"},
        Row{"workers: -1\n",
            "t.yaml:2:10: error: 'workers' must be a whole number from 0 to 1024, not '-1'\n"},
        Row{"output: {include_body: yes}\n",
            "t.yaml:2:24: error: 'output.include_body' must be true or false, not 'yes'\n"},
        Row{"delivery: exactly_onec\n",
            "t.yaml:2:11: error: 'delivery' must be exactly_once or at_least_once, not "
            "'exactly_onec' (did you mean exactly_once?)\n"},
        Row{"dedupe: {window: 72}\n",
            "t.yaml:2:18: error: 'dedupe.window' must be a time from 1m to 30d, not '72' (the unit "
            "is missing: ms, s, m, h, d)\n"},
        Row{"dedupe: {window: 31d}\n",
            "t.yaml:2:18: error: 'dedupe.window' must be a time from 1m to 30d, not '31d'\n"},
        Row{"limits: {id_bytes_max: 1QiB}\n",
            "t.yaml:2:24: error: 'limits.id_bytes_max' must be a size such as 64KiB, from 16 to "
            "4KiB, not '1QiB'\n"},
        Row{"admin: {listen: \"::1:9464\"}\n",
            "t.yaml:2:17: error: 'admin.listen' must be host:port, [address]:port or \"\" for off, "
            "not '::1:9464'\n"},
        Row{"topics: {raw: a/b}\n",
            "t.yaml:2:15: error: 'topics.raw' may hold letters, digits, '.', '_' and '-', at most "
            "249, not 'a/b'\n"},
        Row{"input: {fields: {title: title}}\n",
            "t.yaml:2:25: error: 'input.fields.title' must be a JSON pointer such as "
            "/content/text, "
            "or \"\", not 'title'\n"},
        Row{"kafka: {brokers: \"h:port\"}\n",
            "t.yaml:2:18: error: 'kafka.brokers' must be host:port, several with commas, not "
            "'h:port'\n"},
        Row{"alerts: {webhooks: [{name: a, kind: json, url: \"ftp://h/\"}]}\n",
            "t.yaml:2:48: error: 'alerts.webhooks.url' must be an http:// or https:// address, not "
            "'ftp://h/'\n"}));

INSTANTIATE_TEST_SUITE_P(
    Webhooks, Faults,
    testing::Values(
        Row{"alerts: {webhooks: [{name: a, kind: json, url: \"https://h/x\"}]}\n", ""},
        Row{"alerts: {webhooks: [{name: a, kind: json, url: \"http://127.0.0.1:9/x\"}]}\n", ""},
        Row{"alerts: {webhooks: {name: a}}\n",
            "t.yaml:2:20: error: 'alerts.webhooks' is a list: [{name: ..., kind: ..., url: "
            "...}]\n"},
        Row{"alerts: {webhooks: [https://h/]}\n",
            "t.yaml:2:21: error: a webhook holds keys: name, kind, url, url_file, secret_file, "
            "ca_file, proxy, proxy_file, timeout, attempts_max, deadline or requests_per_minute\n"},
        Row{"alerts: {webhooks: [{name: a, kind: json, uri: \"https://h/\"}]}\n",
            "t.yaml:2:43: error: unknown key 'uri' in a webhook (did you mean 'url'?)\n"},
        Row{"alerts: {webhooks: [{name: a, kind: mail, url: \"https://h/\"}]}\n",
            "t.yaml:2:37: error: 'alerts.webhooks.kind' must be json, slack or pagerduty, not "
            "'mail'\n"},
        Row{"alerts: {webhooks: [{kind: json, url: \"https://h/\"}]}\n",
            "t.yaml:2:21: error: a webhook needs 'name'\n"},
        Row{"alerts: {webhooks: [{name: a, kind: slack}]}\n",
            "t.yaml:2:21: error: a webhook needs 'url' or 'url_file'\n"},
        Row{"alerts: {webhooks: [{name: a, kind: pagerduty}]}\n",
            "t.yaml:2:21: error: a webhook of kind pagerduty needs 'secret_file' with the routing "
            "key\n"},
        Row{"alerts: {webhooks: [{name: a, kind: json, url: \"http://h/\"}]}\n",
            "t.yaml:2:21: warning: alerts are sent to 'h' without encryption\n"}));

TEST(Config, ReadsWebhooks) {
  const ConfigResult result = parse_config(
      "version: 1\nalerts:\n  silence_max: 2m\n  webhooks:\n"
      "    - {name: chat, kind: slack, url: \"https://chat.example/hook?x=1\", timeout: 3s}\n"
      "    - {name: own, kind: json, url: \"https://h:8443\", attempts_max: 3}\n",
      "t.yaml");
  ASSERT_EQ(render(result.faults), "");
  const AlertsConfig& alerts = result.config.alerts;
  EXPECT_EQ(alerts.silence_max, std::chrono::minutes(2));
  ASSERT_EQ(alerts.webhooks.size(), 2U);
  EXPECT_EQ(alerts.webhooks[0].kind, WebhookKind::slack);
  EXPECT_EQ(alerts.webhooks[0].timeout, std::chrono::seconds(3));
  EXPECT_EQ(alerts.webhooks[1].name, "own");
  EXPECT_EQ(alerts.webhooks[1].attempts_max, 3U);
  EXPECT_EQ(alerts.webhooks[1].requests_per_minute, 60U);
}

INSTANTIATE_TEST_SUITE_P(
    Whole, Faults,
    testing::Values(
        Row{"topics: {enriched: news.raw}\n",
            "t.yaml:2:10: error: topic 'news.raw' is both 'topics.raw' and 'topics.enriched'\n"},
        Row{"topics:\n  raw: [a, a]\n", "t.yaml:3:3: error: topic 'a' is twice in 'topics.raw'\n"},
        Row{"page: {listen: \"0.0.0.0:80\"}\n",
            "t.yaml:2:8: error: 'page.listen' off loopback asks for a token; set "
            "'admin.token_file'\n"},
        Row{"limits: {batch_bytes_max: 64KiB}\n",
            "t.yaml:2:10: error: 'limits.batch_bytes_max' must hold one article: at least "
            "'limits.article_bytes_max'\n"},
        Row{"kafka: {brokers: \"127.0.0.1:9092, kafka-1:9092\"}\n",
            "t.yaml:2:9: warning: broker 'kafka-1:9092' is reached without encryption or a "
            "password; see kafka.client: security.protocol\n"},
        Row{"kafka: {brokers: \"[::1]:9092,localhost\"}\n", ""}));

INSTANTIATE_TEST_SUITE_P(
    KafkaProperties, Faults,
    testing::Values(
        Row{"kafka: {client: {isolation.level: read_uncommitted}}\n",
            "t.yaml:2:18: error: 'isolation.level' may not be set: tocsin sets it itself: "
            "exactly-once depends on it\n"},
        Row{"kafka: {client: {enable.auto.commit: true}}\n",
            "t.yaml:2:18: error: 'enable.auto.commit' may not be set: tocsin sets it itself: "
            "exactly-once depends on it\n"},
        Row{"kafka: {client: {plugin.library.paths: /tmp/x.so}}\n",
            "t.yaml:2:18: error: 'plugin.library.paths' may not be set: it would load or run code "
            "that a configuration must not choose\n"},
        Row{"kafka: {client: {test.mock.num.brokers: 3}}\n",
            "t.yaml:2:18: error: 'test.mock.num.brokers' may not be set: it would replace the "
            "brokers by a simulation\n"},
        Row{"kafka: {client: {bootstrap.servers: h}}\n",
            "t.yaml:2:18: error: 'bootstrap.servers' may not be set: use kafka.brokers\n"},
        Row{"kafka: {client: {socket.timeout.sm: 5}}\n",
            "t.yaml:2:18: error: librdkafka has no property 'socket.timeout.sm' (did you mean "
            "'socket.timeout.ms'?)\n"},
        Row{"kafka: {client: {socket.timeout.ms: soon}}\n",
            "t.yaml:2:37: error: librdkafka refuses this value of 'socket.timeout.ms'\n"},
        Row{"kafka: {client: {socket.timeout.ms: 7000, debug: broker}}\n", ""}));

INSTANTIATE_TEST_SUITE_P(
    Environment, Faults,
    testing::Values(Row{"instance: ${TOCSIN_TEST_ABSENT}\n",
                        "t.yaml:2:11: error: the environment has no TOCSIN_TEST_ABSENT (a default: "
                        "${TOCSIN_TEST_ABSENT:-...})\n"},
                    Row{"instance: ${TOCSIN_TEST_ABSENT:?set it}\n",
                        "t.yaml:2:11: error: TOCSIN_TEST_ABSENT: set it\n"},
                    Row{"instance: ${TOCSIN_TEST_ABSENT:-a-1}\n", ""},
                    Row{"instance: a${\n",
                        "t.yaml:2:11: error: '${' without '}' (a dollar is '$$')\n"},
                    Row{"instance: ${1}\n", "t.yaml:2:11: error: '${1}' names no variable\n"}));

// A file that was pasted for a name does not scroll the reason away.
TEST(Config, ALongValueIsCutInWhatIsSaid) {
  std::string name;
  for (int i = 0; i < 50'000; ++i) name += "é";
  const std::string said =
      render(parse_config("version: 1\ninstance: " + name + "\n", "t.yaml").faults);
  EXPECT_LT(said.size(), 1'100U);
  EXPECT_TRUE(said.starts_with("t.yaml:2:11: error: 'instance' may hold letters")) << said;
  EXPECT_NE(said.find("é... (1000"), said.npos) << said;  // whole letters, and how long it is
}

TEST(Config, SaysAllFaultsAtOnceInOrderWithSourceAndCaret) {
  const ConfigResult result = parse_config("kafka:\n\tgroup: x\n", "t.yaml");
  ASSERT_EQ(result.faults.size(), 1U);
  EXPECT_EQ(result.faults.front().line, 2U);

  const std::string yaml = "workers: no\nlog: {levle: info}\n";
  EXPECT_EQ(render(parse_config(yaml, "t.yaml").faults),
            "t.yaml: error: says no version; add 'version: 1'\n"
            "t.yaml:1:10: error: 'workers' must be a whole number from 0 to 1024, not 'no'\n"
            "  workers: no\n"
            "           ^\n"
            "t.yaml:2:7: error: unknown key 'levle' in 'log' (did you mean 'level'?)\n"
            "  log: {levle: info}\n"
            "        ^\n");
}

TEST(Config, CountsColumnsInCodePoints) {
  EXPECT_EQ(faults_of("version: 1\nkafka: {\"gr\u00f6up\": a, brokerz: b}\n"),
            "t.yaml:2:9: error: unknown key 'gr\u00f6up' in 'kafka' (did you mean 'group'?)\n"
            "t.yaml:2:21: error: unknown key 'brokerz' in 'kafka' (did you mean 'brokers'?)\n");
}

TEST(Config, RefusesOtherVersionsAndDocuments) {
  EXPECT_EQ(faults_of("version: 2\n"),
            "t.yaml:1:10: error: this binary reads version 1 of the configuration, not '2'\n");
  EXPECT_NE(faults_of("version: 1\n---\nversion: 1\n").find("a second document"),
            std::string::npos);
  EXPECT_EQ(faults_of(""), "t.yaml: error: says no version; add 'version: 1'\n");
  EXPECT_EQ(faults_of("- 1\n"),
            "t.yaml:1:1: error: must be 'key: value' lines; the first says 'version: 1'\n");
}

TEST(Config, RefusesBombsOfAliasesAndDepth) {
  std::string bomb = "version: 1\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) bomb += (j > 0 ? ", " : "") + before;
    bomb += "]\n";
  }
  EXPECT_NE(faults_of(bomb).find("values, aliases included"), std::string::npos);
  EXPECT_NE(faults_of("a: " + std::string(40, '[')).find("nested deeper than 32"),
            std::string::npos);
  EXPECT_FALSE(parse_config("a: " + std::string(100'000, '['), "t.yaml").ok());
}

TEST(Config, ReplacesVariablesInsideValuesOnly) {
  ASSERT_EQ(::setenv("TOCSIN_TEST_GROUP", "night\nversion: 7", 1), 0);
  ASSERT_EQ(::setenv("TOCSIN_TEST_WORKERS", "3", 1), 0);
  const ConfigResult result = parse_config(
      "version: 1\nworkers: ${TOCSIN_TEST_WORKERS}\n"
      "kafka: {client: {sasl.password: \"a$$b$c-${TOCSIN_TEST_EMPTY:-d}\"}}\n",
      "t.yaml");
  EXPECT_EQ(render(result.faults), "");
  EXPECT_EQ(result.config.workers, 3U);
  EXPECT_EQ(result.config.kafka.client.at("sasl.password"), "a$b$c-d");
  // A line break in a variable cannot make a key.
  EXPECT_FALSE(
      parse_config("version: 1\nkafka: {group: \"${TOCSIN_TEST_GROUP}\"}\n", "t.yaml").ok());
}

TEST(Config, ReadsUnitsListsAndAddresses) {
  const ConfigResult result = parse_config(
      "version: 1\n"
      "topics: {raw: [wire, web]}\n"
      "dedupe: {window: 1d12h}\n"
      "limits: {article_bytes_max: 64KiB, batch_bytes_max: 10MB, drain_timeout: 90s}\n"
      "admin: {listen: \"[::1]:0\"}\n"
      "input: {on_gap: stop, start: latest, fields: {body: /content/text, title: \"\"}}\n",
      "t.yaml");
  EXPECT_EQ(render(result.faults), "");
  const Config& config = result.config;
  EXPECT_EQ(config.topics.raw, (std::vector<std::string>{"wire", "web"}));
  EXPECT_EQ(config.dedupe.epoch().window_ms, 36LL * 3'600'000);
  EXPECT_EQ(config.limits.article_bytes_max, 65'536U);
  EXPECT_EQ(config.limits.batch_bytes_max, 10'000'000U);
  EXPECT_EQ(config.limits.drain_timeout, std::chrono::seconds(90));
  EXPECT_EQ(config.admin.listen, (ListenAddress{"::1", 0}));
  EXPECT_TRUE(config.admin.listen.is_loopback());
  EXPECT_EQ(config.input.on_gap, OnGap::stop);
  EXPECT_EQ(config.input.start, StartAt::latest);
  EXPECT_EQ(config.input.fields.body, "/content/text");
  EXPECT_EQ(config.input.fields.title, "");
  EXPECT_FALSE(config.instance.empty());
}

TEST(Config, ReadsSecretsFromFilesBesideIt) {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("tocsin-config-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "password") << "s3cret\n";
  const ConfigResult result = parse_config(
      "version: 1\nkafka: {client_files: {sasl.password: password}}\n", folder / "t.yaml");
  EXPECT_EQ(render(result.faults), "");
  EXPECT_EQ(result.config.kafka.client.at("sasl.password"), "s3cret");
  const ConfigResult absent = parse_config(
      "version: 1\nkafka: {client_files: {sasl.password: nowhere}}\n", folder / "t.yaml");
  EXPECT_NE(render(absent.faults).find("cannot be read: no such file"), std::string::npos);
  std::filesystem::remove_all(folder);
}

TEST(Config, DefaultsAreWhatTheSampleSays) {
  const Config defaults;
  const ConfigResult result = parse_config(sample_text(defaults), "t.yaml");
  EXPECT_EQ(render(result.faults), "");
  Config read = result.config;
  read.instance.clear();  // the host's name
  EXPECT_EQ(sample_text(read), sample_text(defaults));
}

}  // namespace
}  // namespace tocsin
