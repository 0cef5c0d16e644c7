#include "daemon/hold.h"

#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <spdlog/spdlog.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <functional>
#include <memory>

#include "daemon/admin/server.h"
#include "daemon/process_metrics.h"
#include "daemon/signals.h"
#include "daemon/systemd.h"

namespace tocsin {
namespace {

constexpr std::chrono::seconds kTurn{2};

}  // namespace

HoldEnd hold(const AdminConfig& admin, ExitCode exit_code, const std::string& reason) {
  AdminConfig open = admin;
  const std::string shown = "held, exit code " + std::to_string(static_cast<int>(exit_code)) +
                            ": " + (reason.empty() ? "see the log" : reason);
  spdlog::error("service: held instead of leaving exit_code={}: {}", static_cast<int>(exit_code),
                reason);
  boost::asio::io_context io;
  HoldEnd end = HoldEnd::stop;
  const auto leave = [&](HoldEnd how) {
    end = how;
    io.stop();
  };
  boost::asio::signal_set signals(io, SIGTERM, SIGINT, SIGHUP);
  signals.async_wait([&](const boost::system::error_code& error, int signal) {
    if (!error) leave(signal == SIGHUP ? HoldEnd::reload : HoldEnd::stop);
  });
  release_signals();
  prometheus::Registry registry;
  prometheus::BuildGauge()
      .Name("tocsin_ready")
      .Help("1 when /readyz answers 200")
      .Register(registry)
      .Add({});
  prometheus::BuildGauge()
      .Name("tocsin_held")
      .Help("1 while the process is held instead of leaving with this exit code")
      .Register(registry)
      .Add({{"exit_code", std::to_string(static_cast<int>(exit_code))}})
      .Set(1);
  std::unique_ptr<AdminServer> server;
  boost::asio::steady_timer timer(io);
  std::function<void()> turn = [&] {
    try {
      if (!server && !open.listen.is_off()) {
        server = std::make_unique<AdminServer>(
            io, open,
            AdminPages{[] { return std::string(); }, [&] { return shown; },
                       [&](Exposition format) { return exposition(registry.Collect(), format); },
                       [&] { leave(HoldEnd::reload); }});
      }
    } catch (const StopError& error) {
      spdlog::error("admin: cannot listen: {}", error.what());
      open.token_file.clear();  // that may be why; without it nobody can ask for a reload
    }
    notify_service_manager("WATCHDOG=1");
    timer.expires_after(kTurn);
    timer.async_wait([&](const boost::system::error_code& error) {
      if (!error) turn();
    });
  };
  turn();
  io.run();
  hold_signals();
  return end;
}

}  // namespace tocsin
