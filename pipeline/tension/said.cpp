#include "pipeline/tension/said.h"

namespace tocsin {

OperatorRow::OperatorRow() {
  for (std::size_t i = 0; i < kPhaseCount; ++i) phases[i] = static_cast<Phase>(i);
  for (std::size_t i = 0; i < kMoodCount; ++i) moods[i] = static_cast<Mood>(i);
  lifted.fill(Mood::count_);
}

Said OperatorTable::compose(Said inner, CueKind outer) const {
  if (outer == CueKind::none) return inner;
  const OperatorRow& row = rows[static_cast<std::size_t>(outer)];
  const auto phase = static_cast<std::size_t>(inner.phase);
  const Mood lifted = row.lifted[phase];
  inner.phase = row.phases[phase];
  inner.mood = lifted != Mood::count_ ? lifted : row.moods[static_cast<std::size_t>(inner.mood)];
  inner.is_denied = inner.is_denied || row.denies;
  if (row.fails) inner.is_failed = inner.phase == Phase::undone;
  inner.is_hedged = inner.is_hedged || row.hedges;
  return inner;
}

}  // namespace tocsin
