// The raw consumer: a group member that polls one by one, pauses instead of stopping to poll, and
// decides itself where a partition starts. Rebalances happen inside poll(), on its caller's thread.
#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/kafka/consumer.h"
#include "daemon/kafka/unreadable.h"
#include "daemon/metrics.h"
#include "daemon/retry.h"
#include "daemon/stop.h"
#include "pipeline/article.h"

namespace tocsin {

// A run of raw offsets [from, to) that no longer exists.
struct OffsetGap {
  kafka::Partition partition;
  std::int64_t from = 0;
  std::int64_t to = 0;
};

// What the group has committed for a partition, as of its assignment; offset -1: nothing, then
// `start` is where it is read from.
struct Commit {
  std::int64_t offset = -1;
  std::int64_t start = 0;
  std::string metadata;
};

// One thread polls; assignment(), consumer() and request_rejoin() may be used by others.
class Intake {
 public:
  Intake(const Config& config, Metrics& metrics);
  // The settings of its client; `tocsin check` tries them without a broker.
  [[nodiscard]] static kafka::Conf conf(const Config& config);
  ~Intake();

  // Partitions are about to be given up: finish what is in flight, `lost` or not. Inside poll().
  std::function<void(bool lost)> on_revoke;
  // Raw offsets were lost; before the partition goes on after them. Inside poll().
  std::function<void(const OffsetGap&)> on_gap;
  // Raw records that cannot be read, [from, to), and why; they come after what was polled before,
  // and the partition goes on behind them. Inside poll(), which returns nothing then.
  std::function<void(const OffsetGap&, const std::string& why)> on_unreadable;
  // Where the group began to read a partition, if that was not at its beginning. Inside poll().
  std::function<std::optional<std::int64_t>(const kafka::Partition&)> began_at;
  // Whether the ledger has a verdict on this very record. Inside poll().
  std::function<bool(const Position&, std::string_view value)> is_judged;

  // A partition is read to its end: nothing but markers in [from, to). Inside poll().
  std::function<void(const kafka::Partition&, std::int64_t from, std::int64_t to)> on_end;
  // The partitions of an assignment are fetched from now on. Inside fetch().
  std::function<void(std::vector<kafka::Partition>)> on_fetch;

  void subscribe();
  // The next record, in order of its partition; nullptr when none came in time.
  [[nodiscard]] kafka::Message poll(std::chrono::milliseconds wait);
  void pause();
  void resume();

  // An assignment fetches nothing before fetch() is called: somebody may have died of what stands
  // there. These four are the polling thread's own.
  [[nodiscard]] bool is_waiting() const {
    return is_assigned_ && !is_fetching_ && detours_.empty();
  }
  void fetch();
  // Where the partitions go on, and what the group had committed when they were assigned.
  [[nodiscard]] const kafka::Offsets& next() const { return next_; }
  [[nodiscard]] const std::map<kafka::Partition, Commit>& commits() const { return commits_; }
  // Partitions that were read to their end and brought no record since fetch(): whoever dies now
  // does not die of what it has fetched. Each is told of once.
  [[nodiscard]] kafka::Offsets take_ended();

  // Ends of partitions, as a reader of committed records sees them. Throws StopError.
  [[nodiscard]] kafka::Offsets ends(const kafka::Offsets& partitions);
  // Offsets that the group has committed by now; -1: none. Throws StopError.
  [[nodiscard]] kafka::Offsets committed(const kafka::Offsets& partitions);
  // Leaves the group; on_revoke is called first.
  void close();
  // Makes the next poll leave and join again, from the committed offsets.
  void request_rejoin() { rejoin_requested_ = true; }

  // Grows with every assignment and every revocation: what was read under another value is not
  // ours.
  [[nodiscard]] std::uint64_t assignment() const { return assignment_; }
  [[nodiscard]] bool is_assigned() const { return is_assigned_; }
  // "for 5 s: reason"; empty while it is assigned.
  [[nodiscard]] std::string unassigned() const {
    return unassigned_.after(std::chrono::milliseconds(0));
  }
  // In a step that may rightly be long, inside poll().
  [[nodiscard]] bool is_busy() const { return is_busy_; }
  // Why it cannot read; empty while it can.
  [[nodiscard]] std::string denied() const { return denied_.after(std::chrono::milliseconds(0)); }
  [[nodiscard]] const kafka::Consumer& consumer() const { return consumer_; }

 private:
  void assign(const std::vector<kafka::Partition>& partitions);
  void revoke(bool lost);
  [[nodiscard]] kafka::Watermarks watermarks(const kafka::Partition& partition);
  [[nodiscard]] kafka::Marks ask_committed(const std::vector<kafka::Partition>& partitions);
  [[nodiscard]] kafka::Message take(kafka::Message message);
  [[nodiscard]] std::int64_t start_of(const kafka::Partition& partition, std::int64_t committed);
  [[nodiscard]] std::int64_t start_of_shrunk(const kafka::Partition& partition,
                                             const kafka::Watermarks& marks,
                                             std::int64_t committed);
  [[nodiscard]] bool is_judged_before(const kafka::Partition& partition, std::int64_t low,
                                      std::int64_t end);
  void look_who_committed(const kafka::Partition& partition, std::int64_t offset);
  void tell_client(const kafka::Offsets& offsets);
  void go_on_at(const kafka::Partition& partition, std::int64_t offset);
  void heal_gap(const kafka::Partition& partition);
  void note_gap(const OffsetGap& gap);
  void note_unreadable(const kafka::Failure& fault);
  [[nodiscard]] bool was_unreadable(const kafka::Record& message);
  void pass_over(const OffsetGap& gap, const std::string& why);
  void avoid_deadly(const kafka::Partition& partition);
  [[nodiscard]] kafka::Message follow_detour();
  void note_end(const kafka::Record& event);
  void note_error(const kafka::Failure& fault);
  void note_allowed(const kafka::Record& message);

  const Config& config_;
  Metrics& metrics_;
  kafka::Consumer consumer_;
  std::atomic<std::uint64_t> assignment_{0};
  std::atomic<bool> is_assigned_{false};
  std::atomic<bool> rejoin_requested_{false};
  std::atomic<bool> is_busy_{false};
  Standstill denied_;
  Standstill unassigned_;

  // A batch that the client does not pass.
  struct Unreadable {
    std::int64_t offset = 0;
    int attempts = 0;
    std::int64_t since_ms = 0;  // steady clock
    std::string why;
  };

  // Around a batch that kills whoever fetches it: what stands before it is read already.
  struct Detour {
    std::deque<kafka::Message> records;
    OffsetGap gap;
  };

  // The polling thread's own.
  std::optional<kafka::CarefulConsumer> careful_;  // of detours; it outlives what it has read
  std::deque<Detour> detours_;
  bool is_fetching_ = false;
  std::set<kafka::Partition> unproven_;  // brought nothing since fetch()
  std::set<kafka::Partition> ended_;     // told by take_ended()
  std::map<kafka::Partition, Unreadable> unreadable_;
  kafka::Offsets next_;                         // offsets due next; the assigned partitions
  std::map<kafka::Partition, Commit> commits_;  // of the assigned partitions
  bool is_paused_ = false;
  std::string denied_resource_;  // "topic news.raw"
  Retry error_lines_;
};

}  // namespace tocsin
