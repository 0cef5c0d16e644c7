#include "daemon/notify/muting.h"

#include <algorithm>
#include <utility>

namespace tocsin {

void Muting::set(std::vector<Silence> silences) {
  const std::lock_guard lock(mutex_);
  silences_ = std::move(silences);
}

std::optional<Silence> Muting::find(const ReceivedAlert& alert, std::int64_t now_unix_ms) {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(silences_.begin(), silences_.end(), [&](const Silence& silence) {
    return holds(silence, alert.facts, now_unix_ms);
  });
  return found == silences_.end() ? std::nullopt : std::optional(*found);
}

std::vector<Silence> Muting::take_expired(std::int64_t now_unix_ms) {
  const std::lock_guard lock(mutex_);
  const auto expired =
      std::stable_partition(silences_.begin(), silences_.end(),
                            [&](const Silence& silence) { return now_unix_ms < silence.until_ms; });
  std::vector<Silence> taken(std::make_move_iterator(expired),
                             std::make_move_iterator(silences_.end()));
  silences_.erase(expired, silences_.end());
  return taken;
}

std::size_t Muting::size() {
  const std::lock_guard lock(mutex_);
  return silences_.size();
}

void Muted::add(const std::string& alert_id) {
  if (!ids_.insert(alert_id).second) return;
  order_.push_back(alert_id);
  if (order_.size() <= kMutedMax) return;
  ids_.erase(order_.front());
  order_.pop_front();
}

}  // namespace tocsin
