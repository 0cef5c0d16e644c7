// Who may see the page. On a loopback address everybody; elsewhere whoever gave the token, by a
// cookie that holds when it ends and that the token vouches for: it survives a restart, and a new
// token ends all of them. Pure: the clock is the caller's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "daemon/http/message.h"

namespace tocsin::page {

class Access {
 public:
  static constexpr std::int64_t kSeconds = 12 * 3600;  // how long a cookie holds
  static constexpr std::string_view kCookie = "tocsin_page";

  // An empty token: everybody may.
  explicit Access(std::string token) : token_(std::move(token)) {}

  [[nodiscard]] bool is_open() const { return token_.empty(); }
  [[nodiscard]] bool is_token(std::string_view given) const;
  [[nodiscard]] bool has_bearer(const HttpRequest& request) const;
  // "<end, Unix seconds>.<hex HMAC-SHA256 of it>"
  [[nodiscard]] std::string cookie(std::int64_t now_s) const;
  [[nodiscard]] bool is_valid(std::string_view cookie, std::int64_t now_s) const;

 private:
  [[nodiscard]] std::string signature(std::string_view end) const;

  std::string token_;
};

// Whether the browser's side of the connection is encrypted, as a proxy with TLS says
// (X-Forwarded-Proto). Believed from anybody: who lies gets a stricter cookie, nothing else.
[[nodiscard]] bool is_behind_tls(const HttpRequest& request);

// Whether a Host header names this machine by a loopback address, as a browser writes it there: a
// page elsewhere whose name was bound to 127.0.0.1 sends its own name.
[[nodiscard]] bool is_loopback_host(std::string_view host);

}  // namespace tocsin::page
