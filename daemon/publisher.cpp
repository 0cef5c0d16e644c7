#include "daemon/publisher.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstring>

#include "daemon/failpoint.h"

namespace tocsin {

using namespace std::chrono_literals;

namespace {

constexpr int kAbortsBeforeBisect = 3;
constexpr int kFencedMax = 3;  // in a minute: a twin with the same name
constexpr std::int64_t kFencedWindowMs = 60'000;
constexpr std::int64_t kRefusedMaxMs = 10'000;
constexpr auto kBackoffFirst = 50ms;
constexpr auto kBackoffMax = 5'000ms;
constexpr int kQueryTimeoutMs = 10'000;
constexpr std::int64_t kEndingMaxMs = 10'000;  // after that its request may have been repeated
constexpr std::size_t kHeaderTextMax = 1024;   // of a dead letter's message

// Errors that a record itself causes: trying it again cannot help.
bool is_poison(rd_kafka_resp_err_t error) {
  switch (error) {
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_MSG:
    case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
      return true;
    default:
      return false;
  }
}

// Errors of an append that mean the ledger is not what it must be; trying again cannot help.
bool is_broken_ledger(rd_kafka_resp_err_t error) {
  return is_poison(error) || error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
         error == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC || error == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
}

bool is_lost_membership(rd_kafka_resp_err_t error) {
  return error == RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION ||
         error == RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID ||
         error == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID ||
         error == RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS;
}

void add_header(rd_kafka_headers_t* headers, const char* name, std::string_view value) {
  rd_kafka_header_add(headers, name, -1, value.data(), static_cast<ssize_t>(value.size()));
}

// The headers of the input go to every output; a dead letter keeps the first failure's own.
kafka::Headers headers_of(const Output& output, const std::string& config_hash) {
  kafka::Headers headers = kafka::copy_headers(output.item->message.get());
  if (!output.error) {
    rd_kafka_header_remove(headers.get(), "content-type");
    add_header(headers.get(), "content-type", "application/json");
    return headers;
  }
  const Position& position = output.item->position;
  const std::string message = output.error->message.substr(0, kHeaderTextMax);
  add_header(headers.get(), "tocsin.stage", name(output.error->stage));
  add_header(headers.get(), "tocsin.error.code", name(output.error->code));
  add_header(headers.get(), "tocsin.error.message", message);
  add_header(headers.get(), "tocsin.original.topic", position.topic);
  add_header(headers.get(), "tocsin.original.partition", std::to_string(position.partition));
  add_header(headers.get(), "tocsin.original.offset", std::to_string(position.offset));
  const std::int64_t timestamp = rd_kafka_message_timestamp(output.item->message.get(), nullptr);
  add_header(headers.get(), "tocsin.original.timestamp", std::to_string(timestamp));
  add_header(headers.get(), "tocsin.config", config_hash);
  return headers;
}

}  // namespace

Publisher::Publisher(const Config& config, Metrics& metrics, BatchQueue& queue, Intake& intake,
                     LedgerWriter& ledger, Follower& follower, const SharedDedupState& state)
    : config_(config),
      metrics_(metrics),
      queue_(queue),
      intake_(intake),
      ledger_(ledger),
      follower_(follower),
      state_(state) {}

Publisher::~Publisher() {
  stop();
  thread_.join();
}

void Publisher::stop() {
  stopping_ = true;
  queue_.close();
}

void Publisher::init(const std::atomic<bool>& stop) {
  create_producer();
  init_transactions(stop);
  is_up_ = !stop;
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

// ---- resolve: verdicts of the dedup state become outputs

void Publisher::process(Batch& batch) {
  if (!resolve(batch)) return;  // only when it is not current any more
  const std::int64_t resolved_ms = steady_ms();
  metrics_.resolve_seconds.Observe(static_cast<double>(resolved_ms - batch.sighted_ms) / 1000.0);
  if (!publish(batch, 0, batch.items.size())) {
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

// Waits for the delivery of the records and for the follower to apply them; appends them again when
// the ledger's producer lost them. False when the batch is no longer ours.
bool Publisher::wait_applied(Batch& batch, const std::vector<std::string>& records,
                             std::shared_ptr<AppendTicket> ticket) {
  std::int64_t refused_since_ms = 0;
  std::chrono::milliseconds backoff = kBackoffFirst;
  while (current(batch)) {
    heartbeat_ms_ = steady_ms();
    if (ticket->failed()) {
      const rd_kafka_resp_err_t error = ticket->error();
      spdlog::warn("ledger: sightings were not delivered, appending again records={} error={}",
                   records.size(), kafka::text(error));
      // A broker that just started may not know the topic yet: refused for a while, then for good.
      if (!is_broken_ledger(error)) refused_since_ms = 0;
      if (is_broken_ledger(error) && refused_since_ms == 0) refused_since_ms = steady_ms();
      if (refused_since_ms != 0 && steady_ms() - refused_since_ms > kRefusedMaxMs) {
        throw_broken_ledger(kafka::text(error));
      }
      sleep_for(backoff);
      backoff = std::min<std::chrono::milliseconds>(backoff * 2, kBackoffMax);
      ticket = ledger_.append(records, stopping_);
    }
    const std::optional<std::int64_t> last = ticket->delivered();
    if (last && *last < batch.ledger_offset_min) throw_broken_ledger("its offsets went back");
    if (!last) {
      ledger_.serve(5ms);
    } else if (follower_.wait_applied(*last + 1, 100ms)) {
      return true;
    }
  }
  return false;
}

void Publisher::throw_broken_ledger(const std::string& reason) const {
  throw StopError(ExitCode::state_refused,
                  "ledger " + config_.topics.ledger + " takes no sightings any more (" + reason +
                      "): it was deleted or created again, or its settings were changed, such as "
                      "cleanup.policy; see `tocsin ledger verify`");
}

bool Publisher::resolve(Batch& batch) {
  std::vector<std::string> records;
  for (const Item& item : batch.items) {
    if (item.drafts) records.push_back(item.sighting);
  }
  std::vector<std::string> retracts;
  std::uint64_t rebuilds = 0;
  do {  // again when the dedup state was emptied for a rebuild while its verdicts were read
    rebuilds = follower_.rebuilds();
    if (!records.empty() && !wait_applied(batch, records, batch.ticket)) return false;
    outputs_.clear();
    outputs_.resize(batch.items.size());
    retracts.clear();
    for (std::size_t i = 0; i < batch.items.size(); ++i) {
      Item& item = batch.items[i];
      outputs_[i] = output_of(batch, item);
      if (outputs_[i] && outputs_[i]->error && is_judged_news(item)) {
        retracts.push_back(encode(LedgerRecord(Retract{item.position, item.raw_hash})));
      }
    }
  } while (rebuilds != follower_.rebuilds() && current(batch));
  return retract(batch, retracts) && current(batch);
}

// Whether later copies may match it: a dead letter that was sighted as news by an instance with
// other limits, or whose early skip was refused, must not be anybody's original.
bool Publisher::is_judged_news(const Item& item) const {
  const std::optional<Verdict> verdict = state_.read(
      [&](const DedupState& state) { return state.verdict(item.position, item.raw_hash); });
  return verdict && !verdict->is_copy;
}

// Appends the retractions and waits until they are applied; false when the batch is no longer ours.
bool Publisher::retract(Batch& batch, const std::vector<std::string>& retracts) {
  if (retracts.empty()) return true;
  if (!wait_applied(batch, retracts, ledger_.append(retracts, stopping_))) return false;
  metrics_.retracts.Increment(static_cast<double>(retracts.size()));
  return true;
}

// The record an item becomes; nullopt for a null value.
std::optional<Output> Publisher::output_of(const Batch& batch, Item& item) {
  if (item.is_null) return std::nullopt;
  Output output{.item = &item, .outcome = {}, .method = Method::none, .error = {}};
  output.outcome.kind = OutcomeKind::deadletter;
  if (item.rejected) {
    output.error = item.rejected->error;
    return output;
  }
  const std::optional<Verdict> verdict = state_.read(
      [&](const DedupState& state) { return state.verdict(item.position, item.raw_hash); });
  if (!verdict) {
    // The position left the dedup state (two windows) between its sighting and now: cannot be
    // judged.
    output.error =
        Error{Stage::publish, Errc::poison, "the sighting is no longer in the dedup state"};
    return output;
  }
  if (!verdict->is_copy && item.drafts->enriched.head.empty()) {
    // Skipped as a copy, but the fold says news (what it copied was retracted): analyse after all.
    const RawRecord record{item.position, item.payload(),
                           rd_kafka_message_timestamp(item.message.get(), nullptr),
                           PublishedAtSource::kafka};
    const Result<Reading> reading = read(*batch.pipeline, record);
    Result<Drafts> drafts =
        reading ? draft(*batch.pipeline, *reading, analyse(*batch.pipeline, *reading))
                : Result<Drafts>(reading.error());
    if (!drafts) {
      output.error = drafts.error();
      return output;
    }
    item.drafts = *std::move(drafts);
  }
  output.outcome = tocsin::resolve(*item.drafts, *verdict);
  output.method = verdict->method;
  return output;
}

// ---- publish: attempts until one is committed, or the batch is no longer ours

bool Publisher::publish(Batch& batch, std::size_t begin, std::size_t end) {
  int poisoned = 0;
  auto backoff = kBackoffFirst;
  while (current(batch)) {
    heartbeat_ms_ = steady_ms();
    End result = attempt(batch, begin, end);
    if (result == End::unknown) result = recover(batch, begin, end);
    switch (result) {
      case End::committed:
        metrics_.transactions_committed.Increment();
        count_published(begin, end);
        return true;
      case End::dropped:
        return false;
      case End::poisoned:
        if (++poisoned < kAbortsBeforeBisect) break;
        if (end - begin == 1) return condemn(batch, begin);
        return publish(batch, begin, begin + (end - begin) / 2) &&
               publish(batch, begin + (end - begin) / 2, end);
      case End::aborted:
      case End::unknown:
        sleep_for(backoff);
        backoff = std::min<std::chrono::milliseconds>(backoff * 2, kBackoffMax);
        break;
    }
  }
  return false;
}

// The broker refuses this record again and again: retract its sighting, then dead-letter it.
bool Publisher::condemn(Batch& batch, std::size_t index) {
  Item& item = batch.items[index];
  if (outputs_[index]->error) {
    throw StopError(ExitCode::failed, "publisher: the broker refuses even the dead letter of " +
                                          default_article_id(item.position) + ": " +
                                          kafka::text(delivery_error_));
  }
  spdlog::error("publisher: the broker refuses a record, dead-lettering it position={} error={}",
                default_article_id(item.position), kafka::text(delivery_error_));
  if (!retract(batch, {encode(LedgerRecord(Retract{item.position, item.raw_hash}))})) return false;
  Output& output = *outputs_[index];
  output.outcome = Outcome{OutcomeKind::deadletter, "", ""};
  output.error = Error{Stage::publish, Errc::poison,
                       "the broker refused the record: " + kafka::text(delivery_error_)};
  return publish(batch, index, index + 1);
}

Publisher::End Publisher::attempt(const Batch& batch, std::size_t begin, std::size_t end) {
  delivery_error_ = RD_KAFKA_RESP_ERR_NO_ERROR;
  undelivered_ = 0;
  return config_.delivery == Delivery::exactly_once ? transact(batch, begin, end)
                                                    : produce_and_commit(batch, begin, end);
}

Publisher::End Publisher::transact(const Batch& batch, std::size_t begin, std::size_t end) {
  failpoint("before_begin");
  begun_ms_ = steady_ms();
  if (const kafka::Fault error{rd_kafka_begin_transaction(producer_.get())}) {
    return end_of(error.get(), "begin");
  }
  const rd_kafka_resp_err_t refused = produce_all(batch, begin, end);
  if (refused != RD_KAFKA_RESP_ERR_NO_ERROR) {
    delivery_error_ = refused;
    return abort(is_poison(refused) ? End::poisoned : End::aborted);
  }
  failpoint("before_send_offsets");
  const End sent = send_offsets(batch, begin, end);
  if (sent == End::unknown) return sent;
  if (sent != End::committed) return abort(sent);
  failpoint("before_commit");
  const End committed = commit();
  failpoint("after_commit");
  return committed == End::aborted || committed == End::dropped ? abort(committed) : committed;
}

// At least once: the offsets follow the outputs, so a crash between them repeats outputs.
Publisher::End Publisher::produce_and_commit(const Batch& batch, std::size_t begin,
                                             std::size_t end) {
  const rd_kafka_resp_err_t refused = produce_all(batch, begin, end);
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
    return is_poison(error) ? End::poisoned : End::aborted;
  }
  std::map<kafka::Partition, std::int64_t> next;
  for (const auto& [partition, range] : batch.offsets(begin, end)) next[partition] = range.next;
  failpoint("before_commit");
  const kafka::PartitionList list = kafka::make_list(next);
  const rd_kafka_resp_err_t committed =
      call([&] { return rd_kafka_commit(intake_.consumer(), list.get(), 0); });
  failpoint("after_commit");
  if (committed == RD_KAFKA_RESP_ERR_NO_ERROR) return End::committed;
  spdlog::warn("publisher: commit of offsets failed: {}", kafka::text(committed));
  return is_lost_membership(committed) ? End::dropped : End::aborted;
}

rd_kafka_resp_err_t Publisher::produce_all(const Batch& batch, std::size_t begin, std::size_t end) {
  for (std::size_t i = begin; i < end; ++i) {
    if (!outputs_[i]) continue;
    const rd_kafka_resp_err_t error = produce(batch, *outputs_[i]);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return error;
  }
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t Publisher::produce(const Batch& batch, const Output& output) {
  const rd_kafka_message_t& message = *output.item->message;
  std::string_view key = output.outcome.key;
  std::string_view value = output.outcome.value;
  if (output.error) {  // the original key and value, untouched
    key = {static_cast<const char*>(message.key), message.key_len};
    value = output.item->payload();
  }
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
  do {
    kafka::Headers headers = headers_of(output, batch.pipeline->stamp.config);
    error =
        rd_kafka_producev(producer_.get(), RD_KAFKA_V_TOPIC(topic_of(output.outcome.kind).c_str()),
                          RD_KAFKA_V_KEY(key.data(), key.size()),
                          RD_KAFKA_V_VALUE(const_cast<char*>(value.data()), value.size()),
                          RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                          RD_KAFKA_V_HEADERS(headers.get()), RD_KAFKA_V_END);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
      static_cast<void>(headers.release());  // the producer owns them now
      ++undelivered_;
    } else if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      rd_kafka_poll(producer_.get(), 50);
    }
  } while (error == RD_KAFKA_RESP_ERR__QUEUE_FULL && !stopping_);
  return error;
}

void Publisher::on_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void* self) {
  auto& publisher = *static_cast<Publisher*>(self);
  if (publisher.undelivered_ > 0) --publisher.undelivered_;
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR &&
      publisher.delivery_error_ == RD_KAFKA_RESP_ERR_NO_ERROR) {
    publisher.delivery_error_ = message->err;
  }
}

// ---- the steps of a transaction

// What an error of a transactional call means. Fatal is not aborted: its outcome is unknown.
Publisher::End Publisher::end_of(const rd_kafka_error_t* error, const char* what) {
  spdlog::warn("publisher: {} failed: {}", what, kafka::text(error));
  if (rd_kafka_error_is_fatal(error)) {
    const rd_kafka_resp_err_t code = rd_kafka_error_code(error);
    const bool is_fenced = code == RD_KAFKA_RESP_ERR__FENCED ||
                           code == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
                           code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;
    if (is_fenced) note_fenced();
    return End::unknown;
  }
  if (is_lost_membership(rd_kafka_error_code(error))) return End::dropped;
  if (is_poison(delivery_error_)) return End::poisoned;
  return rd_kafka_error_txn_requires_abort(error) ? End::aborted : End::unknown;
}

// A broker accepts offsets from an empty member, so a commit without a valid membership would move
// another instance's offsets: refused here.
Publisher::End Publisher::send_offsets(const Batch& batch, std::size_t begin, std::size_t end) {
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
  std::map<kafka::Partition, std::int64_t> next;
  for (const auto& [partition, range] : batch.offsets(begin, end)) next[partition] = range.next;
  const kafka::PartitionList list = kafka::make_list(next);
  while (true) {
    const kafka::Fault error(call([&] {
      return rd_kafka_send_offsets_to_transaction(producer_.get(), list.get(), metadata.get(),
                                                  kQueryTimeoutMs);
    }));
    if (!error) return End::committed;
    if (!rd_kafka_error_is_retriable(error.get()) || !current(batch)) {
      return end_of(error.get(), "send offsets");
    }
    spdlog::warn("publisher: send offsets: {}: again", kafka::text(error.get()));
  }
}

Publisher::End Publisher::commit() {
  const std::int64_t since_ms = steady_ms();
  while (true) {
    // Any other time-out than -1 may put librdkafka's state out of step with the broker's.
    const kafka::Fault error(
        call([&] { return rd_kafka_commit_transaction(producer_.get(), -1); }));
    if (!error) {
      fence_repeats(since_ms);
      return End::committed;
    }
    if (!rd_kafka_error_is_retriable(error.get()) || stopping_) {
      return end_of(error.get(), "commit");
    }
  }
}

Publisher::End Publisher::abort(End after) {
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
  is_up_ = false;
  create_producer();
  init_transactions(stopping_);
  is_up_ = !stopping_;
}

void Publisher::on_error(rd_kafka_t* client, int error, const char* reason, void* self) {
  static_cast<Publisher*>(self)->connection_broke_ = true;
  static_cast<Publisher*>(self)->broke_ms_ = steady_ms();
  kafka::log_error(client, error, reason, nullptr);
}

// ---- an unknown outcome: a new producer fences the old one, then the offsets tell what happened

Publisher::End Publisher::recover(const Batch& batch, std::size_t begin, std::size_t end) {
  metrics_.transactions_unknown.Increment();
  is_up_ = false;
  create_producer();
  init_transactions(stopping_);
  if (stopping_) return End::dropped;
  is_up_ = true;
  const std::map<kafka::Partition, OffsetRange> ranges = batch.offsets(begin, end);
  std::map<kafka::Partition, std::int64_t> wanted;
  for (const auto& [partition, range] : ranges) wanted[partition] = range.next;
  const kafka::PartitionList list = kafka::make_list(wanted);
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

void Publisher::create_producer() {
  if (producer_) {
    rd_kafka_purge(producer_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    producer_.reset();
  }
  kafka::Settings fixed = {
      {"enable.idempotence", "true"}, {"acks", "all"}, {"partitioner", "murmur2_random"}};
  if (config_.delivery == Delivery::exactly_once) {
    fixed["transactional.id"] = "tocsin." + config_.kafka.group + "." + config_.instance;
    fixed["transaction.timeout.ms"] = std::to_string(config_.limits.transaction_timeout.count());
    // Below the transaction's, as librdkafka demands.
    fixed["message.timeout.ms"] =
        std::to_string(config_.limits.transaction_timeout.count() * 2 / 3);
  }
  connection_broke_ = false;
  kafka::Conf conf = kafka::make_conf(
      config_.kafka,
      {{"retry.backoff.ms", "10"},  // 115 ms a small transaction with the default, 37 with this
       {"linger.ms", "1"},
       {"compression.codec", "lz4"},
       {"queue.buffering.max.kbytes", "131072"},
       {"queue.buffering.max.messages", "100000"},
       // Outputs are bounded by limits.output_bytes_max, dead letters by limits.article_bytes_max.
       {"message.max.bytes",
        std::to_string(std::max(config_.limits.output_bytes_max, config_.limits.article_bytes_max) +
                       (64 << 10))}},
      fixed);
  rd_kafka_conf_set_opaque(conf.get(), this);
  rd_kafka_conf_set_dr_msg_cb(conf.get(), &Publisher::on_delivery);
  rd_kafka_conf_set_error_cb(conf.get(), &Publisher::on_error);
  producer_ = kafka::make_producer(std::move(conf));
}

void Publisher::init_transactions(const std::atomic<bool>& stop) {
  while (config_.delivery == Delivery::exactly_once && !stop) {
    heartbeat_ms_ = steady_ms();
    const kafka::Fault error(
        call([&] { return rd_kafka_init_transactions(producer_.get(), kQueryTimeoutMs); }));
    if (!error) return;
    spdlog::warn("publisher: init transactions: {}", kafka::text(error.get()));
    if (rd_kafka_error_is_fatal(error.get())) {
      if (rd_kafka_error_code(error.get()) == RD_KAFKA_RESP_ERR__FENCED) note_fenced();
      create_producer();
    } else if (!rd_kafka_error_is_retriable(error.get())) {
      throw StopError(ExitCode::failed,
                      "publisher: transactions cannot be used: " + kafka::text(error.get()));
    }
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

void Publisher::count_published(std::size_t begin, std::size_t end) {
  for (std::size_t i = begin; i < end; ++i) {
    if (!outputs_[i]) continue;
    metrics_.published(outputs_[i]->outcome.kind, outputs_[i]->method);
    if (outputs_[i]->error) metrics_.dead_letter(*outputs_[i]->error);
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
