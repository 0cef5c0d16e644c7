#include "pipeline/dedupe/likeness.h"

#include <algorithm>

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

}  // namespace

Agreement agreement_of(const Signature& first, const Signature& second) {
  Agreement agreement;
  agreement.same_text = first.exact == second.exact;
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
  const Fraction whole = jaccard(agreement.matching, kSketchSize);
  const Fraction held = containment(whole, agreement.first.shingles, agreement.second.shingles);
  const auto similarity = static_cast<std::uint8_t>(std::max(whole.percent(), held.percent()));
  if (whole.at_least(limits.jaccard_percent_min) || held.at_least(limits.containment_percent_min)) {
    return {Method::near, Relation::none, similarity};
  }
  const Fraction lead = jaccard(agreement.lead_matching, kLeadSketchSize);
  if (lead.at_least(80)) {
    return {Method::lead, Relation::none, static_cast<std::uint8_t>(lead.percent())};
  }
  return {};
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
