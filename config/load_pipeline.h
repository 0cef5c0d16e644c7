// From a configuration to the immutable pipeline it describes: gazetteer, lexicon, sources, stamps.
// Promises: all faults of all files at once; either a whole pipeline or none.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "config/alert_rules_loader.h"
#include "config/config.h"
#include "config/fault.h"
#include "config/gazetteer_examples.h"
#include "config/language_loader.h"
#include "config/lexicon_loader.h"
#include "pipeline/pipeline.h"

namespace tocsin {

struct LoadedPipeline {
  std::shared_ptr<const Pipeline> pipeline;  // nullptr when a fault is an error
  std::vector<Fault> faults;                 // sorted; warnings too
};

// The gazetteer of a configuration as `tocsin compile-gazetteer` writes it.
struct CompiledGazetteer {
  std::string image;  // empty when a fault is an error
  std::size_t entities = 0;
  std::vector<Fault> faults;  // sorted; warnings too
};
[[nodiscard]] CompiledGazetteer compile_gazetteer(const Config& config);

// The lexicon alone, with its examples, for `tocsin test`.
[[nodiscard]] LoadedLexicon load_lexicon(const Config& config, const Languages& languages);
// The shipped languages.
[[nodiscard]] LoadedLanguages load_languages();
// The examples beside the gazetteer (*.examples), for `tocsin test`.
struct LoadedNameExamples {
  std::vector<NameExample> examples;
  std::vector<Fault> faults;
};
[[nodiscard]] LoadedNameExamples load_name_examples(const Config& config);
// The alert rules, with their examples.
[[nodiscard]] LoadedAlertRules load_alert_rules(const Config& config, const Gazetteer& gazetteer);
[[nodiscard]] LoadedPipeline load_pipeline(const Config& config);

}  // namespace tocsin
