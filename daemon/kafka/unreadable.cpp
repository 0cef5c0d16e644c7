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

// One batch a fetch. That connections end is our own doing.
Conf careful_conf(const Config& config) {
  return probe_conf(config, {},
                    {{"fetch.message.max.bytes", "1"}, {"log.connection.close", "false"}});
}

// Reads on and keeps how far it came; ends the process over what cannot be read.
template <class Poll>
void read_on(const Trip& trip, std::atomic<std::int64_t>& reached, Poll&& poll) {
  constexpr int kDied = 1;
  const std::int64_t deadline_ms = steady_ms() + kTripLimitMs;
  std::size_t bytes = 0;
  for (std::int64_t records = 0; records < trip.records_max && bytes < kTripBytesMax &&
                                 reached < trip.high && steady_ms() < deadline_ms;) {
    const Message message = poll();
    if (!message) continue;
    const Failure fault = message.fault();
    if (fault.is_unreadable()) ::_exit(kDied);
    if (fault.is_end()) break;
    if (fault) continue;
    ++records;
    bytes += message.value().size();
    reached = message.offset() + 1;
  }
}

// In a child, from where `reached` is; dies over what cannot be read.
[[noreturn]] void travel(const Config& config, const Partition& partition, const Trip& trip,
                         std::atomic<std::int64_t>& reached) {
  spdlog::default_logger_raw()->set_level(spdlog::level::off);
  limit_memory(kDecompressedMax + kThreadsBytes);
  if (trip.is_careful) {
    CarefulConsumer consumer(config);
    const Failure refused = consumer.assign(partition, reached);
    if (!refused) read_on(trip, reached, [&] { return consumer.poll(kPollWait); });
    ::_exit(0);
  }
  Consumer consumer(quick_conf(config));
  const Failure refused = consumer.assign({{partition, reached}});
  if (!refused) read_on(trip, reached, [&] { return consumer.poll(kPollWait); });
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
        {}, [&] { travel(config, partition, trip, reached.get()); },
        std::chrono::milliseconds(2 * kTripLimitMs));
  };
  if (offset >= high) return std::nullopt;
  // Mostly the others died of something else: batch by batch is a fetch each.
  if (!dies(offset, kTripRecordsMax, false) || !dies(offset, kTripRecordsMax)) return std::nullopt;
  const std::int64_t first = reached.get();
  if (!dies(first, 1)) return std::nullopt;  // the first died by chance
  return Watermarks{first, end_of(first, high, [&](std::int64_t from) { return dies(from, 1); })};
}

CarefulConsumer::CarefulConsumer(const Config& config)
    : consumer_(careful_conf(config), {.may_be_answered = [this] { return gate_.may_pass(); }}) {}

CarefulConsumer::~CarefulConsumer() {
  gate_.end();
}

Failure CarefulConsumer::assign(const Partition& partition, std::int64_t offset) {
  gate_.begin();
  return consumer_.assign({{partition, offset}});
}

Message CarefulConsumer::poll(std::chrono::milliseconds wait) {
  using namespace std::chrono_literals;
  const bool is_waiting = gate_.is_waiting();
  Message message = consumer_.poll(is_waiting ? 0ms : wait);
  if (!message && is_waiting) gate_.pass();
  return message;
}

void CarefulConsumer::unassign() {
  consumer_.unassign();
  gate_.end();
}

void read_before(CarefulConsumer& consumer, const Partition& partition, const Watermarks& offsets,
                 const std::function<void(Message)>& each) {
  if (offsets.low >= offsets.high) return;
  std::int64_t next = offsets.low;
  const Failure refused = consumer.assign(partition, offsets.low);
  std::int64_t moved_ms = steady_ms();
  while (!refused && next < offsets.high && steady_ms() - moved_ms < kTripLimitMs) {
    Message message = consumer.poll(kPollWait);
    if (!message || !message.is_record()) continue;
    next = message.offset() + 1;
    moved_ms = steady_ms();
    if (next <= offsets.high) each(std::move(message));
  }
  consumer.unassign();
  if (next >= offsets.high) return;
  throw StopError(ExitCode::failed, "kafka: records cannot be read topic=" + partition.topic +
                                        " offset=" + std::to_string(next));
}

}  // namespace tocsin::kafka
