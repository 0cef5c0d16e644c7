// The tree of a sentence: a window tagger, then a greedy arc-hybrid parser, both small networks of
// integer weights (after Chen and Manning 2014; dynamic oracle of Goldberg and Nivre 2013).
// Promises: always a tree (one root, no cycle); linear time; the same tree in every build.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "pipeline/syntax/arc_hybrid.h"
#include "pipeline/syntax/model.h"
#include "pipeline/syntax/token_rows.h"
#include "pipeline/syntax/tree.h"

namespace tocsin {

// A longer sentence is cut into pieces of at most so many tokens, at the last semicolon, colon,
// dash or parenthesis of a piece's second half, else at its last comma, else at the limit. The
// roots of the later pieces hang on the first root by parataxis.
inline constexpr std::size_t kPieceTokensMax = 128;
// Tokens beyond these hang on the first root by dep, with tag X.
inline constexpr std::size_t kSentenceTokensMax = 8192;

// Memory of a parser, kept from sentence to sentence; one per thread.
struct ParserScratch {
  std::vector<TokenRows> rows;
  LineVector<std::int16_t> tagged;       // [tokens + window - 1][kWordSize]: inputs of the tagger
  LineVector<std::int16_t> windows;      // [tokens][kTagHidden]
  LineVector<std::int16_t> inputs;       // as tagged: of the parser
  LineVector<std::int16_t> mixed;        // as inputs
  std::vector<std::uint16_t> tags;       // of the model
  LineVector<std::int16_t> filled;       // [tokens][kSlots][kParserHidden]
  std::vector<std::uint16_t> is_filled;  // a bit for each slot
  ArcHybrid state;
};

// Tree of the tokens [sentence) of the text, into `out` (overwritten). An empty span gives no
// nodes. `verbs`: tokens, ascending, whose words are verbs of what the reader looks for; where the
// tagger sees no verb with a tense, one of them is sooner read as one.
void parse(const SyntaxModel&, const Text&, TokenSpan sentence, ParserScratch&, Tree& out,
           std::span<const std::uint32_t> verbs = {});
[[nodiscard]] Tree parse(const SyntaxModel&, const Text&, TokenSpan sentence, ParserScratch&,
                         std::span<const std::uint32_t> verbs = {});

}  // namespace tocsin
