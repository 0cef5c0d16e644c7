// Which sentences of an article are worth a tree, and in what pieces. Internal to tension/.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "pipeline/tension/page.h"
#include "pipeline/topics/topics.h"

namespace tocsin {

constexpr std::uint32_t kLabelMax = 8;  // tokens of "Ruritanian war: ..."

// A sentence, or a part of one, with the acts that may be in it, and the most that it could weigh.
struct Piece {
  Sentence sentence;  // its tokens are those of the piece
  TokenSpan whole;    // of the sentence
  std::span<const Match> acts;
  TopicShares topics;
  double most = 0;
};

// Of an act by where its sentence stands: news first.
[[nodiscard]] double position_factor(const Sentence& sentence);

// `of_page`: of the whole text; `acts`: all in it, sorted by where they begin.
[[nodiscard]] std::vector<Piece> pieces_worth_reading(const Page& page, const TopicShares& of_page,
                                                      std::span<const Match> acts,
                                                      TopicLookup& topics);

}  // namespace tocsin
