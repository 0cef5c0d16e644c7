#include "daemon/transactor.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <utility>

#include "daemon/failpoint.h"

namespace tocsin {

using namespace std::chrono_literals;

namespace {

constexpr std::int64_t kDeliveryWaitMs = 3'000;
constexpr int kFencedMax = 3;  // in a minute: a twin with the same name
constexpr std::int64_t kFencedWindowMs = 60'000;
constexpr std::int64_t kMarkersMs = 5;
constexpr auto kBackoffFirst = 50ms;
constexpr auto kBackoffMax = 5'000ms;
constexpr auto kInitPauseMax = 10'000ms;       // below what /livez allows
constexpr std::int64_t kEndingMaxMs = 10'000;  // after that its request may have been repeated

kafka::Headers headers_of(const kafka::Record& message) {
  kafka::Headers headers = passed_on(message);
  headers.remove("content-type");
  headers.add("content-type", "application/json");
  return headers;
}

std::uint32_t schema_id(const SchemaIdsConfig& ids, OutcomeKind kind) {
  return kind == OutcomeKind::enriched    ? ids.enriched
         : kind == OutcomeKind::duplicate ? ids.duplicates
                                          : 0;
}

std::string transactional_id(const Config& config) {
  return "tocsin." + config.kafka.group + "." + config.instance;
}

kafka::Marks marks_of(const OffsetRanges& ranges) {
  kafka::Marks marks;
  for (const auto& [partition, range] : ranges) marks[partition] = {range.next, range.metadata, {}};
  return marks;
}

}  // namespace

Transactor::Transactor(const Config& config, Metrics& metrics, Intake& intake,
                       Standstill& standstill, Pulse& pulse, const std::atomic<bool>& stopping)
    : config_(config),
      metrics_(metrics),
      intake_(intake),
      standstill_(standstill),
      pulse_(pulse),
      stopping_(stopping),
      trouble_(kBackoffFirst, kBackoffMax),
      denied_lines_(kBackoffFirst, kBackoffMax) {}

void Transactor::init(const std::atomic<bool>& stop) {
  create_producer();
  init_transactions(stop);
  is_up_ = has_been_up_ = !stop;
}

std::map<std::size_t, kafka::Failure> Transactor::take_refused() {
  return std::exchange(refused_, {});
}

void Transactor::note_committed() {
  trouble_.reset();
  denied_lines_.reset();
  seeks_denied_ = false;
}

End Transactor::attempt(const Batch& batch, const Outputs& outputs) {
  fault_ = {};
  refused_.clear();
  undelivered_ = 0;
  End end = config_.delivery == Delivery::exactly_once ? transact(batch, outputs)
                                                       : produce_and_commit(batch, outputs);
  if (end == End::unknown) end = recover(batch);
  const bool is_open = end == End::aborted || end == End::unknown;
  return is_open && !refused_.empty() ? End::poisoned : end;
}

End Transactor::transact(const Batch& batch, const Outputs& outputs) {
  const End end = take_steps(batch, outputs);
  return end == End::committed || end == End::unknown ? end : abort(end);
}

End Transactor::take_steps(const Batch& batch, const Outputs& outputs) {
  const bool is_batch = !batch.items.empty();
  if (is_batch) failpoint("before_begin");
  // The broker writes the markers of the transaction before after it has answered. What is added to
  // this one too early is refused as concurrent, and librdkafka asks again only 20 ms later.
  const std::int64_t early_ms = committed_ms_ + kMarkersMs - steady_ms();
  if (early_ms > 0) producer_->serve(std::chrono::milliseconds(early_ms));
  begun_ms_ = steady_ms();
  if (const kafka::Failure fault = producer_->begin()) return end_of(fault, "begin");
  if (kafka::Failure refused = produce_all(batch, outputs)) {
    fault_ = std::move(refused);
    return fault_.is_poison() ? End::poisoned : End::aborted;
  }
  // The offsets, asked for beside partitions that are being added to the transaction, are refused
  // as concurrent, and librdkafka asks again only 20 ms later.
  static_cast<void>(await_delivery());
  if (is_batch) failpoint("before_send_offsets");
  if (const End sent = send_offsets(batch); sent != End::committed) return sent;
  failpoint(is_batch ? "before_commit" : "before_announced");
  const End committed = commit();
  failpoint(is_batch ? "after_commit" : "after_announced");
  return committed;
}

// At least once: the offsets follow the outputs, so a crash between them repeats outputs.
End Transactor::produce_and_commit(const Batch& batch, const Outputs& outputs) {
  kafka::Failure refused = produce_all(batch, outputs);
  while (undelivered_ > 0 && !stopping_) {
    pulse_.heartbeat_ms = steady_ms();
    producer_->serve(100ms);
  }
  if (refused) fault_ = std::move(refused);
  if (fault_) {
    metrics_.transactions_aborted.Increment();
    if (producer_->fatal()) create_producer();
    return fault_.is_poison() ? End::poisoned : End::aborted;
  }
  const bool is_batch = !batch.items.empty();
  failpoint(is_batch ? "before_commit" : "before_announced");
  const kafka::Failure committed =
      call([&] { return intake_.consumer().commit(marks_of(batch.offsets())); });
  failpoint(is_batch ? "after_commit" : "after_announced");
  if (!committed) return End::committed;
  spdlog::warn("publisher: commit of offsets failed: {}", committed.text());
  standstill_.note("offsets cannot be committed: " + committed.text());
  return committed.is_lost_membership() ? End::dropped : End::aborted;
}

// ---- records

kafka::Failure Transactor::produce_all(const Batch& batch, const Outputs& outputs) {
  constexpr std::array kKinds = {OutcomeKind::enriched, OutcomeKind::duplicate,
                                 OutcomeKind::deadletter};
  for (const OutcomeKind kind : kKinds) {
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      if (!outputs[i] || outputs[i]->outcome.kind != kind || delivered_[i]) continue;
      if (kafka::Failure fault = produce(batch, *outputs[i], i)) return fault;
    }
    // The error of a transaction does not name the topic that may not be written: one after the
    // other tells.
    if (seeks_denied_ && !await_delivery()) {
      note_denied(kafka::denied(config_.kafka, "WRITE", "topic " + topic_of(kind)));
      return fault_ ? fault_ : kafka::Failure::time_out();
    }
  }
  return {};
}

// A fault of the call itself, of a poisonous record, is noted like one of the broker's.
kafka::Failure Transactor::produce(const Batch& batch, const Output& output, std::size_t index) {
  DeadLetter letter;
  if (output.error) {
    letter = make_dead_letter(*output.item, *output.error, output.reduction,
                              batch.pipeline->stamp.config);
    if (config_.has_connect_headers) {
      add_connect_headers(letter.headers, *output.item, *output.error, output.reduction,
                          config_.kafka.group);
    }
  } else {
    letter.key = output.outcome.key;
    letter.value = output.outcome.value;
    letter.headers = headers_of(output.item->message);
  }
  // Never null: an empty value of a dead letter is no tombstone.
  if (letter.value.data() == nullptr) letter.value = "";
  kafka::Failure fault = producer_->send({topic_of(output.outcome.kind),
                                          {},
                                          letter.key,
                                          letter.value,
                                          std::move(letter.headers),
                                          reinterpret_cast<void*>(index),
                                          schema_id(config_.schema_ids, output.outcome.kind)},
                                         stopping_);
  if (!fault) ++undelivered_;
  if (fault.is_poison()) refused_[index] = fault;
  return fault;
}

void Transactor::note_delivery(const kafka::DeliveryReport& delivery) {
  if (undelivered_ > 0) --undelivered_;
  const auto index = reinterpret_cast<std::size_t>(delivery.tag());
  if (delivery.is_record()) {
    const bool stays = config_.delivery == Delivery::at_least_once;
    if (stays && index < delivered_.size()) delivered_[index] = true;
    return;
  }
  const kafka::Failure fault = delivery.fault();
  if (fault.is_poison()) refused_[index] = fault;
  // Of several the one that tells most: what was purged says nothing of the reason.
  if (fault_ && (!fault.is_poison() || fault_.is_poison())) return;
  fault_ = fault;
  const std::string topic(delivery.topic());
  if (fault.is_denied()) {
    return note_denied(kafka::denied(config_.kafka, "WRITE", "topic " + topic));
  }
  standstill_.note("records for topic " + topic + " are not delivered: " + fault.text());
}

// Whether all that was sent has arrived within three seconds.
bool Transactor::await_delivery() {
  const std::int64_t deadline_ms = steady_ms() + kDeliveryWaitMs;
  while (undelivered_ > 0 && steady_ms() < deadline_ms && !stopping_) producer_->serve(50ms);
  return undelivered_ == 0 && !fault_;
}

void Transactor::note_denied(const std::string& what) {
  standstill_.note(what);
  denied_lines_.log("publisher: " + what);
}

const std::string& Transactor::topic_of(OutcomeKind kind) const {
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

// ---- the steps of a transaction

// What a fault of a transactional call means. Fatal is not aborted: its outcome is unknown.
End Transactor::end_of(const kafka::Failure& fault, const char* what) {
  trouble_.log("publisher: " + std::string(what) + " failed: " + fault.text());
  if (fault.denied() == kafka::Denied::topic) seeks_denied_ = true;
  if (fault.denied() == kafka::Denied::group) {
    note_denied(kafka::denied(config_.kafka, "READ", "group " + config_.kafka.group));
  } else if (fault.denied() == kafka::Denied::transactional_id) {
    note_denied(
        kafka::denied(config_.kafka, "WRITE", "transactional id " + transactional_id(config_)));
  } else if (!fault_) {
    standstill_.note(std::string(what) + ": " + fault.text());
  }
  if (fault.is_fatal()) {
    metrics_.producer_fatal.Increment();
    if (fault.is_fenced()) note_fenced();
    return End::unknown;
  }
  if (fault.is_lost_membership()) return End::dropped;
  if (fault_.is_poison()) return End::poisoned;
  return fault.requires_abort() ? End::aborted : End::unknown;
}

End Transactor::send_offsets(const Batch& batch) {
  const kafka::GroupMembership membership = intake_.consumer().membership();
  // The membership may be of a newer generation than the batch: looked at after taking it, because
  // the assignment number changes before the group is joined again.
  if (!is_current(batch)) return End::dropped;
  const kafka::Marks marks = marks_of(batch.offsets());
  while (true) {
    const kafka::Failure fault = call([&] { return producer_->send_offsets(marks, membership); });
    if (!fault) return End::committed;
    if (fault.is_overdue()) return End::unknown;
    if (!membership.is_valid()) {
      metrics_.guard_refused.Increment();
      spdlog::warn("publisher: not a member of the group right now, commit refused");
      return End::dropped;
    }
    if (!fault.is_retriable() || !is_current(batch)) return end_of(fault, "send offsets");
    trouble_.log("publisher: send offsets, again: " + fault.text());
  }
}

End Transactor::commit() {
  const std::int64_t since_ms = steady_ms();
  while (true) {
    const kafka::Failure fault = call([&] { return producer_->commit(); });
    if (!fault) {
      committed_ms_ = steady_ms();
      metrics_.commit_seconds.Observe(static_cast<double>(committed_ms_ - since_ms) / 1000.0);
      fence_repeats(since_ms);
      return End::committed;
    }
    if (fault.is_overdue()) return End::unknown;
    if (!fault.is_retriable() || stopping_) return end_of(fault, "commit");
  }
}

End Transactor::abort(End after) {
  if (producer_->is_overdue()) return End::unknown;
  metrics_.transactions_aborted.Increment();
  const std::int64_t since_ms = steady_ms();
  const kafka::Failure fault = call([&] { return producer_->abort(); });
  if (!fault) {
    fence_repeats(since_ms);
    return after;
  }
  const End end = end_of(fault, "abort");
  // Only a commit can have an unknown outcome; a failed abort leaves a dead producer behind.
  return end == End::unknown ? End::unknown : after;
}

// A new producer epoch, where a request of this transaction may arrive once more in the next.
void Transactor::fence_repeats(std::int64_t ending_since_ms) {
  const bool is_slow = steady_ms() - ending_since_ms >= kEndingMaxMs;
  if (!producer_->may_have_repeated() && !is_slow) return;
  spdlog::info("publisher: the connection broke during a transaction, fencing repeated requests");
  renew();
}

// ---- an unknown outcome: a new producer fences the old one, then the offsets tell what happened

End Transactor::recover(const Batch& batch) {
  metrics_.transactions_unknown.Increment();
  renew();
  if (stopping_) return End::dropped;
  const OffsetRanges ranges = batch.offsets();
  std::vector<kafka::Partition> partitions;
  for (const auto& [partition, range] : ranges) partitions.push_back(partition);
  pulse_.heartbeat_ms = steady_ms();
  const auto ask = [&] { return intake_.consumer().committed(partitions); };
  auto marks = call(ask);
  while (!marks && is_current(batch)) {
    pulse_.heartbeat_ms = steady_ms();
    marks = call(ask);
  }
  if (!marks) return End::dropped;
  std::size_t committed = 0;
  std::size_t untouched = 0;
  for (const auto& [partition, mark] : *marks) {
    const OffsetRange& range = ranges.at(partition);
    committed += mark.offset >= range.next ? 1 : 0;
    untouched += mark.offset <= range.first ? 1 : 0;  // none is -1, marker gaps make it smaller
  }
  spdlog::info("publisher: looked up an unknown outcome partitions={} committed={} untouched={}",
               ranges.size(), committed, untouched);
  if (committed == ranges.size()) return End::committed;
  if (untouched == ranges.size()) return End::aborted;
  intake_.request_rejoin();
  return End::dropped;
}

// ---- the producer

void Transactor::renew() {
  is_up_ = false;
  create_producer();
  init_transactions(stopping_);
  is_up_ = !stopping_;
}

void Transactor::isolate(bool isolates) {
  isolates_ = isolates;
  renew();
}

kafka::Conf Transactor::conf(const Config& config, bool isolates) {
  const bool is_exact = config.delivery == Delivery::exactly_once;
  return kafka::producer_conf(config, is_exact ? transactional_id(config) : "", isolates);
}

void Transactor::create_producer() {
  if (producer_) {
    disconnected_ms_ = std::max(disconnected_ms_, producer_->disconnected_ms());
    producer_->purge();
    producer_.reset();
  }
  producer_ = std::make_unique<kafka::TransactionalProducer>(
      conf(config_, isolates_), config_.limits.transaction_timeout,
      kafka::Producer::Hooks{.on_delivery = [this](const kafka::DeliveryReport& delivery) {
        note_delivery(delivery);
      }});
  producer_->learn({config_.topics.enriched, config_.topics.duplicates, config_.topics.deadletter});
}

void Transactor::init_transactions(const std::atomic<bool>& stop) {
  Retry retry(kBackoffFirst, kInitPauseMax);
  while (config_.delivery == Delivery::exactly_once && !stop) {
    pulse_.heartbeat_ms = steady_ms();
    const kafka::Failure fault = call([&] { return producer_->init(); });
    if (!fault) return;
    judge_init_fault(fault);
    retry.log("publisher: init transactions: " + fault.text());
    if (fault.is_fatal()) create_producer();
    if (!fault.is_time_out()) retry.wait();
  }
}

// Throws where trying again cannot help. Access that is taken away while it runs may come back.
void Transactor::judge_init_fault(const kafka::Failure& fault) {
  if (fault.is_fenced()) note_fenced();
  if (fault.is_transaction_timeout_refused()) {
    throw StopError(
        ExitCode::bad_input,
        "publisher: limits.transaction_timeout is " +
            std::to_string(config_.limits.transaction_timeout.count()) +
            " ms, more than the brokers allow (their transaction.max.timeout.ms): " + fault.text());
  }
  if (fault.is_denied()) {
    const std::string what =
        kafka::denied(config_.kafka, "WRITE", "transactional id " + transactional_id(config_));
    if (!has_been_up_) throw StopError(ExitCode::failed, what);
    return note_denied(what);
  }
  standstill_.note("init transactions: " + fault.text());
  if (!fault.is_fatal() && !fault.is_retriable()) {
    throw StopError(ExitCode::failed, "publisher: transactions cannot be used: " + fault.text());
  }
}

// Three times in a minute is a twin, unless we fence ourselves: the broker does it for us when it
// ends a transaction at its time-out, and so does an own request that comes late from a connection
// that broke.
void Transactor::note_fenced() {
  const std::int64_t now_ms = steady_ms();
  const bool is_overdue = now_ms - begun_ms_ >= config_.limits.transaction_timeout.count();
  const std::int64_t disconnected_ms = std::max(disconnected_ms_, producer_->disconnected_ms());
  const bool is_shaken = disconnected_ms >= 0 && now_ms - disconnected_ms < kFencedWindowMs;
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

}  // namespace tocsin
