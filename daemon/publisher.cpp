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

// Items [first, first + count) and their outputs, which point to them.
void move_part(std::vector<Item>& items, Outputs& outputs, std::size_t first, std::size_t count,
               std::vector<Item>& part, Outputs& part_outputs) {
  part.clear();
  part_outputs.clear();
  part.reserve(count);
  for (std::size_t i = first; i < first + count; ++i) {
    part.push_back(std::move(items[i]));
    std::optional<Output>& output = part_outputs.emplace_back(std::move(outputs[i]));
    if (output) output->item = &part.back();
  }
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
  const std::int64_t resolved_ms = steady_ms();
  if (batch.announced.empty()) {
    metrics_.resolve_seconds.Observe(static_cast<double>(resolved_ms - batch.sighted_ms) / 1000.0);
  }
  const bool is_published = publish_parts(batch);
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

// ---- publish: attempts until all is committed, or the batch is no longer ours

// In one transaction, mostly. What takes longer than a transaction may (a quota, a thin line) would
// never be done: it goes out in parts that get smaller until they pass, and larger again.
bool Publisher::publish_parts(Batch& batch) {
  if (batch.items.size() <= records_max_) {
    const Attempts end = publish(batch);
    if (end != Attempts::too_slow) return end == Attempts::committed;
    records_max_ = std::max<std::size_t>(1, batch.items.size() / 2);
  }
  std::vector<Item> items = std::exchange(batch.items, {});
  Outputs outputs = std::exchange(outputs_, {});
  for (std::size_t first = 0; first < items.size();) {
    const std::size_t count = std::min(records_max_, items.size() - first);
    move_part(items, outputs, first, count, batch.items, outputs_);
    const Attempts end = publish(batch);
    if (end == Attempts::dropped) return false;
    if (end == Attempts::committed) {
      first += count;
      records_max_ = records_max_ > items.size() ? kNoMax : 2 * records_max_;
      continue;
    }
    for (std::size_t i = 0; i < count; ++i) {
      items[first + i] = std::move(batch.items[i]);
      outputs[first + i] = std::move(outputs_[i]);
    }
    records_max_ = std::max<std::size_t>(1, count / 2);
    spdlog::warn("publisher: more than a transaction has time for, trying less at once records={}",
                 records_max_);
  }
  return true;
}

Publisher::Attempts Publisher::publish(Batch& batch) {
  transactor_.begin(outputs_.size());
  if (transactor_.isolates() && steady_ms() - isolated_ms_ > kIsolationMs) {
    transactor_.isolate(false);
  }
  Retry retry(kBackoffFirst, kBackoffMax);
  const std::int64_t time_ms = kafka::delivery_timeout(config_).count();
  const bool may_part = config_.delivery == Delivery::exactly_once && batch.items.size() > 1;
  while (current(batch)) {
    const std::int64_t begun_ms = steady_ms();
    pulse_.heartbeat_ms = begun_ms;
    switch (transactor_.attempt(batch, outputs_)) {
      case End::committed:
        metrics_.transactions_committed.Increment();
        metrics_.last_commit_timestamp.SetToCurrentTime();
        transactor_.note_committed();
        count_published();
        if (batch.is_committed) *batch.is_committed = true;
        return Attempts::committed;
      case End::dropped:
        return Attempts::dropped;
      case End::poisoned:
        if (!relieve(batch, retry)) return Attempts::dropped;
        break;
      case End::aborted:
      case End::unknown:
        if (may_part && steady_ms() - begun_ms >= time_ms) return Attempts::too_slow;
        retry.wait();
        break;
    }
  }
  return Attempts::dropped;
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
    metrics_.published(output->outcome.kind, output->method, output->relation);
    if (output->error) metrics_.dead_letter(*output->error);
  }
}

}  // namespace tocsin
