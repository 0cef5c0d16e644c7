// The phrase table on the articles and aliases of tests/bench/matchers/run.py; prints one JSON
// line.
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "measure.h"
#include "pipeline/text/phrase_table.h"
#include "tests/english.h"

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::vector<std::string> aliases = measure::lines(argv[1]);
  const std::vector<std::string> articles = measure::lines(argv[2]);
  const long before_kb = measure::resident_kb();
  const double started = measure::cpu_seconds();
  tocsin::PhraseTable::Builder builder;
  for (std::size_t i = 0; i < aliases.size(); ++i) {
    builder.add(aliases[i], static_cast<std::uint32_t>(i), tocsin::CaseRule::title_or_upper);
  }
  const tocsin::PhraseTable table = builder.freeze();
  const double build_s = measure::cpu_seconds() - started;
  const long table_kb = measure::resident_kb() - before_kb;

  // Tokens serve the signature and the score, too; the others read bytes.
  std::size_t tokens = 0;
  const double tokenise_s = measure::best_of(measure::kRounds, [&] {
    for (const std::string& article : articles) tokens += tocsin::tokenize(article).size();
  });
  if (tokens == 0) return 1;
  std::vector<tocsin::Text> texts;
  for (const std::string& article : articles) {
    texts.push_back(tocsin::make_text("", article, "en"));
  }
  std::vector<tocsin::PhraseMatch> matches;
  std::size_t found = 0;
  const double match_s = measure::best_of(measure::kRounds, [&] {
    found = 0;
    for (const tocsin::Text& text : texts) {
      matches.clear();
      table.match(text, tocsin::MatchDepth::longest, matches);
      found += matches.size();
    }
  });
  measure::print("tocsin phrase table", build_s, match_s, articles, found, table_kb,
                 static_cast<long>(table.bytes() / 1024), tokenise_s);
}
