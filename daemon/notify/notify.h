// `tocsin notify`: alerts of the topic to webhooks, and an alarm of its own when the ledger falls
// silent. Runs beside the service, until a signal.
#pragma once

#include <prometheus/registry.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>
#include <vector>

#include "daemon/admin/server.h"
#include "daemon/notify/target.h"
#include "daemon/notify/tick_watch.h"
#include "daemon/stop.h"

namespace tocsin {

class Notify {
 public:
  // Throws StopError (bad_input) without a webhook, and when a file of one cannot be read.
  explicit Notify(const Config& config);

  // Runs until SIGTERM or SIGINT; the calling thread is the io thread.
  [[nodiscard]] ExitCode run();

 private:
  [[nodiscard]] TargetMetrics target_metrics(const std::string& name);
  void ring_silence(bool is_silent, std::chrono::seconds silent_for);
  void watch();
  [[nodiscard]] std::string not_live() const;
  [[nodiscard]] std::string not_ready() const;
  [[nodiscard]] std::string metrics_text();

  const Config& config_;
  prometheus::Registry registry_;
  prometheus::Family<prometheus::Counter>& deliveries_;
  prometheus::Family<prometheus::Gauge>& retrying_;
  prometheus::Gauge& silent_;
  prometheus::Gauge& ticks_;
  std::vector<std::unique_ptr<Target>> targets_;
  TickWatch ticks_watch_;

  // The io thread's own.
  boost::asio::io_context io_;
  boost::asio::signal_set signals_;
  boost::asio::steady_timer timer_;
  std::unique_ptr<AdminServer> admin_;
};

}  // namespace tocsin
