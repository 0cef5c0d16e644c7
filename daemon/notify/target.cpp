#include "daemon/notify/target.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "daemon/stop.h"

namespace tocsin {

using namespace std::chrono_literals;

namespace {

constexpr int kQueryTimeoutMs = 10'000;
constexpr auto kPollWait = 200ms;
constexpr std::chrono::milliseconds kBackoffFirst = 500ms;
constexpr std::chrono::milliseconds kBackoffMax = 60s;
constexpr std::int64_t kMinuteMs = 60'000;

std::string read_required(const std::filesystem::path& file, const std::string& name) {
  SecretResult content = read_secret(file);
  if (!content.error.empty()) {
    throw StopError(ExitCode::bad_input,
                    "webhook " + name + ": " + file.string() + " " + content.error);
  }
  return std::move(content.secret);
}

Url url_of(const WebhookConfig& webhook) {
  std::string text = webhook.url;
  if (!webhook.url_file.empty()) text = read_required(webhook.url_file, webhook.name);
  if (text.empty()) text = kPagerDutyUrl;
  const auto url = parse_url(text);
  if (!url) {
    throw StopError(ExitCode::bad_input, "webhook " + webhook.name + ": " +
                                             webhook.url_file.string() +
                                             " holds no http:// or https:// address");
  }
  return *url;
}

std::int64_t unix_seconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

Target::Target(const Config& config, const WebhookConfig& webhook, TargetMetrics metrics)
    : config_(config),
      webhook_(webhook),
      source_("tocsin/" + config.kafka.group),
      metrics_(metrics),
      url_(url_of(webhook)),
      http_(webhook.ca_file) {
  if (!webhook_.secret_file.empty()) secret_ = read_required(webhook_.secret_file, webhook_.name);
  kafka::Conf conf = kafka::make_conf(
      config_.kafka,
      {{"session.timeout.ms", "10000"},
       {"heartbeat.interval.ms", "3000"},
       {"queued.max.messages.kbytes", "4096"},
       {"topic.metadata.refresh.interval.ms", "10000"},  // until the topic is there
       {"fetch.wait.max.ms", "100"}},
      {{"group.id", config_.kafka.group + ".notify." + webhook_.name},
       {"partition.assignment.strategy", "range"},
       {"enable.auto.commit", "false"},
       {"enable.auto.offset.store", "false"},
       {"isolation.level", "read_committed"},
       // Where to begin is decided in assign(); this is for alerts that expired unread.
       {"auto.offset.reset", "earliest"}});
  rd_kafka_conf_set_opaque(conf.get(), this);
  rd_kafka_conf_set_rebalance_cb(conf.get(), &Target::on_rebalance);
  consumer_ = kafka::make_consumer(std::move(conf));
}

Target::~Target() {
  stop();
  thread_.join();
  rd_kafka_consumer_close(consumer_.get());
}

void Target::start() {
  heartbeat_ms_ = steady_ms();
  topic_is_new_ = is_topic_missing();
  const kafka::PartitionList topics(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(topics.get(), config_.topics.alerts.c_str(),
                                    RD_KAFKA_PARTITION_UA);
  const rd_kafka_resp_err_t error = rd_kafka_subscribe(consumer_.get(), topics.get());
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw StopError(ExitCode::failed, "notify: cannot subscribe: " + kafka::text(error));
  }
  thread_ = Thread("notify", [this] { run(); });
}

// False also when no broker answers: then nobody can publish either.
bool Target::is_topic_missing() const {
  constexpr int kAnswerTimeoutMs = 2'000;
  const rd_kafka_metadata_t* answer = nullptr;
  if (rd_kafka_metadata(consumer_.get(), 1, nullptr, &answer, kAnswerTimeoutMs) !=
      RD_KAFKA_RESP_ERR_NO_ERROR) {
    return false;
  }
  const kafka::Owned<const rd_kafka_metadata_t> metadata(answer);
  return std::none_of(metadata->topics, metadata->topics + metadata->topic_cnt,
                      [this](const rd_kafka_metadata_topic_t& topic) {
                        return config_.topics.alerts == topic.topic;
                      });
}

void Target::ring(std::string alert) {
  const std::lock_guard lock(own_mutex_);
  if (own_.size() == kOwnAlertsMax) own_.pop_front();
  own_.push_back(std::move(alert));
}

// ---- the group

void Target::on_rebalance(rd_kafka_t* consumer, rd_kafka_resp_err_t event,
                          rd_kafka_topic_partition_list_t* partitions, void* self) {
  auto& target = *static_cast<Target*>(self);
  ++target.assignment_;
  target.held_.clear();
  if (event == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    target.assign(partitions);
  } else {
    target.is_assigned_ = false;
    rd_kafka_assign(consumer, nullptr);
  }
}

// A target that is new to the topic is told what comes from now on; this is committed at once, or a
// crash before the first delivery would skip what came meanwhile. A topic that was made since, and
// a partition that is new to a known topic, are read from the beginning.
void Target::assign(rd_kafka_topic_partition_list_t* partitions) {
  rd_kafka_resp_err_t error = kafka::ask("committed offsets", [&] {
    return rd_kafka_committed(consumer_.get(), partitions, kQueryTimeoutMs);
  });
  const bool is_known =
      std::any_of(partitions->elems, partitions->elems + partitions->cnt,
                  [](const rd_kafka_topic_partition_t& entry) { return entry.offset >= 0; });
  for (int i = 0; error == RD_KAFKA_RESP_ERR_NO_ERROR && i < partitions->cnt; ++i) {
    rd_kafka_topic_partition_t& entry = partitions->elems[i];
    if (entry.offset >= 0) continue;
    std::int64_t low = 0;
    std::int64_t high = 0;
    error = kafka::ask("watermarks", [&] {
      return rd_kafka_query_watermark_offsets(consumer_.get(), entry.topic, entry.partition, &low,
                                              &high, kQueryTimeoutMs);
    });
    entry.offset = is_known || topic_is_new_ ? low : high;
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) commit({entry.topic, entry.partition}, entry.offset);
  }
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    // Without an assignment the next rebalance asks again; /readyz tells until then.
    spdlog::error("notify: target={} cannot be assigned: {}", name(), kafka::text(error));
    rd_kafka_assign(consumer_.get(), nullptr);
    return;
  }
  rd_kafka_assign(consumer_.get(), partitions);
  is_assigned_ = true;
  spdlog::info("notify: assigned target={} partitions={}", name(), partitions->cnt);
}

void Target::commit(const kafka::Partition& partition, std::int64_t next) {
  const kafka::PartitionList list = kafka::make_list({{partition, next}});
  const rd_kafka_resp_err_t error = rd_kafka_commit(consumer_.get(), list.get(), 0);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    spdlog::warn("notify: target={} offset not committed, the alert may come again: {}", name(),
                 kafka::text(error));
  }
}

kafka::Message Target::poll(std::chrono::milliseconds wait) {
  heartbeat_ms_ = steady_ms();
  kafka::Message message(rd_kafka_consumer_poll(consumer_.get(), static_cast<int>(wait.count())));
  if (message && message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    spdlog::warn("notify: target={} {}", name(), kafka::text(message->err));
    return nullptr;
  }
  return message;
}

// ---- deliveries

void Target::run() {
  while (!stopping_) {
    ring_own();
    kafka::Message message;
    if (held_.empty()) {
      message = poll(kPollWait);
    } else {
      message = std::move(held_.front());
      held_.pop_front();
    }
    if (message) take(*message);
  }
}

void Target::ring_own() {
  while (!stopping_) {
    std::string bytes;
    {
      const std::lock_guard lock(own_mutex_);
      if (own_.empty()) return;
      bytes = std::move(own_.front());
      own_.pop_front();
    }
    // Begun anew when a rebalance ended it: it belongs to no partition.
    while (!stopping_ && !deliver(*read_alert(bytes))) continue;
  }
}

void Target::take(const rd_kafka_message_t& message) {
  const kafka::Partition partition{rd_kafka_topic_name(message.rkt), message.partition};
  if (message.payload != nullptr) {
    const auto alert = read_alert({static_cast<const char*>(message.payload), message.len});
    if (alert) {
      if (!deliver(*alert)) return;
    } else {
      metrics_.unreadable.Increment();
      spdlog::error("notify: target={} no alert of this tocsin's schema partition={} offset={}",
                    name(), message.partition, message.offset);
    }
  }
  commit(partition, message.offset + 1);
}

bool Target::deliver(const ReceivedAlert& alert) {
  const std::uint64_t assignment = assignment_;
  std::chrono::milliseconds backoff = kBackoffFirst;
  for (std::uint32_t attempt = 1; attempt <= webhook_.attempts_max; ++attempt) {
    wait_for_rate();
    if (stopping_ || assignment != assignment_) return false;
    const WebhookRequest request =
        webhook_request(webhook_.kind, alert, secret_, source_, unix_seconds());
    sent_ms_.push_back(steady_ms());
    const HttpAnswer answer = http_.post(url_, request.headers, request.body, webhook_.timeout);
    heartbeat_ms_ = steady_ms();
    if (answer.is_success()) {
      metrics_.retrying.Set(0);
      metrics_.delivered.Increment();
      spdlog::info("notify: delivered target={} alert={} revision={} state={} attempt={}", name(),
                   alert.id, alert.revision, alert.state, attempt);
      return true;
    }
    metrics_.failed_attempts.Increment();
    metrics_.retrying.Set(1);
    spdlog::warn("notify: attempt failed target={} alert={} attempt={} status={} reason: {}",
                 name(), alert.id, attempt, answer.status, answer.error);
    if (attempt == webhook_.attempts_max) break;
    wait(std::max<std::chrono::milliseconds>(backoff, answer.retry_after.value_or(0s)));
    backoff = std::min(backoff * 2, kBackoffMax);
  }
  metrics_.retrying.Set(0);
  metrics_.given_up.Increment();
  spdlog::error("notify: given up target={} alert={} revision={} state={} attempts={}", name(),
                alert.id, alert.revision, alert.state, webhook_.attempts_max);
  return true;
}

void Target::wait_for_rate() {
  while (!stopping_) {
    const std::int64_t now_ms = steady_ms();
    while (!sent_ms_.empty() && now_ms - sent_ms_.front() >= kMinuteMs) sent_ms_.pop_front();
    if (sent_ms_.size() < webhook_.requests_per_minute) return;
    wait(std::chrono::milliseconds(kMinuteMs - (now_ms - sent_ms_.front())));
  }
}

void Target::wait(std::chrono::milliseconds duration) {
  const std::int64_t deadline_ms = steady_ms() + duration.count();
  const std::uint64_t assignment = assignment_;
  rd_kafka_topic_partition_list_t* assigned = nullptr;
  rd_kafka_assignment(consumer_.get(), &assigned);
  const kafka::PartitionList list(assigned != nullptr ? assigned
                                                      : rd_kafka_topic_partition_list_new(0));
  rd_kafka_pause_partitions(consumer_.get(), list.get());
  while (!stopping_ && assignment == assignment_ && steady_ms() < deadline_ms) {
    const std::chrono::milliseconds left(deadline_ms - steady_ms());
    kafka::Message message = poll(std::clamp<std::chrono::milliseconds>(left, 0ms, kPollWait));
    if (message) held_.push_back(std::move(message));  // one that slipped through
  }
  if (assignment == assignment_) rd_kafka_resume_partitions(consumer_.get(), list.get());
}

}  // namespace tocsin
