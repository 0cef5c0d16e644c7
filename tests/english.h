// The shipped languages, for tests of what reads texts; link tocsin_load_pipeline.
#pragma once

#include <string_view>

#include "config/load_pipeline.h"

namespace tocsin {

inline const Languages& shipped_languages() {
  static const Languages kLanguages = load_languages().languages;
  return kLanguages;
}

inline Text make_text(std::string_view title, std::string_view body, std::string_view declared) {
  return make_text(title, body, declared, shipped_languages());
}

}  // namespace tocsin
