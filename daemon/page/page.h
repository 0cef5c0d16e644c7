// The live page as a whole: model, reader and server on threads of their own, beside a service or
// alone (`tocsin page`).
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>

#include "daemon/lag_watch.h"
#include "daemon/page/reader.h"
#include "daemon/page/server.h"
#include "daemon/page/tree_reader.h"

namespace tocsin::page {

class LivePage {
 public:
  // Listens; throws StopError when the address or the token cannot be used. `config` outlives it,
  // as does what `pipeline` looks at. `may_read`: as LagWatch's, of raw topics.
  LivePage(const Config& config, PipelineSource pipeline, std::function<bool()> may_read);
  ~LivePage();
  void start();
  // The port, also when the configuration asked for any.
  [[nodiscard]] std::uint16_t port() const { return server_.port(); }

 private:
  void tell_lag();

  SharedModel shared_;
  boost::asio::io_context io_;
  Server server_;
  std::map<kafka::Partition, Lag> lags_;  // the lag thread's own
  LagWatch lag_;
  TopicReader reader_;
  TreeReader trees_;
  Thread thread_;
};

}  // namespace tocsin::page
