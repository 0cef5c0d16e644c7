// Which alert a target is told next, and when. Pure: times come in, decisions go out. Promises: the
// revisions of one alert go out in their order; one alert's trouble holds up no other; no wait goes
// beyond an alert's own deadline.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "daemon/http/client.h"
#include "daemon/kafka/client.h"
#include "daemon/notify/webhook.h"

namespace tocsin {

struct PendingAlert {
  ReceivedAlert alert;
  kafka::Partition partition;  // where the record stands; notify's own alerts stand nowhere
  std::int64_t offset = -1;
  std::uint32_t attempts = 0;
  std::int64_t due_ms = 0;       // steady milliseconds; not before
  std::int64_t deadline_ms = 0;  // 0 until the first attempt
};

enum class DeliveryEnd : std::uint8_t {
  delivered,
  refused,    // what the receiver will never take
  exhausted,  // attempts or time are used up
};

class DeliveryQueue {
 public:
  struct Patience {
    std::uint32_t attempts_max = 12;
    std::chrono::milliseconds deadline{900'000};         // from the first attempt
    std::chrono::milliseconds retry_after_max{900'000};  // what a receiver may ask for at most
  };

  explicit DeliveryQueue(Patience patience) : patience_(patience) {}

  void add(PendingAlert delivery);
  // The oldest that is due, or nullptr; the caller attempts it and calls settle(). Valid until
  // then.
  [[nodiscard]] const PendingAlert* due(std::int64_t now_ms) const;
  // When the next one is due; nullopt when nothing waits.
  [[nodiscard]] std::optional<std::int64_t> next_due_ms() const;
  // What an attempt on the first delivery of this alert came to; it leaves the queue at its end.
  [[nodiscard]] std::optional<DeliveryEnd> settle(std::string_view alert_id,
                                                  const HttpAnswer& answer, std::int64_t now_ms);
  void clear() { alerts_.clear(); }
  [[nodiscard]] std::size_t size() const;
  // Some delivery has failed at least once and waits.
  [[nodiscard]] bool is_retrying() const;

  static constexpr std::chrono::milliseconds kBackoffFirst{500};
  static constexpr std::chrono::milliseconds kBackoffMax{60'000};

 private:
  struct Row {
    std::uint64_t number = 0;  // in the order of add()
    PendingAlert delivery;
  };
  using Alerts = std::map<std::string, std::deque<Row>, std::less<>>;  // by alert id
  [[nodiscard]] Alerts::const_iterator find_due(std::int64_t now_ms) const;

  const Patience patience_;
  Alerts alerts_;  // no row is empty
  std::uint64_t added_ = 0;
};

}  // namespace tocsin
