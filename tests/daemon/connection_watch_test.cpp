#include "daemon/kafka/connection_watch.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tocsin::kafka {
namespace {

// Both ends of a TCP connection on loopback.
class Connection {
 public:
  Connection() {
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* raw = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(listener, raw, size), 0);
    EXPECT_EQ(::listen(listener, 1), 0);
    EXPECT_EQ(::getsockname(listener, raw, &size), 0);
    ours = ::socket(AF_INET, SOCK_STREAM, 0);
    EXPECT_EQ(::connect(ours, raw, size), 0);
    theirs_ = ::accept(listener, nullptr, nullptr);
    ::close(listener);
  }
  ~Connection() { leave(); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void leave() {
    if (theirs_ >= 0) ::close(theirs_);
    theirs_ = -1;
  }
  void reset() {
    const linger at_once{1, 0};
    ::setsockopt(theirs_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    leave();
  }
  void say() const { EXPECT_EQ(::send(theirs_, "x", 1, 0), 1); }

  int ours = -1;

 private:
  int theirs_ = -1;
};

TEST(ConnectionWatch, AClientThatBeginsMayLeave) {
  ConnectionWatch watch;
  const Connection quiet;
  EXPECT_EQ(watch.close(quiet.ours), 0);
  const Connection talking;
  talking.say();  // an answer that nobody waits for
  EXPECT_EQ(watch.close(talking.ours), 0);
  EXPECT_EQ(watch.ended_ms(), -1);
}

TEST(ConnectionWatch, WhatTheOtherSideEndsCountsFromTheStart) {
  ConnectionWatch left;
  Connection one;
  one.leave();
  EXPECT_EQ(left.close(one.ours), 0);
  EXPECT_GE(left.ended_ms(), 0);
  ConnectionWatch broken;
  Connection other;
  other.reset();
  EXPECT_EQ(broken.close(other.ours), 0);
  EXPECT_GE(broken.ended_ms(), 0);
}

TEST(ConnectionWatch, OnceBegunEveryEndCounts) {
  ConnectionWatch watch;
  watch.begin();
  const Connection connection;
  EXPECT_EQ(watch.close(connection.ours), 0);
  EXPECT_GE(watch.ended_ms(), 0);
}

}  // namespace
}  // namespace tocsin::kafka
