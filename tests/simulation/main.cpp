// simulation: runs seeds and says which claims do not hold.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <string>

#include "tests/simulation/planted.h"
#include "tests/simulation/world.h"

namespace {

using tocsin::simulation::Outcome;

struct Options {
  std::uint64_t first = 0;
  std::uint64_t end = 0;
  std::string bug;
  bool trace = false;
  bool expects_failure = false;
};

// 0 when all claims hold for all seeds; with --expect-failure, when one does not for some seed.
int run(const Options& options) {
  const auto started = std::chrono::steady_clock::now();
  std::uint64_t failed = 0;
  Outcome sum;
  std::uint64_t seed = options.first;
  for (; seed < options.end; ++seed) {
    const Outcome outcome = tocsin::simulation::run_seed(seed, options.trace);
    sum.steps += outcome.steps;
    sum.articles += outcome.articles;
    sum.deaths += outcome.deaths;
    sum.virtual_ms += outcome.virtual_ms;
    for (const std::string& violation : outcome.violations) {
      std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed), violation.c_str());
    }
    if (outcome.violations.empty()) continue;
    std::fflush(stdout);
    ++failed;
    if (options.expects_failure) break;
  }
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  const auto count = static_cast<double>(seed - options.first);
  std::printf(
      "%.0f seeds in %.1f s (%.0f per second), %zu articles, %zu deaths, %.0f h of virtual time, "
      "%llu steps; %llu failed\n",
      count, seconds, count / seconds, sum.articles, sum.deaths,
      static_cast<double>(sum.virtual_ms) / 3.6e6, static_cast<unsigned long long>(sum.steps),
      static_cast<unsigned long long>(failed));
  return (failed > 0) == options.expects_failure ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
  CLI::App app("Runs the service loop against a model of the broker, a seed a run.");
  Options options;
  std::uint64_t seed = 0;
  std::string range = "0:1000";
  auto* one = app.add_option("--seed", seed, "One seed, with its trace");
  app.add_option("--seeds", range, "FIRST:END, END not included")->excludes(one);
  app.add_option("--bug", options.bug, "A planted bug to run with (simulation_planted only)");
  app.add_flag("--trace", options.trace, "Print the trace of every seed");
  app.add_flag("--expect-failure", options.expects_failure,
               "Stop at the first failing seed; exit 1 when there is none");
  CLI11_PARSE(app, argc, argv);
  if (one->count() > 0) {
    options.first = seed;
    options.end = seed + 1;
    options.trace = true;
  } else {
    const std::size_t colon = range.find(':');
    options.first = std::stoull(range);
    options.end = std::stoull(range.substr(colon + 1));
  }
  tocsin::simulation::plant(options.bug);
  return run(options);
}
