#include "pipeline/tension/pieces.h"

#include <algorithm>

#include "pipeline/tension/prospects.h"

namespace tocsin {
namespace {

// A text without full stops is read in pieces of this many tokens: no sentence is longer, and what
// looks around an act stays linear.
constexpr std::uint32_t kReadPieceMax = 250;
constexpr std::uint32_t kReadTokensMax = 240;  // of an article, and a sentence more
// What a calm text tells hardly counts (gate.h): less of it is read.
constexpr std::uint32_t kReadTokensCalm = 64;
constexpr std::uint32_t kCalmText = 450;  // per mille of calm topics
// What a sentence must be able to weigh to be read, on the scale of rules: what weighs less counts
// nowhere (score.cpp). More the longer it is: its tree costs more. A title and the first sentence
// that is read need not, but where a text is calm and long.
constexpr double kToldMin = 0.2;
constexpr double kToldMinToken = 0.04;
constexpr double kReadDiscount = 0.85;  // of each sentence that is read before: the score's own
constexpr std::uint32_t kDatelineMax = 12;

// "Arica incident: ...", "Lake Chad crisis: ...": a thing named after something, nobody who speaks.
bool is_story_name(const Page& page, const Sentence& sentence, std::uint32_t colon) {
  constexpr std::uint32_t kAgents = bit(Grammar::forces) | bit(Grammar::armed) |
                                    bit(Grammar::government) | bit(Grammar::civil) |
                                    bit(Grammar::victim) | bit(Grammar::say);
  const std::uint32_t first = sentence.tokens.begin;
  const std::uint32_t last = colon - 1;
  if (sentence.field != Field::body || !sentence.paragraph_start || last == first) return false;
  const bool is_named =
      page.mention[last] != kNoMention || (page.text.tokens[last].shape & shape::kLower) == 0;
  return !is_named && page.mention[first] != kNoMention && (page.grammar(last) & kAgents) == 0;
}

// Where the name of a story ends that a sentence begins with, an act in it or nothing but a name:
// "Ruritanian war: jets bomb ...". What follows is a sentence of its own. Without one, where the
// sentence begins.
std::uint32_t label_end(const Page& page, const Sentence& sentence, std::span<const Match> acts) {
  const TokenSpan tokens = sentence.tokens;
  const std::uint32_t last = std::min(tokens.end, tokens.begin + kLabelMax);
  std::uint32_t colon = tokens.begin + 1;
  while (colon < last && !page.marked(colon, before::kColon)) ++colon;
  if (colon >= last) return tokens.begin;
  const bool holds_act = std::any_of(acts.begin(), acts.end(), [&](const Match& act) {
    return act.span.begin >= tokens.begin && act.span.end <= colon;
  });
  return holds_act || is_story_name(page, sentence, colon) ? colon : tokens.begin;
}

bool is_place_name(const Page& page, std::uint32_t t) {
  if (page.mention[t] == kNoMention) return false;
  const Mention& mention = page.tagging.mentions[page.mention[t]];
  const EntityType type = page.tagging.entities[mention.entity].type;
  return type == EntityType::country || type == EntityType::city || type == EntityType::place;
}

// Where the dateline ends that a report begins with, no word of its sentence: "KYIV, Feb 3 (Agency)
// - ", "LIMA: ". A place in capitals, or a place and a bracket or a number, and nothing but
// capitals up to a dash, a bracket's close or a colon. Without one, where the sentence begins.
std::uint32_t dateline_end(const Page& page, const Sentence& sentence) {
  const TokenSpan tokens = sentence.tokens;
  const std::uint32_t first = tokens.begin;
  if (sentence.field != Field::body || !sentence.paragraph_start) return first;
  const auto has_shape = [&](std::uint32_t t, std::uint16_t shapes) {
    return (page.text.tokens[t].shape & shapes) != 0;
  };
  const Token& token = page.text.tokens[first];
  const bool is_in_capitals = has_shape(first, shape::kUpper) && token.end - token.begin > 3;
  const bool is_place = is_place_name(page, first);
  if (page.mention[first] == kNoMention ? !is_in_capitals : !is_place) return first;
  bool is_sourced = false;  // agency or day
  const std::uint32_t last = std::min(tokens.end, first + kDatelineMax);
  for (std::uint32_t t = first + 1; t < last; ++t) {
    const bool is_closed = page.marked(t, before::kParenClose);
    const bool is_colon = page.marked(t, before::kColon) && is_place;
    if (page.marked(t, before::kDash)) return is_in_capitals || is_sourced ? t : first;
    if (is_in_capitals && (is_closed || is_colon)) return t;
    if (has_shape(t, shape::kLower)) return first;
    is_sourced = is_sourced || has_shape(t, shape::kNumber) || page.marked(t, before::kParenOpen);
  }
  return first;
}

// The sentences that may tell an act, in pieces.
std::vector<Piece> pieces_of(const Page& page, const TopicShares& of_page,
                             std::span<const Match> acts, TopicLookup& topics) {
  std::vector<Piece> pieces;
  if (!acts.empty()) pieces.reserve(std::min(acts.size(), page.text.sentences.size()));
  for (const Sentence& sentence : page.text.sentences) {
    if (acts.empty()) break;
    if (acts.front().span.begin >= sentence.tokens.end) continue;
    Piece piece{sentence, sentence.tokens, {}, {}, 0};
    const std::uint32_t label =
        std::max(label_end(page, sentence, acts), dateline_end(page, sentence));
    for (std::uint32_t at = sentence.tokens.begin; at < sentence.tokens.end;) {
      TokenSpan& tokens = piece.sentence.tokens;
      tokens = {at, std::min(sentence.tokens.end, at + kReadPieceMax)};
      if (at < label) tokens.end = label;
      at = tokens.end;
      std::size_t count = 0;
      while (count < acts.size() && acts[count].span.begin < at) ++count;
      if (count == 0) continue;
      piece.acts = acts.first(count);
      acts = acts.subspan(count);
      piece.topics = topics.shares(tokens);
      piece.most =
          most_told(page, tokens, piece.acts, of_page, piece.topics) * position_factor(sentence);
      if (piece.most > 0) pieces.push_back(piece);
    }
  }
  return pieces;
}

// Reading costs most of the time of an article, and later evidence adds little to a score: those
// that may tell most for what their trees cost are read first, after the title, until the next is
// not worth its tree or so many tokens are read. `is_dull`: of a text that is calm and long.
void keep_worthwhile(std::vector<Piece>& pieces, std::uint32_t tokens_max, bool is_dull) {
  const auto least = [is_dull](const Piece& piece, bool is_first) {
    return is_first && !is_dull ? 0 : kToldMin + kToldMinToken * piece.sentence.tokens.size();
  };
  std::vector<Piece*> order;
  order.reserve(pieces.size());
  double left = 1;
  for (Piece& piece : pieces) {
    if (piece.sentence.field != Field::title) {
      order.push_back(&piece);
    } else if (piece.most < least(piece, true)) {
      piece.most = 0;
    } else {
      left *= kReadDiscount;
    }
  }
  const auto worth = [](const Piece* piece) {
    return piece->most * piece->most / piece->sentence.tokens.size();
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](const Piece* a, const Piece* b) { return worth(a) > worth(b); });
  std::uint32_t tokens = 0;
  for (Piece* piece : order) {
    if (tokens >= tokens_max || piece->most * left < least(*piece, tokens == 0)) {
      piece->most = 0;
      continue;
    }
    left *= kReadDiscount;
    tokens += piece->sentence.tokens.size();
  }
  std::erase_if(pieces, [](const Piece& piece) { return piece.most == 0; });
}

}  // namespace

double position_factor(const Sentence& sentence) {
  if (sentence.field == Field::title) return 1.0;
  if (sentence.index < 2) return 0.95;
  return sentence.index < 15 ? 0.75 : 0.55;
}

std::vector<Piece> pieces_worth_reading(const Page& page, const TopicShares& of_page,
                                        std::span<const Match> acts, TopicLookup& topics) {
  std::vector<Piece> pieces = pieces_of(page, of_page, acts, topics);
  const bool is_calm = of_page.calm() >= kCalmText;
  keep_worthwhile(pieces, is_calm ? kReadTokensCalm : kReadTokensMax,
                  is_calm && page.text.tokens.size() > kReadTokensCalm);
  return pieces;
}

}  // namespace tocsin
