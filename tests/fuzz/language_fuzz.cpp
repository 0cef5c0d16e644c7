// The YAML of a language: any text gives faults or words, and what was taken reads a text.
#include "config/language_loader.h"
#include "pipeline/text/text.h"
#include "tests/fuzz/fuzz.h"

using namespace tocsin;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const DataFile file{"fuzz/language.yaml", std::string(fuzz::view_of(data, size))};
  const LoadedLanguages loaded = load_languages({&file, 1});
  for (const Fault& fault : loaded.faults) fuzz::require(!fault.message.empty());
  const Text text = make_text("Mr. Smith said so", file.text, "en", loaded.languages);
  for (const Token& token : text.tokens) {
    fuzz::require(text.vocabulary->find(token.hash) == token.word);
    static_cast<void>(text.is(token, WordClass::honorific));
  }
  for (const char* const lemma : {"", "a", "plan", "mobilize"}) {
    static_cast<void>(text.words->inflection().verb_forms(lemma));
    static_cast<void>(text.words->inflection().noun_forms(lemma));
  }
  return 0;
}
