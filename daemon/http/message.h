// Requests and responses of the HTTP server, without a connection. Pure; any thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tocsin {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method;  // "GET"; a HEAD is asked of the handlers as a GET
  std::string path;    // as it was sent, without the query
  std::string query;   // behind the '?', as it was sent
  std::string body;
  HttpHeaders headers;  // as they were sent, doubled ones too
  std::string remote;   // the address of the other side, without its port
  bool is_loopback = false;

  // The first of that name, whatever its case; empty: none.
  [[nodiscard]] std::string_view header(std::string_view name) const;
  // The first cookie of that name (RFC 6265, 4.2); empty: none.
  [[nodiscard]] std::string_view cookie(std::string_view name) const;
};

// An answer that goes on, as server-sent events do. On the io thread only.
class HttpStream {
 public:
  virtual ~HttpStream() = default;
  // Queues bytes. False: the other side has left, or reads so slowly that more than
  // HttpLimits::stream_bytes_max would wait; then the connection is closed.
  virtual bool send(std::string_view bytes) = 0;
  // Ends the answer once all that was queued is written.
  virtual void end() = 0;
  [[nodiscard]] virtual bool is_open() const = 0;
  // Called once, from the event loop, when the connection is closed, whoever closed it.
  std::function<void()> on_close;
};

struct HttpResponse {
  unsigned status = 200;
  std::string type = "text/plain; charset=utf-8";
  std::string body;
  HttpHeaders headers;
  // Given: header and `body` go out at once, then the stream is handed over.
  std::function<void(std::shared_ptr<HttpStream>)> stream;
};

// How much a list such as Accept or Accept-Encoding wants `name` (RFC 9110, 12.4.2): 0 to 1;
// nullopt when it does not name it. Parameters other than q are ignored.
[[nodiscard]] std::optional<double> quality_of(std::string_view list, std::string_view name);
[[nodiscard]] bool accepts_gzip(const HttpRequest& request);
// RFC 1952.
[[nodiscard]] std::string gzip(std::string_view bytes);

// Takes the same time wherever the first difference is.
[[nodiscard]] bool equal_in_constant_time(std::string_view a, std::string_view b);
// "Authorization: Bearer TOKEN". An empty token is nobody's.
[[nodiscard]] bool has_bearer(const HttpRequest& request, std::string_view token);

}  // namespace tocsin
