#include "daemon/alert_publisher.h"

#include <spdlog/spdlog.h>

#include <map>

#include "daemon/failpoint.h"
#include "daemon/intake.h"
#include "daemon/kafka/reader.h"

namespace tocsin {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t kBatchMax = 2000;            // records folded between two looks at the clock
constexpr std::int64_t kPublishIntervalMs = 1000;  // of pair states; alerts go at once
constexpr int kQueryTimeoutMs = 10'000;
constexpr auto kBackoffFirst = 200ms;
constexpr auto kBackoffMax = 10'000ms;  // below what /livez allows between two turns
constexpr const char* kStateHeader = "tocsin.state";

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
}

kafka::Conf AlertPublisher::consumer_conf(const Config& config) {
  return kafka::make_conf(
      config.kafka,
      {{"session.timeout.ms", "10000"},
       {"heartbeat.interval.ms", "3000"},
       // Members are ordered by it: the alert engine'stays where the first name is.
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
  kafka::Conf conf = consumer_conf(config_);
  rd_kafka_conf_set_opaque(conf.get(), this);
  rd_kafka_conf_set_rebalance_cb(conf.get(), &AlertPublisher::on_rebalance);
  consumer_ = kafka::make_consumer(std::move(conf));
  heartbeat_ms_ = steady_ms();
  thread_ = Thread("alerts", [this] {
    try {
      run();
    } catch (const StopError& error) {
      if (on_stop) on_stop(error);
    }
  });
}

void AlertPublisher::subscribe() {
  const kafka::PartitionList topics(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(topics.get(), config_.topics.ledger.c_str(),
                                    RD_KAFKA_PARTITION_UA);
  const rd_kafka_resp_err_t error = rd_kafka_subscribe(consumer_.get(), topics.get());
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw StopError(ExitCode::failed, "alerts: cannot subscribe: " + kafka::text(error));
  }
}

void AlertPublisher::run() {
  subscribe();
  while (!stopping_) {
    heartbeat_ms_ = steady_ms();
    turn();
  }
  rd_kafka_consumer_close(consumer_.get());
}

void AlertPublisher::turn() {
  const std::vector<kafka::Message> messages = poll_batch();
  if (!is_owner_) return;
  if (!fold_) return take_over();
  if (!messages.empty()) fold(judge(messages));
  if (steady_ms() >= tick_due_ms_) tick();
  const bool is_due = steady_ms() - published_ms_ >= kPublishIntervalMs;
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

// ---- ownership

void AlertPublisher::on_rebalance(rd_kafka_t*, rd_kafka_resp_err_t event,
                                  rd_kafka_topic_partition_list_t* partitions, void* self) {
  auto& publisher = *static_cast<AlertPublisher*>(self);
  publisher.assign(event == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS ? partitions : nullptr);
}

// Held, paused, until take_over() knows where to go on.
void AlertPublisher::assign(rd_kafka_topic_partition_list_t* partitions) {
  is_owner_ = partitions != nullptr && partitions->cnt > 0;
  fold_.reset();
  producer_.reset();
  alerts_.clear();
  retry_.reset();
  standstill_.end();
  if (is_owner_) partitions->elems[0].offset = RD_KAFKA_OFFSET_END;
  const rd_kafka_resp_err_t error = rd_kafka_assign(consumer_.get(), partitions);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    spdlog::warn("alerts: cannot assign: {}", kafka::text(error));
  }
  if (is_owner_) rd_kafka_pause_partitions(consumer_.get(), partitions);
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
  heartbeat_ms_ = steady_ms();
  retry_.wait();
}

void AlertPublisher::note_trouble(const std::string& why) {
  standstill_.begin();
  standstill_.note(why);
  retry_.log(why);
}

// Errors of the consumer that others cannot see.
void AlertPublisher::note_error(const rd_kafka_message_t& event) {
  if (event.err == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED) {
    note_trouble("alerts: " +
                 kafka::denied(config_.kafka, "READ", "group " + config_.kafka.group + ".alerts"));
  } else if (event.err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED) {
    note_trouble("alerts: " +
                 kafka::denied(config_.kafka, "READ", "topic " + config_.topics.ledger));
  }
}

std::string AlertPublisher::why(const rd_kafka_error_t* error) const {
  const KafkaConfig& kafka = config_.kafka;
  switch (rd_kafka_error_code(error)) {
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      return kafka::denied(
          kafka, "WRITE",
          alerts_.empty() ? "topic " + config_.topics.pairs
                          : "topic " + config_.topics.alerts + " or topic " + config_.topics.pairs);
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
      return kafka::denied(kafka, "READ", "group " + kafka.group + ".alerts");
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
      return kafka::denied(kafka, "WRITE", "transactional id tocsin." + kafka.group + ".alerts");
    default:
      return kafka::text(error);
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
  if (!fence_others()) return;
  pipeline_ = current_pipeline_();
  fold_ = std::make_unique<AlertEngine>(pipeline_->alert_rules);
  restore();
  committed_offset_ = next_offset_ = committed_offset();
  const kafka::PartitionList list = kafka::make_list({{{config_.topics.ledger, 0}, next_offset_}});
  rd_kafka_assign(consumer_.get(), list.get());
  rd_kafka_resume_partitions(consumer_.get(), list.get());
  published_ms_ = steady_ms();
  const AlertEngineSize size = fold_->size();
  spdlog::info("alerts: restored pairs={} alerts_open={} ledger_offset={}", size.pairs,
               size.open_alerts, next_offset_);
  metrics_.alert_engine(size);
  standstill_.end();
}

kafka::Conf AlertPublisher::producer_conf(const Config& config) {
  return kafka::make_conf(
      config.kafka,
      {{"retry.backoff.ms", "10"},
       {"linger.ms", "1"},
       {"compression.codec", "lz4"},
       {"message.max.bytes", "1000000000"}},  // the broker decides what is too large
      {{"enable.idempotence", "true"},
       {"acks", "all"},
       {"partitioner", "murmur2_random"},
       {"transactional.id", "tocsin." + config.kafka.group + ".alerts"},
       {"transaction.timeout.ms", std::to_string(config.limits.transaction_timeout.count())},
       {"message.timeout.ms", std::to_string(config.limits.transaction_timeout.count() * 2 / 3)}});
}

// One transactional id for the alert engine of the whole group: whoever begins fences the owner
// before it, and the outcome of its last transaction is decided before init_transactions() returns.
bool AlertPublisher::fence_others() {
  kafka::Conf conf = producer_conf(config_);
  if (isolates_) rd_kafka_conf_set(conf.get(), "batch.num.messages", "1", nullptr, 0);
  rd_kafka_conf_set_opaque(conf.get(), this);
  rd_kafka_conf_set_dr_msg_cb(conf.get(), &AlertPublisher::on_delivery);
  producer_ = kafka::make_producer(std::move(conf));
  const kafka::Fault error(rd_kafka_init_transactions(producer_.get(), kQueryTimeoutMs));
  if (!error) return true;
  begin_again("init transactions: " + why(error.get()));
  return false;
}

void AlertPublisher::restore() {
  std::map<std::string, std::string> states;  // the newest of each key
  kafka::Reader reader(config_, kafka::Isolation::committed);
  const auto partitions = reader.partitions({config_.topics.pairs});
  // Where there is no state yet nothing is read: who may not read it should hear so all the same.
  reader.check_readable(partitions);
  reader.read(reader.extents(partitions), [&](const kafka::Message& message) {
    heartbeat_ms_ = steady_ms();
    std::string key(static_cast<const char*>(message->key), message->key_len);
    const auto state = kafka::last_header(*message, kStateHeader);
    if (message->payload != nullptr && state) {
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
  std::int64_t low = 0;
  std::int64_t high = 0;
  rd_kafka_resp_err_t error = kafka::ask("watermarks of the ledger", [&] {
    return rd_kafka_query_watermark_offsets(consumer_.get(), config_.topics.ledger.c_str(), 0, &low,
                                            &high, kQueryTimeoutMs);
  });
  const kafka::PartitionList list = kafka::make_list({{{config_.topics.ledger, 0}, 0}});
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
    error = kafka::ask("the offset of alerts", [&] {
      return rd_kafka_committed(consumer_.get(), list.get(), kQueryTimeoutMs);
    });
  }
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw StopError(ExitCode::failed, "alerts: its offset cannot be read: " + kafka::text(error));
  }
  const std::int64_t committed = list->elems[0].offset;
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
  int wait_ms = 100;
  while (messages.size() < kBatchMax) {
    kafka::Message message(rd_kafka_consumer_poll(consumer_.get(), wait_ms));
    if (!message) break;
    wait_ms = 0;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      messages.push_back(std::move(message));
    } else if (rd_kafka_fatal_error(consumer_.get(), nullptr, 0) != RD_KAFKA_RESP_ERR_NO_ERROR) {
      throw StopError(ExitCode::failed,
                      "alerts: the consumer is lost: " + kafka::text(message->err));
    } else if (message->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET && fold_) {
      begin_again("its offset is no longer in the ledger");
      return {};
    } else {
      note_error(*message);
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
    while (!stopping_ && !follower_.wait_applied(messages.back()->offset + 1, 100ms)) {
      heartbeat_ms_ = steady_ms();
    }
    if (stopping_) return {};
    state_.read([&](const DedupState& state) {
      for (const kafka::Message& message : messages) {
        LedgerResult<LedgerRecord> record =
            decode_ledger_record({static_cast<const char*>(message->payload), message->len});
        if (!record) continue;  // the follower counted it, or stops the instance
        const std::int64_t append_time_ms = rd_kafka_message_timestamp(message.get(), nullptr);
        records.push_back({message->offset, append_time_ms, *std::move(record),
                           state.first_verdict_at(message->offset)});
      }
    });
  } while (rebuilds != follower_.rebuilds());
  return records;
}

void AlertPublisher::fold(std::vector<Judged> records) {
  if (std::shared_ptr<const Pipeline> pipeline = current_pipeline_(); pipeline != pipeline_) {
    fold_->set_rules(pipeline->alert_rules);
    pipeline_ = std::move(pipeline);
  }
  for (const Judged& judged : records) {
    if (judged.offset < next_offset_) continue;
    for (AlertRecord& alert :
         fold_->apply(judged.offset, judged.append_time_ms, judged.record, judged.verdict)) {
      alerts_.push_back(std::move(alert));
    }
    next_offset_ = judged.offset + 1;
  }
}

void AlertPublisher::publish() {
  const std::vector<StateRecord> changes = fold_->take_changes();
  published_ms_ = steady_ms();
  if (!alerts_.empty()) failpoint("alerts_before_commit");
  const kafka::Fault error = commit(changes);
  if (!alerts_.empty()) failpoint("alerts_after_commit");
  if (error) {
    relieve();
    return begin_again(refused_state_.empty()
                           ? why(error.get())
                           : "topic " + config_.topics.pairs +
                                 " takes no state as large as that of " + refused_state_ +
                                 ", see its max.message.bytes: " + why(error.get()));
  }
  retry_.reset();
  standstill_.end();
  committed_offset_ = next_offset_;
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
}

// Alerts, states and the ledger offset in one transaction. Any error: begin again.
kafka::Fault AlertPublisher::commit(const std::vector<StateRecord>& changes) {
  const auto refused = [](rd_kafka_resp_err_t error) {
    return kafka::Fault(rd_kafka_error_new(error, "%s", rd_kafka_err2str(error)));
  };
  begun_ms_ = steady_ms();
  if (kafka::Fault error{rd_kafka_begin_transaction(producer_.get())}) return error;
  refused_.clear();
  refused_state_.clear();
  for (std::size_t i = 0; i < alerts_.size(); ++i) {
    const auto error = produce_alert(i);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return refused(error);
  }
  for (const StateRecord& change : changes) {
    const auto error = produce(config_.topics.pairs, change.key, change.value, change.state);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return refused(error);
  }
  const kafka::Owned<rd_kafka_consumer_group_metadata_t> metadata(
      rd_kafka_consumer_group_metadata(consumer_.get()));
  if (!is_valid_membership(metadata.get())) return refused(RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
  const kafka::PartitionList list = kafka::make_list({{{config_.topics.ledger, 0}, next_offset_}});
  // Past its time-out a transaction is not touched again (Publisher::is_overdue).
  const std::int64_t due_ms = begun_ms_ + config_.limits.transaction_timeout.count();
  if (steady_ms() >= due_ms) return refused(RD_KAFKA_RESP_ERR__TIMED_OUT);
  if (kafka::Fault error{rd_kafka_send_offsets_to_transaction(producer_.get(), list.get(),
                                                              metadata.get(), kQueryTimeoutMs)}) {
    return error;
  }
  if (steady_ms() >= due_ms) return refused(RD_KAFKA_RESP_ERR__TIMED_OUT);
  return kafka::Fault(rd_kafka_commit_transaction(producer_.get(), -1));
}

rd_kafka_resp_err_t AlertPublisher::produce_alert(std::size_t index) {
  const AlertRecord& alert = alerts_[index];
  const auto cut = cuts_.find(alert.value);
  if (cut == cuts_.end()) return produce(config_.topics.alerts, alert.key, alert.value, "", index);
  if (cut->second == Cut::left_out) return RD_KAFKA_RESP_ERR_NO_ERROR;
  return produce(config_.topics.alerts, alert.key, alert.brief, "", index);
}

void AlertPublisher::on_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void* self) {
  auto& publisher = *static_cast<AlertPublisher*>(self);
  if (!kafka::is_size(message->err)) return;
  if (publisher.config_.topics.alerts == rd_kafka_topic_name(message->rkt)) {
    publisher.refused_.insert(reinterpret_cast<std::size_t>(message->_private));
  } else {
    publisher.refused_state_.assign(static_cast<const char*>(message->key), message->key_len);
  }
}

// An alert that its topic does not take must not hold up the others: it goes out without evidence,
// and if that is refused, too, not at all. A request is refused as a whole, so first each record is
// sent in a request of its own.
void AlertPublisher::relieve() {
  rd_kafka_poll(producer_.get(), 100);  // on_delivery
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

rd_kafka_resp_err_t AlertPublisher::produce(const std::string& topic, const std::string& key,
                                            const std::optional<std::string>& value,
                                            const std::string& state, std::size_t alert) {
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
  char* const bytes = value ? const_cast<char*>(value->data()) : nullptr;
  const std::size_t size = value ? value->size() : 0;
  do {
    kafka::Headers headers(rd_kafka_headers_new(2));
    rd_kafka_header_add(headers.get(), "content-type", -1, "application/json", -1);
    if (!state.empty()) {
      rd_kafka_header_add(headers.get(), kStateHeader, -1, state.data(),
                          static_cast<ssize_t>(state.size()));
    }
    error = rd_kafka_producev(producer_.get(), RD_KAFKA_V_TOPIC(topic.c_str()),
                              RD_KAFKA_V_KEY(key.data(), key.size()), RD_KAFKA_V_VALUE(bytes, size),
                              RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                              RD_KAFKA_V_OPAQUE(reinterpret_cast<void*>(alert)),
                              RD_KAFKA_V_HEADERS(headers.get()), RD_KAFKA_V_END);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) static_cast<void>(headers.release());
    if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL) rd_kafka_poll(producer_.get(), 50);
  } while (error == RD_KAFKA_RESP_ERR__QUEUE_FULL && !stopping_);
  return error;
}

}  // namespace tocsin
