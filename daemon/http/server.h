// An HTTP/1.1 server on one io_context. Bounded in connections, streams, header and body bytes,
// and in the time of a request and of a write. When all places are taken, the connection that has
// waited longest for its request makes room, so slow clients cannot keep others out; not before it
// had time to ask, so a crowd cannot either: it waits to be accepted. HEAD answers
// as GET without a body; what is not there answers 404, another method 405 with Allow, what is not
// HTTP 400; no answer repeats the path.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "config/config.h"
#include "daemon/http/message.h"

namespace tocsin {

struct HttpLimits {
  std::size_t connections_max = 64;  // streams apart
  std::size_t streams_max = 64;
  std::size_t header_bytes_max = 8 << 10;
  std::size_t body_bytes_max = 64 << 10;
  std::size_t stream_bytes_max = 1 << 20;      // queued for one stream and not yet written
  std::chrono::milliseconds asking_time{100};  // that a connection has before it makes room
  std::chrono::seconds request_timeout{5};     // from the first wait to the last byte, and idle
  std::chrono::seconds write_timeout{10};
};

// Called on the io thread. What it throws is logged and answered with 500.
using HttpHandler = std::function<HttpResponse(const HttpRequest&)>;

// Everything on the io thread of one io_context; destroyed after that has stopped, or on it.
class HttpServer {
 public:
  // Binds and listens; throws StopError when the address cannot be used: failed for what may heal
  // (in use, not there yet, a name that is not resolved), bad_input for what is not allowed.
  HttpServer(boost::asio::io_context& io, const ListenAddress& address, HttpLimits limits = {});
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  void get(std::string path, HttpHandler handler);
  // For all paths that begin with `prefix`; the longest prefix wins, an exact path over all.
  void get_under(std::string prefix, HttpHandler handler);
  void post(std::string path, HttpHandler handler);

  // The port, also when the configuration asked for any.
  [[nodiscard]] std::uint16_t port() const;

 private:
  class State;
  std::shared_ptr<State> state_;  // shared with the pending accepts and sessions
};

}  // namespace tocsin
