// How many files a service claims.
#include "daemon/file_limit.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include "daemon/stop.h"

namespace tocsin {
namespace {

// In a child of the test: the limit it is left with, or the exit code of its refusal.
[[noreturn]] void claim_with(rlim_t soft, rlim_t hard) {
  const rlimit limit{soft, hard};
  ::setrlimit(RLIMIT_NOFILE, &limit);
  try {
    claim_files();
  } catch (const StopError& error) {
    ::_exit(static_cast<int>(error.exit_code()));
  }
  rlimit claimed{};
  ::getrlimit(RLIMIT_NOFILE, &claimed);
  ::_exit(claimed.rlim_cur == hard ? 0 : 1);
}

TEST(FileLimit, IsRaisedAsFarAsItMay) {
  EXPECT_EXIT(claim_with(64, 512), testing::ExitedWithCode(0), "");
}

TEST(FileLimit, TooLowForAServiceIsRefused) {
  EXPECT_EXIT(claim_with(64, 64), testing::ExitedWithCode(2), "");
}

}  // namespace
}  // namespace tocsin
