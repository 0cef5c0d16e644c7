#include "daemon/notify/delivery_queue.h"

#include <algorithm>
#include <utility>

namespace tocsin {

void DeliveryQueue::add(PendingAlert delivery) {
  std::deque<Row>& row = alerts_[delivery.alert.id];
  row.push_back({added_++, std::move(delivery)});
}

DeliveryQueue::Alerts::const_iterator DeliveryQueue::find_due(std::int64_t now_ms) const {
  auto found = alerts_.end();
  for (auto alert = alerts_.begin(); alert != alerts_.end(); ++alert) {
    const Row& head = alert->second.front();
    if (head.delivery.due_ms > now_ms) continue;
    if (found == alerts_.end() || head.number < found->second.front().number) found = alert;
  }
  return found;
}

const PendingAlert* DeliveryQueue::due(std::int64_t now_ms) const {
  const auto found = find_due(now_ms);
  return found == alerts_.end() ? nullptr : &found->second.front().delivery;
}

std::optional<std::int64_t> DeliveryQueue::next_due_ms() const {
  std::optional<std::int64_t> next;
  for (const auto& [id, row] : alerts_) {
    const std::int64_t due_ms = row.front().delivery.due_ms;
    if (!next || due_ms < *next) next = due_ms;
  }
  return next;
}

std::optional<DeliveryEnd> DeliveryQueue::settle(std::string_view alert_id,
                                                 const HttpAnswer& answer, std::int64_t now_ms) {
  const auto found = alerts_.find(alert_id);
  if (found == alerts_.end()) return std::nullopt;
  PendingAlert& delivery = found->second.front().delivery;
  ++delivery.attempts;
  if (delivery.deadline_ms == 0) delivery.deadline_ms = now_ms + patience_.deadline.count();
  std::optional<DeliveryEnd> end;
  if (answer.is_success()) {
    end = DeliveryEnd::delivered;
  } else if (answer.is_refused()) {
    end = DeliveryEnd::refused;
  } else if (delivery.attempts >= patience_.attempts_max || now_ms >= delivery.deadline_ms) {
    end = DeliveryEnd::exhausted;
  }
  if (end) {
    found->second.pop_front();
    if (found->second.empty()) alerts_.erase(found);
    return end;
  }
  const int doublings = static_cast<int>(std::min<std::uint32_t>(delivery.attempts - 1, 16));
  const std::chrono::milliseconds backoff = std::min(kBackoffFirst * (1 << doublings), kBackoffMax);
  const std::chrono::milliseconds asked = std::min<std::chrono::milliseconds>(
      answer.retry_after.value_or(std::chrono::seconds(0)), patience_.retry_after_max);
  delivery.due_ms = std::min(now_ms + std::max(backoff, asked).count(), delivery.deadline_ms);
  return std::nullopt;
}

std::size_t DeliveryQueue::size() const {
  std::size_t size = 0;
  for (const auto& [id, row] : alerts_) size += row.size();
  return size;
}

bool DeliveryQueue::is_retrying() const {
  return std::any_of(alerts_.begin(), alerts_.end(),
                     [](const auto& alert) { return alert.second.front().delivery.attempts > 0; });
}

}  // namespace tocsin
