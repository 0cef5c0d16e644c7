// The shipped languages, for tests of what reads texts; link tocsin_load_pipeline.
#pragma once

#include <memory>
#include <string_view>

#include "config/load_pipeline.h"
#include "pipeline/syntax/model.h"

namespace tocsin {

inline const Languages& shipped_languages() {
  static const Languages kLanguages = load_languages().languages;
  return kLanguages;
}

inline Text make_text(std::string_view title, std::string_view body, std::string_view declared) {
  return make_text(title, body, declared, shipped_languages());
}

// The same, their English texts looked up in the words of the model as well.
inline Languages languages_with(SyntaxModel& model) {
  Languages languages = shipped_languages();
  auto words = std::make_shared<Vocabulary>(*languages.find("en")->words());
  model.words.join(*words);
  languages.look_up_in("en", words);
  return languages;
}

}  // namespace tocsin
