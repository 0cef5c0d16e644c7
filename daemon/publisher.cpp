#include "daemon/publisher.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "daemon/failpoint.h"
#include "daemon/unix_time.h"

namespace tocsin {

using namespace std::chrono_literals;

namespace {

constexpr int kRefusalsMax = 3;  // of one record, for another reason than its size
constexpr std::int64_t kDeniedWaitMs = 3'000;
constexpr std::int64_t kIsolationMs = 60'000;
constexpr int kFencedMax = 3;  // in a minute: a twin with the same name
constexpr std::int64_t kFencedWindowMs = 60'000;
constexpr auto kBackoffFirst = 50ms;
constexpr auto kBackoffMax = 5'000ms;
constexpr auto kInitPauseMax = 10'000ms;  // below what /livez allows
constexpr int kQueryTimeoutMs = 10'000;
constexpr std::int64_t kEndingMaxMs = 10'000;  // after that its request may have been repeated

bool is_lost_membership(rd_kafka_resp_err_t error) {
  return error == RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION ||
         error == RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID ||
         error == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID ||
         error == RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS;
}

// The headers of the input go to every output.
kafka::Headers headers_of(const rd_kafka_message_t* message) {
  constexpr std::string_view kType = "application/json";
  kafka::Headers headers = kafka::copy_headers(message);
  rd_kafka_header_remove(headers.get(), "content-type");
  rd_kafka_header_add(headers.get(), "content-type", -1, kType.data(),
                      static_cast<ssize_t>(kType.size()));
  return headers;
}

std::string transactional_id(const Config& config) {
  return "tocsin." + config.kafka.group + "." + config.instance;
}

kafka::PartitionList make_list(const OffsetRanges& ranges) {
  std::map<kafka::Partition, std::int64_t> next;
  for (const auto& [partition, range] : ranges) next[partition] = range.next;
  kafka::PartitionList list = kafka::make_list(next);
  for (int i = 0; i < list->cnt; ++i) {
    rd_kafka_topic_partition_t& entry = list->elems[i];
    const std::string& metadata = ranges.at({entry.topic, entry.partition}).metadata;
    if (metadata.empty()) continue;
    entry.metadata = ::strdup(metadata.c_str());  // freed with the list
    entry.metadata_size = metadata.size();
  }
  return list;
}

}  // namespace

Publisher::Publisher(const Config& config, Metrics& metrics, BatchQueue& queue, Intake& intake,
                     LedgerWriter& ledger, Follower& follower, const SharedDedupState& state)
    : config_(config),
      metrics_(metrics),
      queue_(queue),
      intake_(intake),
      ledger_(ledger),
      resolver_(config, metrics, ledger, follower, state, stopping_),
      trouble_(kBackoffFirst, kBackoffMax),
      denied_lines_(kBackoffFirst, kBackoffMax) {
  resolver_.is_current = [this](const Batch& batch) {
    heartbeat_ms_ = steady_ms();
    return current(batch);
  };
  resolver_.on_trouble = [this](const std::string& reason) { standstill_.note(reason); };
}

Publisher::~Publisher() {
  stop();
  thread_.join();
  producer_.reset();  // before what its callbacks use
}

void Publisher::stop() {
  stopping_ = true;
  queue_.close();
}

void Publisher::init(const std::atomic<bool>& stop) {
  create_producer();
  init_transactions(stop);
  is_up_ = has_been_up_ = !stop;
}

void Publisher::start() {
  thread_ = Thread("publisher", [this] {
    try {
      run();
    } catch (const StopError& error) {
      is_up_ = false;
      if (on_stop) on_stop(error);
    }
  });
}

void Publisher::run() {
  while (!stopping_) {
    heartbeat_ms_ = steady_ms();
    const std::unique_ptr<Batch> batch = queue_.pop(100ms);
    if (!batch) {
      if (queue_.closed()) return;
      rd_kafka_poll(producer_.get(), 0);
      ledger_.serve(0ms);
      continue;
    }
    process(*batch);
    queue_.done(batch->bytes);
  }
}

void Publisher::process(Batch& batch) {
  standstill_.begin();
  auto outputs = resolver_.resolve(batch);
  if (!outputs) return standstill_.end();  // only when it is not current any more
  outputs_ = *std::move(outputs);
  delivered_.assign(outputs_.size(), false);
  const std::int64_t resolved_ms = steady_ms();
  if (batch.announced.empty()) {
    metrics_.resolve_seconds.Observe(static_cast<double>(resolved_ms - batch.sighted_ms) / 1000.0);
  }
  const bool is_published = publish(batch);
  standstill_.end();
  if (!is_published) {
    spdlog::warn("publisher: dropped a batch that this instance no longer owns records={}",
                 batch.items.size());
    if (current(batch)) intake_.request_rejoin();  // no rebalance told us: ask for one
    dropped_assignment_ = batch.assignment;
    return;
  }
  metrics_.publish_seconds.Observe(static_cast<double>(steady_ms() - resolved_ms) / 1000.0);
}

bool Publisher::current(const Batch& batch) const {
  return !stopping_ && batch.assignment == intake_.assignment() &&
         batch.assignment != dropped_assignment_;
}

// ---- publish: attempts until one is committed, or the batch is no longer ours

bool Publisher::publish(Batch& batch) {
  if (isolates_ && steady_ms() - isolated_ms_ > kIsolationMs) isolate(false);
  Retry retry(kBackoffFirst, kBackoffMax);
  while (current(batch)) {
    heartbeat_ms_ = steady_ms();
    End result = attempt(batch);
    if (result == End::unknown) result = recover(batch);
    const bool is_open = result == End::aborted || result == End::unknown;
    if (is_open && !refused_.empty()) result = End::poisoned;
    switch (result) {
      case End::committed:
        metrics_.transactions_committed.Increment();
        metrics_.last_commit_timestamp.SetToCurrentTime();
        count_published();
        if (batch.is_committed) *batch.is_committed = true;
        return true;
      case End::dropped:
        return false;
      case End::poisoned:
        if (!relieve(batch, retry)) return false;
        break;
      case End::aborted:
      case End::unknown:
        retry.wait();
        break;
    }
  }
  return false;
}

// What the broker refused must not hold up the rest. A request is refused as a whole, so first each
// record is sent in a request of its own; then the errors name the records.
bool Publisher::relieve(Batch& batch, Retry& retry) {
  isolated_ms_ = steady_ms();
  if (!isolates_) {
    spdlog::warn("publisher: the broker refuses a record, sending one a request: {}",
                 kafka::text(delivery_error_));
    isolate(true);
    return true;
  }
  if (refused_.empty()) retry.wait();  // it was not said of which record
  for (const auto& [index, error] : std::exchange(refused_, {})) {
    delivery_error_ = error;
    if (!relieve(batch, *outputs_[index], retry)) return false;
  }
  return true;
}

// One record: a dead letter instead; a dead letter with less of the original in it.
bool Publisher::relieve(Batch& batch, Output& output, Retry& retry) {
  const bool is_size = kafka::is_size(delivery_error_);
  if (++output.refusals < kRefusalsMax && !is_size) {
    retry.wait();
    return true;
  }
  if (!output.error) return resolver_.condemn(batch, output, kafka::text(delivery_error_));
  if (reduce(output.reduction, *output.item, is_size)) {
    output.refusals = 0;
    spdlog::warn("publisher: the broker refuses a dead letter, leaving out more position={}: {}",
                 default_article_id(output.item->position), kafka::text(delivery_error_));
    return true;
  }
  const std::string trouble =
      "publisher: topic " + config_.topics.deadletter +
      " refuses even the shortest dead letter: " + kafka::text(delivery_error_);
  retry.log(trouble);
  standstill_.note(trouble);
  retry.wait();
  return true;
}

Publisher::End Publisher::attempt(const Batch& batch) {
  delivery_error_ = RD_KAFKA_RESP_ERR_NO_ERROR;
  refused_.clear();
  undelivered_ = 0;
  return config_.delivery == Delivery::exactly_once ? transact(batch) : produce_and_commit(batch);
}

Publisher::End Publisher::transact(const Batch& batch) {
  const End end = take_steps(batch);
  return end == End::committed || end == End::unknown ? end : abort(end);
}

Publisher::End Publisher::take_steps(const Batch& batch) {
  const bool is_batch = !batch.items.empty();
  if (is_batch) failpoint("before_begin");
  begun_ms_ = steady_ms();
  if (const kafka::Fault error{rd_kafka_begin_transaction(producer_.get())}) {
    return end_of(error.get(), "begin");
  }
  const rd_kafka_resp_err_t refused = produce_all(batch);
  if (refused != RD_KAFKA_RESP_ERR_NO_ERROR) {
    delivery_error_ = refused;
    return kafka::is_poison(refused) ? End::poisoned : End::aborted;
  }
  if (is_batch) failpoint("before_send_offsets");
  if (const End sent = send_offsets(batch); sent != End::committed) return sent;
  failpoint(is_batch ? "before_commit" : "before_announced");
  const End committed = commit();
  failpoint(is_batch ? "after_commit" : "after_announced");
  return committed;
}

// At least once: the offsets follow the outputs, so a crash between them repeats outputs.
Publisher::End Publisher::produce_and_commit(const Batch& batch) {
  const rd_kafka_resp_err_t refused = produce_all(batch);
  while (undelivered_ > 0 && !stopping_) {
    heartbeat_ms_ = steady_ms();
    rd_kafka_poll(producer_.get(), 100);
  }
  const rd_kafka_resp_err_t error =
      refused != RD_KAFKA_RESP_ERR_NO_ERROR ? refused : delivery_error_;
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    delivery_error_ = error;
    metrics_.transactions_aborted.Increment();
    if (rd_kafka_fatal_error(producer_.get(), nullptr, 0) != RD_KAFKA_RESP_ERR_NO_ERROR) {
      create_producer();
    }
    return kafka::is_poison(error) ? End::poisoned : End::aborted;
  }
  const bool is_batch = !batch.items.empty();
  failpoint(is_batch ? "before_commit" : "before_announced");
  const kafka::PartitionList list = make_list(batch.offsets());
  const rd_kafka_resp_err_t committed =
      call([&] { return rd_kafka_commit(intake_.consumer(), list.get(), 0); });
  failpoint(is_batch ? "after_commit" : "after_announced");
  if (committed == RD_KAFKA_RESP_ERR_NO_ERROR) return End::committed;
  spdlog::warn("publisher: commit of offsets failed: {}", kafka::text(committed));
  standstill_.note("offsets cannot be committed: " + kafka::text(committed));
  return is_lost_membership(committed) ? End::dropped : End::aborted;
}

rd_kafka_resp_err_t Publisher::produce_all(const Batch& batch) {
  constexpr std::array kKinds = {OutcomeKind::enriched, OutcomeKind::duplicate,
                                 OutcomeKind::deadletter};
  for (const OutcomeKind kind : kKinds) {
    for (std::size_t i = 0; i < outputs_.size(); ++i) {
      if (!outputs_[i] || outputs_[i]->outcome.kind != kind || delivered_[i]) continue;
      const rd_kafka_resp_err_t error = produce(batch, i);
      if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return error;
    }
    if (seeks_denied_ && !is_delivered()) {
      note_denied(kafka::denied(config_.kafka, "WRITE", "topic " + topic_of(kind)));
      return RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
    }
  }
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

// The error of a transaction does not name the topic that may not be written: one after the other
// tells.
bool Publisher::is_delivered() {
  const std::int64_t deadline_ms = steady_ms() + kDeniedWaitMs;
  while (undelivered_ > 0 && steady_ms() < deadline_ms && !stopping_) {
    rd_kafka_poll(producer_.get(), 50);
  }
  return undelivered_ == 0 && delivery_error_ == RD_KAFKA_RESP_ERR_NO_ERROR;
}

void Publisher::note_denied(const std::string& what) {
  standstill_.note(what);
  denied_lines_.log("publisher: " + what);
}

// An error of the call itself, of a poisonous record, is noted like one of the broker's.
rd_kafka_resp_err_t Publisher::produce(const Batch& batch, std::size_t index) {
  const Output& output = *outputs_[index];
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
  do {
    DeadLetter letter;
    if (output.error) {
      letter = make_dead_letter(*output.item, *output.error, output.reduction,
                                batch.pipeline->stamp.config);
    } else {
      letter.key = output.outcome.key;
      letter.value = output.outcome.value;
      letter.headers = headers_of(output.item->message.get());
    }
    // Never null: an empty value of a dead letter is no tombstone.
    const char* value = letter.value.data() == nullptr ? "" : letter.value.data();
    error = rd_kafka_producev(
        producer_.get(), RD_KAFKA_V_TOPIC(topic_of(output.outcome.kind).c_str()),
        RD_KAFKA_V_KEY(letter.key.data(), letter.key.size()),
        RD_KAFKA_V_VALUE(const_cast<char*>(value), letter.value.size()),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_OPAQUE(reinterpret_cast<void*>(index)),
        RD_KAFKA_V_HEADERS(letter.headers.get()), RD_KAFKA_V_END);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
      static_cast<void>(letter.headers.release());  // the producer owns them now
      ++undelivered_;
    } else if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL && undelivered_ > 0) {
      rd_kafka_poll(producer_.get(), 50);
    } else if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL) {  // it alone is more than the queue
      error = refused_[index] = RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
    } else if (kafka::is_poison(error)) {
      refused_[index] = error;
    }
  } while (error == RD_KAFKA_RESP_ERR__QUEUE_FULL && !stopping_);
  return error;
}

void Publisher::on_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void* self) {
  auto& publisher = *static_cast<Publisher*>(self);
  if (publisher.undelivered_ > 0) --publisher.undelivered_;
  const rd_kafka_resp_err_t error = message->err;
  const auto index = reinterpret_cast<std::size_t>(message->_private);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
    const bool stays = publisher.config_.delivery == Delivery::at_least_once;
    if (stays && index < publisher.delivered_.size()) publisher.delivered_[index] = true;
    return;
  }
  if (kafka::is_poison(error)) publisher.refused_[index] = error;
  // Of several the one that tells most: what was purged says nothing of the reason.
  if (publisher.delivery_error_ == RD_KAFKA_RESP_ERR_NO_ERROR ||
      (kafka::is_poison(error) && !kafka::is_poison(publisher.delivery_error_))) {
    publisher.delivery_error_ = error;
    const std::string topic = rd_kafka_topic_name(message->rkt);
    if (kafka::is_denied(error)) {
      return publisher.note_denied(
          kafka::denied(publisher.config_.kafka, "WRITE", "topic " + topic));
    }
    publisher.standstill_.note("records for topic " + topic +
                               " are not delivered: " + kafka::text(error));
  }
}

// ---- the steps of a transaction

// What an error of a transactional call means. Fatal is not aborted: its outcome is unknown.
Publisher::End Publisher::end_of(const rd_kafka_error_t* error, const char* what) {
  trouble_.log("publisher: " + std::string(what) + " failed: " + kafka::text(error));
  const rd_kafka_resp_err_t code = rd_kafka_error_code(error);
  if (code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED) seeks_denied_ = true;
  if (code == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED) {
    note_denied(kafka::denied(config_.kafka, "READ", "group " + config_.kafka.group));
  } else if (code == RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED) {
    note_denied(
        kafka::denied(config_.kafka, "WRITE", "transactional id " + transactional_id(config_)));
  } else if (delivery_error_ == RD_KAFKA_RESP_ERR_NO_ERROR) {
    standstill_.note(std::string(what) + ": " + kafka::text(error));
  }
  if (rd_kafka_error_is_fatal(error)) {
    const bool is_fenced = code == RD_KAFKA_RESP_ERR__FENCED ||
                           code == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
                           code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;
    if (is_fenced) note_fenced();
    return End::unknown;
  }
  if (is_lost_membership(rd_kafka_error_code(error))) return End::dropped;
  if (kafka::is_poison(delivery_error_)) return End::poisoned;
  return rd_kafka_error_txn_requires_abort(error) ? End::aborted : End::unknown;
}

// A broker accepts offsets from an empty member, so a commit without a valid membership would move
// another instance's offsets: refused here.
Publisher::End Publisher::send_offsets(const Batch& batch) {
  const kafka::Owned<rd_kafka_consumer_group_metadata_t> metadata(
      rd_kafka_consumer_group_metadata(intake_.consumer()));
  if (!is_valid_membership(metadata.get())) {
    metrics_.guard_refused.Increment();
    spdlog::warn("publisher: not a member of the group right now, commit refused");
    return End::dropped;
  }
  // The metadata may be of a newer generation than the batch: looked at after taking it, because
  // the assignment number changes before the group is joined again.
  if (!current(batch)) return End::dropped;
  const kafka::PartitionList list = make_list(batch.offsets());
  while (true) {
    if (is_overdue()) return End::unknown;
    const kafka::Fault error(call([&] {
      return rd_kafka_send_offsets_to_transaction(producer_.get(), list.get(), metadata.get(),
                                                  kQueryTimeoutMs);
    }));
    if (!error) return End::committed;
    if (!rd_kafka_error_is_retriable(error.get()) || !current(batch)) {
      return end_of(error.get(), "send offsets");
    }
    trouble_.log("publisher: send offsets, again: " + kafka::text(error.get()));
  }
}

Publisher::End Publisher::commit() {
  const std::int64_t since_ms = steady_ms();
  while (true) {
    if (is_overdue()) return End::unknown;
    // Any other time-out than -1 may put librdkafka's state out of step with the broker's.
    const kafka::Fault error(
        call([&] { return rd_kafka_commit_transaction(producer_.get(), -1); }));
    if (!error) {
      metrics_.commit_seconds.Observe(static_cast<double>(steady_ms() - since_ms) / 1000.0);
      fence_repeats(since_ms);
      return End::committed;
    }
    if (!rd_kafka_error_is_retriable(error.get()) || stopping_) {
      return end_of(error.get(), "commit");
    }
  }
}

// The broker has ended such a transaction itself. Asking librdkafka to end it, too, while a request
// of it is on its way can abort the process (its txn_req_cnt, seen after SIGSTOP and SIGCONT).
bool Publisher::is_overdue() const {
  return steady_ms() - begun_ms_ >= config_.limits.transaction_timeout.count();
}

Publisher::End Publisher::abort(End after) {
  if (is_overdue()) return End::unknown;
  metrics_.transactions_aborted.Increment();
  const std::int64_t since_ms = steady_ms();
  const kafka::Fault error(call([&] { return rd_kafka_abort_transaction(producer_.get(), -1); }));
  if (!error) {
    fence_repeats(since_ms);
    return after;
  }
  const End end = end_of(error.get(), "abort");
  // Only a commit can have an unknown outcome; a failed abort leaves a dead producer behind.
  return end == End::unknown ? End::unknown : after;
}

// librdkafka repeats a request when the connection breaks. The first one may be on its way still:
// the one that ends a transaction would end the next one too early, one with offsets would take the
// next one's back. The broker cannot tell them apart (KIP-890), so a new producer epoch fences it.
void Publisher::fence_repeats(std::int64_t ending_since_ms) {
  rd_kafka_poll(producer_.get(), 0);  // on_error
  if (!connection_broke_ && steady_ms() - ending_since_ms < kEndingMaxMs) return;
  spdlog::info("publisher: the connection broke during a transaction, fencing repeated requests");
  renew();
}

void Publisher::on_error(rd_kafka_t* client, int error, const char* reason, void* self) {
  if (error != RD_KAFKA_RESP_ERR__FATAL) {  // being fenced is told in the same way
    static_cast<Publisher*>(self)->connection_broke_ = true;
    static_cast<Publisher*>(self)->broke_ms_ = steady_ms();
  }
  kafka::log_error(client, error, reason, nullptr);
}

// ---- an unknown outcome: a new producer fences the old one, then the offsets tell what happened

Publisher::End Publisher::recover(const Batch& batch) {
  metrics_.transactions_unknown.Increment();
  renew();
  if (stopping_) return End::dropped;
  const OffsetRanges ranges = batch.offsets();
  const kafka::PartitionList list = make_list(ranges);
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
  do {
    heartbeat_ms_ = steady_ms();
    error =
        call([&] { return rd_kafka_committed(intake_.consumer(), list.get(), kQueryTimeoutMs); });
  } while (error != RD_KAFKA_RESP_ERR_NO_ERROR && current(batch));
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return End::dropped;
  std::size_t committed = 0;
  std::size_t untouched = 0;
  for (int i = 0; i < list->cnt; ++i) {
    const rd_kafka_topic_partition_t& entry = list->elems[i];
    const OffsetRange& range = ranges.at({entry.topic, entry.partition});
    committed += entry.offset >= range.next ? 1 : 0;
    untouched += entry.offset <= range.first ? 1 : 0;  // none is -1001, marker gaps make it smaller
  }
  spdlog::info("publisher: looked up an unknown outcome partitions={} committed={} untouched={}",
               ranges.size(), committed, untouched);
  if (committed == ranges.size()) return End::committed;
  if (untouched == ranges.size()) return End::aborted;
  intake_.request_rejoin();
  return End::dropped;
}

void Publisher::renew() {
  is_up_ = false;
  create_producer();
  init_transactions(stopping_);
  is_up_ = !stopping_;
}

void Publisher::isolate(bool isolates) {
  isolates_ = isolates;
  renew();
}

kafka::Conf Publisher::conf(const Config& config, bool isolates) {
  kafka::Settings fixed = {
      {"enable.idempotence", "true"}, {"acks", "all"}, {"partitioner", "murmur2_random"}};
  if (config.delivery == Delivery::exactly_once) {
    fixed["transactional.id"] = transactional_id(config);
    fixed["transaction.timeout.ms"] = std::to_string(config.limits.transaction_timeout.count());
    // Below the transaction's, as librdkafka demands.
    fixed["message.timeout.ms"] = std::to_string(config.limits.transaction_timeout.count() * 2 / 3);
  }
  if (isolates) fixed["batch.num.messages"] = "1";
  return kafka::make_conf(
      config.kafka,
      {{"retry.backoff.ms", "10"},  // 115 ms a small transaction with the default, 37 with this
       {"linger.ms", "1"},
       {"compression.codec", "lz4"},
       {"queue.buffering.max.kbytes", "131072"},
       {"queue.buffering.max.messages", "100000"},
       // The broker decides what is too large, and tells: a dead letter carries any record.
       {"message.max.bytes", "1000000000"}},
      fixed);
}

void Publisher::create_producer() {
  if (producer_) {
    rd_kafka_purge(producer_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    producer_.reset();
  }
  connection_broke_ = false;
  kafka::Conf conf = Publisher::conf(config_, isolates_);
  rd_kafka_conf_set_opaque(conf.get(), this);
  rd_kafka_conf_set_dr_msg_cb(conf.get(), &Publisher::on_delivery);
  rd_kafka_conf_set_error_cb(conf.get(), &Publisher::on_error);
  producer_ = kafka::make_producer(std::move(conf));
}

void Publisher::init_transactions(const std::atomic<bool>& stop) {
  Retry retry(kBackoffFirst, kInitPauseMax);
  while (config_.delivery == Delivery::exactly_once && !stop) {
    heartbeat_ms_ = steady_ms();
    const kafka::Fault error(
        call([&] { return rd_kafka_init_transactions(producer_.get(), kQueryTimeoutMs); }));
    if (!error) return;
    judge_init_error(error.get());
    retry.log("publisher: init transactions: " + kafka::text(error.get()));
    if (rd_kafka_error_is_fatal(error.get())) create_producer();
    if (rd_kafka_error_code(error.get()) != RD_KAFKA_RESP_ERR__TIMED_OUT) retry.wait();
  }
}

// Throws where trying again cannot help. Access that is taken away while it runs may come back.
void Publisher::judge_init_error(const rd_kafka_error_t* error) {
  const rd_kafka_resp_err_t code = rd_kafka_error_code(error);
  const std::string id = transactional_id(config_);
  if (code == RD_KAFKA_RESP_ERR__FENCED) note_fenced();
  if (code == RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT) {
    throw StopError(ExitCode::bad_input,
                    "publisher: limits.transaction_timeout is " +
                        std::to_string(config_.limits.transaction_timeout.count()) +
                        " ms, more than the brokers allow (their transaction.max.timeout.ms): " +
                        kafka::text(error));
  }
  if (kafka::is_denied(code)) {
    const std::string what = kafka::denied(config_.kafka, "WRITE", "transactional id " + id);
    if (!has_been_up_) throw StopError(ExitCode::failed, what);
    return note_denied(what);
  }
  standstill_.note("init transactions: " + kafka::text(error));
  if (!rd_kafka_error_is_fatal(error) && !rd_kafka_error_is_retriable(error)) {
    throw StopError(ExitCode::failed,
                    "publisher: transactions cannot be used: " + kafka::text(error));
  }
}

// Three times in a minute is a twin, unless we fence ourselves: the broker does it for us when it
// ends a transaction at its time-out, and so does an own request that comes late from a connection
// that broke.
void Publisher::note_fenced() {
  const std::int64_t now_ms = steady_ms();
  const bool is_overdue = now_ms - begun_ms_ >= config_.limits.transaction_timeout.count();
  const bool is_shaken = broke_ms_ && now_ms - *broke_ms_ < kFencedWindowMs;
  if (is_overdue || is_shaken) return;
  fenced_ms_.push_back(now_ms);
  while (now_ms - fenced_ms_.front() > kFencedWindowMs) fenced_ms_.pop_front();
  if (fenced_ms_.size() >= kFencedMax) {
    throw StopError(
        ExitCode::state_refused,
        "publisher: fenced three times in a minute: another process runs with instance '" +
            config_.instance + "' in group '" + config_.kafka.group + "'");
  }
}

void Publisher::count_published() {
  trouble_.reset();
  denied_lines_.reset();
  seeks_denied_ = false;
  const std::int64_t now_ms = unix_ms();
  for (const std::optional<Output>& output : outputs_) {
    if (!output) continue;
    const rd_kafka_message_t* message = output->item->message.get();
    const std::int64_t sent_ms =
        message == nullptr ? -1 : rd_kafka_message_timestamp(message, nullptr);
    if (sent_ms > 0) {
      const auto age_ms = std::max<std::int64_t>(0, now_ms - sent_ms);
      metrics_.end_to_end_seconds.Observe(static_cast<double>(age_ms) / 1000.0);
    }
    metrics_.published(output->outcome.kind, output->method);
    if (output->error) metrics_.dead_letter(*output->error);
  }
}

const std::string& Publisher::topic_of(OutcomeKind kind) const {
  switch (kind) {
    case OutcomeKind::enriched:
      return config_.topics.enriched;
    case OutcomeKind::duplicate:
      return config_.topics.duplicates;
    case OutcomeKind::deadletter:
      break;
  }
  return config_.topics.deadletter;
}

}  // namespace tocsin
