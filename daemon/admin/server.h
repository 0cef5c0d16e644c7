// The admin listener: /livez, /readyz, /metrics, /version, and POST /-/reload with the token.
// Read-only but for that.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <string>

#include "config/config.h"
#include "daemon/http/server.h"
#include "daemon/process_metrics.h"

namespace tocsin {

// What the listener serves; called on the io thread.
struct AdminPages {
  // Empty: fine (200 "ok"); else the reason (503).
  std::function<std::string()> not_live;
  std::function<std::string()> not_ready;
  std::function<std::string(Exposition)> metrics;
  // Asks for a reload; the answer comes later, in the log and the metrics.
  std::function<void()> reload;
  // Every condition of readiness, a line each, for /readyz?verbose; may be absent.
  std::function<std::string()> in_detail = nullptr;
};

// Lives on one io_context; destroyed after it has stopped.
class AdminServer {
 public:
  // Binds and listens; throws StopError as HttpServer does, and when the token cannot be read.
  AdminServer(boost::asio::io_context& io, const AdminConfig& config, AdminPages pages);
  [[nodiscard]] std::uint16_t port() const { return server_.port(); }

 private:
  const std::string token_;  // empty: nobody may reload
  const AdminPages pages_;
  HttpServer server_;
};

}  // namespace tocsin
