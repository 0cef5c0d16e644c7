// Reads the table of senses (config/language/en/senses.yaml says how it is written) and the
// examples beside its rules.
#pragma once

#include <vector>

#include "config/gazetteer_examples.h"
#include "config/yaml_reader.h"
#include "pipeline/language/sense_table.h"

namespace tocsin {

// Of the file's keys `senses` and `known_town_population`; faults go to the reader.
[[nodiscard]] SenseTable read_senses(const YamlReader& reader, std::vector<NameExample>& examples);

}  // namespace tocsin
