// A lexicon's YAML: any text gives faults or rules, and what was taken can be assessed with.
#include "config/lexicon_loader.h"
#include "tests/english.h"
#include "tests/fuzz/fuzz.h"

using namespace tocsin;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const DataFile file{"fuzz.yaml", std::string(fuzz::view_of(data, size))};
  const LoadedLexicon loaded = load_lexicon({&file, 1}, shipped_languages());
  for (const Fault& fault : loaded.faults) fuzz::require(!fault.message.empty());
  if (!loaded.ok) return 0;
  const Gazetteer gazetteer = GazetteerBuilder().freeze();
  Languages languages = shipped_languages();
  languages.look_up_in(loaded.lexicon.language(), loaded.lexicon.vocabulary());
  const Text text = make_text("Norland threatens to attack Estavia", file.text, "en", languages);
  const Tagging tagging = tag(gazetteer, text, 0);
  static_cast<void>(assess(loaded.lexicon, gazetteer, text, tagging, 0));
  return 0;
}
