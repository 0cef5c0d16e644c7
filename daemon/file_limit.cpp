#include "daemon/file_limit.h"

#include <sys/resource.h>

#include <algorithm>
#include <string>

#include "daemon/stop.h"

namespace tocsin {
namespace {

constexpr rlim_t kFilesMin = 128;  // a service on one broker holds some 65
constexpr rlim_t kFilesWanted = 65'536;

}  // namespace

void claim_files() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const rlim_t wanted = std::min(kFilesWanted, limit.rlim_max);
  if (limit.rlim_cur < wanted) {
    limit.rlim_cur = wanted;
    static_cast<void>(::setrlimit(RLIMIT_NOFILE, &limit));
  }
  if (limit.rlim_cur >= kFilesMin) return;
  throw StopError(ExitCode::bad_input, "files: " + std::to_string(limit.rlim_cur) +
                                           " may be open, fewer than " + std::to_string(kFilesMin) +
                                           ": see `ulimit -Hn`, or LimitNOFILE of systemd");
}

}  // namespace tocsin
