#include "daemon/publisher.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "daemon/unix_time.h"

namespace tocsin {

using namespace std::chrono_literals;

namespace {

constexpr int kRefusalsMax = 3;  // of one record, for another reason than its size
constexpr std::int64_t kIsolationMs = 60'000;
constexpr auto kBackoffFirst = 50ms;
constexpr auto kBackoffMax = 5'000ms;

}  // namespace

Publisher::Publisher(const Config& config, Metrics& metrics, BatchQueue& queue, Intake& intake,
                     LedgerWriter& ledger, Follower& follower, const SharedDedupState& state)
    : config_(config),
      metrics_(metrics),
      queue_(queue),
      intake_(intake),
      ledger_(ledger),
      resolver_(config, metrics, ledger, follower, state, stopping_),
      transactor_(config, metrics, intake, standstill_, pulse_, stopping_) {
  resolver_.is_current = [this](const Batch& batch) {
    pulse_.heartbeat_ms = steady_ms();
    return current(batch);
  };
  resolver_.on_trouble = [this](const std::string& reason) { standstill_.note(reason); };
  transactor_.is_current = [this](const Batch& batch) { return current(batch); };
}

Publisher::~Publisher() {
  stop();
  thread_.join();
}

void Publisher::stop() {
  stopping_ = true;
  queue_.close();
}

void Publisher::init(const std::atomic<bool>& stop) {
  transactor_.init(stop);
}

void Publisher::start() {
  thread_ = Thread("publisher", [this] {
    try {
      run();
    } catch (const StopError& error) {
      transactor_.set_down();
      if (on_stop) on_stop(error);
    }
  });
}

void Publisher::run() {
  while (!stopping_) {
    pulse_.heartbeat_ms = steady_ms();
    const std::unique_ptr<Batch> batch = queue_.pop(100ms);
    if (!batch) {
      if (queue_.closed()) return;
      transactor_.serve();
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
  transactor_.begin(outputs_.size());
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
  if (transactor_.isolates() && steady_ms() - isolated_ms_ > kIsolationMs) {
    transactor_.isolate(false);
  }
  Retry retry(kBackoffFirst, kBackoffMax);
  while (current(batch)) {
    pulse_.heartbeat_ms = steady_ms();
    switch (transactor_.attempt(batch, outputs_)) {
      case End::committed:
        metrics_.transactions_committed.Increment();
        metrics_.last_commit_timestamp.SetToCurrentTime();
        transactor_.note_committed();
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
  if (!transactor_.isolates()) {
    spdlog::warn("publisher: the broker refuses a record, sending one a request: {}",
                 transactor_.fault().text());
    transactor_.isolate(true);
    return true;
  }
  const auto refused = transactor_.take_refused();
  if (refused.empty()) retry.wait();  // it was not said of which record
  for (const auto& [index, fault] : refused) {
    if (!relieve(batch, *outputs_[index], fault, retry)) return false;
  }
  return true;
}

// One record: a dead letter instead; a dead letter with less of the original in it.
bool Publisher::relieve(Batch& batch, Output& output, const kafka::Failure& fault, Retry& retry) {
  if (++output.refusals < kRefusalsMax && !fault.is_size()) {
    retry.wait();
    return true;
  }
  if (!output.error) return resolver_.condemn(batch, output, fault.text());
  if (reduce(output.reduction, *output.item, fault.is_size())) {
    output.refusals = 0;
    spdlog::warn("publisher: the broker refuses a dead letter, leaving out more position={}: {}",
                 default_article_id(output.item->position), fault.text());
    return true;
  }
  const std::string trouble = "publisher: topic " + config_.topics.deadletter +
                              " refuses even the shortest dead letter: " + fault.text();
  retry.log(trouble);
  standstill_.note(trouble);
  retry.wait();
  return true;
}

void Publisher::count_published() {
  const std::int64_t now_ms = unix_ms();
  for (const std::optional<Output>& output : outputs_) {
    if (!output) continue;
    const kafka::Message& message = output->item->message;
    const std::int64_t sent_ms = message ? message.timestamp_ms() : -1;
    if (sent_ms > 0) {
      const auto age_ms = std::max<std::int64_t>(0, now_ms - sent_ms);
      metrics_.end_to_end_seconds.Observe(static_cast<double>(age_ms) / 1000.0);
    }
    metrics_.published(output->outcome.kind, output->method);
    if (output->error) metrics_.dead_letter(*output->error);
  }
}

}  // namespace tocsin
