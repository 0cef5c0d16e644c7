// A consumer of librdkafka: member of a group, or assigned by hand. Its hooks, but for
// may_be_answered, are called inside poll() and close(), on the caller's thread; what they throw
// comes out of poll().
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "daemon/kafka/client.h"

struct rd_kafka_s;

namespace tocsin::kafka {

inline constexpr std::int64_t kEnd = -1;  // as an offset to assign: what comes from now on
inline constexpr std::chrono::milliseconds kAnswerTimeout{10'000};

// As which member of its group a consumer commits, at one moment.
class GroupMembership {
 public:
  explicit GroupMembership(rd_kafka_s* consumer);
  ~GroupMembership();
  GroupMembership(const GroupMembership&) = delete;
  GroupMembership& operator=(const GroupMembership&) = delete;
  // False of a consumer that has not joined or has left: the broker would take its commits.
  [[nodiscard]] bool is_valid() const;

 private:
  friend class TransactionalProducer;
  struct Handle;
  std::unique_ptr<Handle> handle_;
};

struct ConsumerHooks {
  // The group's assignment begins: assign() it or a part of it.
  std::function<void(const std::vector<Partition>&)> on_assign = nullptr;
  // It ends: unassign(). `lost`: the partitions are another's already.
  std::function<void(bool lost)> on_revoke = nullptr;
  std::function<void(const Failure&)> on_commit = nullptr;  // of commit_soon()
  // Asked on a thread of librdkafka's between a fetch and its answer, which is not read meanwhile.
  // False: it never will be, the connection ends.
  std::function<bool()> may_be_answered = nullptr;
};

class Consumer {
 public:
  using Hooks = ConsumerHooks;

  // Throws StopError (bad_input) when librdkafka refuses a setting.
  explicit Consumer(const Conf& conf, Hooks hooks = {});
  ~Consumer();
  Consumer(Consumer&&) noexcept;
  Consumer& operator=(Consumer&&) noexcept;

  [[nodiscard]] Failure subscribe(const std::vector<std::string>& topics);
  void unsubscribe();
  Failure assign(const Offsets& offsets);
  void unassign();
  void pause(const std::vector<Partition>& partitions);
  void resume(const std::vector<Partition>& partitions);
  [[nodiscard]] Failure seek(const Partition& partition, std::int64_t offset);
  // The next record or event; none when the time is over.
  [[nodiscard]] Message poll(std::chrono::milliseconds wait);
  // Leaves the group; waits for the brokers. Nothing when it was called already.
  void close();
  // Why the client is lost for good.
  [[nodiscard]] Failure fatal() const;

  // ---- questions and commits; any thread

  // What the group has committed.
  [[nodiscard]] Result<Marks> committed(const std::vector<Partition>& partitions,
                                        std::chrono::milliseconds timeout = kAnswerTimeout) const;
  [[nodiscard]] Result<Watermarks> watermarks(
      const Partition& partition, std::chrono::milliseconds timeout = kAnswerTimeout) const;
  // First offsets whose records are not older than the times; negative where there is none. kEnd as
  // time asks for the end.
  [[nodiscard]] Result<Marks> offsets_for_times(
      const Offsets& times, std::chrono::milliseconds timeout = kAnswerTimeout) const;
  // How many partitions those of the topics have that exist and may be seen. Asks for each by name:
  // a cluster may have many thousands. To be asked for creates none.
  [[nodiscard]] Result<std::map<std::string, std::int32_t>> topics(
      const std::vector<std::string>& names, std::chrono::milliseconds timeout) const;
  [[nodiscard]] bool is_answered(std::chrono::milliseconds timeout) const;
  [[nodiscard]] std::string cluster_id(std::chrono::milliseconds timeout) const;
  // Waits for the answer.
  [[nodiscard]] Failure commit(const Marks& marks) const;
  // Does not wait: on_commit tells.
  [[nodiscard]] Failure commit_soon(const Marks& marks) const;
  [[nodiscard]] GroupMembership membership() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

[[nodiscard]] std::vector<Partition> partitions_of(const Offsets& offsets);

}  // namespace tocsin::kafka
