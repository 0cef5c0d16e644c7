// Reads the table of operators of a lexicon (format: config/lexicon/README.md).
#pragma once

#include <string>

#include "config/yaml_reader.h"
#include "pipeline/tension/said.h"

namespace tocsin {

// False when no kind of cue has the name; `kind` stays then.
[[nodiscard]] bool cue_kind(const std::string& text, CueKind& kind);

// What `operators:` and `moods:` say; faults for what is unknown.
[[nodiscard]] OperatorTable read_operators(const YamlReader& reader);

}  // namespace tocsin
