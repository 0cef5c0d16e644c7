#include "pipeline/dedupe/likeness.h"

#include <algorithm>
#include <bit>

namespace tocsin {
namespace {

// b-bit minwise hashing with b = 8 (Li & Koenig 2010): of n bytes, m equal by likeness or by
// chance, the Jaccard estimate is (m/n - 1/256) / (1 - 1/256) = (256 m - n) / 255 n.
struct Fraction {
  std::uint64_t over = 0;
  std::uint64_t under = 1;
  [[nodiscard]] std::uint64_t percent() const {
    return std::min<std::uint64_t>(100, over * 100 / under);
  }
  [[nodiscard]] bool at_least(std::uint64_t percent_min) const {
    return over * 100 >= percent_min * under;
  }
};

Fraction jaccard(std::uint64_t matching, std::uint64_t size) {
  const std::uint64_t scaled = matching * 256;
  return {scaled > size ? scaled - size : 0, 255 * size};
}

// |A and B| / min(|A|, |B|), from J and the sizes: J / (1 + J) * (|A| + |B|) / min.
Fraction containment(const Fraction& similarity, std::uint64_t first, std::uint64_t second) {
  const std::uint64_t smaller = std::max<std::uint64_t>(1, std::min(first, second));
  return {similarity.over * (first + second), (similarity.over + similarity.under) * smaller};
}

// The numbers of this file were chosen on real news of several agencies with copies made by program
// (ARCHITECTURE.md, "Copies"); all are percent unless they say otherwise.
constexpr std::uint32_t kMatchingMin = 12;  // bytes: below, chance and stock phrases look the same
constexpr std::uint32_t kShortTokens = 30;
constexpr std::uint32_t kBriefOfTokens = 60;  // a short text may be the brief of one this long
// A later article with so much more than an earlier one brings news of its own.
constexpr std::uint64_t kUpdateGrowthPercent = 200;

// The comparisons that both rules draw on.
struct Evidence {
  Fraction whole;  // Jaccard of all shingles
  Fraction held;   // containment of the shorter text in the longer
  Fraction lead;   // Jaccard of the leads
  Fraction names;  // of the smaller set, how many the larger has
  Fraction numbers;
  std::uint32_t names_least;  // size of the smaller set
  std::uint32_t numbers_least;
  std::uint32_t tokens_least;
  std::uint32_t tokens_most;

  explicit Evidence(const Agreement& agreement);
  [[nodiscard]] bool is_short() const { return tokens_least < kShortTokens; }
  // What a template changes: the numbers differ, and there are enough of them to tell.
  [[nodiscard]] bool numbers_differ() const {
    return (numbers_least >= 3 && !numbers.at_least(50)) ||
           (numbers_least >= 5 && !numbers.at_least(67));
  }
};

std::uint32_t smaller_set(std::uint64_t first, std::uint64_t second) {
  return static_cast<std::uint32_t>(std::min(std::popcount(first), std::popcount(second)));
}

Fraction shared(std::uint64_t first, std::uint64_t second) {
  const std::uint32_t least = smaller_set(first, second);
  if (least == 0) return {1, 1};
  return {static_cast<std::uint64_t>(std::popcount(first & second)), least};
}

Evidence::Evidence(const Agreement& agreement)
    : whole(jaccard(agreement.matching, kSketchSize)),
      held(containment(whole, agreement.first.shingles, agreement.second.shingles)),
      lead{agreement.lead_matching, kLeadSketchSize},
      names(shared(agreement.first.names, agreement.second.names)),
      numbers(shared(agreement.first.numbers, agreement.second.numbers)),
      names_least(smaller_set(agreement.first.names, agreement.second.names)),
      numbers_least(smaller_set(agreement.first.numbers, agreement.second.numbers)),
      tokens_least(std::min(agreement.first.tokens, agreement.second.tokens)),
      tokens_most(std::max(agreement.first.tokens, agreement.second.tokens)) {}

// Short items share their frame by nature: names and numbers must agree, all of them.
bool short_alike(const Evidence& evidence) {
  if (!evidence.numbers.at_least(100) || !evidence.names.at_least(75)) return false;
  if (evidence.tokens_most < kBriefOfTokens) return evidence.whole.at_least(70);
  return evidence.held.at_least(60) && evidence.lead.at_least(30);
}

// The less of the text agrees, the more the lead, the names and the numbers have to: two stories
// under one long footer share most words, but not how they begin.
bool long_alike(const Evidence& evidence, const LikenessLimits& limits) {
  const std::uint64_t held_min = limits.containment_percent_min;
  const bool any_lead = evidence.lead.at_least(10);
  // Names that agree stand in for a lead that was dropped or moved.
  const bool same_names = evidence.names_least > 0 && evidence.names.at_least(60);
  const bool begins_alike = evidence.lead.at_least(25) || (any_lead && evidence.names.at_least(40));
  if (evidence.held.at_least(held_min + 25)) return true;
  if (evidence.held.at_least(held_min + 20)) return any_lead || same_names;
  if (evidence.held.at_least(held_min + 10)) {
    const bool other_numbers = evidence.numbers_least >= 4 && !evidence.numbers.at_least(35);
    return (begins_alike || same_names) && !other_numbers;
  }
  if (evidence.numbers_differ() || !any_lead) return false;
  if (evidence.held.at_least(held_min) || evidence.whole.at_least(limits.jaccard_percent_min)) {
    return begins_alike;
  }
  // Cut and edited at once: half of it still stands, it begins alike and speaks of the same.
  if (held_min < 20 || !evidence.held.at_least(held_min - 20)) return false;
  if (!evidence.lead.at_least(30) || !evidence.names.at_least(70)) return false;
  return evidence.numbers_least == 0
             ? evidence.names_least >= 3
             : evidence.numbers.at_least(80) ||
                   (evidence.numbers_least == 1 && evidence.names_least >= 3);
}

}  // namespace

Agreement agreement_of(const Signature& first, const Signature& second) {
  Agreement agreement;
  agreement.same_text =
      first.exact == second.exact && first.tokens == second.tokens && first.tokens > 0;
  for (std::size_t i = 0; i < kSketchSize; ++i) {
    agreement.matching += first.sketch[i] == second.sketch[i] ? 1U : 0U;
  }
  for (std::size_t i = 0; i < kLeadSketchSize; ++i) {
    agreement.lead_matching += first.lead[i] == second.lead[i] ? 1U : 0U;
  }
  agreement.first = {first.tokens, first.shingles, first.names, first.numbers};
  agreement.second = {second.tokens, second.shingles, second.names, second.numbers};
  return agreement;
}

Likeness judge(const Agreement& agreement, const LikenessLimits& limits) {
  if (agreement.same_text) return {Method::exact, Relation::none, 100};
  if (agreement.matching < kMatchingMin) return {};
  const Evidence evidence(agreement);
  const bool alike = evidence.is_short() ? short_alike(evidence) : long_alike(evidence, limits);
  if (!alike) return {};
  const auto similarity =
      static_cast<std::uint8_t>(std::max(evidence.whole.percent(), evidence.held.percent()));
  const std::uint64_t before = agreement.first.shingles;
  if (std::uint64_t{agreement.second.shingles} * 100 >= before * kUpdateGrowthPercent) {
    return {Method::none, Relation::update, similarity};
  }
  const bool near = evidence.whole.at_least(limits.jaccard_percent_min) ||
                    evidence.held.at_least(limits.containment_percent_min);
  return {near ? Method::near : Method::lead, Relation::none, similarity};
}

std::uint32_t rank(const Likeness& likeness) {
  switch (likeness.method) {
    case Method::exact:
      return 1000;
    case Method::near:
      return 500U + likeness.similarity_percent;
    case Method::lead:
      return 300U + likeness.similarity_percent;
    case Method::none:
      break;
  }
  return likeness.relation == Relation::update ? 100U + likeness.similarity_percent : 0U;
}

}  // namespace tocsin
