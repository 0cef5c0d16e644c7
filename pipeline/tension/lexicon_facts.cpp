#include "pipeline/tension/lexicon_facts.h"

#include "pipeline/tension/lexicon_state.h"

namespace tocsin {
namespace {

constexpr std::uint32_t kBehindMax = 3;   // "Syria-Lebanon border", "Thai and Lao border"
constexpr std::uint32_t kInFrontMax = 8;  // "border between Somalia, Ethiopia and Kenya"

std::uint32_t grammar_of(const Lexicon::State& lexicon, const Token& token) {
  const std::uint32_t word = lexicon.find(token);
  return word == kNoWord ? 0 : lexicon.words[word].grammar;
}

bool has(std::uint32_t grammar, Grammar what) {
  return (grammar & bit(what)) != 0;
}

// "border", "frontier": what lies beside, and no preposition.
bool is_edge(std::uint32_t grammar) {
  return has(grammar, Grammar::beside) && !has(grammar, Grammar::place_at);
}

// "border guards", "a border town": the noun is theirs.
bool is_of_noun(const Lexicon::State& lexicon, const Text& text, std::uint32_t t) {
  if (text.tokens[t].before & (before::kComma | before::kQuoteOpen)) return false;
  const std::uint32_t word = lexicon.find(text.tokens[t]);
  if (word == kNoWord) return false;
  const std::uint16_t forms = lexicon.words[word].forms;
  if (has(lexicon.words[word].grammar, Grammar::forces)) return true;
  return (forms & form::kNoun) != 0 && (forms & form::kVerb) == 0;
}

bool is_name_or_article(const Text& text, const Token& token) {
  return (token.shape & (shape::kTitle | shape::kUpper)) != 0 ||
         text.is(token, WordClass::definite_article);
}

}  // namespace

bool lies_beside(const Lexicon& lexicon, const Text& text, TokenSpan name, bool is_country) {
  const Lexicon::State& state = lexicon.state();
  const TokenSpan sentence = text.sentences[text.sentence_of(name.begin)].tokens;
  for (std::uint32_t t = name.end; t < sentence.end && t < name.end + kBehindMax; ++t) {
    if (is_edge(grammar_of(state, text.tokens[t])))
      return t + 1 >= sentence.end || !is_of_noun(state, text, t + 1);
    const bool goes_on = (text.tokens[t].before & before::kJoinedHyphen) != 0 ||
                         is_name_or_article(text, text.tokens[t]);
    if (!goes_on) break;
  }
  bool is_next = true;  // but for an article
  for (std::uint32_t t = name.begin; t > sentence.begin && name.begin - t < kInFrontMax;) {
    const Token& token = text.tokens[--t];
    const std::uint32_t grammar = grammar_of(state, token);
    if (is_edge(grammar)) return true;
    if (has(grammar, Grammar::place_at) && !has(grammar, Grammar::owner_of))
      return is_next && is_country && has(grammar, Grammar::beside);
    if (has(grammar, Grammar::goal_to)) return false;
    const bool is_link = has(grammar, Grammar::preposition) ||
                         text.is(token, WordClass::function_word) ||
                         is_name_or_article(text, token);
    if (!is_link) return false;
    is_next = is_next && text.is(token, WordClass::definite_article);
  }
  return false;
}

bool owns_next(const Lexicon& lexicon, const Text& text, TokenSpan name) {
  constexpr std::uint32_t kPeople =
      bit(Grammar::forces) | bit(Grammar::government) | bit(Grammar::armed);
  const TokenSpan sentence = text.sentences[text.sentence_of(name.begin)].tokens;
  if (name.end >= sentence.end) return false;
  const Token& next = text.tokens[name.end];
  if ((next.before & (before::kComma | before::kColon | before::kQuoteOpen)) != 0) return false;
  return (grammar_of(lexicon.state(), next) & kPeople) != 0;
}

bool is_mutual(const Lexicon& lexicon, std::uint32_t rule) {
  return lexicon.state().rules[rule].spec.is_mutual;
}

bool is_fallback(const Lexicon& lexicon, std::uint32_t rule) {
  return lexicon.state().rules[rule].spec.is_fallback;
}

}  // namespace tocsin
