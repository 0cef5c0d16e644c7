// The silences in force, shared by all targets, and which alerts a target has kept to itself.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "config/silences.h"
#include "daemon/notify/webhook.h"

namespace tocsin {

// Own synchronisation: a reload sets, targets ask.
class Muting {
 public:
  void set(std::vector<Silence> silences);
  // The silence that holds for the alert now; nullopt: tell it.
  [[nodiscard]] std::optional<Silence> find(const ReceivedAlert& alert, std::int64_t now_unix_ms);
  // Drops those whose time is over, and gives them back.
  [[nodiscard]] std::vector<Silence> take_expired(std::int64_t now_unix_ms);
  [[nodiscard]] std::size_t size();

 private:
  std::mutex mutex_;
  std::vector<Silence> silences_;
};

// Alerts of which one target has told nothing yet because a silence held. The end of an alert is
// kept back only for those: whoever was told of a beginning is told of the end, also after a
// restart.
class Muted {
 public:
  void add(const std::string& alert_id);
  void remove(const std::string& alert_id) { ids_.erase(alert_id); }
  [[nodiscard]] bool contains(const std::string& alert_id) const { return ids_.contains(alert_id); }

  static constexpr std::size_t kMutedMax = 10'000;  // the oldest are forgotten

 private:
  std::set<std::string> ids_;
  std::deque<std::string> order_;
};

}  // namespace tocsin
