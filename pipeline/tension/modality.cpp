#include "pipeline/tension/modality.h"

namespace tocsin {
namespace {

constexpr unsigned kStrong = before::kStop | before::kSemicolon | before::kParagraph |
                             before::kDash | before::kParenOpen | before::kParenClose;

// What ends the scope of a cue of this kind at token `t`.
bool ends_scope(const Page& page, std::uint32_t t, CueKind kind, bool is_cue, TokenSpan sentence) {
  if (page.marked(t, kStrong) || page.hash(t) == page.lexicon.key.conj_but) return true;
  const bool is_wide = kind == CueKind::historical || kind == CueKind::hedged ||
                       kind == CueKind::hypothetical || kind == CueKind::exercise ||
                       (kind == CueKind::topic && is_cue);
  if (is_wide) return false;
  const bool is_that = page.hash(t) == page.lexicon.key.that;
  if (page.marked(t, before::kComma)) return true;
  if (kind == CueKind::negated && is_that) return true;
  if (!is_that && (page.grammar(t) & (bit(Grammar::subordinator) | bit(Grammar::relative))) != 0 &&
      kind != CueKind::conditional) {
    return true;
  }
  if (page.hash(t) == page.lexicon.key.conj_and && t + 1 < sentence.end &&
      kind != CueKind::demanded && kind != CueKind::urged && kind != CueKind::conditional &&
      kind != CueKind::denied) {
    return page.is_finite_here(t + 1, sentence) || page.is(t + 1, Grammar::pronoun);
  }
  return false;
}

struct Scope {
  CueKind kind = CueKind::none;
  Reach reach = Reach::forward;
  std::uint32_t tokens_max = 0;
  bool is_cue = false;  // of a cue; else of an act that governs others
};

bool reaches(const Page& page, const Match& cue, Scope scope, const Match& act,
             TokenSpan sentence) {
  if (cue.span.end <= act.head) {
    if (scope.reach == Reach::backward || act.head - cue.span.end >= scope.tokens_max) return false;
    for (std::uint32_t t = cue.span.end; t <= act.head; ++t) {
      if (ends_scope(page, t, scope.kind, scope.is_cue, sentence)) return false;
    }
    return true;
  }
  if (scope.reach == Reach::forward || cue.span.begin < act.head ||
      cue.span.begin - act.head > scope.tokens_max) {
    return false;
  }
  for (std::uint32_t t = act.head + 1; t <= cue.span.begin; ++t) {
    if (ends_scope(page, t, scope.kind, scope.is_cue, sentence)) return false;
  }
  return true;
}

constexpr std::uint32_t kObjectMax = 7;     // tokens between a hostile act and what it is done to
constexpr std::uint32_t kGovernedMax = 16;  // tokens between a governing act and what it governs

bool governs(const Page& page, const Match& act, const Match& other, CueKind kind,
             TokenSpan sentence) {
  if (act.head == other.head) return act.span.begin < other.span.begin;  // "rejected ... talks"
  if (other.head <= act.span.begin) return false;
  // "urged Washington to lift the sanctions and to stop": all of it is asked for.
  if (kind == CueKind::demanded && other.head < act.span.end) return true;
  // "rejected an offer of talks": the offer is inside the words of the rejection.
  if (act.head > other.span.begin) return false;
  // "threatened ... to attack": inside its own words.
  if (other.head < act.span.end) return other.head > act.head || act.owns(other.head);
  return reaches(page, act, {kind, Reach::forward, kGovernedMax}, other, sentence);
}

}  // namespace

Said modality_of(const Page& page, std::span<const Match> cues, std::span<const Match> acts,
                 const Match& act, TokenSpan sentence) {
  Said said;
  const double own_scale = page.lexicon.rules[page.lexicon.patterns[act.pattern].owner].spec.scale;
  for (const Match& cue : cues) {
    const CueSpec& spec = page.lexicon.cues[page.lexicon.patterns[cue.pattern].owner];
    // "lifted sanctions" as a rule has said what its own words mean.
    if (act.owns(cue.head)) continue;
    if (!reaches(page, cue, {spec.kind, spec.reach, spec.tokens_max, true}, act, sentence))
      continue;
    said.add(spec.kind);
  }
  for (const Match& other : acts) {
    const Rule& rule = page.lexicon.rules[page.lexicon.patterns[other.pattern].owner];
    if (&other == &act) continue;
    // "expelled aid workers", "condemned the decision to recognise": no aid, no recognition.
    const bool is_against = rule.spec.scale < 0 && own_scale > 0 && other.head < act.head;
    if (is_against &&
        reaches(page, other, {CueKind::urged, Reach::forward, kObjectMax}, act, sentence))
      said.add(CueKind::topic);
    if (rule.spec.governs == CueKind::none) continue;
    if (governs(page, other, act, rule.spec.governs, sentence)) said.add(rule.spec.governs);
  }
  return said;
}

bool names_past_year(const Page& page, TokenSpan sentence, std::int64_t published_at_ms) {
  // Days since the epoch to a year: good to a day around New Year, which is all that is asked.
  const std::int64_t year = 1970 + published_at_ms / 86'400'000 * 400 / 146'097;
  for (std::uint32_t t = sentence.begin; t < sentence.end; ++t) {
    const std::string_view word = page.text.slice(page.text.tokens[t]);
    if (word.size() != 4 || (page.text.tokens[t].shape & shape::kNumber) == 0) continue;
    std::int64_t number = 0;
    for (const char c : word) {
      if (c < '0' || c > '9') {
        number = 0;
        break;
      }
      number = number * 10 + (c - '0');
    }
    const bool is_dated = t > sentence.begin && page.is(t - 1, Grammar::preposition);
    if (is_dated && number >= 1500 && number + 2 <= year) return true;
  }
  return false;
}

}  // namespace tocsin
