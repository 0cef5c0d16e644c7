#include "daemon/sandbox.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "daemon/wait.h"

namespace tocsin {

using namespace std::chrono_literals;

void be_expendable() {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  std::ofstream("/proc/self/oom_score_adj") << 1000;
}

bool dies_over(std::string_view, const std::function<void()>& work,
               std::chrono::milliseconds limit) {
  const pid_t child = ::fork();
  if (child < 0) return true;
  if (child == 0) {
    be_expendable();
    work();
    ::_exit(0);
  }
  const std::int64_t deadline_ms = steady_ms() + limit.count();
  int status = 0;
  while (::waitpid(child, &status, WNOHANG) == 0) {
    if (steady_ms() >= deadline_ms) {
      ::kill(child, SIGKILL);
      ::waitpid(child, &status, 0);
      return true;
    }
    sleep_for(5ms);
  }
  return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

}  // namespace tocsin
