// Whether the ids of schemas that a configuration names are JSON Schemas of its registry, by the
// REST interface that Confluent's, Karapace and Apicurio have: GET /schemas/ids/{id}.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"

namespace tocsin {

struct RegistryFinding {
  bool is_known = false;  // the registry answered; else it could not be asked
  bool is_fine = false;
  std::string text;  // "output.schema_ids.alerts: schema 12 is a JSON Schema at http://..."
};

// One for each id that is set, up to the first that gets no answer; none where no registry is.
// Waits for it, some seconds each. Throws StopError (bad_input) when a file of it cannot be read.
[[nodiscard]] std::vector<RegistryFinding> registry_findings(const Config& config);

// At a start: an id that the registry does not know, or of something else than JSON, throws
// StopError (bad_input); a registry that does not answer is a warning, for no article passes it.
void check_schema_ids(const Config& config);

}  // namespace tocsin
