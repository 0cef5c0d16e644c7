// How far the group is behind, as the brokers know it, and where the ledger ends: high watermark
// minus committed offset of each partition assigned last, in records and in seconds. Asks with a
// client of its own, so it tells the truth while the intake is paused or stuck and between
// assignments.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <vector>

#include "daemon/kafka/consumer.h"
#include "daemon/wait.h"

namespace tocsin {

// Where the figures go; called on the lag thread.
struct LagSink {
  // `seconds`: of the oldest unread record; nullopt while that is not known.
  std::function<void(const kafka::Partition&, std::int64_t records, std::optional<double> seconds)>
      lag;
  std::function<void(const kafka::Partition&)> forget;  // it is not watched any more
  std::function<void(std::int64_t end)> ledger_end = nullptr;
};

// Owner of the lag thread. What the brokers do not answer stays as it was, and grows older.
class LagWatch {
 public:
  // `may_read`, on the lag thread: whether records may be read for their times; asked before each
  // look. An intake in the same process announces first what is fetched (daemon/trials.h). Without
  // one no record is ever read, and only what came since the first look has an age: since the look
  // that saw it.
  LagWatch(const Config& config, LagSink sink, std::function<bool()> may_read);
  ~LagWatch();
  void start();

  // The partitions to look at from now on. Any thread.
  void watch(std::vector<kafka::Partition> partitions);
  // Nothing is to be read between the offsets but transaction markers. Any thread.
  void skip(const kafka::Partition& partition, std::int64_t from, std::int64_t to);

 private:
  struct Skip {
    std::int64_t from = 0;
    std::int64_t to = 0;
  };
  struct End {
    std::int64_t offset = 0;
    std::int64_t seen_ms = 0;  // Unix time; 0: by the first look
  };
  struct Seen {
    std::int64_t committed = -1;
    std::int64_t lag = 0;
    std::int64_t oldest_ms = 0;  // Unix time of the oldest unread record; 0: none or unknown
    std::vector<End> ends;       // behind `committed`, growing; without may_read
  };

  void run();
  void look();
  [[nodiscard]] bool ask(kafka::Offsets& committed, kafka::Offsets& ends);
  void read_oldest(const kafka::Offsets& offsets);
  static void note_end(Seen& seen, std::int64_t next, std::int64_t end);
  void show();

  const LagSink sink_;
  const std::function<bool()> may_read_;
  const kafka::Partition ledger_;
  kafka::Consumer consumer_;
  std::atomic<bool> stopping_{false};
  std::map<kafka::Partition, Seen> seen_;  // the thread's own, as the next
  std::set<kafka::Partition> deadly_;      // may be: nobody has lived who fetched from there yet

  std::mutex mutex_;
  Condition changed_;
  std::vector<kafka::Partition> partitions_;
  std::map<kafka::Partition, Skip> skips_;

  Thread thread_;
};

}  // namespace tocsin
