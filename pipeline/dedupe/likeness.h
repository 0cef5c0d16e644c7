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
  AnchorSample names = kNoAnchors;
  AnchorSample numbers = kNoAnchors;
};

// What is compared of two signatures, counted.
struct Agreement {
  bool same_text = false;           // exact hash, or raw hash
  std::uint32_t matching = 0;       // bytes of `sketch` that are equal: 0..kSketchSize
  std::uint32_t lead_matching = 0;  // 0..kLeadSketchSize
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

// Agreement of two whole signatures, the obvious way.
[[nodiscard]] Agreement agreement_of(const Signature& first, const Signature& second);

// Leads that agree in fewer places (of kLeadSketchSize) are other openings.
inline constexpr std::uint32_t kSameOpeningMin = 4;

[[nodiscard]] Likeness judge(const Agreement& agreement, const LikenessLimits& limits);

// Order of preference among candidates: higher is better.
[[nodiscard]] std::uint32_t rank(const Likeness& likeness);

}  // namespace tocsin
