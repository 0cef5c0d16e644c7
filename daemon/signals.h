// Signals before anybody listens for them. Promises: from hold_signals() on no SIGHUP ends the
// process, and SIGTERM ends it in order, though nothing has been started yet.
#pragma once

namespace tocsin {

// SIGHUP waits; SIGTERM and SIGINT end the process at once with exit code 0. For the calling thread
// and those it starts from now on.
void hold_signals();
// What waited is delivered: whoever calls this has handlers for all three.
void release_signals();

}  // namespace tocsin
