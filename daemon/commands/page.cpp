// `tocsin page`: the live page of a whole cluster, from its output topics alone.
#include "daemon/page/page.h"

#include <spdlog/spdlog.h>

#include <boost/asio/signal_set.hpp>
#include <csignal>

#include "config/load_pipeline.h"
#include "daemon/commands/commands.h"
#include "daemon/file_limit.h"
#include "daemon/log.h"
#include "daemon/signals.h"
#include "daemon/systemd.h"

namespace tocsin {

ExitCode page_alone(const PageOptions& options) {
  ConfigResult read = load_config(options.config);
  Config& config = read.config;
  init_log(config.log, config.instance);
  log_faults("page", read.faults);
  if (!read.ok()) return ExitCode::bad_input;
  if (config.page.listen.is_off()) config.page.listen = kPageListenAlone;
  spdlog::info("page: starting version={} group={}", TOCSIN_VERSION, config.kafka.group);
  try {
    claim_files();
    boost::asio::io_context io;
    boost::asio::signal_set ends(io, SIGTERM, SIGINT);
    // Names and acts are needed for trees alone: loaded when somebody asks for the first.
    std::shared_ptr<const Pipeline> pipeline;
    const auto load = [&config, &pipeline] {
      if (pipeline) return pipeline;
      LoadedPipeline loaded = load_pipeline(config);
      std::erase_if(loaded.faults, [](const Fault& fault) { return fault.is_warning; });
      log_faults("page", loaded.faults);
      return pipeline = std::move(loaded.pipeline);
    };
    // No raw record is read: nobody would announce the one that kills whoever fetches it.
    page::LivePage page(config, load, nullptr);
    page.start();
    std::signal(SIGHUP, SIG_IGN);  // nothing to reload: silences are read again all the time
    ends.async_wait([](const boost::system::error_code&, int) {});
    release_signals();
    notify_service_manager("READY=1");
    io.run();
    notify_service_manager("STOPPING=1");
    spdlog::info("page: stopped");
    return ExitCode::fine;
  } catch (const StopError& error) {
    spdlog::error("page: failed: {}", error.what());
    return error.exit_code();
  }
}

}  // namespace tocsin
