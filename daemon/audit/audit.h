// `tocsin audit`: reads raw topic, ledger and outputs as they are now, folds the first two again
// and compares with the third. Reads only; the service may run meanwhile.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "daemon/audit/evidence.h"
#include "daemon/audit/judge.h"
#include "daemon/audit/report.h"
#include "daemon/fork_join.h"
#include "daemon/kafka/reader.h"
#include "daemon/kafka/unreadable.h"
#include "pipeline/pipeline.h"

namespace tocsin {

// Batches of raw partitions that kill whoever fetches them (daemon/kafka/unreadable.h), in order.
using DeadlyBatches = std::map<kafka::Partition, std::vector<kafka::Watermarks>>;

class Audit {
 public:
  // `listed_max`: findings listed a kind. `deadly`: what is not fetched, and counts as what nobody
  // can read; partitions with some are read batch by batch.
  Audit(const Config& config, std::shared_ptr<const Pipeline> pipeline, std::size_t listed_max,
        DeadlyBatches deadly = {});

  // Offsets done and in all, for a progress bar.
  std::function<void(std::uint64_t done, std::uint64_t total)> on_progress;
  // What of a raw partition is to be read yet: for each before the first, then behind each record.
  std::function<void(const kafka::Partition&, const kafka::Watermarks& left)> on_raw;

  // Throws StopError: a topic is missing (bad_input), the ledger is not ours or damaged
  // (state_refused), the brokers do not answer (failed).
  [[nodiscard]] AuditReport run();

 private:
  void survey();
  void survey_outputs();
  void read_outputs();
  void fold_ledger();
  void fold(const kafka::Record& message, DedupState& state);
  void read_raw();
  void read_whole(const kafka::Extents& extents, Judge& judge);
  void read_around(const kafka::Partition& partition, const std::vector<kafka::Watermarks>& deadly,
                   Judge& judge);
  void take(kafka::Message message, Judge& judge);
  void judge_batch(Judge& judge);
  void judge_unreadable(Judge& judge, const kafka::Partition& partition,
                        const kafka::Watermarks& run);
  void step();

  const Config& config_;
  const std::shared_ptr<const Pipeline> pipeline_;
  const std::size_t listed_max_;
  const DeadlyBatches deadly_;
  std::optional<kafka::CarefulConsumer> careful_;  // made when it is needed; outlives the messages
  ForkJoin fork_join_;
  kafka::Reader uncommitted_;
  kafka::Reader committed_;
  Evidence evidence_;
  Horizon horizon_;
  AuditReport report_;
  kafka::Extents outputs_;
  kafka::Extents ledger_;
  kafka::Extents raw_;
  std::vector<kafka::Message> batch_;
  std::size_t batch_bytes_ = 0;
  std::uint64_t done_ = 0;
  std::uint64_t total_ = 0;
};

}  // namespace tocsin
