#include <algorithm>
#include <span>
#include <utility>

#include "pipeline/tension/page.h"
#include "pipeline/text/word_set.h"

namespace tocsin {
namespace {

constexpr std::size_t kMatchesMax = 4096;
constexpr std::size_t kMatchesUsual = 64;   // of an article, room for which is made at once
constexpr std::uint32_t kObjectGapMax = 5;  // wider gaps are meant to reach into a complement
constexpr unsigned kHardMarks = before::kStop | before::kSemicolon | before::kParagraph |
                                before::kColon | before::kDash | before::kParenOpen |
                                before::kParenClose;

struct Try {
  const Page& page;
  std::span<const Element> elements;
  std::uint8_t head;  // element
  TokenSpan tokens;
  Match match;

  [[nodiscard]] bool opens_clause(std::uint32_t t) const {
    if (page.is(t, Grammar::relative)) return true;
    return page.hash(t) == page.lexicon.key.to && t + 1 < tokens.end &&
           page.mention[t + 1] == kNoMention && (page.forms(t + 1) & form::kBase) != 0 &&
           (page.forms(t + 1) & form::kNoun) == 0;
  }

  // The elements from `element` on, the second or a later one.
  bool at(std::size_t element, std::uint32_t from) {
    if (element == elements.size()) return true;
    const Element& wanted = elements[element];
    for (std::uint32_t skip = 0; skip <= wanted.gap; ++skip) {
      const std::uint32_t t = from + skip;
      if (t >= tokens.end) break;
      if (page.marked(t, kHardMarks)) break;
      if (page.marked(t, before::kComma) && wanted.gap < 7) break;
      if (page.word[t] == kNoWord) continue;
      // "deployed to relieve the troops", "sent a man who led the army": another verb's object.
      if (skip > 0 && wanted.gap <= kObjectGapMax && opens_clause(t - 1)) break;
      // "will not attack" is no "will attack": nothing is read across a negation.
      if (skip > 0 && page.is(t - 1, Grammar::negation)) break;
      const std::uint16_t forms = page.lexicon.forms_in(page.word[t], wanted.set);
      if (forms == 0) continue;
      const Match saved = match;
      take(element, t, forms);
      if (at(element + 1, t + 1)) return true;
      match = saved;
    }
    return wanted.is_optional && at(element + 1, from);
  }

  void take(std::size_t element, std::uint32_t t, std::uint16_t forms) {
    match.span.end = t + 1;
    if (t - match.span.begin < 64) match.own |= std::uint64_t{1} << (t - match.span.begin);
    ++match.elements;
    if (element == 0) match.first_forms = forms;
    if (element != head) return;
    match.head = t;
    match.head_forms = forms;
  }
};

// "de-escalate" does not escalate, "non-violent" is no violence, "cease-fire" fires at nobody: the
// word after such a hyphen begins no match of its own.
bool is_undone(const Page& page, std::uint32_t t) {
  static const WordSet kUndoing{"de", "non", "anti", "cease"};
  return t > 0 && page.marked(t, before::kJoinedHyphen) && kUndoing.has(page.text.tokens[t - 1]);
}

// Of the worker: what is left in it from another article is never read.
struct MatchMemory {
  // A pattern that a token may begin here.
  struct Candidate {
    std::uint32_t token = 0;
    std::uint32_t start = 0;  // of Lexicon::State::starts
  };
  // By rare set: `base` and one past the last token that is in it. What was read before lies below,
  // so that nothing need be cleared.
  std::vector<std::uint32_t> last;
  std::uint32_t base = 0;
  std::uint32_t next_base = 0;
  std::vector<std::uint32_t> openers;  // tokens of the sentence that begin some pattern
  std::vector<Candidate> candidates;

  void begin(std::size_t sets, std::size_t tokens) {
    constexpr std::uint32_t kBaseMax = std::uint32_t{1} << 31;  // a text has fewer tokens
    last.resize(std::max(last.size(), sets), 0);
    if (next_base >= kBaseMax) {
      std::fill(last.begin(), last.end(), 0);
      next_base = 0;
    }
    base = next_base;
    next_base += static_cast<std::uint32_t>(tokens) + 1;
  }
};

class Matcher {
 public:
  Matcher(const Page& page, MatchMemory& memory, std::vector<Match>& matches)
      : page_(page), memory_(memory), matches_(matches) {
    memory_.begin(page.lexicon.rare_count, page.text.tokens.size());
  }

  // Of patterns that begin in the piece of the sentence, by start. In steps, each of which fetches
  // beforehand what the next one reads: the tables are larger than the near caches, and read here
  // and there.
  void add_matches(TokenSpan piece, TokenSpan sentence, bool of_rules) {
    const Lexicon::State& lexicon = page_.lexicon;
    look(piece, sentence, of_rules);
    memory_.candidates.clear();
    const std::uint32_t base = memory_.base;
    for (const std::uint32_t t : memory_.openers) {
      const std::size_t before = memory_.candidates.size();
      const Word& word = lexicon.words[page_.word[t]];
      const std::uint32_t end = of_rules ? word.rule_starts_end : word.starts_end;
      for (std::uint32_t s = of_rules ? word.starts_begin : word.rule_starts_end; s < end; ++s) {
        const Start& start = lexicon.starts[s];
        const std::uint32_t seen_from = base + (start.is_slot ? sentence.begin : t + 1);
        if (start.rarest != kNoSet && memory_.last[start.rarest] <= seen_from) continue;
        __builtin_prefetch(&lexicon.elements[start.elements_begin]);
        memory_.candidates.push_back({t, s});
      }
      const bool is_none = memory_.candidates.size() > before && is_undone(page_, t);
      if (is_none) memory_.candidates.resize(before);
    }
    for (const MatchMemory::Candidate& each : memory_.candidates) {
      const std::uint32_t next = each.token + 1;
      if (next >= sentence.end || page_.word[next] == kNoWord) continue;
      const Word& word = lexicon.words[page_.word[next]];
      __builtin_prefetch(lexicon.memberships.data() + word.memberships_begin);
    }
    for (const MatchMemory::Candidate& each : memory_.candidates) {
      if (matches_.size() >= kMatchesMax) return;
      add_match(lexicon.starts[each.start], sentence, each.token);
    }
  }

 private:
  // Where each of the rare sets of the sentence was seen last, and the words of the piece that can
  // begin a pattern.
  void look(TokenSpan piece, TokenSpan sentence, bool of_rules) {
    const Lexicon::State& lexicon = page_.lexicon;
    const Word* const words = lexicon.words.data();
    std::uint32_t* const last = memory_.last.data();
    const std::uint32_t base = memory_.base;
    memory_.openers.resize(sentence.size());
    std::size_t count = 0;
    for (std::uint32_t t = sentence.begin; t < sentence.end; ++t) {
      if (page_.word[t] == kNoWord) continue;
      const Word word = words[page_.word[t]];
      const std::uint32_t* const rare = lexicon.rare.data() + word.rare_begin;
      const std::uint32_t end = of_rules ? word.rule_rare_count : word.rare_count;
      for (std::uint32_t i = 0; i < end; ++i) last[rare[i]] = base + t + 1;
      const std::uint32_t first = of_rules ? word.starts_begin : word.rule_starts_end;
      if (first == (of_rules ? word.rule_starts_end : word.starts_end)) continue;
      if (t < piece.begin || t >= piece.end) continue;
      __builtin_prefetch(&lexicon.starts[first]);
      memory_.openers[count++] = t;
    }
    memory_.openers.resize(count);
  }

  void add_match(const Start& start, TokenSpan tokens, std::uint32_t t) {
    const std::span<const Element> elements(&page_.lexicon.elements[start.elements_begin],
                                            start.elements);
    Try attempt{page_, elements, start.head, tokens, {}};
    attempt.match.pattern = start.pattern;
    attempt.match.span = {t, t};
    attempt.match.head = t;
    attempt.take(0, t, start.forms);
    if (attempt.at(1, t + 1)) matches_.push_back(attempt.match);
  }

  const Page& page_;
  MatchMemory& memory_;
  std::vector<Match>& matches_;
};

// One for each worker: what a text left in it lies below the next one's base.
MatchMemory& memory_of_worker() {
  static thread_local MatchMemory memory;
  return memory;
}

}  // namespace

std::vector<Match> find_acts(const Page& page) {
  std::vector<Match> matches;
  matches.reserve(kMatchesUsual);
  Matcher matcher(page, memory_of_worker(), matches);
  for (const Sentence& sentence : page.text.sentences)
    matcher.add_matches(sentence.tokens, sentence.tokens, true);
  return matches;
}

void add_cues(const Page& page, TokenSpan piece, TokenSpan sentence, std::vector<Match>& matches) {
  Matcher(page, memory_of_worker(), matches).add_matches(piece, sentence, false);
}

}  // namespace tocsin
