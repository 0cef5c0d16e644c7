// What a changed file means for a service that runs.
#include "config/reload.h"

#include <gtest/gtest.h>

#include "config/settings.h"

namespace tocsin {
namespace {

Config config(const std::string& yaml) {
  ConfigResult result = parse_config("version: 1\ninstance: a\n" + yaml, "t.yaml");
  EXPECT_TRUE(result.ok()) << render(result.faults);
  return std::move(result.config);
}

using Keys = std::vector<std::string>;

TEST(Reload, NothingChangedIsNothingToDo) {
  const ConfigChange change = config_change(Program::run, config(""), config(""));
  EXPECT_EQ(change.reloaded, Keys{});
  EXPECT_EQ(change.restart, Keys{});
  EXPECT_EQ(change.refusal, "");
}

TEST(Reload, KeysOfThePipelineComeIntoForceTheOthersStay) {
  const Config running = config("");
  const Config wanted = config(
      "input: {fields: {title: /headline}}\noutput: {include_body: true}\nlog: {level: debug}\n"
      "workers: 7\ndelivery: at_least_once\nlimits: {batch_wait: 9ms, output_bytes_max: 9KiB}\n"
      "kafka: {brokers: 'a:1', client: {linger.ms: 3}}\n"
      "alerts: {webhooks: [{name: n, kind: json, url: 'http://a/'}]}\n");
  const ConfigChange change = config_change(Program::run, running, wanted);
  EXPECT_EQ(change.reloaded, (Keys{"input.fields.title", "output.include_body", "log.level"}));
  EXPECT_EQ(change.restart, (Keys{"kafka.brokers", "kafka.client", "delivery", "workers",
                                  "limits.output_bytes_max", "limits.batch_wait"}));
  EXPECT_EQ(change.config.input.fields.title, "/headline");
  EXPECT_TRUE(change.config.output.include_body);
  EXPECT_EQ(change.config.workers, running.workers);
  EXPECT_EQ(change.config.limits.batch_wait, running.limits.batch_wait);
  EXPECT_EQ(change.config.kafka.brokers, running.kafka.brokers);
  EXPECT_EQ(change.refusal, "");
}

TEST(Reload, NotifyReloadsItsWebhooksAndIgnoresWhatItDoesNotRead) {
  const Config wanted = config(
      "alerts: {silence_max: 1h, listen: '127.0.0.1:1', webhooks: [{name: n, kind: json, url: "
      "'http://a/'}]}\nworkers: 7\ntopics: {alerts: other}\ndedupe: {window: 1h}\n");
  const ConfigChange change = config_change(Program::notify, config(""), wanted);
  EXPECT_EQ(change.reloaded, (Keys{"alerts.webhooks", "alerts.silence_max"}));
  EXPECT_EQ(change.restart, (Keys{"topics.alerts", "alerts.listen"}));
  EXPECT_EQ(change.config.alerts.webhooks.size(), 1U);
  EXPECT_EQ(change.refusal, "");
}

TEST(Reload, WhatARestartWouldRefuseIsSaid) {
  const auto refusal = [](const std::string& yaml) {
    return config_change(Program::run, config(""), config(yaml)).refusal;
  };
  EXPECT_NE(refusal("dedupe: {window: 24h}\n"), "");
  EXPECT_NE(refusal("dedupe: {entries_max: 5000}\n"), "");
  EXPECT_EQ(refusal("dedupe: {window: 24h, revision: 2}\n"), "");
  EXPECT_NE(refusal("kafka: {group: other}\n"), "");
  EXPECT_NE(refusal("topics: {raw: other}\n"), "");
  EXPECT_NE(refusal("topics: {ledger: other}\n"), "");
  EXPECT_EQ(refusal("kafka: {group: other}\ntopics: {ledger: other, raw: another}\n"), "");
}

}  // namespace
}  // namespace tocsin
