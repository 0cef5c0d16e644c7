// An alert record as the request each kind of webhook wants. Pure: record, secret and time in,
// headers and body out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/silences.h"
#include "daemon/http/client.h"

namespace tocsin {

// What the requests need of an alert record (docs/records.md, "Alert").
struct ReceivedAlert {
  struct Evidence {
    std::string title;
    std::string url;  // http or https, or empty
  };
  std::string id;
  std::int64_t revision = 0;
  std::string state;  // opened, updated, closed
  std::string rule;
  std::string severity;
  std::string sentence;
  std::string codes;  // of the pair: "RUS-UKR"; empty without one
  AlertFacts facts;   // what silences look at
  std::string last_seen;
  std::vector<Evidence> evidence;
  std::string json;  // the whole record

  [[nodiscard]] bool is_closed() const { return state == "closed"; }
};

// nullopt when the bytes are no alert of a schema this tocsin knows.
[[nodiscard]] std::optional<ReceivedAlert> read_alert(std::string_view bytes);

// The alert that notify makes itself when the ledger brings no ticks. `revision` grows with time.
[[nodiscard]] std::string silence_alert(const std::string& group, bool is_closed,
                                        std::int64_t revision, std::chrono::seconds silent_for);

// The alert that notify makes itself for the other targets when one gave an alert up (`reason`),
// and its end when that one took an alert again.
[[nodiscard]] std::string undelivered_alert(const std::string& group, const std::string& target,
                                            bool is_closed, std::int64_t revision,
                                            const ReceivedAlert& given_up,
                                            const std::string& reason);
// A marked alert that means nothing, for `tocsin notify --test`.
[[nodiscard]] std::string test_alert(const std::string& group, bool is_closed,
                                     std::int64_t revision);

struct WebhookRequest {
  HttpHeaders headers;
  std::string body;
};

// json: the record, byte for byte, with
//   Tocsin-Delivery: <alert id>.<revision>, the same at each repetition;
//   Tocsin-Signature: t=<unix seconds>,v1=<hex HMAC-SHA256 of "<t>.<body>"> when there is a secret.
// slack: {"text": ...} in its mrkdwn. pagerduty: Events API v2, dedup_key is the alert's id, a
// closed alert resolves; `secret` is the routing key, `source` who alerts.
[[nodiscard]] WebhookRequest webhook_request(WebhookKind kind, const ReceivedAlert& alert,
                                             const std::string& secret, const std::string& source,
                                             std::int64_t unix_seconds);

inline constexpr const char* kPagerDutyUrl = "https://events.pagerduty.com/v2/enqueue";

}  // namespace tocsin
