#include "config/lexicon_loader.h"

namespace tocsin {
LoadedLexicon load_lexicon(std::span<const LexiconFile>) {
  return {};
}
std::vector<LexiconFile> read_lexicon_files(const std::filesystem::path&, std::vector<DataFault>&) {
  return {};
}
ExampleReport run_examples(const LoadedLexicon&, const Gazetteer&) {
  return {};
}
}  // namespace tocsin
