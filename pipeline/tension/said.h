// How an act is said: what became of it, and in what world; and the table by which one operator
// more around it changes that (operators.yaml: "failed to" over "renew the sanctions").
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "pipeline/tension/tension.h"

namespace tocsin {

// What a cue says about the acts in its scope (modality.yaml). Method: ConText (Harkema et al.
// 2009).
enum class CueKind : std::uint8_t {
  negated,
  denied,
  refused,
  conditional,
  hypothetical,
  future,
  demanded,
  urged,
  historical,
  hedged,
  ended,
  resumed,
  failed,
  threatened,
  exercise,
  intended,  // agreed or promised, not done yet
  topic,     // talked about
  awaited,   // what must be so first: "will not leave until ..."
  domestic,  // politics and pay at home: no act of war, unless two powers act
  none,
};
inline constexpr std::size_t kCueKindCount = static_cast<std::size_t>(CueKind::none);

// What became of the act.
enum class Phase : std::uint8_t {
  done,
  undone,   // not, refused, prevented
  ended,    // halted, lifted
  kept,     // not lifted
  resumed,  // renewed
};
inline constexpr std::size_t kPhaseCount = static_cast<std::size_t>(Phase::resumed) + 1;

// In what world.
enum class Mood : std::uint8_t {
  actual,
  planned,
  promised,
  possible,
  wished,
  demanded,
  threatened,
  conditional,
  talked,  // about it
  exercise,
  past,
  count_,
};
inline constexpr std::size_t kMoodCount = static_cast<std::size_t>(Mood::count_);

struct Said {
  Phase phase = Phase::done;
  Mood mood = Mood::actual;
  bool is_denied = false;
  bool is_failed = false;     // tried and not done
  bool is_hedged = false;     // reportedly
  bool is_ultimatum = false;  // it comes if, or unless, something else does
};

// What one operator makes of each phase and mood of what it is said of.
struct OperatorRow {
  OperatorRow();  // changes nothing

  std::array<Phase, kPhaseCount> phases;
  std::array<Mood, kPhaseCount> lifted;  // the mood of what was in this phase; count_: by `moods`
  std::array<Mood, kMoodCount> moods;
  bool denies = false;
  bool fails = false;
  bool hedges = false;
};

// What an act in a mood is called, and what of its weight stays when it is hostile and when it is
// cooperative.
struct MoodEffect {
  Modality modality = Modality::actual;
  double hostile = 1;
  double cooperative = 1;
};

struct OperatorTable {
  std::array<OperatorRow, kCueKindCount> rows;
  std::array<MoodEffect, kMoodCount> effects;

  // One operator more around what is said.
  [[nodiscard]] Said compose(Said inner, CueKind outer) const;
  [[nodiscard]] const MoodEffect& effect_of(Mood mood) const {
    return effects[static_cast<std::size_t>(mood)];
  }
};

}  // namespace tocsin
