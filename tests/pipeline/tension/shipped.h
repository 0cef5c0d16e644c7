// What the shipped pipeline reads in a text, for tests of events and score; link
// tocsin_load_pipeline.
#pragma once

#include <cstdint>
#include <string_view>

#include "config/load_pipeline.h"
#include "pipeline/pipeline.h"
#include "tests/english.h"

namespace tocsin {

constexpr std::int64_t kPublished_ms = 1'772'000'000'000;  // 2026-02-25

inline const Pipeline& shipped() {
  static const LoadedPipeline kLoaded = load_pipeline(default_config());
  return *kLoaded.pipeline;
}

inline Assessment assess_text(std::string_view title, std::string_view body) {
  const Text text = make_text(title, body, "en", shipped().languages);
  const Tagging tagging = tag(shipped().gazetteer, text, kPublished_ms);
  return assess(shipped().lexicon, shipped().gazetteer, text, tagging, kPublished_ms);
}

}  // namespace tocsin
