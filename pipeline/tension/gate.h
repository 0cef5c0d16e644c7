// How far what a text is about lets its acts count: sport, arts, business, health, science and
// disasters speak of attacks, blows and victims that are none. Pure.
#pragma once

#include "pipeline/tension/lexicon.h"
#include "pipeline/tension/tension.h"
#include "pipeline/topics/topics.h"

namespace tocsin {

// Between whom an act is.
struct GateParties {
  bool has_power = false;   // a state, its forces, an alliance or anybody armed takes part
  bool are_powers = false;  // two different such
  bool is_private = false;  // done by people of no force or office, or by nobody known
  bool is_armed = false;    // done by an armed group or by forces
};

// What is left of an act by between whom it is.
namespace dyad {
inline constexpr double kTwoPowers = 1;
inline constexpr double kPowerAndArmed = 0.85;  // a state and those who fight it
inline constexpr double kPower = 0.7;
inline constexpr double kArmed = 0.65;
inline constexpr double kSomebody = 0.4;
inline constexpr double kNobody = 0.3;
}  // namespace dyad

inline constexpr double kOnePartyOfTwo = 0.1;  // what stays of a rule that needs two

// 0..1: what a rule that asks for a power, or for one that acts, keeps without; a government of a
// country that is not named is half of one.
[[nodiscard]] double power_gate(const RuleSpec& spec, bool has_power, bool has_doer,
                                bool has_official);

// 0..1. `page`: topics of the whole text, `sentence`: of the sentence that tells the act. It never
// silences an act of war between powers, unless both are sport: teams bear names of countries.
[[nodiscard]] double topic_gate(const TopicShares& page, const TopicShares& sentence,
                                EventType type, GateParties parties);

// 0..1: what is left of an act of the weight `told` where all is crime or home politics and no two
// powers take part; never below a faint one.
[[nodiscard]] double home_gate(const TopicShares& page, const TopicShares& sentence,
                               GateParties parties, double told);

// Between whom an act is matters less where the text is about conflict: "15 people are killed" on
// such a page is nobody's accident. `factor` (0..1) as it is, or nearer to `most`.
[[nodiscard]] double lifted(double factor, double most, const TopicShares& page,
                            const TopicShares& sentence);

}  // namespace tocsin
