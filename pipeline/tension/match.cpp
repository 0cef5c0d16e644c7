#include <algorithm>

#include "pipeline/tension/page.h"
#include "pipeline/text/word_set.h"

namespace tocsin {
namespace {

constexpr std::size_t kMatchesMax = 4096;
constexpr std::uint32_t kObjectGapMax = 5;  // wider gaps are meant to reach into a complement
constexpr unsigned kHardMarks = before::kStop | before::kSemicolon | before::kParagraph |
                                before::kColon | before::kDash | before::kParenOpen |
                                before::kParenClose;

struct Try {
  const Page& page;
  const Pattern& pattern;
  TokenSpan tokens;
  Match match;

  [[nodiscard]] bool opens_clause(std::uint32_t t) const {
    if (page.is(t, Grammar::relative)) return true;
    return page.hash(t) == page.lexicon.key.to && t + 1 < tokens.end &&
           page.mention[t + 1] == kNoMention && (page.forms(t + 1) & form::kBase) != 0 &&
           (page.forms(t + 1) & form::kNoun) == 0;
  }

  bool at(std::size_t element, std::uint32_t from) {
    if (element == pattern.elements.size()) return true;
    const Element& wanted = pattern.elements[element];
    for (std::uint32_t skip = 0; skip <= wanted.gap; ++skip) {
      const std::uint32_t t = from + skip;
      if (t >= tokens.end) break;
      if (element > 0 && page.marked(t, kHardMarks)) break;
      if (element > 0 && page.marked(t, before::kComma) && wanted.gap < 7) break;
      if (page.word[t] == kNoWord) continue;
      // "deployed to relieve the troops", "sent a man who led the army": another verb's object.
      if (skip > 0 && wanted.gap <= kObjectGapMax && opens_clause(t - 1)) break;
      // "will not attack" is no "will attack": nothing is read across a negation.
      if (skip > 0 && page.is(t - 1, Grammar::negation)) break;
      const std::uint16_t forms = page.lexicon.forms_in(page.word[t], wanted.set);
      if (forms == 0) continue;
      const Match saved = match;
      match.span.end = t + 1;
      if (t - match.span.begin < 64) match.own |= std::uint64_t{1} << (t - match.span.begin);
      ++match.elements;
      if (element == 0) match.first_forms = forms;
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

// "de-escalate" does not escalate, "non-violent" is no violence, "cease-fire" fires at nobody: the
// word after such a hyphen begins no match of its own.
bool is_undone(const Page& page, std::uint32_t t) {
  static const WordSet kUndoing{"de", "non", "anti", "cease"};
  return t > 0 && page.marked(t, before::kJoinedHyphen) && kUndoing.has(page.text.tokens[t - 1]);
}

}  // namespace

// Sentence by sentence: first where each rare set was seen last, then the patterns that can match.
std::vector<Match> find_matches(const Page& page) {
  std::vector<Match> matches;
  std::vector<std::uint32_t> last(page.lexicon.rare_count,
                                  0);  // one past the last token of the set
  for (const Sentence& sentence : page.text.sentences) {
    const TokenSpan tokens = sentence.tokens;
    for (std::uint32_t t = tokens.begin; t < tokens.end; ++t) {
      if (page.word[t] == kNoWord) continue;
      for (const std::uint32_t set : page.lexicon.words[page.word[t]].rare) last[set] = t + 1;
    }
    for (std::uint32_t t = tokens.begin; t < tokens.end && matches.size() < kMatchesMax; ++t) {
      if (page.word[t] == kNoWord || is_undone(page, t)) continue;
      const std::vector<Start>& starts = page.lexicon.words[page.word[t]].starts;
      for (std::size_t i = 0; i < starts.size(); ++i) {
        const Start& start = starts[i];
        const std::uint32_t seen_from = start.is_slot ? tokens.begin : t + 1;
        if (start.rarest != kNoSet && last[start.rarest] <= seen_from) {
          i += start.same - 1;
          continue;
        }
        const Pattern& pattern = page.lexicon.patterns[start.pattern];
        Try attempt{page, pattern, tokens, {}};
        attempt.match.pattern = start.pattern;
        attempt.match.span = {t, t};
        attempt.match.head = t;
        if (attempt.at(0, t)) matches.push_back(attempt.match);
      }
    }
  }
  return matches;
}

}  // namespace tocsin
