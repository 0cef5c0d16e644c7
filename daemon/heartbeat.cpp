#include "daemon/heartbeat.h"

#include "daemon/wait.h"

namespace tocsin {
namespace {

thread_local Heartbeat* of_this_thread = nullptr;

}  // namespace

void Heartbeat::begin() {
  of_this_thread = this;
  beat();
}

void Heartbeat::beat() {
  ms_ = steady_ms();
}

void beat_for_this_thread() {
  if (of_this_thread != nullptr) of_this_thread->beat();
}

}  // namespace tocsin
