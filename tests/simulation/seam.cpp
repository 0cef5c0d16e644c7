// The daemon's seams as the simulation fills them: threads are fibers, time is virtual, topics are
// there, and a failpoint is a place to die at.
#include <algorithm>
#include <memory>

#include "daemon/failpoint.h"
#include "daemon/kafka/topics.h"
#include "daemon/kafka/unreadable.h"
#include "daemon/sandbox.h"
#include "daemon/wait.h"
#include "tests/simulation/articles.h"
#include "tests/simulation/broker.h"
#include "tests/simulation/client.h"
#include "tests/simulation/faults.h"
#include "tests/simulation/message.h"
#include "tests/simulation/scheduler.h"

namespace tocsin {

using simulation::scheduler;

std::int64_t steady_ms() {
  constexpr std::int64_t kSinceBootMs = 1'000'000;  // never 0, as on a real machine
  return kSinceBootMs + scheduler->now_ms();
}

void sleep_for(std::chrono::milliseconds duration) {
  scheduler->sleep(duration.count());
}

void Condition::notify_all() {
  scheduler->notify(this);
}

void Condition::wait_until(std::unique_lock<std::mutex>& lock, std::int64_t deadline_ms) {
  lock.unlock();
  scheduler->wait(this, scheduler->now_ms() + deadline_ms - steady_ms());
  lock.lock();
}

struct Thread::State {
  simulation::Fiber* fiber;
};

Thread::Thread() = default;
Thread::Thread(const char* name, std::function<void()> body) : state_(std::make_unique<State>()) {
  State* state = state_.get();
  state->fiber = scheduler->spawn(scheduler->current()->life, name, [state, body] {
    body();
    scheduler->notify(state);
  });
}
Thread::~Thread() {
  join();
}
Thread::Thread(Thread&&) noexcept = default;
Thread& Thread::operator=(Thread&&) noexcept = default;
void Thread::join() {
  while (state_ && !state_->fiber->is_done && !state_->fiber->life->is_dead) {
    scheduler->wait(state_.get(), scheduler->now_ms() + 1000);
  }
}

void failpoint(std::string_view name) {
  scheduler->trace(std::string(name));
  if (scheduler->random.chance(simulation::faults.death_at_failpoint)) {
    scheduler->kill_soon(scheduler->current()->life);
  }
  scheduler->yield();
}

void failpoint_on(std::string_view, std::string_view bytes) {
  if (bytes.find("tocsin.test.deadly") == bytes.npos) return;
  scheduler->trace("a deadly record");
  scheduler->kill_soon(scheduler->current()->life);
  while (true) scheduler->sleep(1000);  // not a step further
}

// Nobody can be forked here: what a process of its own would die over is known.
bool dies_over(std::string_view bytes, const std::function<void()>&, std::chrono::milliseconds) {
  scheduler->sleep(5);
  return bytes.find("tocsin.test.deadly") != bytes.npos;
}

std::int64_t kafka::end_of_unreadable(const Config&, const Partition&, std::int64_t offset,
                                      std::int64_t) {
  return offset + 1;
}

// Each record is a batch of its own here, and what a child process would die of is known.
std::optional<kafka::Watermarks> kafka::deadly_batch(const Config&, const Partition& partition,
                                                     std::int64_t offset, std::int64_t high) {
  scheduler->sleep(50);
  const simulation::Log& log = simulation::broker->log(partition);
  for (; offset < std::min(high, log.end()); ++offset) {
    if (simulation::has_bomb(log, offset, offset + 1)) return Watermarks{offset, offset + 1};
  }
  return std::nullopt;
}

kafka::CarefulConsumer::CarefulConsumer(const Config&) : consumer_(Conf{}) {}
kafka::CarefulConsumer::~CarefulConsumer() = default;

void kafka::read_before(CarefulConsumer&, const Partition& partition, const Watermarks& offsets,
                        const std::function<void(Message)>& each) {
  const simulation::Log& log = simulation::broker->log(partition);
  for (std::int64_t offset = offsets.low; offset < offsets.high; ++offset) {
    const simulation::Entry& entry = log.entries[static_cast<std::size_t>(offset)];
    const bool is_visible =
        entry.fate == simulation::Fate::plain || entry.fate == simulation::Fate::committed;
    if (is_visible) each(Message(simulation::make_message(partition, offset, entry)));
  }
}

bool failpoint_reached(std::string_view) {
  return false;
}
bool failpoint_armed(std::string_view) {
  return false;
}

bool kafka::TopicsState::group_has_offsets() const {
  return std::any_of(committed.begin(), committed.end(),
                     [](const auto& entry) { return entry.second >= 0; });
}

kafka::TopicsState kafka::prepare_topics(const Config& config) {
  scheduler->sleep(scheduler->random.between(1, 50));
  TopicsState state;
  state.cluster_id = "simulated";
  for (const auto& [partition, log] : simulation::broker->logs()) {
    if (partition.topic != config.topics.raw.front()) continue;
    const auto answer = simulation::broker->committed(config.kafka.group, {partition}, false);
    state.committed[partition] = std::max<std::int64_t>(answer.offsets.at(partition), -1);
  }
  return state;
}

}  // namespace tocsin
