#include "daemon/signals.h"

#include <pthread.h>
#include <unistd.h>

#include <csignal>
#include <initializer_list>

namespace tocsin {
namespace {

void change_mask(int how) {
  sigset_t reload;
  sigemptyset(&reload);
  sigaddset(&reload, SIGHUP);
  ::pthread_sigmask(how, &reload, nullptr);
}

}  // namespace

void hold_signals() {
  change_mask(SIG_BLOCK);
  struct sigaction leave {};
  leave.sa_handler = [](int) { ::_exit(0); };
  for (const int signal : {SIGTERM, SIGINT}) ::sigaction(signal, &leave, nullptr);
}

void release_signals() {
  change_mask(SIG_UNBLOCK);
}

}  // namespace tocsin
