#include "daemon/notify/target.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "daemon/stop.h"
#include "daemon/unix_time.h"

namespace tocsin {

using namespace std::chrono_literals;

namespace {

constexpr auto kPollWait = 200ms;
constexpr std::int64_t kMinuteMs = 60'000;

kafka::Conf conf_of(const Config& config, const std::string& target) {
  return kafka::make_conf(
      config.kafka,
      {{"session.timeout.ms", "10000"},
       {"heartbeat.interval.ms", "3000"},
       {"queued.max.messages.kbytes", "4096"},
       {"topic.metadata.refresh.interval.ms", "10000"},  // until the topic is there
       {"fetch.wait.max.ms", "100"}},
      {{"group.id", config.kafka.group + ".notify." + target},
       {"partition.assignment.strategy", "range"},
       {"enable.auto.commit", "false"},
       {"enable.auto.offset.store", "false"},
       {"isolation.level", "read_committed"},
       // Where to begin is decided in assign(); this is for alerts that expired unread.
       {"auto.offset.reset", "earliest"}});
}

}  // namespace

Target::Target(const Config& config, const WebhookConfig& webhook, TargetMetrics metrics,
               Muting& muting)
    : group_(config.kafka.group),
      topic_(config.topics.alerts),
      sender_(webhook, group_),
      metrics_(metrics),
      muting_(muting),
      own_(sender_, metrics_),
      consumer_(conf_of(config, webhook.name),
                {.on_assign = [this](const auto& partitions) { assign(partitions); },
                 .on_revoke =
                     [this](bool) {
                       revoke();
                       consumer_.unassign();
                     }}),
      queue_({webhook.attempts_max, webhook.deadline, webhook.deadline}) {}

Target::~Target() {
  stop();
  join();
  consumer_.close();  // while what its hooks use is there
}

void Target::join() {
  thread_.join();
  own_.join();
}

void Target::stop() {
  stopping_ = true;
  own_.stop();
}

std::int64_t Target::heartbeat_ms() const {
  return std::min<std::int64_t>(heartbeat_ms_, own_.heartbeat_ms());
}

void Target::start() {
  heartbeat_ms_ = steady_ms();
  own_.start();
  topic_is_new_ = is_topic_missing();
  if (const kafka::Failure fault = consumer_.subscribe({topic_})) {
    throw StopError(ExitCode::failed, "notify: cannot subscribe: " + fault.text());
  }
  thread_ = Thread("notify", [this] { run(); });
}

// False also when no broker answers: then nobody can publish either.
bool Target::is_topic_missing() const {
  const auto topics = consumer_.topics({topic_}, 2'000ms);
  return topics && !topics->contains(topic_);
}

// ---- the group

void Target::revoke() {
  is_assigned_ = false;
  is_paused_ = false;
  queue_.clear();
  books_.clear();
  metrics_.retrying.Set(0);
}

void Target::assign(const std::vector<kafka::Partition>& partitions) {
  revoke();
  if (const kafka::Failure fault = begin(partitions)) {
    // Without an assignment the next rebalance asks again; /readyz tells until then.
    spdlog::error("notify: target={} cannot be assigned: {}", name(), fault.full_text());
    books_.clear();
    consumer_.unassign();
    return;
  }
  is_assigned_ = true;
  spdlog::info("notify: assigned target={} partitions={}", name(), partitions.size());
}

// A target that is new to the topic is told what comes from now on; this is committed at once, or a
// crash before the first delivery would skip what came meanwhile. A topic that was made since, and
// a partition that is new to a known topic, are read from the beginning.
kafka::Failure Target::begin(const std::vector<kafka::Partition>& partitions) {
  const auto committed =
      kafka::ask("committed offsets", [&] { return consumer_.committed(partitions); });
  if (!committed) return committed.error();
  const bool is_known = std::any_of(committed->begin(), committed->end(),
                                    [](const auto& entry) { return entry.second.offset >= 0; });
  kafka::Offsets from;
  for (const auto& [partition, mark] : *committed) {
    from[partition] = mark.offset;
    if (mark.offset >= 0) {
      books_.insert_or_assign(partition, OffsetBook(mark.offset, mark.metadata));
      continue;
    }
    const auto marks =
        kafka::ask("watermarks", [&, where = partition] { return consumer_.watermarks(where); });
    if (!marks) return marks.error();
    from[partition] = is_known || topic_is_new_ ? marks->low : marks->high;
    commit(partition,
           books_.insert_or_assign(partition, OffsetBook(from[partition], "")).first->second);
  }
  return consumer_.assign(from);
}

void Target::commit(const kafka::Partition& partition, const OffsetBook& book) {
  if (const kafka::Failure fault =
          consumer_.commit({{partition, {book.next(), book.metadata(), {}}}})) {
    spdlog::warn("notify: offset not committed, the alert may come again target={}: {}", name(),
                 fault.text());
  }
}

kafka::Message Target::poll(std::chrono::milliseconds wait) {
  heartbeat_ms_ = steady_ms();
  kafka::Message message = consumer_.poll(wait);
  if (message && !message.is_record()) {
    spdlog::warn("notify: poll target={}: {}", name(), message.fault().full_text());
    return nullptr;
  }
  return message;
}

// ---- deliveries

void Target::run() {
  while (!stopping_) {
    regulate();
    const kafka::Message message = poll(patience(steady_ms()));
    if (message) take(message);
    const std::int64_t now_ms = steady_ms();
    if (!stopping_ && queue_.due(now_ms) != nullptr && has_rate(now_ms)) attempt(now_ms);
  }
}

// How long the next poll may wait.
std::chrono::milliseconds Target::patience(std::int64_t now_ms) const {
  const auto due_ms = queue_.next_due_ms();
  if (!due_ms || sent_ms_.size() >= sender_.webhook().requests_per_minute) return kPollWait;
  return std::clamp<std::chrono::milliseconds>(std::chrono::milliseconds(*due_ms - now_ms), 0ms,
                                               kPollWait);
}

// Polling never stops, or the group would go on without us; partitions pause.
void Target::regulate() {
  const bool is_full = queue_.size() >= (is_paused_ ? kPendingMax / 2 : kPendingMax);
  if (is_full == is_paused_ || books_.empty()) return;
  std::vector<kafka::Partition> all;
  for (const auto& [partition, book] : books_) all.push_back(partition);
  is_full ? consumer_.pause(all) : consumer_.resume(all);
  is_paused_ = is_full;
}

void Target::take(const kafka::Record& message) {
  const kafka::Partition partition = message.partition();
  const auto found = books_.find(partition);
  if (found == books_.end()) return;  // slipped through a rebalance
  OffsetBook& book = found->second;
  if (book.is_done(message.offset())) {
    book.end(message.offset());
    return;
  }
  book.begin(message.offset());
  auto alert = message.has_value() ? read_alert(message.json()) : std::nullopt;
  if (message.has_value() && !alert) {
    metrics_.unreadable.Increment();
    spdlog::error("notify: no alert of this tocsin's schema target={} partition={} offset={}",
                  name(), message.number(), message.offset());
  }
  if (!alert || is_muted(*alert)) {
    book.end(message.offset());
    commit(partition, book);
    return;
  }
  queue_.add({*std::move(alert), partition, message.offset(), 0, 0, 0});
}

// The end of an alert is kept back only where its beginning was, and nothing of it was told since.
bool Target::is_muted(const ReceivedAlert& alert) {
  const auto silence = muting_.find(alert, unix_ms());
  const bool was_muted = muted_.contains(alert.id);
  if (alert.is_closed() ? !was_muted : !silence) {
    muted_.remove(alert.id);
    if (was_muted) {
      spdlog::info("notify: a silence no longer holds, telling target={} alert={} level={}", name(),
                   alert.id, alert.facts.level);
    }
    return false;
  }
  if (alert.state == "opened") muted_.add(alert.id);
  if (alert.is_closed()) muted_.remove(alert.id);
  metrics_.muted.Increment();
  spdlog::info("notify: muted target={} alert={} revision={} state={} line={}: by {}: {}", name(),
               alert.id, alert.revision, alert.state, silence ? silence->line : 0,
               silence ? silence->by : "", silence ? silence->why : "");
  return true;
}

void Target::attempt(std::int64_t now_ms) {
  const PendingAlert delivery = *queue_.due(now_ms);
  sent_ms_.push_back(now_ms);
  const HttpAnswer answer = sender_.post(delivery.alert);
  heartbeat_ms_ = steady_ms();
  const auto how = queue_.settle(delivery.alert.id, answer, steady_ms());
  if (!answer.is_success()) {
    metrics_.failed_attempts.Increment();
    spdlog::warn("notify: attempt failed target={} alert={} attempt={} status={} reason: {}",
                 name(), delivery.alert.id, delivery.attempts + 1, answer.status, answer.error);
  }
  metrics_.retrying.Set(queue_.is_retrying() ? 1 : 0);
  if (how) end(delivery, *how, answer);
}

void Target::end(const PendingAlert& delivery, DeliveryEnd how, const HttpAnswer& answer) {
  const ReceivedAlert& alert = delivery.alert;
  OffsetBook& book = books_.at(delivery.partition);
  book.end(delivery.offset);
  if (how == DeliveryEnd::delivered) {
    metrics_.delivered.Increment();
    spdlog::info("notify: delivered target={} alert={} revision={} state={} attempt={}", name(),
                 alert.id, alert.revision, alert.state, delivery.attempts + 1);
    tell_delivered_again();
  } else {
    (how == DeliveryEnd::refused ? metrics_.refused : metrics_.given_up).Increment();
    spdlog::error("notify: given up target={} alert={} revision={} state={} attempts={} status={}",
                  name(), alert.id, alert.revision, alert.state, delivery.attempts + 1,
                  answer.status);
    tell_undelivered(delivery, answer);
  }
  commit(delivery.partition, book);
}

// Once, until something is delivered again: whoever refuses one alert may refuse a thousand.
void Target::tell_undelivered(const PendingAlert& delivery, const HttpAnswer& answer) {
  const bool is_told = std::any_of(books_.begin(), books_.end(), [](const auto& entry) {
    return entry.second.undelivered.has_value();
  });
  if (is_told) return;
  const std::int64_t revision = unix_ms() / 1000;
  books_.at(delivery.partition).undelivered = revision;
  const std::string reason =
      answer.status == 0 ? answer.error : "it answers " + std::to_string(answer.status);
  if (on_undelivered) {
    on_undelivered(undelivered_alert(group_, name(), false, revision, delivery.alert, reason),
                   name());
  }
}

void Target::tell_delivered_again() {
  bool was_told = false;
  for (auto& [partition, book] : books_) {
    if (!std::exchange(book.undelivered, std::nullopt)) continue;
    was_told = true;
    commit(partition, book);
  }
  if (!was_told || !on_undelivered) return;
  on_undelivered(undelivered_alert(group_, name(), true, unix_ms() / 1000, {}, ""), name());
}

bool Target::has_rate(std::int64_t now_ms) {
  while (!sent_ms_.empty() && now_ms - sent_ms_.front() >= kMinuteMs) sent_ms_.pop_front();
  return sent_ms_.size() < sender_.webhook().requests_per_minute;
}

}  // namespace tocsin
