// Reads the YAML files of a lexicon (format: config/lexicon/README.md) and runs their examples.
// Faults come back as values with file, line and column; nothing here throws.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "config/fault.h"
#include "config/yaml_reader.h"
#include "pipeline/entities/gazetteer.h"
#include "pipeline/tension/lexicon.h"

namespace tocsin {

inline constexpr std::int64_t kExampleTime_ms = 1'640'995'200'000;  // 2022-01-01: of all examples

// A sentence written beside a rule and what must come out; empty strings are not checked.
struct LexiconExample {
  std::string rule;
  std::string file;
  std::uint32_t line = 0;
  std::string text;
  bool is_negative = false;     // the rule must not give an asserted event here
  bool is_of_operator = false;  // `rule` is a row of the operators
  std::string event;            // type expected instead of the rule's own (ASSAULT, ...)
  std::string actor;            // id, alpha-3 code or actor_text
  std::string recipient;
  std::string modality;
  std::string polarity;
};

struct LoadedLexicon {
  Lexicon lexicon;
  std::vector<LexiconExample> examples;
  std::vector<Fault> faults;
  bool ok = true;  // no fault but warnings
};

// Order of the files does not matter. All are of one language, that of `languages` which they name
// ("en" when none does).
[[nodiscard]] LoadedLexicon load_lexicon(std::span<const DataFile> files,
                                         const Languages& languages);

struct ExampleFailure {
  LexiconExample example;
  std::string expected;
  std::string got;
};

struct ExampleReport {
  std::size_t examples = 0;
  std::size_t rules_without_example = 0;
  std::vector<ExampleFailure> failures;
};

[[nodiscard]] ExampleReport run_examples(const LoadedLexicon& loaded, Languages languages,
                                         const Gazetteer& gazetteer);

}  // namespace tocsin
