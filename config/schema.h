// The table of settings as a commented sample (config/tocsin.yaml) and as a JSON Schema, draft-07
// (config/tocsin.schema.json). Promises: every key the parser knows, with its default and its note.
#pragma once

#include <string>

#include "config/config.h"

namespace tocsin {

// A YAML file that says what `config` says; of Config{} the sample that ships.
[[nodiscard]] std::string sample_text(const Config& config);
[[nodiscard]] std::string schema_text();

}  // namespace tocsin
