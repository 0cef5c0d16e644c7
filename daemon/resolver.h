// From a sighted batch to its outputs: waits until the fold has applied the sightings, then makes
// the record that each verdict asks for.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/batch.h"
#include "daemon/dead_letter.h"
#include "daemon/ledger.h"
#include "daemon/metrics.h"
#include "daemon/retry.h"

namespace tocsin {

// One record to produce, made from an item and its verdict.
struct Output {
  const Item* item = nullptr;  // key, headers, timestamp come from its message
  Outcome outcome;
  Method method = Method::none;
  Relation relation = Relation::none;
  std::optional<Error> error;  // of a dead letter
  Reduction reduction;         // the same
  int refusals = 0;            // by the broker, of the record as it is now
};

// The publisher thread's own.
class Resolver {
 public:
  Resolver(const Config& config, Metrics& metrics, LedgerWriter& ledger, Follower& follower,
           const SharedDedupState& state, const std::atomic<bool>& stopping);

  // Whether the batch is still this instance's to publish; called while waiting.
  std::function<bool(const Batch&)> is_current;
  // Told what is waited for, whenever it fails.
  std::function<void(const std::string&)> on_trouble;

  // One output an item, nullopt for a null value; empty when the batch is not current any more.
  [[nodiscard]] std::optional<std::vector<std::optional<Output>>> resolve(Batch& batch);
  // The broker refuses the item's record for good: retracts its sighting, so that later copies do
  // not match it, and makes it a dead letter. False when the batch is not current any more.
  [[nodiscard]] bool condemn(Batch& batch, Output& output, const std::string& reason);

 private:
  [[nodiscard]] bool wait_applied(Batch& batch, const std::vector<std::string>& records,
                                  std::shared_ptr<AppendTicket> ticket);
  [[noreturn]] void throw_broken_ledger(const std::string& reason) const;
  [[nodiscard]] bool retract(Batch& batch, const std::vector<std::string>& retracts);
  [[nodiscard]] bool is_judged_news(const Item& item) const;
  [[nodiscard]] std::optional<Output> output_of(const Batch& batch, Item& item);

  const Config& config_;
  Metrics& metrics_;
  LedgerWriter& ledger_;
  Follower& follower_;
  const SharedDedupState& state_;
  const std::atomic<bool>& stopping_;
};

}  // namespace tocsin
