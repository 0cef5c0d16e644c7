#include "pipeline/tension/coverage.h"

#include <algorithm>

#include "pipeline/tension/page.h"

namespace tocsin {

void add_coverage(const Lexicon& lexicon, const Gazetteer& gazetteer, const Text& text,
                  const Tagging& tagging, const Assessment& assessment, Coverage& coverage) {
  coverage.events.resize(lexicon.rule_count());
  coverage.matches.resize(lexicon.rule_count());
  for (const Event& event : assessment.events) ++coverage.events[event.rule];
  if (!assessment.tension) return;
  const Page page(lexicon.state(), gazetteer, text, tagging);
  std::vector<std::pair<std::uint32_t, std::uint32_t>> readings;  // word, rule
  for (const Match& match : find_acts(page))
    readings.emplace_back(match.head, page.lexicon.patterns[match.pattern].owner);
  std::sort(readings.begin(), readings.end());
  readings.erase(std::unique(readings.begin(), readings.end()), readings.end());
  for (auto one = readings.begin(); one != readings.end(); ++one) {
    ++coverage.matches[one->second];
    for (auto other = one + 1; other != readings.end() && other->first == one->first; ++other)
      ++coverage.overlaps[{one->second, other->second}];
  }
}

}  // namespace tocsin
