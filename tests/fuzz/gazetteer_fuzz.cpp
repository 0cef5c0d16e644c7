// A gazetteer's TSV: any bytes give faults or entities, and what was taken can be tagged with.
#include "pipeline/entities/gazetteer.h"
#include "tests/english.h"
#include "tests/fuzz/fuzz.h"

using namespace tocsin;
using tocsin::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view tsv = fuzz::view_of(data, size);
  GazetteerBuilder builder;
  builder.add_tsv("fuzz.tsv", tsv);
  const Gazetteer gazetteer = builder.freeze();
  for (const DataFault& fault : builder.faults()) require(!fault.message.empty());
  // The file itself is the text, so that its names are met.
  const Text text = make_text("Norland threatens Estavia", tsv, "en");
  const Tagging tagging = tag(gazetteer, text, 1'640'995'200'000);
  std::uint32_t last = 0;
  for (const Mention& mention : tagging.mentions) {
    require(mention.tokens.begin >= last && mention.tokens.end > mention.tokens.begin);
    require(mention.tokens.end <= text.tokens.size() && mention.entity < tagging.entities.size());
    last = mention.tokens.end;
  }
  for (const TaggedEntity& entity : tagging.entities) {
    require(entity.gazetteer == kNoEntity || entity.gazetteer < gazetteer.entities().size());
    require(entity.salience > 0 && entity.salience <= 1);
  }
  return 0;
}
