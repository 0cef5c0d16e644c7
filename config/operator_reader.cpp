#include "config/operator_reader.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace tocsin {
namespace {

constexpr const char* kCueNames[] = {
    "negated",  "denied",     "refused", "conditional", "hypothetical", "future", "demanded",
    "urged",    "historical", "hedged",  "ended",       "resumed",      "failed", "threatened",
    "exercise", "intended",   "topic",   "awaited",     "domestic",     "none"};
constexpr const char* kPhaseNames[] = {"done", "undone", "ended", "kept", "resumed"};
constexpr const char* kMoodNames[] = {"actual", "planned",  "promised",   "possible",
                                      "wished", "demanded", "threatened", "conditional",
                                      "talked", "exercise", "past"};
constexpr const char* kModalityNames[] = {"actual", "conditional", "hypothetical",
                                          "future", "historical",  "demanded"};
static_assert(std::size(kCueNames) == kCueKindCount + 1);
static_assert(std::size(kPhaseNames) == kPhaseCount);
static_assert(std::size(kMoodNames) == kMoodCount);

template <typename Enum, std::size_t kCount>
bool by_name(const char* const (&names)[kCount], const std::string& text, Enum& value) {
  const auto* at = std::find(std::begin(names), std::end(names), text);
  if (at == std::end(names)) return false;
  value = static_cast<Enum>(at - std::begin(names));
  return true;
}

// Moods that no operator changes unless its row names them: a plan in the past is past.
bool is_settled(Mood mood) {
  return mood == Mood::past || mood == Mood::exercise || mood == Mood::conditional;
}

void read_phases(const YamlReader& reader, const YamlNode& node, OperatorRow& row) {
  for (const YamlEntry& entry : reader.entries_of(node, "phase")) {
    Phase from = Phase::done;
    if (!by_name(kPhaseNames, entry.key.value, from)) {
      reader.fault(entry.key, "unknown phase '" + entry.key.value + "'");
      continue;
    }
    const auto index = static_cast<std::size_t>(from);
    if (by_name(kPhaseNames, entry.value.value, row.phases[index])) continue;
    if (by_name(kMoodNames, entry.value.value, row.lifted[index])) {
      row.phases[index] = Phase::done;
      continue;
    }
    reader.fault(entry.value, "unknown phase or mood '" + entry.value.value + "'");
  }
}

void read_moods(const YamlReader& reader, const YamlNode& node, OperatorRow& row) {
  const std::vector<YamlEntry>& entries = reader.entries_of(node, "mood");
  for (const YamlEntry& entry : entries) {
    Mood to = Mood::actual;
    if (!by_name(kMoodNames, entry.value.value, to))
      reader.fault(entry.value, "unknown mood '" + entry.value.value + "'");
    if (entry.key.value != "any") continue;
    for (std::size_t i = 0; i < kMoodCount; ++i) {
      if (!is_settled(static_cast<Mood>(i))) row.moods[i] = to;
    }
  }
  for (const YamlEntry& entry : entries) {
    if (entry.key.value == "any") continue;
    Mood from = Mood::actual;
    if (!by_name(kMoodNames, entry.key.value, from))
      reader.fault(entry.key, "unknown mood '" + entry.key.value + "'");
    else
      static_cast<void>(
          by_name(kMoodNames, entry.value.value, row.moods[static_cast<std::size_t>(from)]));
  }
}

void read_effect(const YamlReader& reader, const YamlNode& node, OperatorTable& table) {
  reader.known_keys(node, {"mood", "modality", "hostile", "cooperative"});
  Mood mood = Mood::actual;
  MoodEffect effect;
  const std::string modality = reader.text_of(node, "modality");
  if (!by_name(kMoodNames, reader.text_of(node, "mood"), mood) ||
      !by_name(kModalityNames, modality, effect.modality)) {
    reader.fault(node, "expected a mood and a modality");
    return;
  }
  effect.hostile = reader.number_of(node, "hostile", 1, 0, 1);
  effect.cooperative = reader.number_of(node, "cooperative", 1, 0, 1);
  table.effects[static_cast<std::size_t>(mood)] = effect;
}

}  // namespace

bool cue_kind(const std::string& text, CueKind& kind) {
  return by_name(kCueNames, text, kind);
}

OperatorTable read_operators(const YamlReader& reader) {
  OperatorTable table;
  for (const YamlNode& node : reader.items_of(reader.root(), "operators")) {
    reader.known_keys(node, {"kind", "phase", "mood", "sets", "examples"});
    CueKind kind = CueKind::none;
    if (!cue_kind(reader.text_of(node, "kind"), kind) || kind == CueKind::none) {
      reader.fault(node, "unknown kind of operator");
      continue;
    }
    OperatorRow& row = table.rows[static_cast<std::size_t>(kind)];
    read_phases(reader, node, row);
    read_moods(reader, node, row);
    const std::string sets = reader.text_of(node, "sets");
    row.denies = sets == "denied";
    row.fails = sets == "failed";
    row.hedges = sets == "hedged";
    if (!sets.empty() && !row.denies && !row.fails && !row.hedges)
      reader.fault(node, "an operator sets denied, failed or hedged, not '" + sets + "'");
  }
  for (const YamlNode& node : reader.items_of(reader.root(), "moods"))
    read_effect(reader, node, table);
  return table;
}

}  // namespace tocsin
