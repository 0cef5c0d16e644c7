// An HTTP POST or GET over a fresh connection, http or https, directly or by way of a proxy (RFC
// 9110, 9.3.6: CONNECT for https). Promises: certificates and host names are verified, redirects
// are not followed, nothing takes longer than the time given; any thread.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

#include "config/scalars.h"
#include "daemon/http/message.h"

namespace tocsin {

struct HttpAnswer {
  unsigned status = 0;  // 0: there was none, see `error`
  std::optional<std::chrono::seconds> retry_after;
  std::string error;  // of the connection; or the beginning of the body of an unhappy answer
  std::string body;   // of an answer to a GET

  [[nodiscard]] bool is_success() const { return status >= 200 && status < 300; }
  // The receiver says that it will never take this: 4xx but request time-out, too early, too many.
  [[nodiscard]] bool is_refused() const {
    return status >= 400 && status < 500 && status != 408 && status != 425 && status != 429;
  }
};

// Where requests go first; its host is empty: nowhere.
struct Proxy {
  std::string host;
  std::uint16_t port = 0;
  std::string authorization;  // the header's value; empty: none
};
// "http://[user:password@]host:port"; user and password percent-encoded. nullopt when it is none.
[[nodiscard]] std::optional<Proxy> parse_proxy(std::string_view text);

// The value of an Authorization header (RFC 7617) of "user:password".
[[nodiscard]] std::string basic_authorization(const std::string& login);

class HttpClient {
 public:
  // `ca_file`: certificates to trust besides the system's; may be empty. Throws StopError
  // (bad_input) when it cannot be read.
  explicit HttpClient(const std::filesystem::path& ca_file, Proxy proxy = {});

  // Blocks the caller for at most `timeout`, from name to answer.
  [[nodiscard]] HttpAnswer post(const Url& url, const HttpHeaders& headers, const std::string& body,
                                std::chrono::milliseconds timeout) const;

  // The same for a GET; the body of its answer has kPageBytesMax at most.
  [[nodiscard]] HttpAnswer get(const Url& url, std::chrono::milliseconds timeout,
                               const HttpHeaders& headers = {}) const;

  static constexpr std::size_t kAnswerBytesMax = 16 << 10;
  static constexpr std::size_t kPageBytesMax = 4 << 20;

 private:
  mutable boost::asio::ssl::context tls_;  // OpenSSL counts what shares it, under its own locks
  const Proxy proxy_;
};

// Seconds from now of a Retry-After header (RFC 9110, 10.2.3): a number or a date; at most
// kRetryAfterMax, whoever waits has a deadline of its own. nullopt when it is neither.
inline constexpr std::chrono::seconds kRetryAfterMax{24 * 3600};
[[nodiscard]] std::optional<std::chrono::seconds> parse_retry_after(std::string_view text,
                                                                    std::int64_t now_unix_ms);

}  // namespace tocsin
