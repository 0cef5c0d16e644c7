// How far what a text is about lets its acts count: sport, arts, business, health, science and
// disasters speak of attacks, blows and victims that are none. Pure.
#pragma once

#include "pipeline/tension/tension.h"
#include "pipeline/topics/topics.h"

namespace tocsin {

// Between whom an act is.
struct GateParties {
  bool has_power = false;   // a state, its forces, an alliance or anybody armed takes part
  bool are_powers = false;  // two different such
};

// 0..1. `page`: topics of the whole text, `sentence`: of the sentence that tells the act. It never
// silences an act of war between powers.
[[nodiscard]] double topic_gate(const TopicShares& page, const TopicShares& sentence,
                                EventType type, GateParties parties);

// Between whom an act is matters less where the text is about conflict: "15 people are killed" on
// such a page is nobody's accident. `factor` (0..1) as it is, or nearer to `most`.
[[nodiscard]] double lifted(double factor, double most, const TopicShares& page,
                            const TopicShares& sentence);

}  // namespace tocsin
