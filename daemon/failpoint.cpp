#include "daemon/failpoint.h"

#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <string>

namespace tocsin {
namespace {

struct Armed {
  std::string name;
  long pass = 1;
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
      result.pass = std::atol(result.name.c_str() + colon + 1);
      result.name.resize(colon);
    }
    return result;
  }();
  return value;
}

std::atomic<long> passes{0};

}  // namespace

void failpoint(std::string_view name) {
  if (armed().name.empty() || armed().name != name) return;
  if (++passes == armed().pass) ::_exit(137);
}

}  // namespace tocsin
