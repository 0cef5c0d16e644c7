#include "pipeline/dedupe/likeness.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "pipeline/dedupe/sketch.h"

namespace tocsin {
namespace {

// b-bit minwise hashing with b = 7 (Li & Koenig 2010): of n places, m equal by likeness or by
// chance, the Jaccard estimate is (m/n - 1/128) / (1 - 1/128) = (128 m - n) / (127 n).
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
  const std::uint64_t scaled = matching * 128;
  return {scaled > size ? scaled - size : 0, 127 * size};
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
constexpr std::uint32_t kEditedTokensMin = 40;
constexpr std::uint64_t kShingleWords = 3;
constexpr std::uint32_t kFreshShinglesMin = 8;
constexpr std::uint32_t kOtherOpeningMax = 5;  // of kLeadSketchSize
constexpr std::uint64_t kSameFrameHeldMin = 85;
constexpr std::uint64_t kTemplateHeldMin = 65;
constexpr std::uint32_t kSameFrameMin = 5;       // of kLeadSketchSize: one name in a lead differs
constexpr std::uint64_t kShinglesPerChange = 4;  // a changed word is in three, often twice
constexpr std::uint64_t kShinglesByChance = 3;   // as the estimate goes
constexpr std::uint64_t kManyAnchors = 20;       // of so many some are edited
constexpr std::uint64_t kOpeningPlacesMin = 4;   // fewer tell nothing

// Of the members of one set, and how many of them the other set lacks, in hundredths: members that
// share a place with another's are allowed for.
struct Difference {
  std::uint64_t compared = 0;
  std::uint64_t missing = 0;
  [[nodiscard]] std::uint64_t present() const { return compared - std::min(compared, missing); }
  [[nodiscard]] bool missing_at_least(std::uint64_t percent) const {
    return missing * 100 >= percent * compared;
  }
  friend Difference operator+(const Difference& first, const Difference& second) {
    return {first.compared + second.compared, first.missing + second.missing};
  }
};

std::uint64_t word_at(const AnchorSet& set, std::size_t half) {
  std::uint64_t word = 0;
  std::memcpy(&word, set.data() + half * sizeof word, sizeof word);
  return word;
}

std::uint64_t count(const AnchorSet& set) {
  return static_cast<std::uint64_t>(std::popcount(word_at(set, 0)) +
                                    std::popcount(word_at(set, 1)));
}

// What of `from` is not in `into`, whole numbers. A full set hides what is missing.
Difference difference(const AnchorSet& from, const AnchorSet& into) {
  const auto lacking =
      static_cast<std::uint64_t>(std::popcount(word_at(from, 0) & ~word_at(into, 0)) +
                                 std::popcount(word_at(from, 1) & ~word_at(into, 1)));
  const std::uint64_t free =
      kAnchorPlaces + 1 - std::min<std::uint64_t>(count(into), kAnchorPlaces);
  const std::uint64_t compared = count(from);
  const std::uint64_t missing = (lacking * kAnchorPlaces + free / 2) / free;
  return {compared, std::min(compared, missing)};
}

bool has(const AnchorSet& set, std::uint8_t fact) {
  const std::size_t place = fact & ~std::size_t{kTitleFact};
  return (set[place / 8] >> (place % 8) & 1U) != 0;
}

// Of the facts of a title and lead those that the other text lacks.
struct Fresh {
  std::uint32_t in_title = 0;
  std::uint32_t in_lead = 0;
  [[nodiscard]] std::uint32_t all() const { return in_title + in_lead; }
};

template <std::size_t kSize>
Fresh fresh(const Facts<kSize>& facts, const AnchorSet& known) {
  Fresh fresh;
  for (const std::uint8_t fact : facts) {
    if (fact == kNoFact || has(known, fact)) continue;
    ++((fact & kTitleFact) != 0 ? fresh.in_title : fresh.in_lead);
  }
  return fresh;
}

// The comparisons that the rules draw on. `shorter` and `longer` are by shingles.
struct Evidence {
  const Agreement& counted;
  const Content& shorter;
  const Content& longer;
  Fraction whole;    // Jaccard of all shingles
  Fraction held;     // containment of the shorter text in the longer
  Fraction lead;     // Jaccard of the leads
  Difference names;  // of the shorter text, in the longer
  Difference numbers;
  Difference anchors;  // both

  explicit Evidence(const Agreement& agreement);
  [[nodiscard]] bool is_short() const { return shorter.tokens < kShortTokens; }
  [[nodiscard]] bool opening_moved() const;
  [[nodiscard]] bool leads_name_others() const;
  [[nodiscard]] bool begins_within() const;
  [[nodiscard]] bool is_explained() const;
  [[nodiscard]] bool anchors_differ() const;
  [[nodiscard]] bool only_longer_has_numbers() const;
};

Evidence::Evidence(const Agreement& agreement)
    : counted(agreement),
      shorter(agreement.first.shingles <= agreement.second.shingles ? agreement.first
                                                                    : agreement.second),
      longer(agreement.first.shingles <= agreement.second.shingles ? agreement.second
                                                                   : agreement.first),
      whole(jaccard(agreement.matching, kSketchSize)),
      held(containment(whole, agreement.first.shingles, agreement.second.shingles)),
      lead{agreement.lead_matching, kLeadSketchSize},
      names(difference(shorter.names, longer.names)),
      numbers(difference(shorter.numbers, longer.numbers)),
      anchors(names + numbers) {}

// Where the openings differ, the shorter text's may stand further down in the longer: a paragraph
// was dropped or moved. Then few of its shingles are missing, less than half of those that its
// opening does not share; under a shared footer, all of the opening is missing.
bool Evidence::opening_moved() const {
  if (!held.at_least(90) || numbers.missing > 0) return false;  // the estimate is too wide below
  const std::uint64_t opening =
      std::min<std::uint64_t>(shorter.shingles, kLeadTokens - kShingleWords + 1);
  const std::uint64_t unshared_over =
      shorter.shingles * (held.under - std::min(held.over, held.under));
  const std::uint64_t opening_over = opening * (lead.under - lead.over);
  return 2 * unshared_over * (lead.under + lead.over) < opening_over * held.under;
}

// What the leads name, the other text has not, though nearly all else stands in both: two stories
// under one frame.
bool Evidence::leads_name_others() const {
  const Content& first = counted.first;
  const Content& second = counted.second;
  const std::uint32_t added =
      fresh(second.lead_names, first.names).all() + fresh(second.lead_numbers, first.numbers).all();
  const std::uint32_t gone =
      fresh(first.lead_names, second.names).all() + fresh(first.lead_numbers, second.numbers).all();
  return added > 0 && gone > 0 && held.at_least(kSameFrameHeldMin);
}

// The shorter text's opening stands in the longer one, at its beginning or further down.
bool Evidence::begins_within() const {
  const OpeningShared& opening =
      &shorter == &counted.first ? counted.first_opening : counted.second_opening;
  return lead.at_least(12) ||
         (opening.places >= kOpeningPlacesMin && 2 * opening.equal >= opening.places);
}

// Whether the names and numbers that differ are all that does: edits would change other words, too.
bool Evidence::is_explained() const {
  const std::uint64_t changed = 1 + std::max<std::uint64_t>(anchors.missing, 1);
  const std::uint64_t lost = shorter.shingles * (held.under - std::min(held.over, held.under));
  return lost <= (kShinglesPerChange * changed + kShinglesByChance) * held.under;
}

// What a template or the next day's report changes. Edits of a copy touch names and numbers no more
// than other words, so the more of the text is held, the fewer may be missing.
bool Evidence::anchors_differ() const {
  if (numbers.compared > 0 && numbers.present() == 0) return true;
  if (numbers.missing >= 2 && numbers.missing_at_least(held.at_least(85) ? 25 : 45)) return true;
  if (names.compared >= 2 && names.present() == 0) return true;
  if (names.missing >= 3 && names.missing_at_least(50)) return true;
  return anchors.missing >= 2 && anchors.missing_at_least(16 + (100 - held.percent()) * 8 / 10);
}

bool Evidence::only_longer_has_numbers() const {
  const Difference of_longer = difference(longer.numbers, shorter.numbers);
  return of_longer.compared >= 3 && of_longer.present() == 0;
}

// By the rest: though the openings differ, or hardly agree.
enum class Alike : std::uint8_t { no, by_rest, by_opening };

// Short items share their frame by nature: all names and numbers must agree, and one other word is
// another fact.
Alike short_alike(const Evidence& evidence) {
  if (evidence.anchors.missing > 0) return Alike::no;
  const bool brief = evidence.longer.tokens >= kBriefOfTokens && evidence.held.at_least(70) &&
                     evidence.lead.at_least(30);
  const bool alike = evidence.longer.tokens < kBriefOfTokens && evidence.whole.at_least(85);
  return brief || alike ? Alike::by_opening : Alike::no;
}

// Cut and edited at once: half of it still stands, it begins alike and speaks of the same.
bool edited_alike(const Evidence& evidence) {
  const Difference& anchors = evidence.anchors;
  if (evidence.lead.at_least(75)) return anchors.compared == 0 || !anchors.missing_at_least(45);
  return evidence.shorter.tokens >= kEditedTokensMin && evidence.lead.at_least(25) &&
         anchors.present() >= 4 && !anchors.missing_at_least(15) &&
         !evidence.only_longer_has_numbers();
}

// The less of the text agrees, the more the opening, the names and the numbers have to.
Alike long_alike(const Evidence& evidence, const LikenessLimits& limits) {
  if (evidence.anchors_differ()) return Alike::no;
  const Difference& anchors = evidence.anchors;
  const std::uint64_t held_min = limits.containment_percent_min;
  if (evidence.held.at_least(held_min) || evidence.whole.at_least(limits.jaccard_percent_min)) {
    if (evidence.lead.at_least(40)) {
      const bool alike =
          evidence.held.at_least(85) || anchors.compared == 0 || !anchors.missing_at_least(45);
      return alike ? Alike::by_opening : Alike::no;
    }
    if (evidence.leads_name_others()) return Alike::no;
    const bool edited = anchors.present() >= kManyAnchors && evidence.begins_within() &&
                        !anchors.missing_at_least(20) && !evidence.numbers.missing_at_least(20);
    if (!edited &&
        (anchors.missing >= 3 || (anchors.missing > 0 && anchors.missing_at_least(15)))) {
      return Alike::no;
    }
    const bool enough =
        evidence.opening_moved() || anchors.present() >= (evidence.lead.at_least(12) ? 4U : 6U);
    return enough ? Alike::by_rest : Alike::no;
  }
  if (held_min < 20 || !evidence.held.at_least(held_min - 20)) return Alike::no;
  return edited_alike(evidence) ? Alike::by_opening : Alike::no;
}

// What the later text is to the earlier one, that it shares most of.
enum class Turn : std::uint8_t { none, update, other_event };

// A text that holds an earlier one and has more to say, by its size and by what it names.
bool outgrows(const Agreement& agreement) {
  const std::uint64_t growth = std::uint64_t{agreement.second.shingles} * 100 /
                               std::max<std::uint64_t>(1, agreement.first.shingles);
  const Difference names = difference(agreement.second.names, agreement.first.names) +
                           difference(agreement.second.numbers, agreement.first.numbers);
  if (growth >= 200) return names.compared == 0 || names.missing >= 2;
  return growth >= 140 && names.missing >= 3 && names.missing_at_least(20);
}

// Its opening stands nowhere in the earlier text, of which it has most: a new lead above an old
// text or in place of the old one.
bool has_new_opening(const Agreement& agreement, std::uint32_t fresh_facts) {
  const OpeningShared& opening = agreement.second_opening;
  const std::uint64_t of_first = std::max<std::uint64_t>(1, agreement.first.shingles);
  const std::uint64_t of_second = agreement.second.shingles;
  if (agreement.lead_matching > kOtherOpeningMax) return false;
  // Of a longer text less minima are those of its part.
  const std::uint64_t places = opening.places * std::min(of_first, of_second) / of_first;
  if (2 * opening.equal > places) return false;
  if (of_second >= of_first + kFreshShinglesMin) return true;
  if (places >= 6 && 6 * opening.equal <= places) return true;
  return places >= 3 && 4 * opening.equal <= places && fresh_facts > 0;
}

// What title and lead tell, and the whole set that it is part of: of names or of numbers.
template <std::size_t kSize>
struct Told {
  const Facts<kSize>& facts;
  const AnchorSet& all;
};

// One or two facts of the lead stand in place of others, in texts of one length that differ in
// nothing else. Of such a pair one may have a place in the set that a third has as well. With
// `mark` kTitleFact one of them stands in both titles: edits of a copy change its text.
template <std::size_t kSize>
bool is_replaced(const Told<kSize>& first, const Told<kSize>& second, std::uint8_t mark,
                 const Evidence& evidence) {
  constexpr std::size_t kReplacedMax = 2;
  std::size_t replaced = 0;
  bool is_sure = false;
  bool is_marked = mark == 0;
  for (std::size_t i = 0; i < kSize; ++i) {
    const std::uint8_t gone = first.facts[i];
    const std::uint8_t added = second.facts[i];
    if (((gone ^ added) & ~kTitleFact & 0xff) == 0) continue;
    // At the end one more, that shares its place with one that the other text has.
    const bool is_shared = mark != 0 && ((gone == kNoFact && has(first.all, added)) ||
                                         (added == kNoFact && has(second.all, gone)));
    if (is_shared) continue;
    if (gone == kNoFact || added == kNoFact || ++replaced > kReplacedMax) return false;
    is_sure = is_sure || !has(first.all, added) || !has(second.all, gone);
    is_marked = is_marked || (gone & added & mark) != 0;
  }
  return is_sure && is_marked && evidence.shorter.shingles * 10 >= evidence.longer.shingles * 9 &&
         evidence.is_explained();
}

Turn turn_of(const Agreement& agreement, const Evidence& evidence) {
  const Content& first = agreement.first;
  const Content& second = agreement.second;
  const Fresh names = fresh(second.lead_names, first.names);
  const Fresh numbers = fresh(second.lead_numbers, first.numbers);
  if (has_new_opening(agreement, names.all() + numbers.all())) return Turn::update;
  const bool longer = second.shingles >= first.shingles + kFreshShinglesMin;
  if (longer && names.in_title + numbers.in_title >= 2) return Turn::update;
  // Openings that are alike, but for what they name: the toll rose, or it is another place.
  const bool numbers_gone = fresh(first.lead_numbers, second.numbers).all() > 0;
  const bool names_gone = fresh(first.lead_names, second.names).all() > 0;
  const std::uint32_t alike = agreement.lead_matching;
  if (alike >= kSameOpeningMin && evidence.held.at_least(kSameFrameHeldMin)) {
    if (numbers.all() > 0 && numbers_gone) return Turn::update;
    if (is_replaced(Told{first.lead_numbers, first.numbers},
                    Told{second.lead_numbers, second.numbers}, 0, evidence))
      return Turn::update;
  }
  if (alike >= kSameFrameMin && names.all() > 0 && names_gone &&
      evidence.held.at_least(kTemplateHeldMin) && evidence.is_explained()) {
    return Turn::other_event;
  }
  if (alike < kSameFrameMin || !evidence.held.at_least(kSameFrameHeldMin))
    return outgrows(agreement) ? Turn::update : Turn::none;
  // Of title and lead one toll in place of another, one name in place of another.
  if (is_replaced(Told{first.lead_numbers, first.numbers},
                  Told{second.lead_numbers, second.numbers}, kTitleFact, evidence))
    return Turn::update;
  if (is_replaced(Told{first.lead_names, first.names}, Told{second.lead_names, second.names},
                  kTitleFact, evidence))
    return Turn::other_event;
  return outgrows(agreement) ? Turn::update : Turn::none;
}

}  // namespace

void compare_sketches(const std::array<std::uint8_t, kSketchSize>& first,
                      const std::array<std::uint8_t, kSketchSize>& second, Agreement& agreement) {
  std::uint32_t matching = 0;
  std::uint32_t of_first = 0;
  std::uint32_t first_equal = 0;
  std::uint32_t of_second = 0;
  std::uint32_t second_equal = 0;
  for (std::size_t i = 0; i < kSketchSize; ++i) {
    const std::uint32_t equal = ((first[i] ^ second[i]) & ~kSketchLeadBit & 0xffU) == 0 ? 1U : 0U;
    const std::uint32_t in_first = first[i] / kSketchLeadBit;
    const std::uint32_t in_second = second[i] / kSketchLeadBit;
    matching += equal;
    of_first += in_first;
    of_second += in_second;
    first_equal += in_first & equal;
    second_equal += in_second & equal;
  }
  agreement.matching = matching;
  agreement.first_opening = {of_first, first_equal};
  agreement.second_opening = {of_second, second_equal};
}

Agreement agreement_of(const Signature& first, const Signature& second) {
  Agreement agreement;
  agreement.same_text =
      first.exact == second.exact && first.tokens == second.tokens && first.tokens > 0;
  compare_sketches(first.sketch, second.sketch, agreement);
  for (std::size_t i = 0; i < kLeadSketchSize; ++i) {
    agreement.lead_matching += first.lead[i] == second.lead[i] ? 1U : 0U;
  }
  agreement.first = content_of(first, first.tokens, first.shingles);
  agreement.second = content_of(second, second.tokens, second.shingles);
  return agreement;
}

Likeness judge(const Agreement& agreement, const LikenessLimits& limits) {
  if (agreement.same_text) return {Method::exact, Relation::none, 100, false};
  if (agreement.matching < kMatchingMin) return {};
  const Evidence evidence(agreement);
  const Alike alike = evidence.is_short() ? short_alike(evidence) : long_alike(evidence, limits);
  if (alike == Alike::no) return {};
  const Turn turn = turn_of(agreement, evidence);
  if (turn == Turn::other_event) return {};
  Likeness likeness;
  likeness.other_opening = alike == Alike::by_rest;
  likeness.similarity_percent =
      static_cast<std::uint8_t>(std::max(evidence.whole.percent(), evidence.held.percent()));
  if (turn == Turn::update) {
    likeness.relation = Relation::update;
    return likeness;
  }
  const bool near = evidence.whole.at_least(limits.jaccard_percent_min) ||
                    evidence.held.at_least(limits.containment_percent_min);
  likeness.method = near ? Method::near : Method::lead;
  return likeness;
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
