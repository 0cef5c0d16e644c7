// Which rules of a lexicon texts reach, and which rules read the same word.
// Promises: counts only; one Coverage a thread.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "pipeline/tension/lexicon.h"

namespace tocsin {

struct Coverage {
  std::vector<std::uint64_t> events;   // by rule: events it made
  std::vector<std::uint64_t> matches;  // by rule: words one of its patterns stands on
  // Pairs of rules (the lower first) and the words on which a pattern of each stands: one of the
  // two gives way there.
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint64_t> overlaps;
};

// Adds one text and what was found in it.
void add_coverage(const Lexicon& lexicon, const Gazetteer& gazetteer, const Text& text,
                  const Tagging& tagging, const Assessment& assessment, Coverage& coverage);

}  // namespace tocsin
