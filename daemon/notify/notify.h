// `tocsin notify`: alerts of the topic to webhooks, and an alarm of its own when the ledger falls
// silent. Runs beside the service, until a signal; SIGHUP reads webhooks and silences again.
#pragma once

#include <prometheus/registry.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "daemon/admin/server.h"
#include "daemon/notify/muting.h"
#include "daemon/notify/target.h"
#include "daemon/notify/tick_watch.h"
#include "daemon/stop.h"

namespace tocsin {

class Notify {
 public:
  // Throws StopError (bad_input) without a webhook, when a file of one cannot be read, and when the
  // silences are wrong (each fault is logged).
  explicit Notify(const Config& config);
  ~Notify();

  // Runs until SIGTERM or SIGINT; the calling thread is the io thread.
  [[nodiscard]] ExitCode run();

 private:
  using Targets = std::vector<std::shared_ptr<Target>>;

  [[nodiscard]] TargetMetrics target_metrics(const std::string& name);
  [[nodiscard]] std::shared_ptr<Target> make_target(const Config& config,
                                                    const WebhookConfig& webhook);
  [[nodiscard]] Targets targets() const;
  void tell_others(const std::string& alert, const std::string& target);
  void wait_for_signal();
  void watch();
  void ask_for_reload();
  [[nodiscard]] std::optional<Config> reload(const Config& running);
  void replace_targets(const Config& config);
  void drop_expired();
  [[nodiscard]] std::string not_live() const;
  [[nodiscard]] std::string not_ready() const;
  [[nodiscard]] std::string metrics_text(Exposition format);

  prometheus::Registry registry_;
  prometheus::Family<prometheus::Counter>& deliveries_;
  prometheus::Family<prometheus::Gauge>& retrying_;
  prometheus::Family<prometheus::Gauge>& restart_needed_;
  prometheus::Counter& reloads_good_;
  prometheus::Counter& reloads_bad_;
  prometheus::Gauge& silent_;
  prometheus::Gauge& silences_;
  prometheus::Counter& ticks_;
  Muting muting_;
  TickWatch ticks_watch_;
  mutable std::mutex targets_mutex_;  // a reload replaces, whoever rings reads
  Targets targets_;

  // The io thread's own.
  Config config_;
  std::vector<prometheus::Gauge*> restart_keys_;
  bool is_reloading_ = false;
  bool is_reload_wanted_ = false;
  boost::asio::io_context io_;
  boost::asio::signal_set signals_;
  boost::asio::steady_timer timer_;
  std::unique_ptr<AdminServer> admin_;
  std::thread reloader_;
};

}  // namespace tocsin
