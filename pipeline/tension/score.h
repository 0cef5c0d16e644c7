// The score: how events add up, those of an article and those of one pair of it (alerts/); every
// number is explained in score.cpp.
#pragma once

#include <vector>

#include "pipeline/tension/tension.h"

namespace tocsin {

// Discounted noisy-OR over distinct (actor, act, recipient); order-free, bounded, repeat-proof.
// Says of each event whether it is part of the sum.
void mark_counted(std::vector<Event>& events);
[[nodiscard]] Tension add_up(const std::vector<Event>& events);
[[nodiscard]] std::vector<Dyad> dyads_of(const std::vector<Event>& events,
                                         const Gazetteer& gazetteer);

}  // namespace tocsin
