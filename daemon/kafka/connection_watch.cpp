#include "daemon/kafka/connection_watch.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "daemon/wait.h"

namespace tocsin::kafka {
namespace {

// Whether the other side ended the connection, or the way there.
bool is_ended(int socket) {
  char byte = 0;
  const ssize_t size = ::recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return size == 0 || (size < 0 && errno != EAGAIN);
}

}  // namespace

int ConnectionWatch::close(int socket) {
  if (has_begun_ || is_ended(socket)) ended_ms_ = steady_ms();
  return ::close(socket);
}

}  // namespace tocsin::kafka
