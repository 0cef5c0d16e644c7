// The page over HTTP: its files, its views as JSON, and the stream that says when a view has
// changed. The stream carries numbers only; a browser asks for what it shows, so one that is slow
// or was away misses nothing and costs nothing.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <list>
#include <memory>
#include <string>

#include "daemon/http/server.h"
#include "daemon/page/access.h"
#include "daemon/page/query.h"
#include "daemon/page/reader.h"

namespace tocsin::page {

// Everything on the thread of the io_context.
class Server {
 public:
  // Throws StopError when the address cannot be used.
  Server(boost::asio::io_context& io, const ListenAddress& address, Access access,
         SharedModel& shared);
  [[nodiscard]] std::uint16_t port() const { return http_.port(); }
  // How the sentences of the article at a place were read: JSON, told once on any thread.
  std::function<void(const std::string& place, std::function<void(std::string)> told)>
      on_trees_wanted;

 private:
  // Asked of the model under its lock; an empty answer is a 404.
  using View = std::function<std::string(const Model&, const Query&)>;

  void serve_files();
  void serve_views();
  void view(const std::string& path, View make);
  void serve_trees();
  void serve_login();
  [[nodiscard]] bool may(const HttpRequest& request) const;
  [[nodiscard]] HttpResponse log_in(const HttpRequest& request);
  [[nodiscard]] HttpResponse events(const HttpRequest& request);
  void broadcast();
  [[nodiscard]] std::string notice(const Version& version) const;

  boost::asio::io_context& io_;
  const ListenAddress address_;
  const Access access_;
  const std::string boot_;  // another one after each start
  SharedModel& shared_;
  HttpServer http_;
  boost::asio::steady_timer timer_;
  std::list<std::shared_ptr<HttpStream>> streams_;
  Version told_;
  std::int64_t beat_ms_ = 0;
  bool warned_ = false;                 // of a token that came unencrypted
  std::deque<std::int64_t> refused_s_;  // log-ins with a wrong token, of the last minute
};

}  // namespace tocsin::page
