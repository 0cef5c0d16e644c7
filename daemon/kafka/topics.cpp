#include "daemon/kafka/topics.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>

#include "daemon/kafka/handles.h"
#include "daemon/kafka/reader.h"
#include "daemon/kafka/refusal.h"
#include "daemon/stop.h"
#include "daemon/wait.h"

namespace tocsin::kafka {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kRequestTimeout = 10s;
constexpr int kConnectAttempts = 6;  // of kRequestTimeout each: a minute for the brokers to appear
constexpr std::int64_t kLedgerLimitMs = 60'000;  // for it to appear: brokers may be busy
constexpr int kLedgerPauseMs = 10;

using MetadataPtr = Owned<const rd_kafka_metadata_t>;
using AdminOptions = Owned<rd_kafka_AdminOptions_t>;
using Queue = Owned<rd_kafka_queue_t>;
using Event = Owned<rd_kafka_event_t>;

struct TopicSpec {
  std::string name;
  int partitions = -1;  // the broker's default
  Settings settings;
};

std::string days(int count) {
  return std::to_string(std::int64_t{count} * 24 * 3600 * 1000);
}

std::int64_t ledger_retention_ms(const Config& config) {
  return 3 * config.dedupe.window.count() + std::chrono::milliseconds(24h).count();
}

TopicSpec ledger_topic(const Config& config) {
  return {config.topics.ledger,
          1,
          {{"cleanup.policy", "delete"},
           {"message.timestamp.type", "LogAppendTime"},
           {"retention.ms", std::to_string(ledger_retention_ms(config))},
           {"retention.bytes", "-1"}}};
}

std::vector<TopicSpec> wanted_topics(const Config& config) {
  std::vector<TopicSpec> topics;
  for (const std::string& raw : config.topics.raw) topics.push_back({raw, -1, {}});
  topics.push_back({config.topics.enriched, -1, {{"retention.ms", days(7)}}});
  topics.push_back({config.topics.duplicates, -1, {{"retention.ms", days(7)}}});
  topics.push_back({config.topics.alerts, -1, {{"retention.ms", days(90)}}});
  topics.push_back({config.topics.pairs,
                    -1,
                    {{"cleanup.policy", "compact,delete"}, {"retention.ms", days(90)}}});
  topics.push_back({config.topics.deadletter, -1, {{"retention.ms", days(30)}}});
  topics.push_back(ledger_topic(config));
  return topics;
}

MetadataPtr metadata(rd_kafka_t* client) {
  for (int attempt = 1;; ++attempt) {
    const rd_kafka_metadata_t* answer = nullptr;
    const rd_kafka_resp_err_t error =
        rd_kafka_metadata(client, 1, nullptr, &answer, static_cast<int>(kRequestTimeout.count()));
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return MetadataPtr(answer);
    if (const std::string why = refusal(); !why.empty()) {
      throw StopError(ExitCode::failed, "kafka: " + why);
    }
    if (attempt == kConnectAttempts) {
      throw StopError(ExitCode::failed,
                      "kafka: the brokers do not answer: " + Failure(error).text());
    }
    spdlog::warn("kafka: waiting for the brokers: {}", Failure(error).text());
  }
}

// Partitions by topic; topics with an error are left out.
std::map<std::string, int> partitions_of(const rd_kafka_metadata_t& metadata) {
  std::map<std::string, int> partitions;
  for (int i = 0; i < metadata.topic_cnt; ++i) {
    const rd_kafka_metadata_topic_t& topic = metadata.topics[i];
    if (topic.err == RD_KAFKA_RESP_ERR_NO_ERROR) partitions[topic.topic] = topic.partition_cnt;
  }
  return partitions;
}

void create(rd_kafka_t* client, const Config& config, const std::vector<TopicSpec>& missing) {
  std::vector<Owned<rd_kafka_NewTopic_t>> owners;
  std::vector<rd_kafka_NewTopic_t*> topics;
  std::array<char, 512> reason{};
  for (const TopicSpec& spec : missing) {
    owners.emplace_back(rd_kafka_NewTopic_new(spec.name.c_str(), spec.partitions, -1, reason.data(),
                                              reason.size()));
    if (!owners.back()) {
      throw StopError(ExitCode::bad_input, "topic " + spec.name + ": " + reason.data());
    }
    for (const auto& [key, value] : spec.settings) {
      rd_kafka_NewTopic_set_config(owners.back().get(), key.c_str(), value.c_str());
    }
    topics.push_back(owners.back().get());
  }
  const AdminOptions options(rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_CREATETOPICS));
  rd_kafka_AdminOptions_set_operation_timeout(
      options.get(), static_cast<int>(kRequestTimeout.count()), reason.data(), reason.size());
  const Queue queue(rd_kafka_queue_new(client));
  rd_kafka_CreateTopics(client, topics.data(), topics.size(), options.get(), queue.get());
  const Event event(rd_kafka_queue_poll(queue.get(), 60'000));
  if (!event || rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw StopError(ExitCode::failed,
                    std::string("kafka: topics cannot be created: ") +
                        (event ? rd_kafka_event_error_string(event.get()) : "time-out"));
  }
  std::size_t count = 0;
  const rd_kafka_topic_result_t** results =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    const rd_kafka_resp_err_t error = rd_kafka_topic_result_error(results[i]);
    const char* topic = rd_kafka_topic_result_name(results[i]);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
      spdlog::info("kafka: created topic={}", topic);
    } else if (error != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {  // another instance was faster
      if (Failure(error).is_denied()) {
        throw StopError(ExitCode::failed,
                        denied(config.kafka, "CREATE", std::string("topic ") + topic));
      }
      const char* why = rd_kafka_topic_result_error_string(results[i]);
      throw StopError(ExitCode::failed,
                      std::string("kafka: topic ") + topic +
                          " cannot be created: " + (why ? why : Failure(error).text()));
    }
  }
}

// Settings of resources, of all that may be asked, by name. Throws StopError when the brokers do
// not answer.
std::map<std::string, Settings> settings_of(rd_kafka_t* client, rd_kafka_ResourceType_t type,
                                            const std::vector<std::string>& names,
                                            std::string& first_error) {
  std::vector<Owned<rd_kafka_ConfigResource_t>> owners;
  std::vector<rd_kafka_ConfigResource_t*> resources;
  for (const std::string& name : names) {
    owners.emplace_back(rd_kafka_ConfigResource_new(type, name.c_str()));
    resources.push_back(owners.back().get());
  }
  const Queue queue(rd_kafka_queue_new(client));
  rd_kafka_DescribeConfigs(client, resources.data(), resources.size(), nullptr, queue.get());
  const Event event(rd_kafka_queue_poll(queue.get(), 60'000));
  if (!event || rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw StopError(ExitCode::failed,
                    "kafka: settings cannot be read: " +
                        std::string(event ? rd_kafka_event_error_string(event.get()) : "time-out"));
  }
  std::size_t count = 0;
  const rd_kafka_ConfigResource_t** answers = rd_kafka_DescribeConfigs_result_resources(
      rd_kafka_event_DescribeConfigs_result(event.get()), &count);
  std::map<std::string, Settings> found;
  for (std::size_t i = 0; i < count; ++i) {
    const rd_kafka_resp_err_t error = rd_kafka_ConfigResource_error(answers[i]);
    const std::string name = rd_kafka_ConfigResource_name(answers[i]);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
      if (first_error.empty()) first_error = name + ": " + Failure(error).text();
      continue;
    }
    std::size_t entries = 0;
    const rd_kafka_ConfigEntry_t** configs = rd_kafka_ConfigResource_configs(answers[i], &entries);
    for (std::size_t k = 0; k < entries; ++k) {
      const char* value = rd_kafka_ConfigEntry_value(configs[k]);
      found[name][rd_kafka_ConfigEntry_name(configs[k])] = value == nullptr ? "" : value;
    }
  }
  return found;
}

Settings topic_settings(rd_kafka_t* client, const Config& config, const std::string& topic) {
  std::string error;
  std::map<std::string, Settings> found =
      settings_of(client, RD_KAFKA_RESOURCE_TOPIC, {topic}, error);
  if (!found.contains(topic)) {
    const bool is_denied = error.find("AUTHORIZATION_FAILED") != std::string::npos;
    throw StopError(ExitCode::failed,
                    is_denied ? denied(config.kafka, "DESCRIBE_CONFIGS", "topic " + topic)
                              : "kafka: settings cannot be read of topic " + error);
  }
  return std::move(found[topic]);
}

std::int64_t bytes_max(const Settings& settings) {
  const auto found = settings.find("max.message.bytes");
  return found == settings.end() ? -1 : std::atoll(found->second.c_str());
}

// What the raw topics take: the dead letter topic should take the same. -1 when it is not known.
std::int64_t raw_bytes_max(rd_kafka_t* client, const Config& config,
                           const std::map<std::string, int>& existing) {
  std::vector<std::string> raw = config.topics.raw;
  std::erase_if(raw, [&](const std::string& topic) { return !existing.contains(topic); });
  std::string error;
  std::int64_t bytes = -1;
  if (raw.empty()) return bytes;
  for (const auto& [topic, settings] : settings_of(client, RD_KAFKA_RESOURCE_TOPIC, raw, error)) {
    bytes = std::max(bytes, bytes_max(settings));
  }
  return bytes;
}

// Which limits do not fit: nothing is lost then, but more ends as a (cut) dead letter.
std::vector<std::string> unfit_limits(rd_kafka_t* client, const Config& config,
                                      const std::map<std::string, int>& existing) {
  std::vector<std::string> topics = config.topics.raw;
  topics.insert(topics.end(),
                {config.topics.enriched, config.topics.duplicates, config.topics.deadletter});
  std::erase_if(topics, [&](const std::string& topic) { return !existing.contains(topic); });
  std::vector<std::string> lines;
  std::string error;
  if (topics.empty()) return lines;
  std::map<std::string, Settings> found =
      settings_of(client, RD_KAFKA_RESOURCE_TOPIC, topics, error);
  if (!error.empty()) lines.push_back("limits cannot be compared, the settings of topic " + error);
  std::int64_t raw = -1;
  for (const std::string& topic : config.topics.raw) raw = std::max(raw, bytes_max(found[topic]));
  const std::int64_t letter = bytes_max(found[config.topics.deadletter]);
  if (raw > 0 && letter > 0 && letter < raw) {
    lines.push_back("max.message.bytes of " + config.topics.deadletter + " is " +
                    std::to_string(letter) + ", of the raw topic " + std::to_string(raw) +
                    ": dead letters will be cut");
  }
  for (const std::string& topic : {config.topics.enriched, config.topics.duplicates}) {
    const std::int64_t limit = bytes_max(found[topic]);
    if (limit > 0 && limit < static_cast<std::int64_t>(config.limits.output_bytes_max)) {
      lines.push_back("max.message.bytes of " + topic + " is " + std::to_string(limit) +
                      ", limits.output_bytes_max " +
                      std::to_string(config.limits.output_bytes_max) +
                      ": longer records will be dead letters");
    }
  }
  return lines;
}

// Of one topic; nullptr: no answer.
MetadataPtr metadata_of(rd_kafka_t* client, const std::string& topic) {
  const Owned<rd_kafka_topic_t> handle(rd_kafka_topic_new(client, topic.c_str(), nullptr));
  const rd_kafka_metadata_t* answer = nullptr;
  rd_kafka_metadata(client, 0, handle.get(), &answer, static_cast<int>(kRequestTimeout.count()));
  return MetadataPtr(answer);
}

// A topic that nobody lists may be there all the same: for others.
void throw_if_denied(rd_kafka_t* client, const Config& config, const std::string& topic) {
  const MetadataPtr metadata = metadata_of(client, topic);
  if (metadata && metadata->topic_cnt == 1 && Failure(metadata->topics[0].err).is_denied()) {
    throw StopError(ExitCode::failed, denied(config.kafka, "DESCRIBE", "topic " + topic));
  }
}

// What a ledger must be, or sightings get lost, reordered or forgotten too early.
void check_ledger(rd_kafka_t* client, const Config& config, int partitions, int brokers) {
  const std::string& topic = config.topics.ledger;
  std::string faults;
  const auto fault = [&](const std::string& text) { faults += "\n  " + text; };
  if (partitions != 1) fault("partitions is " + std::to_string(partitions) + ", must be 1");
  Settings settings = topic_settings(client, config, topic);
  const auto must_be = [&](const char* key, const char* value) {
    if (settings[key] != value)
      fault(std::string(key) + " is '" + settings[key] + "', must be '" + value + "'");
  };
  must_be("message.timestamp.type", "LogAppendTime");
  must_be("cleanup.policy", "delete");
  must_be("retention.bytes", "-1");
  std::int64_t retention_ms = 0;
  try {
    retention_ms = std::stoll(settings["retention.ms"]);
  } catch (const std::exception&) {
    fault("retention.ms is unknown");
  }
  if (retention_ms >= 0 && retention_ms < ledger_retention_ms(config)) {
    fault("retention.ms is " + settings["retention.ms"] + ", must be at least " +
          std::to_string(ledger_retention_ms(config)) + " (three windows and a day)");
  }
  if (!faults.empty()) {
    throw StopError(ExitCode::state_refused,
                    "ledger " + topic + " is not set up as a ledger:" + faults);
  }
  if (brokers > 1 && settings["min.insync.replicas"] == "1") {
    spdlog::warn("ledger: min.insync.replicas is 1, one lost disk can lose sightings brokers={}",
                 brokers);
  }
}

Offsets raw_offsets(const Config& config, const std::map<std::string, int>& partitions) {
  std::vector<Partition> wanted;
  for (const std::string& raw : config.topics.raw) {
    const auto found = partitions.find(raw);
    for (int i = 0; found != partitions.end() && i < found->second; ++i) wanted.push_back({raw, i});
  }
  // Whether there are any at all: must not wait for the open transaction of a dead instance.
  return committed_offsets(config, wanted, Isolation::uncommitted);
}

// A topic just created may be unknown to the next broker for a moment.
void await_ledger(rd_kafka_t* client, const Config& config) {
  const std::int64_t deadline_ms = steady_ms() + kLedgerLimitMs;
  while (steady_ms() < deadline_ms) {
    if (const MetadataPtr answer = metadata_of(client, config.topics.ledger)) {
      const std::map<std::string, int> topics = partitions_of(*answer);
      const auto ledger = topics.find(config.topics.ledger);
      if (ledger != topics.end() && ledger->second > 0) {
        check_ledger(client, config, ledger->second, answer->broker_cnt);
        return;
      }
    }
    rd_kafka_poll(client, kLedgerPauseMs);
  }
  throw StopError(ExitCode::failed, "kafka: topic " + config.topics.ledger + " does not appear");
}

Client any_client(const Config& config) {
  // No producer: those create topics they ask about, where the brokers allow it.
  const Conf conf = make_conf(config.kafka, {}, {});
  return make_client(RD_KAFKA_CONSUMER, make_handle(conf), conf);
}

}  // namespace

bool TopicsState::group_has_offsets() const {
  return std::any_of(committed.begin(), committed.end(),
                     [](const auto& entry) { return entry.second >= 0; });
}

TopicsState prepare_topics(const Config& config) {
  const Client client = any_client(config);
  const std::map<std::string, int> existing = partitions_of(*metadata(client.get()));

  TopicsState state;
  state.cluster_id = cluster_id(client.get(), kRequestTimeout);
  state.committed = raw_offsets(config, existing);
  std::vector<TopicSpec> missing;
  std::string names;
  for (TopicSpec& spec : wanted_topics(config)) {
    if (existing.contains(spec.name)) continue;
    throw_if_denied(client.get(), config, spec.name);
    names += " " + spec.name;
    missing.push_back(std::move(spec));
  }
  const bool ledger_missing = !existing.contains(config.topics.ledger);
  if (ledger_missing && state.group_has_offsets()) {
    throw StopError(ExitCode::state_refused,
                    "ledger " + config.topics.ledger + " is missing although group " +
                        config.kafka.group +
                        " has committed offsets: without it copies would be published again. "
                        "`tocsin ledger init` makes a new one");
  }
  if (!missing.empty()) {
    if (!config.kafka.create_topics) {
      throw StopError(ExitCode::bad_input,
                      "kafka: topics are missing and kafka.create_topics is off:" + names);
    }
    const std::int64_t raw_max = raw_bytes_max(client.get(), config, existing);
    for (TopicSpec& spec : missing) {
      if (spec.name != config.topics.deadletter || raw_max < 0) continue;
      spec.settings["max.message.bytes"] = std::to_string(raw_max);
    }
    create(client.get(), config, missing);
    state.ledger_created = ledger_missing;
  }
  await_ledger(client.get(), config);
  const std::map<std::string, int> present = partitions_of(*metadata(client.get()));
  for (const std::string& line : unfit_limits(client.get(), config, present)) {
    spdlog::warn("kafka: limits do not fit: {}", line);
  }
  return state;
}

TopicsView look_at_topics(const Config& config) {
  const Client client = any_client(config);
  const MetadataPtr answer = metadata(client.get());
  const std::map<std::string, int> existing = partitions_of(*answer);
  TopicsView view;
  view.cluster_id = cluster_id(client.get(), kRequestTimeout);
  view.brokers = answer->broker_cnt;
  for (const TopicSpec& spec : wanted_topics(config)) {
    if (const auto found = existing.find(spec.name); found != existing.end()) {
      view.partitions.insert(*found);
      continue;
    }
    try {
      throw_if_denied(client.get(), config, spec.name);
      view.missing[spec.name];
    } catch (const StopError& error) {
      view.missing[spec.name] = error.what();
    }
  }
  view.limits = unfit_limits(client.get(), config, existing);
  std::vector<std::string> present;
  for (const auto& [topic, partitions] : view.partitions) present.push_back(topic);
  std::string error;
  if (!present.empty()) {
    for (const auto& [topic, settings] :
         settings_of(client.get(), RD_KAFKA_RESOURCE_TOPIC, present, error)) {
      view.bytes_max[topic] = bytes_max(settings);
    }
  }
  if (answer->broker_cnt > 0) {
    const std::string broker = std::to_string(answer->brokers[0].id);
    auto settings = settings_of(client.get(), RD_KAFKA_RESOURCE_BROKER, {broker}, error);
    view.version = settings[broker]["inter.broker.protocol.version"];
  }
  return view;
}

TopicsState prepare_ledger(const Config& config) {
  const Client client = any_client(config);
  const std::map<std::string, int> existing = partitions_of(*metadata(client.get()));
  TopicsState state;
  state.cluster_id = cluster_id(client.get(), kRequestTimeout);
  state.committed = raw_offsets(config, existing);
  if (!existing.contains(config.topics.ledger)) {
    throw_if_denied(client.get(), config, config.topics.ledger);
    create(client.get(), config, {ledger_topic(config)});
    state.ledger_created = true;
  }
  await_ledger(client.get(), config);
  return state;
}

Settings topic_settings(const Config& config, const std::string& topic) {
  return topic_settings(any_client(config).get(), config, topic);
}

void check_ledger(const Config& config) {
  const Client client = any_client(config);
  const MetadataPtr answer = metadata(client.get());
  const std::map<std::string, int> topics = partitions_of(*answer);
  const auto ledger = topics.find(config.topics.ledger);
  if (ledger == topics.end()) {
    throw StopError(ExitCode::state_refused, "ledger " + config.topics.ledger + " is missing");
  }
  check_ledger(client.get(), config, ledger->second, answer->broker_cnt);
}

}  // namespace tocsin::kafka
