#include "daemon/preflight.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>

#include "daemon/alert_publisher.h"
#include "daemon/http/client.h"
#include "daemon/kafka/reader.h"
#include "daemon/kafka/rights.h"
#include "daemon/kafka/topics.h"
#include "daemon/notify/webhook.h"
#include "daemon/publisher.h"
#include "daemon/schema_registry.h"
#include "daemon/unix_time.h"

namespace tocsin {
namespace {

constexpr std::chrono::seconds kClockSkewMax{5};

void note(std::vector<std::string>& faults, const std::string& fault) {
  if (std::find(faults.begin(), faults.end(), fault) == faults.end()) faults.push_back(fault);
}

void try_client(std::vector<std::string>& faults, const std::function<void()>& make) {
  try {
    make();
  } catch (const StopError& error) {
    note(faults, error.what());
  }
}

void check_webhook(const WebhookConfig& webhook, std::vector<std::string>& faults) {
  const auto fault = [&](const std::filesystem::path& file, const std::string& what) {
    note(faults, "webhook " + webhook.name + ": " + file.string() + " " + what);
  };
  if (!webhook.url_file.empty()) {
    const SecretResult address = read_secret(webhook.url_file);
    if (!address.error.empty()) {
      fault(webhook.url_file, address.error);
    } else if (!parse_url(address.secret)) {
      fault(webhook.url_file, "holds no http:// or https:// address");
    }
  }
  if (!webhook.secret_file.empty()) {
    const SecretResult secret = read_secret(webhook.secret_file);
    if (!secret.error.empty()) fault(webhook.secret_file, secret.error);
  }
  if (webhook.ca_file.empty()) return;
  try {
    const HttpClient client(webhook.ca_file);
  } catch (const StopError& error) {
    note(faults, "webhook " + webhook.name + ": " + error.what());
  }
}

// Runs a question; a refusal is a finding.
template <class Ask>
void ask(std::vector<ClusterFinding>& findings, const Ask& question) {
  try {
    question();
  } catch (const StopError& error) {
    findings.push_back({error.exit_code(), false, error.what()});
  }
}

// What `tocsin run` writes: outputs, ledger, and in transactions.
void ask_to_write(const Config& config, const kafka::TopicsView& view,
                  std::vector<ClusterFinding>& findings) {
  std::map<std::string, std::int64_t> bytes_max;
  for (const std::string& topic :
       {config.topics.enriched, config.topics.duplicates, config.topics.deadletter,
        config.topics.ledger, config.topics.alerts, config.topics.pairs}) {
    if (!view.partitions.contains(topic)) continue;
    if (const auto limit = view.bytes_max.find(topic); limit != view.bytes_max.end()) {
      bytes_max.insert(*limit);
    } else {
      findings.push_back(
          {ExitCode::fine, true,
           "not asked: WRITE on topic " + topic + ", for its settings may not be read"});
    }
  }
  ask(findings, [&] {
    for (const std::string& fault : kafka::write_faults(config, bytes_max)) {
      findings.push_back({ExitCode::failed, false, fault});
    }
  });
  ask(findings, [&] { kafka::check_transactions(config); });
}

// Kafka 2.5 was the first whose transactions take the group's generation (KIP-447).
void judge_version(const std::string& version, std::vector<ClusterFinding>& findings) {
  constexpr double kOldest = 2.5;
  if (version.empty()) {
    findings.push_back({ExitCode::fine, true,
                        "the brokers' version may not be read (DESCRIBE_CONFIGS on the cluster)"});
    return;
  }
  const bool is_old = std::atof(version.c_str()) < kOldest;
  findings.push_back({is_old ? ExitCode::failed : ExitCode::fine, false,
                      "the brokers speak " + version + (is_old ? ", tocsin needs 2.5" : "")});
}

// The brokers stamp the ledger's records: the newest of them cannot be of the future, and while an
// instance runs it is not old.
void judge_clock(const Config& config, std::vector<ClusterFinding>& findings) {
  kafka::Reader reader(config, kafka::Isolation::uncommitted);
  kafka::Extents ledger = reader.extents(reader.partitions({config.topics.ledger}));
  for (auto& [partition, marks] : ledger) marks.low = std::max(marks.low, marks.high - 1);
  std::int64_t newest_ms = 0;
  reader.read(ledger, [&](const kafka::Message& message) { newest_ms = message.timestamp_ms(); });
  const std::int64_t now_ms = unix_ms();
  // The alert engine's owner appends a tick each interval.
  const std::int64_t tick_ms = config.alerts.tick_interval.count();
  const std::int64_t age_ms = now_ms - newest_ms;
  if (newest_ms > 0 && age_ms > 2 * tick_ms) {
    findings.push_back({ExitCode::fine, true,
                        "the ledger's newest record is " + std::to_string(age_ms / 1000) +
                            " s old by this machine's clock, ticks come each " +
                            std::to_string(tick_ms / 1000) +
                            " s: no instance is running, or the clock is ahead of the brokers'"});
  }
  if (newest_ms - now_ms < std::chrono::milliseconds(kClockSkewMax).count()) return;
  findings.push_back({ExitCode::fine, true,
                      "this machine's clock is at least " +
                          std::to_string((newest_ms - now_ms) / 1000) + " s behind the brokers'"});
}

}  // namespace

std::vector<std::string> offline_faults(const Config& config) {
  std::vector<std::string> faults;
  Config offline = config;
  offline.kafka.brokers = "";
  // Warnings of librdkafka about brokers that are not there say nothing here.
  const auto level = spdlog::get_level();
  spdlog::set_level(spdlog::level::off);
  try_client(faults, [&] { kafka::Consumer{Intake::conf(offline)}; });
  try_client(faults, [&] { kafka::Consumer{Follower::conf(offline)}; });
  try_client(faults, [&] { kafka::Producer{LedgerWriter::conf(offline)}; });
  try_client(faults, [&] { kafka::Producer{Transactor::conf(offline, false)}; });
  try_client(faults, [&] { kafka::Consumer{AlertPublisher::consumer_conf(offline)}; });
  try_client(faults, [&] { kafka::Producer{AlertPublisher::producer_conf(offline)}; });
  spdlog::set_level(level);
  if (std::string fault = kafka::token_fault(Intake::conf(offline)); !fault.empty())
    faults.push_back("kafka.client_files: " + fault);
  for (const WebhookConfig& webhook : config.alerts.webhooks) check_webhook(webhook, faults);
  return faults;
}

std::vector<ClusterFinding> cluster_findings(const Config& config) {
  std::vector<ClusterFinding> findings;
  const kafka::TopicsView view = kafka::look_at_topics(config);
  findings.push_back({ExitCode::fine, false,
                      "cluster " + view.cluster_id + ", " + std::to_string(view.brokers) +
                          " brokers, librdkafka " + kafka::library_version()});
  for (const auto& [topic, what] : view.missing) {
    const bool is_made = what.empty() && config.kafka.create_topics;
    findings.push_back({is_made        ? ExitCode::fine
                        : what.empty() ? ExitCode::bad_input
                                       : ExitCode::failed,
                        is_made,
                        !what.empty() ? what
                                      : "topic " + topic + " is missing" +
                                            (is_made ? ": `tocsin run` creates it" : "")});
  }
  for (const std::string& limit : view.limits) findings.push_back({ExitCode::fine, true, limit});
  const auto has = [&](const std::string& topic) { return view.partitions.contains(topic); };
  judge_version(view.version, findings);
  if (has(config.topics.ledger)) {
    ask(findings, [&] { kafka::check_ledger(config); });
    ask(findings, [&] { judge_clock(config, findings); });
  }
  ask(findings, [&] {
    kafka::Reader reader(config, kafka::Isolation::uncommitted);
    const auto raw = reader.partitions(config.topics.raw);
    const auto offsets = kafka::committed_offsets(config, raw, kafka::Isolation::uncommitted);
    const auto known = static_cast<std::size_t>(
        std::count_if(offsets.begin(), offsets.end(), [](const auto& o) { return o.second >= 0; }));
    findings.push_back({ExitCode::fine, false,
                        "group " + config.kafka.group + " has offsets for " +
                            std::to_string(known) + " of " + std::to_string(offsets.size()) +
                            " raw partitions"});
  });
  ask(findings, [&] {
    Config of_alerts = config;
    of_alerts.kafka.group += ".alerts";
    static_cast<void>(kafka::committed_offsets(of_alerts, {{config.topics.ledger, 0}},
                                               kafka::Isolation::uncommitted));
  });
  ask_to_write(config, view, findings);
  ask(findings, [&] {
    for (RegistryFinding& finding : registry_findings(config)) {
      const bool is_refused = finding.is_known && !finding.is_fine;
      findings.push_back({is_refused ? ExitCode::bad_input : ExitCode::fine, !finding.is_fine,
                          std::move(finding.text)});
    }
  });
  // A fetch is the one way to see whether records may be read.
  std::vector<std::string> read = config.topics.raw;
  read.insert(read.end(), {config.topics.ledger, config.topics.pairs});
  for (const std::string& topic : read) {
    if (!has(topic)) continue;
    ask(findings, [&] {
      kafka::Reader reader(config, kafka::Isolation::uncommitted);
      reader.check_readable(reader.partitions({topic}));
    });
  }
  return findings;
}

}  // namespace tocsin
