// One operating system thread, many fibers, virtual time: what runs next is drawn from the seed.
// Promises: the same seed gives the same order of events; a killed process runs no line further.
#pragma once

#include <boost/context/fiber.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/simulation/random.h"

namespace tocsin::simulation {

// Thrown at the yield point where a process dies; unwinds its fibers. Not a std::exception, so that
// no handler of the daemon takes it for an error.
struct Killed {};

struct Fiber;

// One life of an instance, from its start to its end.
struct Life {
  std::string name;
  bool is_dead = false;
  bool is_ending = false;             // in its destructors: neither killed nor frozen any more
  std::int64_t frozen_until_ms = 0;   // SIGSTOP: no fiber and no event of it runs before
  std::int64_t cut_off_until_ms = 0;  // its requests get no answer before
  std::vector<Fiber*> fibers;         // in order of their start; the first is the main one
};

struct Fiber {
  std::shared_ptr<Life> life;
  std::string role;
  std::function<void()> body;
  boost::context::fiber context;
  boost::context::fiber scheduler;  // to go back to
  void* exceptions[2] = {};         // the C++ runtime's state of this fiber (caught, uncaught)
  // For AddressSanitizer, which must be told of every switch of stacks.
  const void* stack = nullptr;            // lowest address of its own
  const void* scheduler_stack = nullptr;  // and of the one it goes back to
  std::size_t scheduler_stack_bytes = 0;
  void* fake_stack = nullptr;
  bool is_done = false;
  bool must_die = false;
  bool is_unwinding = false;
  const void* waits_for = nullptr;
  std::uint64_t wake = 0;  // number of the current wait; older wakes are void
  std::int64_t stuck_until_ms = 0;
};

class Scheduler {
 public:
  explicit Scheduler(std::uint64_t seed);
  ~Scheduler();

  [[nodiscard]] std::int64_t now_ms() const { return now_ms_; }
  Random random;

  // Runs `action` at that time: of the network and the broker (no life), or of a life, then never
  // after its death and not while it is frozen.
  void at(std::int64_t time_ms, const std::shared_ptr<Life>& life, std::function<void()> action);
  void after(std::int64_t delay_ms, const std::shared_ptr<Life>& life,
             std::function<void()> action) {
    at(now_ms_ + delay_ms, life, std::move(action));
  }
  Fiber* spawn(const std::shared_ptr<Life>& life, std::string role, std::function<void()> body);

  // Of the running fiber: sleeps until notify(key) or the deadline. Throws Killed.
  void wait(const void* key, std::int64_t deadline_ms);
  void sleep(std::int64_t duration_ms) { wait(nullptr, now_ms_ + duration_ms); }
  // Others may run now; now and then the process dies here.
  void yield();
  void notify(const void* key);
  [[nodiscard]] Fiber* current() const { return current_; }

  // Only between events, never from a fiber: use kill_soon there.
  void kill(const std::shared_ptr<Life>& life);
  void kill_soon(const std::shared_ptr<Life>& life) { doomed_.push_back(life); }

  // Runs events until `done` says so (asked between events) or virtual time passes the limit.
  template <class F>
  bool run(std::int64_t until_ms, F&& done) {
    while (!done()) {
      if (!step(until_ms)) return false;
    }
    return true;
  }
  [[nodiscard]] std::uint64_t steps() const { return steps_; }

  // Chance, per mille, that a process dies at a yield point.
  std::int64_t death_per_mille_of_mille = 0;
  bool trace_on = false;
  void trace(const std::string& line) const;

 private:
  struct Event {
    std::int64_t time_ms = 0;
    std::uint64_t order = 0;  // random: ties are broken by the seed
    std::uint64_t wake = 0;
    Fiber* fiber = nullptr;
    std::shared_ptr<Life> life;
    std::function<void()> action;
  };
  static bool later(const Event& a, const Event& b);
  void push(Event event);
  [[nodiscard]] bool step(std::int64_t until_ms);
  void resume(Fiber& fiber);
  void switch_back();

  std::int64_t now_ms_ = 0;
  std::uint64_t steps_ = 0;
  Fiber* current_ = nullptr;
  std::vector<Event> heap_;
  std::vector<std::unique_ptr<Fiber>> fibers_;
  std::vector<std::shared_ptr<Life>> doomed_;
};

// The one that runs; the C functions of the fake librdkafka find it here.
extern Scheduler* scheduler;

}  // namespace tocsin::simulation
