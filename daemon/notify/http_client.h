// One HTTP POST at a time over a fresh connection, http or https. Promises: certificates and host
// names are verified, redirects are not followed, nothing takes longer than the time given.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/scalars.h"

namespace tocsin {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpAnswer {
  unsigned status = 0;  // 0: there was none, see `error`
  std::optional<std::chrono::seconds> retry_after;
  std::string error;  // of the connection; or the beginning of the body of an unhappy answer

  [[nodiscard]] bool is_success() const { return status >= 200 && status < 300; }
};

class HttpClient {
 public:
  // `ca_file`: certificates to trust besides the system's; may be empty. Throws StopError
  // (bad_input) when it cannot be read.
  explicit HttpClient(const std::filesystem::path& ca_file);

  // Blocks the caller for at most `timeout`, from name to answer.
  [[nodiscard]] HttpAnswer post(const Url& url, const HttpHeaders& headers, const std::string& body,
                                std::chrono::milliseconds timeout);

  static constexpr std::size_t kAnswerBytesMax = 16 << 10;

 private:
  boost::asio::ssl::context tls_;
};

// Seconds from now of a Retry-After header (RFC 9110, 10.2.3): a number or a date; at most
// kRetryAfterMax. nullopt when it is neither.
inline constexpr std::chrono::seconds kRetryAfterMax{900};
[[nodiscard]] std::optional<std::chrono::seconds> parse_retry_after(std::string_view text,
                                                                    std::int64_t now_unix_ms);

}  // namespace tocsin
