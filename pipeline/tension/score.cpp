#include <array>

#include "pipeline/tension/tension.h"

namespace tocsin {

std::string_view name(EventType type) noexcept {
  constexpr std::array<std::string_view, 16> kNames = {
      "AGREE",  "CONSULT", "SUPPORT",  "CONCEDE", "COOPERATE", "AID",      "RETREAT", "REQUEST",
      "ACCUSE", "REJECT",  "THREATEN", "PROTEST", "SANCTION",  "MOBILIZE", "COERCE",  "ASSAULT"};
  return kNames[static_cast<std::size_t>(type)];
}

std::string_view name(Polarity polarity) noexcept {
  return polarity == Polarity::asserted ? "asserted" : "negated";
}

std::string_view name(Modality modality) noexcept {
  constexpr std::array<std::string_view, 6> kNames = {"actual", "conditional", "hypothetical",
                                                      "future", "historical",  "demanded"};
  return kNames[static_cast<std::size_t>(modality)];
}

std::string_view name(Level level) noexcept {
  constexpr std::array<std::string_view, 5> kNames = {"none", "low", "medium", "high", "critical"};
  return kNames[static_cast<std::size_t>(level)];
}

Level level_of(double score) noexcept {
  if (score < 20) return Level::none;
  if (score < 40) return Level::low;
  if (score < 60) return Level::medium;
  if (score < 80) return Level::high;
  return Level::critical;
}

}  // namespace tocsin
