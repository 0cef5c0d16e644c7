#include "daemon/memory_plan.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace tocsin {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;
// Consumers' queues (16 MiB of raw records, 8 MiB of the alert engine), clients, threads.
constexpr std::uint64_t kClientBytes = 40 * kMiB;
// A raw byte in flight is held as a record, as its outcome and in the producer.
constexpr std::uint64_t kInflightFactor = 3;
constexpr std::uint64_t kInflightMin = kMiB;
constexpr std::uint64_t kEntriesMin = 1'000;
constexpr std::uint64_t kQueuesShare = 4;  // queues may have a quarter of what is left

std::string megabytes(std::uint64_t bytes) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.0f MB", static_cast<double>(bytes) / 1e6);
  return text.data();
}

std::uint64_t queue_bytes(const LimitsConfig& limits) {
  return std::max<std::uint64_t>(kInflightFactor * limits.inflight_bytes_max,
                                 limits.restore_queue_bytes);
}

}  // namespace

MemoryPlan plan_memory(const Config& config, std::uint64_t limit_bytes, const MemoryNeeds& needs) {
  MemoryPlan plan;
  plan.limits = config.limits;
  plan.entries_max = config.dedupe.entries_max;
  const std::uint64_t usable = limit_bytes / 10 * 9;  // allocators and page tables have the rest
  const std::uint64_t page = config.page.listen.is_off() ? 0 : config.page.memory_bytes_max;
  const std::uint64_t fixed = needs.resident_bytes + needs.pipeline_bytes + kClientBytes + page;
  const std::uint64_t left = usable - std::min(usable, fixed);
  const std::uint64_t queues_max = left / kQueuesShare;
  if (left > queue_bytes(config.limits) &&
      (left - queue_bytes(config.limits)) / kEntryBytes >= config.dedupe.entries_max) {
    return plan;
  }
  if (queue_bytes(plan.limits) > queues_max) {
    plan.limits.inflight_bytes_max = std::min<std::uint64_t>(
        plan.limits.inflight_bytes_max, std::max(kInflightMin, queues_max / kInflightFactor));
    plan.limits.restore_queue_bytes = std::min<std::uint64_t>(plan.limits.restore_queue_bytes,
                                                              std::max(kInflightMin, queues_max));
  }
  const std::uint64_t queues = queue_bytes(plan.limits);
  const std::uint64_t room = left > queues ? (left - queues) / kEntryBytes / 1'000 * 1'000 : 0;
  const bool is_chosen = config.dedupe.entries_max != Epoch{}.entries_max;
  plan.entries_max = std::min(room, config.dedupe.entries_max);
  plan.is_lowered = true;
  plan.is_refused = room < kEntriesMin || (is_chosen && room < config.dedupe.entries_max);
  plan.arithmetic = "limit " + megabytes(limit_bytes) + " x 0.9 = " + megabytes(usable) +
                    "; program and names " + megabytes(needs.resident_bytes) +
                    ", the same again while reloading " + megabytes(needs.pipeline_bytes) +
                    ", clients " + megabytes(kClientBytes) +
                    (page > 0 ? ", live page " + megabytes(page) : "") + ", queues " +
                    megabytes(queues) + " (limits.inflight_bytes_max " +
                    megabytes(plan.limits.inflight_bytes_max) + " x 3); the rest holds " +
                    std::to_string(room) + " articles of " + std::to_string(kEntryBytes) +
                    " bytes, dedupe.entries_max is " + std::to_string(config.dedupe.entries_max) +
                    " (" + megabytes(config.dedupe.entries_max * kEntryBytes) + ")";
  return plan;
}

}  // namespace tocsin
