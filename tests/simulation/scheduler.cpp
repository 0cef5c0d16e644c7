#include "tests/simulation/scheduler.h"

#include <cxxabi.h>

#include <algorithm>
#include <boost/context/fixedsize_stack.hpp>
#include <boost/context/preallocated.hpp>
#include <cstdio>
#include <cstring>
#include <utility>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

namespace tocsin::simulation {

Scheduler* scheduler = nullptr;

namespace {

constexpr std::size_t kStackBytes = 512 << 10;

// Stacks are used again by later fibers, later seeds too: their pages are mapped once.
std::vector<boost::context::stack_context> free_stacks;

struct PooledStack {
  boost::context::stack_context allocate() {  // NOLINT: the name is Boost.Context's
    if (free_stacks.empty()) return boost::context::fixedsize_stack(kStackBytes).allocate();
    const boost::context::stack_context stack = free_stacks.back();
    free_stacks.pop_back();
    return stack;
  }
  void deallocate(boost::context::stack_context& stack) { free_stacks.push_back(stack); }
};

// Exceptions in flight belong to a fiber, the runtime keeps them by thread: swapped at a switch.
void swap_exceptions(void* (&saved)[2]) {
  void* now[2];
  void* globals = abi::__cxa_get_globals();
  std::memcpy(now, globals, sizeof now);
  std::memcpy(globals, saved, sizeof saved);
  std::memcpy(saved, now, sizeof now);
}

}  // namespace

Scheduler::Scheduler(std::uint64_t seed) : random(seed) {
  scheduler = this;
}

Scheduler::~Scheduler() {
  for (const auto& fiber : fibers_) {
    if (!fiber->is_done) kill(fiber->life);
  }
  scheduler = nullptr;
}

bool Scheduler::later(const Event& a, const Event& b) {
  return a.time_ms != b.time_ms ? a.time_ms > b.time_ms : a.order > b.order;
}

void Scheduler::push(Event event) {
  event.time_ms = std::max(event.time_ms, now_ms_);
  event.order = random.next();
  heap_.push_back(std::move(event));
  std::push_heap(heap_.begin(), heap_.end(), later);
}

void Scheduler::at(std::int64_t time_ms, const std::shared_ptr<Life>& life,
                   std::function<void()> action) {
  Event event;
  event.time_ms = time_ms;
  event.life = life;
  event.action = std::move(action);
  push(std::move(event));
}

Fiber* Scheduler::spawn(const std::shared_ptr<Life>& life, std::string role,
                        std::function<void()> body) {
  fibers_.push_back(std::make_unique<Fiber>());
  Fiber* fiber = fibers_.back().get();
  fiber->life = life;
  fiber->role = std::move(role);
  fiber->body = std::move(body);
  const boost::context::stack_context stack = PooledStack{}.allocate();
  fiber->stack = static_cast<char*>(stack.sp) - stack.size;
  fiber->context = boost::context::fiber(
      std::allocator_arg, boost::context::preallocated(stack.sp, stack.size, stack), PooledStack{},
      [fiber](boost::context::fiber&& back) {
        fiber->scheduler = std::move(back);
#if defined(__SANITIZE_ADDRESS__)
        __sanitizer_finish_switch_fiber(nullptr, &fiber->scheduler_stack,
                                        &fiber->scheduler_stack_bytes);
#endif
        try {
          if (!fiber->must_die) fiber->body();
        } catch (const Killed&) {
        }
        fiber->is_done = true;
#if defined(__SANITIZE_ADDRESS__)
        __sanitizer_start_switch_fiber(nullptr, fiber->scheduler_stack,
                                       fiber->scheduler_stack_bytes);
#endif
        return std::move(fiber->scheduler);
      });
  life->fibers.push_back(fiber);
  Event event;
  event.time_ms = now_ms_;
  event.fiber = fiber;
  push(std::move(event));
  return fiber;
}

void Scheduler::wait(const void* key, std::int64_t deadline_ms) {
  Fiber* fiber = current_;
  if (fiber == nullptr || fiber->is_unwinding) return;
  fiber->waits_for = key;
  Event event;
  event.time_ms = deadline_ms;
  event.fiber = fiber;
  event.wake = ++fiber->wake;
  push(std::move(event));
  switch_back();
  fiber->waits_for = nullptr;
  if (fiber->must_die) {
    fiber->is_unwinding = true;
    throw Killed{};
  }
}

void Scheduler::yield() {
  if (current_ == nullptr || current_->is_unwinding) return;
  if (death_per_mille_of_mille > 0 && !current_->life->is_ending &&
      random.below(1'000'000) < death_per_mille_of_mille) {
    kill_soon(current_->life);
  } else if (random.chance(500)) {
    return;
  }
  wait(nullptr, now_ms_);
}

void Scheduler::notify(const void* key) {
  for (const auto& fiber : fibers_) {
    if (fiber->is_done || fiber->waits_for != key) continue;
    fiber->waits_for = nullptr;
    Event event;
    event.time_ms = now_ms_;
    event.fiber = fiber.get();
    event.wake = ++fiber->wake;
    push(std::move(event));
  }
}

void Scheduler::kill(const std::shared_ptr<Life>& life) {
  if (life->is_dead || life->is_ending) return;
  life->is_dead = true;
  trace(life->name + " killed");
  // The main fiber last: it owns what the others use.
  for (std::size_t i = life->fibers.size(); i-- > 0;) {
    Fiber& fiber = *life->fibers[i];
    if (fiber.is_done) continue;
    fiber.must_die = true;
    resume(fiber);
  }
}

bool Scheduler::step(std::int64_t until_ms) {
  while (!doomed_.empty()) {
    const std::shared_ptr<Life> life = doomed_.back();
    doomed_.pop_back();
    kill(life);
  }
  if (heap_.empty() || heap_.front().time_ms > until_ms) return false;
  std::pop_heap(heap_.begin(), heap_.end(), later);
  Event event = std::move(heap_.back());
  heap_.pop_back();
  now_ms_ = event.time_ms;
  const std::shared_ptr<Life>& life = event.fiber != nullptr ? event.fiber->life : event.life;
  if (life && life->is_dead) return true;
  std::int64_t resume_ms = life && !life->is_ending ? life->frozen_until_ms : 0;
  if (event.fiber != nullptr) {
    if (event.fiber->is_done || event.wake != event.fiber->wake) return true;
    if (!life->is_ending) resume_ms = std::max(resume_ms, event.fiber->stuck_until_ms);
  }
  if (resume_ms > now_ms_) {
    event.time_ms = resume_ms;
    push(std::move(event));
    return true;
  }
  ++steps_;
  if (event.fiber != nullptr) {
    resume(*event.fiber);
  } else {
    event.action();
  }
  return true;
}

void Scheduler::resume(Fiber& fiber) {
  Fiber* const previous = std::exchange(current_, &fiber);
  swap_exceptions(fiber.exceptions);
#if defined(__SANITIZE_ADDRESS__)
  void* own_fake_stack = nullptr;
  __sanitizer_start_switch_fiber(&own_fake_stack, fiber.stack, kStackBytes);
#endif
  fiber.context = std::move(fiber.context).resume();
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(own_fake_stack, nullptr, nullptr);
#endif
  swap_exceptions(fiber.exceptions);
  current_ = previous;
}

void Scheduler::switch_back() {
  Fiber& fiber = *current_;
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(&fiber.fake_stack, fiber.scheduler_stack,
                                 fiber.scheduler_stack_bytes);
#endif
  fiber.scheduler = std::move(fiber.scheduler).resume();
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(fiber.fake_stack, &fiber.scheduler_stack,
                                  &fiber.scheduler_stack_bytes);
#endif
}

void Scheduler::trace(const std::string& line) const {
  if (!trace_on) return;
  const std::string who =
      current_ != nullptr ? current_->life->name + "/" + current_->role + " " : std::string();
  std::printf("%8lld.%03lld %s%s\n", static_cast<long long>(now_ms_ / 1000),
              static_cast<long long>(now_ms_ % 1000), who.c_str(), line.c_str());
}

}  // namespace tocsin::simulation
