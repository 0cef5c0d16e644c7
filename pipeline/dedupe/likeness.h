// Whether two signatures belong to copies of one article: the only place that knows thresholds.
// Integer arithmetic only; symmetric in what it counts, so the fold is equal on every machine.
#pragma once

#include <cstdint>

#include "pipeline/dedupe/signature.h"

namespace tocsin {

// By what an article was found to be a copy (docs/records.md, "Duplicate").
enum class Method : std::uint8_t { none, exact, near, lead };

// How an enriched article relates to an earlier one of its story.
enum class Relation : std::uint8_t { none, update };

// Thresholds, from the ledger's epoch.
struct LikenessLimits {
  std::uint8_t jaccard_percent_min = 50;
  std::uint8_t containment_percent_min = 70;
};

// Of one text: its size, its names and numbers.
struct Content {
  std::uint32_t tokens = 0;
  std::uint32_t shingles = 0;
  AnchorSet names{};
  AnchorSet numbers{};
  Facts<kLeadNamesMax> lead_names = kNoFacts<kLeadNamesMax>;
  Facts<kLeadNumbersMax> lead_numbers = kNoFacts<kLeadNumbersMax>;
};

// Of the places of a sketch whose minimum stands in its own lead: how many there are, and how many
// of them the other sketch has as well.
struct OpeningShared {
  std::uint32_t places = 0;
  std::uint32_t equal = 0;
  friend bool operator==(const OpeningShared&, const OpeningShared&) = default;
};

// What is compared of two signatures, counted.
struct Agreement {
  bool same_text = false;           // exact hash, or raw hash
  std::uint32_t matching = 0;       // places of `sketch` that are equal: 0..kSketchSize
  std::uint32_t lead_matching = 0;  // 0..kLeadSketchSize
  OpeningShared first_opening;      // the earlier text's opening, in the later
  OpeningShared second_opening;     // the later text's, in the earlier
  Content first;                    // of the earlier text
  Content second;                   // of the later text
};

struct Likeness {
  Method method = Method::none;         // not none: a copy
  Relation relation = Relation::none;   // update: news, but of the same story
  std::uint8_t similarity_percent = 0;  // larger of Jaccard and containment, as estimated
  // They hardly begin alike: it may be a footer that they share. The window asks for a third
  // article that shares as much and begins otherwise again.
  bool other_opening = false;
  friend bool operator==(const Likeness&, const Likeness&) = default;
};

// Of a signature, or of what else has its members.
template <class Text>
[[nodiscard]] Content content_of(const Text& text, std::uint32_t tokens, std::uint32_t shingles) {
  return {tokens, shingles, text.names, text.numbers, text.lead_names, text.lead_numbers};
}

// Counts what two sketches share into the agreement.
void compare_sketches(const std::array<std::uint8_t, kSketchSize>& first,
                      const std::array<std::uint8_t, kSketchSize>& second, Agreement& agreement);

// Agreement of two whole signatures, the obvious way.
[[nodiscard]] Agreement agreement_of(const Signature& first, const Signature& second);

// Leads that agree in fewer places (of kLeadSketchSize) are other openings.
inline constexpr std::uint32_t kSameOpeningMin = 4;

[[nodiscard]] Likeness judge(const Agreement& agreement, const LikenessLimits& limits);

// Order of preference among candidates: higher is better.
[[nodiscard]] std::uint32_t rank(const Likeness& likeness);

}  // namespace tocsin
