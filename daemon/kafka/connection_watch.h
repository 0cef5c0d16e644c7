// When a connection of a client ended last, as its sockets tell. Errors do not: librdkafka tells
// the same one once in 30 s, and from 2.15 on what a broker ends is none.
#pragma once

#include <atomic>
#include <cstdint>

namespace tocsin::kafka {

// Any thread.
class ConnectionWatch {
 public:
  // From now on every end counts. Before, only one by the other side: a client that begins leaves
  // the connection that it asked for the brokers by itself (2.15).
  void begin() { has_begun_ = true; }
  // Closes the socket; what close() returns.
  int close(int socket);
  // Steady clock; -1: none has ended.
  [[nodiscard]] std::int64_t ended_ms() const { return ended_ms_; }

 private:
  std::atomic<bool> has_begun_{false};
  std::atomic<std::int64_t> ended_ms_{-1};
};

}  // namespace tocsin::kafka
