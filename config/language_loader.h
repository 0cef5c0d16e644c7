// Reads the files of config/language (format: config/language/README.md) into Languages.
// Faults come back as values with file, line and column; nothing here throws.
#pragma once

#include <span>
#include <vector>

#include "config/fault.h"
#include "config/gazetteer_examples.h"
#include "config/yaml_reader.h"
#include "pipeline/language/language.h"

namespace tocsin {

struct LoadedLanguages {
  Languages languages;                // without faulty parts
  std::vector<NameExample> examples;  // beside the rules of senses
  std::vector<Fault> faults;
};

// Files in one folder are one language; their order does not matter.
[[nodiscard]] LoadedLanguages load_languages(std::span<const DataFile> files);

}  // namespace tocsin
