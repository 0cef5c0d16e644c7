#include "pipeline/tension/tension.h"

namespace tocsin {
Assessment assess(const Lexicon&, const Gazetteer&, const Text& text, const Tagging&,
                  std::int64_t) {
  Assessment assessment;
  if (text.language == "en") assessment.tension.emplace();
  return assessment;
}
}  // namespace tocsin
