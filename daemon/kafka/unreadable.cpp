#include "daemon/kafka/unreadable.h"

#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <fstream>

#include "daemon/sandbox.h"
#include "daemon/shared_memory.h"
#include "daemon/stop.h"
#include "daemon/wait.h"

namespace tocsin::kafka {
namespace {

constexpr std::int64_t kProbeLimitMs = 30'000;
constexpr std::chrono::milliseconds kPollWait{100};

constexpr std::uint64_t kThreadsBytes = 96 << 20;  // stacks of a client's threads
constexpr std::int64_t kTripLimitMs = 30'000;
constexpr std::int64_t kTripRecordsMax = 100'000;
constexpr std::size_t kTripBytesMax = 64 << 20;  // more than anybody fetches ahead

// How far a child reads.
struct Trip {
  std::int64_t records_max = 0;
  std::int64_t high = 0;
  bool is_careful = true;
};

// Whether a fetch from `offset` meets the batch that begins at `first`.
bool meets(Consumer& consumer, const Partition& partition, std::int64_t offset,
           std::int64_t first) {
  const Failure refused = consumer.assign({{partition, offset}});
  const std::int64_t deadline_ms = steady_ms() + kProbeLimitMs;
  while (!refused && steady_ms() < deadline_ms) {
    const Message message = consumer.poll(kPollWait);
    if (!message || !message.has_topic()) continue;
    const Failure fault = message.fault();
    if (fault.is_unreadable()) return message.offset() == first;
    if (!fault || fault.is_end()) return false;
  }
  throw StopError(ExitCode::failed, "kafka: the end of an unreadable batch cannot be found topic=" +
                                        partition.topic + " offset=" + std::to_string(first));
}

// The offset behind the batch at `first`, as fetches from later offsets tell: those from inside it
// meet it, too.
template <class Meets>
std::int64_t end_of(std::int64_t first, std::int64_t high, Meets&& meets_at) {
  std::int64_t inside = first;  // met there
  std::int64_t behind = first + 1;
  for (std::int64_t step = 1; behind < high && meets_at(behind);) {
    inside = behind;
    step *= 2;
    behind = std::min(high, first + step);
  }
  while (behind - inside > 1) {
    const std::int64_t middle = inside + (behind - inside) / 2;
    (meets_at(middle) ? inside : behind) = middle;
  }
  return behind;
}

// So much more than now, for this process.
void limit_memory(std::uint64_t more) {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t pages = 0;
  for (int field = 0; field < 6; ++field) statm >> pages;  // the sixth: data and stacks
  const rlim_t bytes = pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) + more;
  const rlimit limit{bytes, bytes};
  ::setrlimit(RLIMIT_DATA, &limit);
}

// Of who reads around what kills: as the intake fetches, and the ends are told.
Conf probe_conf(const Config& config, Settings defaults, Settings fixed) {
  defaults.merge(Settings{{"fetch.wait.max.ms", "100"},
                          {"check.crcs", "true"},
                          {"fetch.max.bytes", "8388608"},
                          {"receive.message.max.bytes", std::to_string(kDecompressedMax)}});
  fixed.merge(Settings{{"group.id", config.kafka.group},
                       {"enable.auto.commit", "false"},
                       {"enable.auto.offset.store", "false"},
                       {"isolation.level", "read_committed"},
                       {"auto.offset.reset", "earliest"},
                       {"enable.partition.eof", "true"}});
  return make_conf(config.kafka, defaults, fixed);
}

// Many batches a fetch, as whoever died had them.
Conf quick_conf(const Config& config) {
  return probe_conf(config, {{"queued.max.messages.kbytes", "16384"}}, {});
}

// In a child: reads from `offset` on and keeps how far it came; dies over what cannot be read.
[[noreturn]] void read_on(const Config& config, const Partition& partition, std::int64_t offset,
                          const Trip& trip, std::atomic<std::int64_t>& reached) {
  constexpr int kDied = 1;
  spdlog::default_logger_raw()->set_level(spdlog::level::off);
  limit_memory(kDecompressedMax + kThreadsBytes);
  Consumer consumer(trip.is_careful ? careful_conf(config) : quick_conf(config));
  const Failure refused = consumer.assign({{partition, offset}});
  const std::int64_t deadline_ms = steady_ms() + kTripLimitMs;
  std::size_t bytes = 0;
  for (std::int64_t records = 0; !refused && records < trip.records_max && bytes < kTripBytesMax &&
                                 reached < trip.high && steady_ms() < deadline_ms;) {
    const Message message = consumer.poll(kPollWait);
    if (!message) continue;
    const Failure fault = message.fault();
    if (fault.is_unreadable()) ::_exit(kDied);
    if (fault.is_end()) break;
    if (fault) continue;
    ++records;
    bytes += message.value().size();
    reached = message.offset() + 1;
  }
  ::_exit(0);  // no destructors: the locks of other threads may be held here for ever
}

}  // namespace

std::int64_t end_of_unreadable(const Config& config, const Partition& partition,
                               std::int64_t offset, std::int64_t high) {
  Consumer consumer(make_conf(config.kafka, {{"fetch.wait.max.ms", "100"}, {"check.crcs", "true"}},
                              {{"group.id", config.kafka.group},
                               {"enable.auto.commit", "false"},
                               {"auto.offset.reset", "earliest"},
                               {"enable.partition.eof", "true"}}));
  return end_of(offset, high,
                [&](std::int64_t from) { return meets(consumer, partition, from, offset); });
}

std::optional<Watermarks> deadly_batch(const Config& config, const Partition& partition,
                                       std::int64_t offset, std::int64_t high) {
  SharedMemory<std::atomic<std::int64_t>> reached;
  const auto dies = [&](std::int64_t from, std::int64_t records_max, bool is_careful = true) {
    reached.get() = from;
    const Trip trip{records_max, high, is_careful};
    return dies_over(
        {}, [&] { read_on(config, partition, from, trip, reached.get()); },
        std::chrono::milliseconds(2 * kTripLimitMs));
  };
  if (offset >= high) return std::nullopt;
  // Mostly the others died of something else: one batch a fetch takes a second a batch.
  if (!dies(offset, kTripRecordsMax, false) || !dies(offset, kTripRecordsMax)) return std::nullopt;
  const std::int64_t first = reached.get();
  if (!dies(first, 1)) return std::nullopt;  // the first died by chance
  return Watermarks{first, end_of(first, high, [&](std::int64_t from) { return dies(from, 1); })};
}

Conf careful_conf(const Config& config) {
  return probe_conf(config, {}, {{"fetch.message.max.bytes", "1"}, {"queued.min.messages", "1"}});
}

void read_before(Consumer& careful, const Partition& partition, const Watermarks& offsets,
                 const std::function<void(Message)>& each) {
  if (offsets.low >= offsets.high) return;
  std::int64_t next = offsets.low;
  const Failure refused = careful.assign({{partition, offsets.low}});
  std::int64_t moved_ms = steady_ms();
  while (!refused && next < offsets.high && steady_ms() - moved_ms < kTripLimitMs) {
    Message message = careful.poll(kPollWait);
    if (!message || !message.is_record()) continue;
    next = message.offset() + 1;
    moved_ms = steady_ms();
    if (next <= offsets.high) each(std::move(message));
  }
  careful.unassign();  // a queue that was full is filled again after a second
  if (next >= offsets.high) return;
  throw StopError(ExitCode::failed, "kafka: records cannot be read topic=" + partition.topic +
                                        " offset=" + std::to_string(next));
}

}  // namespace tocsin::kafka
