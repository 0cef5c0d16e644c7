// The bell: one instance of the group owns it, by a consumer group of its own on the one-partition
// ledger. Its owner appends the ticks all instances compare their boards with.
#pragma once

#include <atomic>
#include <exception>
#include <functional>

#include "daemon/kafka/client.h"
#include "daemon/ledger.h"
#include "daemon/metrics.h"
#include "daemon/stop.h"
#include "daemon/wait.h"

namespace tocsin {

// Owner of the bell thread and of its consumer; only that thread touches them.
class Bell {
 public:
  Bell(const Config& config, const SharedBoard& board, const Follower& follower,
       LedgerWriter& ledger, Metrics& metrics);
  ~Bell();

  // Joins the group `<group>.bell`. The board must be restored.
  void start();
  void stop() { stopping_ = true; }
  std::function<void(const StopError&)> on_stop;
  // Steady milliseconds of the last turn of the loop, for /livez; 0 before start().
  [[nodiscard]] std::int64_t heartbeat_ms() const { return heartbeat_ms_; }

 private:
  void run();
  void tick();
  static void on_rebalance(rd_kafka_t*, rd_kafka_resp_err_t event,
                           rd_kafka_topic_partition_list_t* partitions, void* self);
  void assign(rd_kafka_topic_partition_list_t* partitions);

  const Config& config_;
  const SharedBoard& board_;
  const Follower& follower_;
  LedgerWriter& ledger_;
  Metrics& metrics_;
  Thread thread_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::int64_t> heartbeat_ms_{0};

  // The bell thread's own.
  kafka::Client consumer_;
  bool is_owner_ = false;
  std::int64_t tick_due_ms_ = 0;  // steady clock
};

}  // namespace tocsin
