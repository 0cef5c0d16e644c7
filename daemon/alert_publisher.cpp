#include "daemon/alert_publisher.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>

#include "daemon/failpoint.h"
#include "daemon/intake.h"
#include "daemon/kafka/reader.h"
#include "daemon/unix_time.h"

namespace tocsin {

using namespace std::chrono_literals;

namespace {

constexpr std::int64_t kPublishIntervalMs = 1000;  // of pair states; alerts go at once
constexpr auto kBackoffFirst = 200ms;
constexpr auto kBackoffMax = 10'000ms;  // below what /livez allows between two turns
constexpr const char* kStateHeader = "tocsin.state";
constexpr std::int64_t kTopicsIntervalMs = 5'000;  // between two looks whether its topics are there
constexpr auto kTopicsTimeout = 2'000ms;

double seconds(std::int64_t duration_ms) {
  return static_cast<double>(std::max<std::int64_t>(0, duration_ms)) / 1000.0;
}

}  // namespace

AlertPublisher::AlertPublisher(const Config& config, const SharedDedupState& state,
                               Follower& follower, LedgerWriter& ledger, Metrics& metrics,
                               CurrentPipeline pipeline)
    : config_(config),
      state_(state),
      follower_(follower),
      ledger_(ledger),
      metrics_(metrics),
      current_pipeline_(std::move(pipeline)),
      retry_(kBackoffFirst, kBackoffMax) {}

AlertPublisher::~AlertPublisher() {
  stop();
  thread_.join();
  if (consumer_) consumer_->close();  // while what its hooks use is there
}

kafka::Conf AlertPublisher::consumer_conf(const Config& config) {
  return kafka::make_conf(
      config.kafka,
      {{"session.timeout.ms", "10000"},
       {"heartbeat.interval.ms", "3000"},
       // Members are ordered by it: the alert engine stays where the first name is.
       {"client.id", "tocsin-alerts-" + config.instance},
       {"fetch.wait.max.ms", "100"},
       {"queued.max.messages.kbytes", "8192"}},
      {{"group.id", config.kafka.group + ".alerts"},
       {"partition.assignment.strategy", "range"},
       {"enable.auto.commit", "false"},
       {"enable.auto.offset.store", "false"},
       // The ledger has no transactions; its offsets are committed in some.
       {"isolation.level", "read_committed"},
       {"auto.offset.reset", "error"}});
}

void AlertPublisher::start() {
  consumer_ = std::make_unique<kafka::Consumer>(
      consumer_conf(config_),
      kafka::Consumer::Hooks{.on_assign =
                                 [this](const auto& partitions) {
                                   own(partitions);
                                   kafka::Offsets ends;
                                   for (const auto& partition : partitions) {
                                     ends[partition] = kafka::kEnd;
                                   }
                                   if (const kafka::Failure fault = consumer_->assign(ends)) {
                                     spdlog::warn("alerts: cannot assign: {}", fault.text());
                                   }
                                   if (is_owner_) consumer_->pause(partitions);
                                 },
                             .on_revoke =
                                 [this](bool) {
                                   own({});
                                   consumer_->unassign();
                                 }});
  heartbeat_.beat();
  thread_ = Thread("alerts", [this] {
    heartbeat_.begin();
    try {
      run();
    } catch (const StopError& error) {
      if (on_stop) on_stop(error);
    }
  });
}

void AlertPublisher::subscribe() {
  if (const kafka::Failure fault = consumer_->subscribe({config_.topics.ledger})) {
    throw StopError(ExitCode::failed, "alerts: cannot subscribe: " + fault.text());
  }
}

void AlertPublisher::run() {
  subscribe();
  while (!stopping_) {
    heartbeat_.beat();
    turn();
  }
  consumer_->close();
}

void AlertPublisher::turn() {
  const std::vector<kafka::Message> messages = poll_batch();
  if (!is_owner_) return;
  if (!fold_) return take_over();
  if (!messages.empty()) fold(judge(messages));
  if (steady_ms() >= tick_due_ms_) tick();
  if (steady_ms() >= topics_due_ms_) look_for_topics();
  const bool is_due = batch_max_ < kBatchMax || steady_ms() - published_ms_ >= kPublishIntervalMs;
  if (fold_ && next_offset_ > committed_offset_ && (is_due || !alerts_.empty())) publish();
}

// Not waited for: a tick that is lost is followed by the next. Header and epoch are repeated here,
// too: a raw topic may be quiet for longer than the ledger keeps its records.
void AlertPublisher::tick() {
  tick_due_ms_ = steady_ms() + config_.alerts.tick_interval.count();
  const bool is_epoch_due = follower_.is_epoch_due();
  const std::vector<std::string> records = state_.read([&](const DedupState& state) {
    std::vector<std::string> due;
    if (follower_.is_in_doubt()) return due;
    if (is_epoch_due && state.header() && state.epoch()) {
      due = {encode(LedgerRecord(*state.header())), encode(LedgerRecord(*state.epoch()))};
    }
    due.push_back(encode(LedgerRecord(Tick{state.next_offset(), state.digest()})));
    return due;
  });
  if (!records.empty()) static_cast<void>(ledger_.append(records, stopping_));
}

// Nothing may be published for weeks: a topic that was deleted is missed before. Brokers that do
// not answer say nothing of it.
std::string AlertPublisher::missing_topic() {
  topics_due_ms_ = steady_ms() + kTopicsIntervalMs;
  const std::vector<std::string> needed = {config_.topics.pairs, config_.topics.alerts};
  const auto topics = consumer_->topics(needed, kTopicsTimeout);
  if (!topics) return "";
  for (const std::string& topic : needed) {
    if (!topics->contains(topic)) return topic;
  }
  return "";
}

void AlertPublisher::look_for_topics() {
  if (const std::string topic = missing_topic(); !topic.empty()) {
    begin_again("topic " + topic + " is missing, or may not be seen");
  }
}

// ---- ownership

// Held, paused, until take_over() knows where to go on. Without partitions: somebody else is.
void AlertPublisher::own(const std::vector<kafka::Partition>& partitions) {
  is_owner_ = !partitions.empty();
  fold_.reset();
  producer_.reset();
  alerts_.clear();
  retry_.reset();
  standstill_.end();
  is_overdue_ = false;
  tick_due_ms_ = steady_ms() + config_.alerts.tick_interval.count();
  metrics_.alerts_owner.Set(is_owner_ ? 1 : 0);
  metrics_.alert_engine(std::nullopt);
  spdlog::info("alerts: assigned owner={}", is_owner_);
}

// News go on without it, so nothing here ends the process: it is not ready, says why, and tries
// again.
void AlertPublisher::begin_again(const std::string& why) {
  note_trouble("alerts: " + why);
  fold_.reset();
  producer_.reset();
  alerts_.clear();
  heartbeat_.beat();
  retry_.wait();
}

void AlertPublisher::note_trouble(const std::string& why) {
  standstill_.begin();
  standstill_.note(why);
  retry_.log(why);
}

// Errors of the consumer that others cannot see.
void AlertPublisher::note_error(const kafka::Failure& fault) {
  if (fault.denied() == kafka::Denied::group) {
    note_trouble("alerts: " +
                 kafka::denied(config_.kafka, "READ", "group " + config_.kafka.group + ".alerts"));
  } else if (fault.denied() == kafka::Denied::topic) {
    note_trouble("alerts: " +
                 kafka::denied(config_.kafka, "READ", "topic " + config_.topics.ledger));
  }
}

std::string AlertPublisher::why(const kafka::Failure& fault) const {
  const KafkaConfig& kafka = config_.kafka;
  switch (fault.denied()) {
    case kafka::Denied::topic:
      return kafka::denied(
          kafka, "WRITE",
          alerts_.empty() ? "topic " + config_.topics.pairs
                          : "topic " + config_.topics.alerts + " or topic " + config_.topics.pairs);
    case kafka::Denied::group:
      return kafka::denied(kafka, "READ", "group " + kafka.group + ".alerts");
    case kafka::Denied::transactional_id:
      return kafka::denied(kafka, "WRITE", "transactional id tocsin." + kafka.group + ".alerts");
    default:
      return fault.text();
  }
}

void AlertPublisher::take_over() {
  try {
    take_over_or_throw();
  } catch (const StopError& error) {
    if (error.exit_code() != ExitCode::failed) throw;
    begin_again(error.what());
  }
}

void AlertPublisher::take_over_or_throw() {
  if (const std::string topic = missing_topic(); !topic.empty()) {
    throw StopError(ExitCode::failed, "topic " + topic + " is missing, or may not be seen");
  }
  if (!fence_others()) return;
  pipeline_ = current_pipeline_();
  fold_ = std::make_unique<AlertEngine>(pipeline_->alert_rules);
  restore();
  committed_offset_ = next_offset_ = committed_offset();
  const kafka::Partition ledger{config_.topics.ledger, 0};
  if (const kafka::Failure fault = consumer_->assign({{ledger, next_offset_}})) {
    throw StopError(ExitCode::failed, "alerts: cannot assign: " + fault.text());
  }
  consumer_->resume({ledger});
  published_ms_ = steady_ms();
  const AlertEngineSize size = fold_->size();
  spdlog::info("alerts: restored pairs={} alerts_open={} ledger_offset={}", size.pairs,
               size.open_alerts, next_offset_);
  metrics_.alert_engine(size);
  if (!is_overdue_) standstill_.end();
}

kafka::Conf AlertPublisher::producer_conf(const Config& config, bool isolates) {
  return kafka::producer_conf(config, "tocsin." + config.kafka.group + ".alerts", isolates);
}

// One transactional id for the alert engine of the whole group: whoever begins fences the owner
// before it, and the outcome of its last transaction is decided before init_transactions() returns.
bool AlertPublisher::fence_others() {
  producer_ = std::make_unique<kafka::TransactionalProducer>(
      producer_conf(config_, isolates_), config_.limits.transaction_timeout,
      kafka::Producer::Hooks{.on_delivery = [this](const kafka::DeliveryReport& delivery) {
        note_delivery(delivery);
      }});
  producer_->learn({config_.topics.pairs, config_.topics.alerts});
  heartbeat_.beat();
  const kafka::Failure fault = producer_->init();
  if (!fault) return true;
  begin_again("init transactions: " + why(fault));
  return false;
}

void AlertPublisher::restore() {
  std::map<std::string, std::string> states;  // the newest of each key
  kafka::Reader reader(config_, kafka::Isolation::committed);
  const auto partitions = reader.partitions({config_.topics.pairs});
  // Where there is no state yet nothing is read: who may not read it should hear so all the same.
  reader.check_readable(partitions);
  reader.read(reader.extents(partitions), [&](const kafka::Message& message) {
    heartbeat_.beat();
    const std::string key(message.key());
    const auto state = message.last_header(kStateHeader);
    if (message.has_value() && state) {
      states[key].assign(*state);
    } else {
      states.erase(key);
    }
  });
  for (const auto& [key, state] : states) {
    if (fold_->restore(key, state)) continue;
    throw StopError(ExitCode::state_refused, "alerts: the state of '" + key + "' on " +
                                                 config_.topics.pairs +
                                                 " is damaged or of a newer version");
  }
}

// Where the alert engine goes on; the first record of the ledger for a new alert engine, or when
// the ledger is younger than the alert engine's offset.
std::int64_t AlertPublisher::committed_offset() {
  const kafka::Partition ledger{config_.topics.ledger, 0};
  const auto marks =
      kafka::ask("watermarks of the ledger", [&] { return consumer_->watermarks(ledger); });
  const auto answer =
      kafka::ask("the offset of alerts", [&] { return consumer_->committed({ledger}); });
  if (!marks || !answer) {
    const kafka::Failure fault = marks ? answer.error() : marks.error();
    throw StopError(ExitCode::failed, "alerts: its offset cannot be read: " + fault.full_text());
  }
  const auto [low, high] = *marks;
  const std::int64_t committed = answer->at(ledger).offset;
  if (committed > low && committed <= high) return committed;
  if (committed >= 0 && committed != low) {
    spdlog::error("alerts: its offset is not in the ledger offset={} going_on_at={}", committed,
                  low);
  }
  return low;
}

// ---- the way of a record

std::vector<kafka::Message> AlertPublisher::poll_batch() {
  std::vector<kafka::Message> messages;
  std::chrono::milliseconds wait = 100ms;
  while (messages.size() < batch_max_) {
    kafka::Message message = consumer_->poll(wait);
    if (!message) break;
    wait = 0ms;
    if (message.is_record()) {
      messages.push_back(std::move(message));
    } else if (const kafka::Failure fatal = consumer_->fatal()) {
      throw StopError(ExitCode::failed, "alerts: the consumer is lost: " + fatal.text());
    } else if (message.fault().is_offset_gone() && fold_) {
      begin_again("its offset is no longer in the ledger");
      return {};
    } else {
      note_error(message.fault());
    }
  }
  return messages;
}

// The dedup state's verdicts, once the follower has applied the records; of one dedup state, not of
// one that is being rebuilt.
std::vector<AlertPublisher::Judged> AlertPublisher::judge(
    const std::vector<kafka::Message>& messages) {
  std::vector<Judged> records;
  std::uint64_t rebuilds = 0;
  do {
    records.clear();
    rebuilds = follower_.rebuilds();
    while (!stopping_ && !follower_.wait_applied(messages.back().offset() + 1, 100ms)) {
      heartbeat_.beat();
    }
    if (stopping_) return {};
    state_.read([&](const DedupState& state) {
      for (const kafka::Message& message : messages) {
        LedgerResult<LedgerRecord> record = decode_ledger_record(message.value());
        if (!record) continue;  // the follower counted it, or stops the instance
        records.push_back({message.offset(), message.timestamp_ms(), *std::move(record),
                           state.first_verdict_at(message.offset())});
      }
    });
  } while (rebuilds != follower_.rebuilds());
  return records;
}

void AlertPublisher::fold(std::vector<Judged> records) {
  const std::int64_t started_ms = steady_ms();
  if (std::shared_ptr<const Pipeline> pipeline = current_pipeline_(); pipeline != pipeline_) {
    fold_->set_rules(pipeline->alert_rules);
    pipeline_ = std::move(pipeline);
  }
  for (const Judged& judged : records) {
    if (judged.offset < next_offset_) continue;
    for (AlertRecord& alert :
         fold_->apply(judged.offset, judged.append_time_ms, judged.record, judged.verdict)) {
      if (alerts_.empty()) rang_ms_ = judged.append_time_ms;
      alerts_.push_back(std::move(alert));
    }
    next_offset_ = judged.offset + 1;
  }
  metrics_.alerts_fold_seconds.Observe(seconds(steady_ms() - started_ms));
}

void AlertPublisher::publish() {
  const std::vector<StateRecord> changes = fold_->take_changes();
  published_ms_ = steady_ms();
  if (!alerts_.empty()) failpoint("alerts_before_commit");
  const kafka::Failure fault = commit(changes);
  if (!alerts_.empty()) failpoint("alerts_after_commit");
  if (fault) {
    is_overdue_ = true;
    // More than a transaction has time for would never be done.
    const bool is_slow = steady_ms() - published_ms_ >= kafka::delivery_timeout(config_).count();
    if (is_slow) batch_max_ = std::max<std::size_t>(1, batch_max_ / 2);
    relieve();
    return begin_again(refused_state_.empty()
                           ? why(fault)
                           : "topic " + config_.topics.pairs +
                                 " takes no state as large as that of " + refused_state_ +
                                 ", see its max.message.bytes: " + why(fault));
  }
  retry_.reset();
  standstill_.end();
  is_overdue_ = false;
  batch_max_ = std::min(kBatchMax, 2 * batch_max_);
  committed_offset_ = next_offset_;
  metrics_.alerts_publish_seconds.Observe(seconds(steady_ms() - published_ms_));
  if (!alerts_.empty()) metrics_.alerts_delay_seconds.Observe(seconds(unix_ms() - rang_ms_));
  for (const AlertRecord& alert : alerts_) {
    const auto cut = cuts_.find(alert.value);
    if (cut != cuts_.end() && cut->second == Cut::left_out) {
      metrics_.alerts_left_out.Increment();
      continue;
    }
    metrics_.alert(alert.change);
    spdlog::info("alerts: alert id={} state={} rule={} level={}", alert.key, name(alert.change),
                 alert.rule, name(alert.level));
  }
  alerts_.clear();
  cuts_.clear();
  metrics_.alert_engine(fold_->size());
  if (producer_->may_have_repeated()) static_cast<void>(fence_others());
}

// Alerts, states and the ledger offset in one transaction. Any error: begin again.
kafka::Failure AlertPublisher::commit(const std::vector<StateRecord>& changes) {
  if (kafka::Failure fault = producer_->begin()) return fault;
  refused_.clear();
  refused_state_.clear();
  for (std::size_t i = 0; i < alerts_.size(); ++i) {
    if (kafka::Failure fault = produce_alert(i)) return fault;
  }
  for (const StateRecord& change : changes) {
    kafka::Failure fault = produce(config_.topics.pairs, change.key, change.value, change.state);
    if (fault) return fault;
  }
  kafka::Failure fault = producer_->send_offsets(
      {{{config_.topics.ledger, 0}, {next_offset_, "", {}}}}, consumer_->membership());
  return fault ? fault : producer_->commit();
}

kafka::Failure AlertPublisher::produce_alert(std::size_t index) {
  const AlertRecord& alert = alerts_[index];
  const auto cut = cuts_.find(alert.value);
  if (cut == cuts_.end()) return produce(config_.topics.alerts, alert.key, alert.value, "", index);
  if (cut->second == Cut::left_out) return {};
  return produce(config_.topics.alerts, alert.key, alert.brief, "", index);
}

void AlertPublisher::note_delivery(const kafka::DeliveryReport& delivery) {
  if (!delivery.fault().is_size()) return;
  if (config_.topics.alerts == delivery.topic()) {
    refused_.insert(reinterpret_cast<std::size_t>(delivery.tag()));
  } else {
    refused_state_ = delivery.key();
  }
}

// An alert that its topic does not take must not hold up the others: it goes out without evidence,
// and if that is refused, too, not at all. A request is refused as a whole, so first each record is
// sent in a request of its own.
void AlertPublisher::relieve() {
  producer_->serve(100ms);  // note_delivery
  if (refused_.empty() && refused_state_.empty()) return;
  retry_.reset();  // the next attempt is another one
  if (!std::exchange(isolates_, true)) return;
  for (const std::size_t index : refused_) {
    const AlertRecord& alert = alerts_[index];
    const auto [cut, is_first] = cuts_.try_emplace(alert.value, Cut::brief);
    if (!is_first) cut->second = Cut::left_out;
    spdlog::error("alerts: its topic takes no record of this size alert={} bytes={}: {}", alert.key,
                  is_first ? alert.value.size() : alert.brief.size(),
                  is_first ? "leaving out its evidence" : "leaving out the alert");
  }
}

kafka::Failure AlertPublisher::produce(const std::string& topic, const std::string& key,
                                       const std::optional<std::string>& value,
                                       const std::string& state, std::size_t alert) {
  const SchemaIdsConfig& ids = config_.schema_ids;
  kafka::Headers headers;
  headers.add("content-type", "application/json");
  if (!state.empty()) headers.add(kStateHeader, state);
  return producer_->send({topic,
                          {},
                          key,
                          value ? std::string_view(*value) : std::string_view{},
                          std::move(headers),
                          reinterpret_cast<void*>(alert),
                          topic == config_.topics.alerts ? ids.alerts : ids.pairs},
                         stopping_);
}

}  // namespace tocsin
