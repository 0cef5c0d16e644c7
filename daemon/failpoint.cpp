#include "daemon/failpoint.h"

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <string>

#include "daemon/wait.h"

namespace tocsin {
namespace {

struct Armed {
  std::string name;
  long pass = 1;
  std::chrono::milliseconds stall{0};  // 0: die
};

// Read once, before any thread looks: the environment of a daemon does not change.
const Armed& armed() {
  static const Armed value = [] {
    Armed result;
    const char* text = std::getenv("TOCSIN_FAIL_AT");  // NOLINT(concurrency-mt-unsafe)
    if (text == nullptr) return result;
    result.name = text;
    const std::size_t colon = result.name.find(':');
    if (colon != std::string::npos) {
      char* rest = nullptr;
      result.pass = std::strtol(result.name.c_str() + colon + 1, &rest, 10);
      if (*rest == ':') result.stall = std::chrono::milliseconds(std::atol(rest + 1));
      result.name.resize(colon);
    }
    return result;
  }();
  return value;
}

std::atomic<long> passes{0};

}  // namespace

bool failpoint_armed(std::string_view name) {
  return !armed().name.empty() && armed().name == name;
}

bool failpoint_reached(std::string_view name) {
  return failpoint_armed(name) && ++passes == armed().pass;
}

void failpoint_on(std::string_view name, std::string_view bytes) {
  if (failpoint_armed(name) && bytes.find("tocsin.test.deadly") != bytes.npos) ::_exit(137);
}

void failpoint(std::string_view name) {
  if (!failpoint_reached(name)) return;
  if (armed().stall.count() == 0) ::_exit(137);
  sleep_for(armed().stall);
}

}  // namespace tocsin
