// How many files (connections among them) the process may hold open.
#pragma once

namespace tocsin {

// Raises the limit as far as this process may, for a session's own is often meant for an
// interactive program: each Kafka client holds a connection to each broker. Throws StopError
// (bad_input) where even that is less than a service begins with: then it would run, and neither
// probes nor anybody else would get an answer.
void claim_files();

}  // namespace tocsin
