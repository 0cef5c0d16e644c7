// The alert engine: one instance of the group owns it, by a consumer group of its own on the
// one-partition ledger. Its owner appends the ticks all instances compare their dedup states with,
// folds the ledger into pairs and alerts, and publishes both in one transaction with its ledger
// offset.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "daemon/heartbeat.h"
#include "daemon/kafka/consumer.h"
#include "daemon/kafka/producer.h"
#include "daemon/ledger.h"
#include "daemon/metrics.h"
#include "daemon/retry.h"
#include "daemon/stop.h"
#include "daemon/wait.h"
#include "pipeline/alerts/alert_engine.h"
#include "pipeline/pipeline.h"

namespace tocsin {

// Owner of the alerts thread, its consumer and its producer; only that thread touches them. After
// any doubt about a transaction it begins again from what is committed: state and offset are always
// of one transaction, so that is right whatever its outcome was.
class AlertPublisher {
 public:
  // The pipeline of the moment, for its alert rules.
  using CurrentPipeline = std::function<std::shared_ptr<const Pipeline>()>;

  AlertPublisher(const Config& config, const SharedDedupState& state, Follower& follower,
                 LedgerWriter& ledger, Metrics& metrics, CurrentPipeline pipeline);
  ~AlertPublisher();
  [[nodiscard]] static kafka::Conf consumer_conf(const Config& config);  // as Intake::conf()
  [[nodiscard]] static kafka::Conf producer_conf(const Config& config, bool isolates = false);

  // Joins the group `<group>.alerts`. The dedup state must be restored.
  void start();
  void stop() { stopping_ = true; }
  std::function<void(const StopError&)> on_stop;
  // Steady milliseconds of the last turn of the loop, for /livez; 0 before start().
  [[nodiscard]] std::int64_t heartbeat_ms() const { return heartbeat_.ms(); }
  // What it could not do for so long, and why; empty when it can.
  [[nodiscard]] std::string stalled(std::chrono::milliseconds limit) const {
    return standstill_.after(limit);
  }

 private:
  // One record of the ledger with the dedup state's verdict on it.
  struct Judged {
    std::int64_t offset = 0;
    std::int64_t append_time_ms = 0;
    LedgerRecord record;
    std::optional<Verdict> verdict;
  };

  void run();
  void subscribe();
  void turn();
  void tick();
  [[nodiscard]] std::string missing_topic();
  void look_for_topics();
  void own(const std::vector<kafka::Partition>& partitions);

  // Takes the alert engine over, or begins again: fences, restores, goes on from the committed
  // offset.
  void take_over();
  void take_over_or_throw();
  [[nodiscard]] bool fence_others();
  void restore();
  [[nodiscard]] std::int64_t committed_offset();
  void begin_again(const std::string& why);
  void note_trouble(const std::string& why);
  void note_error(const kafka::Failure& fault);
  [[nodiscard]] std::string why(const kafka::Failure& fault) const;

  [[nodiscard]] std::vector<kafka::Message> poll_batch();
  [[nodiscard]] std::vector<Judged> judge(const std::vector<kafka::Message>& messages);
  void fold(std::vector<Judged> records);
  void publish();
  [[nodiscard]] kafka::Failure commit(const std::vector<StateRecord>& changes);
  [[nodiscard]] kafka::Failure produce_alert(std::size_t index);
  void note_delivery(const kafka::DeliveryReport& delivery);
  void relieve();
  [[nodiscard]] kafka::Failure produce(const std::string& topic, const std::string& key,
                                       const std::optional<std::string>& value,
                                       const std::string& state, std::size_t alert = 0);

  const Config& config_;
  const SharedDedupState& state_;
  Follower& follower_;
  LedgerWriter& ledger_;
  Metrics& metrics_;
  const CurrentPipeline current_pipeline_;
  Thread thread_;
  std::atomic<bool> stopping_{false};
  Heartbeat heartbeat_;
  Standstill standstill_;

  // The alerts thread's own.
  std::unique_ptr<kafka::Consumer> consumer_;
  std::unique_ptr<kafka::TransactionalProducer> producer_;
  std::shared_ptr<const Pipeline> pipeline_;      // whose rules the fold looks at
  std::unique_ptr<AlertEngine> fold_;             // while it is here and restored
  static constexpr std::size_t kBatchMax = 2000;  // records folded between two looks at the clock
  std::size_t batch_max_ = kBatchMax;             // the same; fewer while a transaction takes long
  bool is_owner_ = false;
  bool is_overdue_ = false;  // what could not be published; another start of it changes nothing
  std::int64_t topics_due_ms_ = 0;  // steady clock
  std::int64_t tick_due_ms_ = 0;    // steady clock
  std::int64_t published_ms_ = 0;
  std::int64_t next_offset_ = 0;       // after the last folded record
  std::int64_t committed_offset_ = 0;  // of the last transaction
  std::vector<AlertRecord> alerts_;    // folded, not yet published
  std::int64_t rang_ms_ = 0;           // append time of what the first of them rang for
  // What the broker refuses for its size: how much of it is left out; by its value, because the
  // alert engine begins again and folds it once more.
  enum class Cut : std::uint8_t { brief, left_out };
  std::map<std::string, Cut> cuts_;
  std::set<std::size_t> refused_;  // of alerts_, in this transaction
  std::string refused_state_;      // the key of a pair
  bool isolates_ = false;          // one record a request: the error names the record
  Retry retry_;
};

}  // namespace tocsin
