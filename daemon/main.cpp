#include <CLI/CLI.hpp>
#include <boost/version.hpp>
#include <cstdio>
#include <exception>
#include <string>

#include "daemon/commands/commands.h"
#include "daemon/kafka/client.h"

namespace {

std::string version_text() {
  return std::string("tocsin " TOCSIN_VERSION "\nlibrdkafka ") + rd_kafka_version_str() +
         "\nboost " + std::to_string(BOOST_VERSION / 100000) + "." +
         std::to_string(BOOST_VERSION / 100 % 1000) + "\n";
}

}  // namespace

int main(int argc, char** argv) {
  using tocsin::ExitCode;
  CLI::App app(
      "tocsin: reads raw news from Kafka, drops copies, tags who and what they are about, scores "
      "how\n"
      "much they escalate or calm tension and between whom, and publishes the outcomes.\n"
      "Exit codes: 0 fine, 1 the run failed, 2 flags, config or files are wrong, 3 state refused.",
      "tocsin");
  app.set_version_flag("--version", version_text());
  app.require_subcommand(1);
  app.fallthrough();

  std::string config;
  CLI::App* run = app.add_subcommand("run", "The service: Kafka in, Kafka out, until SIGTERM");
  run->add_option("--config", config, "The configuration (YAML)")->required();

  tocsin::ReplayOptions replay_options;
  std::string format = "json";
  CLI::App* replay = app.add_subcommand(
      "replay", "The same pipeline without Kafka: raw articles in, one outcome a line out");
  replay->add_option("--config", config, "The configuration; the shipped defaults when absent");
  replay->add_option("--format", format, "json (one article a line) or text (one article a file)")
      ->check(CLI::IsMember({"json", "text"}));
  replay->add_option("--workers", replay_options.workers, "Threads; 0: one a core");
  replay->add_option("FILE", replay_options.files, "Files, or - for standard input");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : static_cast<int>(ExitCode::bad_input);
  }
  try {
    ExitCode code = ExitCode::bad_input;
    if (run->parsed()) code = tocsin::run_service(config);
    if (replay->parsed()) {
      replay_options.config = config;
      replay_options.is_text = format == "text";
      code = tocsin::replay(replay_options);
    }
    return static_cast<int>(code);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tocsin: %s\n", error.what());
    return static_cast<int>(ExitCode::failed);
  }
}
