// Name data of others, one line at a time, as rows of a gazetteer (config/gazetteer/README.md).
// Promises: one pass in bounded memory; a line that is not of the format is counted, not guessed
// at.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "pipeline/entities/gazetteer.h"

namespace tocsin {

// The header line every output begins with.
extern const std::string_view kGazetteerHeader;

struct ImportCounts {
  std::uint64_t rows = 0;
  std::uint64_t skipped = 0;  // well-formed, but nothing a gazetteer can use
  std::uint64_t faulty = 0;   // lines that are not of the format
};

class Importer {
 public:
  virtual ~Importer() = default;
  // Appends what the line gives to `rows`, line breaks included.
  virtual void add(std::string_view line, std::string& rows) = 0;
  // Appends what waits for a line that never came.
  virtual void finish(std::string& rows) { static_cast<void>(rows); }

  ImportCounts counts;
};

// `wikidata`: a JSON dump of entities, one a line; persons with their offices, settlements and
//   organisations that have an English label. `states` tells the alpha-3 code of a state's Q-id.
// `geonames`: allCountries.txt, citiesN.txt; settlements and administrative areas.
// `jrc-names`: the entities file; a person or an organisation a group of lines.
// nullptr for any other name.
[[nodiscard]] std::unique_ptr<Importer> make_importer(std::string_view format,
                                                      const Gazetteer& states);

}  // namespace tocsin
