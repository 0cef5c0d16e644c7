// `tocsin health`: what a container without a shell or curl is asked by its engine.
#include <chrono>
#include <cstdio>
#include <optional>
#include <string>

#include "daemon/commands/commands.h"
#include "daemon/http/client.h"

namespace tocsin {
namespace {

constexpr std::chrono::seconds kTimeout{5};

// Where a process on the same host reaches a listener: one on all addresses is on loopback, too.
std::string reached_at(const std::string& host) {
  if (host == "0.0.0.0") return "127.0.0.1";
  return host == "::" ? "::1" : host;
}

}  // namespace

ExitCode health(const std::filesystem::path& config_file, bool asks_ready) {
  const std::optional<Config> config = read_config(config_file);
  if (!config) return ExitCode::bad_input;
  const ListenAddress& address = config->admin.listen;
  if (address.is_off()) {
    std::fputs("tocsin health: admin.listen is off\n", stderr);
    return ExitCode::bad_input;
  }
  const Url url{false, reached_at(address.host), address.port, asks_ready ? "/readyz" : "/livez"};
  const HttpAnswer answer = HttpClient("").get(url, kTimeout);
  if (!answer.is_success()) {
    // The whole body: what to do stands at the end of a reason.
    const std::string& reason = answer.body.empty() ? answer.error : answer.body;
    std::fprintf(stderr, "tocsin health: %s:%u: %s\n", url.host.c_str(), unsigned{url.port},
                 reason.c_str());
    return ExitCode::failed;
  }
  std::fputs(answer.body.c_str(), stdout);
  return ExitCode::fine;
}

}  // namespace tocsin
