// The admin listener: /livez, /readyz, /metrics, /version, and POST /-/reload with the token.
// Read-only but for that; bounded in connections, header and body bytes, and time a connection.
// When all places are taken the connection that has waited longest for its request makes room, so
// slow ones cannot keep probes out.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "config/config.h"

namespace tocsin {

// What the listener serves; called on the io thread.
struct AdminPages {
  // Empty: fine (200 "ok"); else the reason (503).
  std::function<std::string()> not_live;
  std::function<std::string()> not_ready;
  std::function<std::string()> metrics;
  // Asks for a reload; the answer comes later, in the log and the metrics.
  std::function<void()> reload;
};

// Lives on one io_context; destroyed after it has stopped.
class AdminServer {
 public:
  // Binds and listens; throws StopError when the address cannot be used: failed for what may heal
  // (in use, not there yet, a name that is not resolved), bad_input for what is not allowed.
  AdminServer(boost::asio::io_context& io, const AdminConfig& config, AdminPages pages);
  ~AdminServer();
  // The port, also when the configuration asked for any.
  [[nodiscard]] std::uint16_t port() const;

 private:
  class State;
  std::shared_ptr<State> state_;  // shared with the pending accepts and sessions
};

}  // namespace tocsin
