#include <algorithm>

#include "pipeline/tension/syntax.h"

namespace tocsin {
namespace {

constexpr std::size_t kMatchesMax = 4096;
constexpr unsigned kHardMarks = before::kStop | before::kSemicolon | before::kParagraph |
                                before::kColon | before::kDash | before::kParenOpen |
                                before::kParenClose;

struct Try {
  const Page& page;
  const Pattern& pattern;
  TokenSpan tokens;
  Match match;

  bool at(std::size_t element, std::uint32_t from) {
    if (element == pattern.elements.size()) return true;
    const Element& wanted = pattern.elements[element];
    for (std::uint32_t skip = 0; skip <= wanted.gap; ++skip) {
      const std::uint32_t t = from + skip;
      if (t >= tokens.end) break;
      if (element > 0 && page.marked(t, kHardMarks)) break;
      if (element > 0 && page.marked(t, before::kComma) && wanted.gap < 5) break;
      if (page.word[t] == kNoWord) continue;
      // "will not attack" is no "will attack": nothing is read across a negation.
      if (skip > 0 && page.is(t - 1, Grammar::negation)) break;
      const std::uint16_t forms = page.lexicon.forms_in(page.word[t], wanted.set);
      if (forms == 0) continue;
      const Match saved = match;
      match.span.end = t + 1;
      if (t - match.span.begin < 64) match.own |= std::uint64_t{1} << (t - match.span.begin);
      ++match.elements;
      if (element == pattern.head) {
        match.head = t;
        match.head_forms = forms;
      }
      if (at(element + 1, t + 1)) return true;
      match = saved;
    }
    return wanted.is_optional && at(element + 1, from);
  }
};

}  // namespace

std::vector<Match> find_matches(const Page& page, TokenSpan tokens) {
  std::vector<Match> matches;
  for (std::uint32_t t = tokens.begin; t < tokens.end && matches.size() < kMatchesMax; ++t) {
    if (page.word[t] == kNoWord) continue;
    for (const std::uint32_t index : page.lexicon.words[page.word[t]].starts) {
      const Pattern& pattern = page.lexicon.patterns[index];
      Try attempt{page, pattern, tokens, {}};
      attempt.match.pattern = index;
      attempt.match.span = {t, t};
      attempt.match.head = t;
      if (attempt.at(0, t)) matches.push_back(attempt.match);
    }
  }
  return matches;
}

}  // namespace tocsin
