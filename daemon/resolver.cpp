#include "daemon/resolver.h"

#include <spdlog/spdlog.h>

#include "daemon/wait.h"

namespace tocsin {

using namespace std::chrono_literals;

namespace {

constexpr std::int64_t kRefusedMaxMs = 10'000;
constexpr auto kBackoffFirst = 50ms;
constexpr auto kBackoffMax = 5'000ms;

// Whoever analyses it dies; said to all, for it looks like a good article.
bool is_deadly(const Item& item) {
  return item.rejected && item.rejected->error.stage == Stage::analyse &&
         item.rejected->error.code == Errc::poison;
}

// Errors of an append that mean the ledger is not what it must be; trying again cannot help.
bool is_broken_ledger(const kafka::Failure& fault) {
  return fault.is_poison() || fault.is_missing();
}

}  // namespace

Resolver::Resolver(const Config& config, Metrics& metrics, LedgerWriter& ledger, Follower& follower,
                   const SharedDedupState& state, const std::atomic<bool>& stopping)
    : config_(config),
      metrics_(metrics),
      ledger_(ledger),
      follower_(follower),
      state_(state),
      stopping_(stopping) {}

std::optional<std::vector<std::optional<Output>>> Resolver::resolve(Batch& batch) {
  std::vector<std::optional<Output>> outputs;
  std::vector<std::string> records;
  for (const Item& item : batch.items) {
    if (item.drafts) records.push_back(item.sighting);
  }
  std::vector<std::string> retracts;
  std::uint64_t rebuilds = 0;
  do {  // again when the dedup state was emptied for a rebuild while its verdicts were read
    rebuilds = follower_.rebuilds();
    if (!records.empty() && !wait_applied(batch, records, batch.ticket)) return std::nullopt;
    outputs.assign(batch.items.size(), std::nullopt);
    retracts.clear();
    for (std::size_t i = 0; i < batch.items.size(); ++i) {
      Item& item = batch.items[i];
      outputs[i] = output_of(batch, item);
      if (outputs[i] && outputs[i]->error && (is_judged_news(item) || is_deadly(item))) {
        retracts.push_back(encode(LedgerRecord(Retract{item.position, item.raw_hash})));
      }
    }
  } while (rebuilds != follower_.rebuilds() && is_current(batch));
  if (!retract(batch, retracts) || !is_current(batch)) return std::nullopt;
  return outputs;
}

// Waits for the delivery of the records and for the follower to apply them; appends them again when
// the ledger's producer lost them. False when the batch is no longer ours.
bool Resolver::wait_applied(Batch& batch, const std::vector<std::string>& records,
                            std::shared_ptr<AppendTicket> ticket) {
  std::int64_t refused_since_ms = 0;
  Retry retry(kBackoffFirst, kBackoffMax);
  while (is_current(batch)) {
    if (ticket->failed()) {
      const kafka::Failure fault = ticket->fault();
      const std::string trouble =
          "ledger: sightings were not delivered, appending again: " +
          kafka::reason(config_.kafka, fault, "WRITE", "topic " + config_.topics.ledger);
      retry.log(trouble);
      on_trouble(trouble);
      // A broker that just started may not know the topic yet: refused for a while, then for good.
      if (!is_broken_ledger(fault)) refused_since_ms = 0;
      if (is_broken_ledger(fault) && refused_since_ms == 0) refused_since_ms = steady_ms();
      if (refused_since_ms != 0 && steady_ms() - refused_since_ms > kRefusedMaxMs) {
        throw_broken_ledger(fault.text());
      }
      retry.wait();
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

void Resolver::throw_broken_ledger(const std::string& reason) const {
  throw StopError(ExitCode::state_refused,
                  "ledger " + config_.topics.ledger + " takes no sightings any more (" + reason +
                      "): it was deleted or created again, or its settings were changed, such as "
                      "cleanup.policy; see `tocsin ledger verify`");
}

// Whether later copies may match it: a dead letter that was sighted as news by an instance with
// other limits, or whose early skip was refused, must not be anybody's original.
bool Resolver::is_judged_news(const Item& item) const {
  const std::optional<Verdict> verdict = state_.read(
      [&](const DedupState& state) { return state.verdict(item.position, item.raw_hash); });
  return verdict && !verdict->is_copy;
}

// Appends the retractions and waits until they are applied; false when the batch is no longer ours.
bool Resolver::retract(Batch& batch, const std::vector<std::string>& retracts) {
  if (retracts.empty()) return true;
  if (!wait_applied(batch, retracts, ledger_.append(retracts, stopping_))) return false;
  metrics_.retracts.Increment(static_cast<double>(retracts.size()));
  return true;
}

// The record an item becomes; nullopt for a null value.
std::optional<Output> Resolver::output_of(const Batch& batch, Item& item) {
  if (item.is_null) return std::nullopt;
  Output output;
  output.item = &item;
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
    const RawRecord record{item.position, item.payload(), item.message.timestamp_ms(),
                           PublishedAtSource::kafka};
    const Result<Reading> reading = read(*batch.pipeline, record);
    Result<Drafts> drafts =
        reading ? draft(*batch.pipeline, *reading, false) : Result<Drafts>(reading.error());
    if (!drafts) {
      output.error = drafts.error();
      return output;
    }
    item.drafts = *std::move(drafts);
  }
  output.outcome = tocsin::resolve(*item.drafts, *verdict);
  output.method = verdict->method;
  output.relation = verdict->relation;
  return output;
}

bool Resolver::condemn(Batch& batch, Output& output, const std::string& reason) {
  const Item& item = *output.item;
  spdlog::error("publisher: the broker refuses a record, dead-lettering it position={} error={}",
                default_article_id(item.position), reason);
  if (!retract(batch, {encode(LedgerRecord(Retract{item.position, item.raw_hash}))})) return false;
  output.outcome = Outcome{OutcomeKind::deadletter, "", ""};
  output.method = Method::none;
  output.error = Error{Stage::publish, Errc::poison, "the broker refused the record: " + reason};
  output.refusals = 0;
  return true;
}

}  // namespace tocsin
