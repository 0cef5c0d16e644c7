// Which sentences of an article are worth a tree, and in what pieces. Internal to tension/.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "pipeline/tension/page.h"
#include "pipeline/topics/topics.h"

namespace tocsin {

constexpr std::uint32_t kLabelMax = 8;  // tokens of "Ruritanian war: ..."

// A sentence with the matches in it, and the most that it could weigh.
struct Piece {
  Sentence sentence;
  std::span<const Match> matches;
  TopicShares topics;
  double most = 0;
};

// Of an act by where its sentence stands: news first.
[[nodiscard]] double position_factor(const Sentence& sentence);

// `of_page`: of the whole text; `all`: the matches in it, sorted by where they begin.
[[nodiscard]] std::vector<Piece> pieces_worth_reading(const Page& page, const TopicShares& of_page,
                                                      std::span<const Match> all,
                                                      TopicLookup& topics);

}  // namespace tocsin
