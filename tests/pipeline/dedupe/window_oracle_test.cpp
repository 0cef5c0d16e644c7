// The window against exact sets: of all pairs of a stream of invented articles, those whose sketch,
// bands or verdict are off must be no more than the theory of the sketch predicts.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "pipeline/dedupe/boilerplate.h"
#include "pipeline/dedupe/sketch.h"
#include "pipeline/dedupe/window.h"
#include "tests/english.h"
#include "tests/pipeline/dedupe/newsroom.h"

namespace tocsin::test {
namespace {

struct Document {
  std::size_t story = 0;
  Signature signature;
  std::set<std::uint64_t> shingles;
  std::set<std::uint64_t> lead;
};

std::set<std::uint64_t> shingles_of(const std::vector<std::uint64_t>& tokens, std::size_t end) {
  std::set<std::uint64_t> shingles;
  for (std::size_t i = 0; i + 3 <= std::min(end, tokens.size()); ++i) {
    shingles.insert(shingle_hash(std::span(tokens).subspan(i, 3)));
  }
  return shingles;
}

Document document_of(std::size_t story, const std::string& body) {
  const Text text = make_text("", body, "en");
  Document document{story, sign(text, {}), {}, {}};
  std::vector<std::uint64_t> tokens;
  for (const std::uint32_t token : story_tokens(text, {}))
    tokens.push_back(text.tokens[token].hash);
  document.shingles = shingles_of(tokens, tokens.size());
  document.lead = shingles_of(tokens, kLeadTokens);
  return document;
}

std::size_t shared(const std::set<std::uint64_t>& first, const std::set<std::uint64_t>& second) {
  return static_cast<std::size_t>(std::count_if(
      first.begin(), first.end(), [&](std::uint64_t shingle) { return second.contains(shingle); }));
}

double jaccard(const std::set<std::uint64_t>& first, const std::set<std::uint64_t>& second) {
  const std::size_t both = shared(first, second);
  const std::size_t all = first.size() + second.size() - both;
  return all == 0 ? 0 : static_cast<double>(both) / static_cast<double>(all);
}

double containment(const Document& first, const Document& second) {
  const std::size_t least = std::min(first.shingles.size(), second.shingles.size());
  return static_cast<double>(shared(first.shingles, second.shingles)) /
         static_cast<double>(std::max<std::size_t>(1, least));
}

// Stories with up to four versions each, in a mixed order.
std::vector<Document> stream(std::uint64_t seed, std::size_t stories) {
  Newsroom newsroom(seed);
  std::vector<Document> documents;
  for (std::size_t story = 0; story < stories; ++story) {
    const Paragraphs paragraphs = newsroom.story(3 + newsroom.below(8));
    documents.push_back(document_of(story, join(paragraphs)));
    for (std::size_t version = newsroom.below(4); version > 0; --version) {
      Paragraphs edited = newsroom.edited(paragraphs, newsroom.below(25));
      edited = newsroom.dropped(edited, newsroom.below(40));
      documents.push_back(document_of(story, Newsroom::cut(edited, 40 + newsroom.below(61)) + "."));
    }
  }
  std::mt19937_64 random(seed);
  std::shuffle(documents.begin(), documents.end(), random);
  return documents;
}

double square(double value) {
  return value * value;
}

bool share_a_band(const Signature& first, const Signature& second) {
  for (std::size_t band = 0; band < DedupeWindow::kBands; ++band) {
    const auto at = static_cast<std::ptrdiff_t>(band * DedupeWindow::kBandBytes);
    const auto same_hash = [](std::uint8_t a, std::uint8_t b) {
      return ((a ^ b) & ~unsigned{kSketchLeadBit}) == 0;
    };
    if (std::equal(first.sketch.begin() + at, first.sketch.begin() + at + 4,
                   second.sketch.begin() + at, same_hash)) {
      return true;
    }
  }
  for (std::size_t pair = 0; pair < kLeadSketchSize; pair += 2) {
    if (first.lead[pair] == second.lead[pair] && first.lead[pair + 1] == second.lead[pair + 1]) {
      return true;
    }
  }
  return false;
}

RC_GTEST_PROP(SketchProperty, all_instructions_find_the_same_minima, ()) {
  const auto numbers = [](std::size_t count) {
    return *rc::gen::container<std::vector<std::uint32_t>>(count,
                                                           rc::gen::arbitrary<std::uint32_t>());
  };
  const auto hashes = *rc::gen::arbitrary<std::vector<std::uint64_t>>();
  const std::size_t count = kMinhashStep * *rc::gen::inRange<std::size_t>(1, 13);
  const std::vector<std::uint32_t> multipliers = numbers(count);
  const std::vector<std::uint32_t> addends = numbers(count);
  const std::vector<std::uint32_t> before = numbers(count);
  for (const LowerMinima lower : all_lower_minima()) {
    std::vector<std::uint32_t> minima = before;
    lower(hashes, multipliers.data(), addends.data(), count, minima.data());
    for (std::size_t k = 0; k < count; ++k) {
      std::uint32_t least = before[k];
      for (const std::uint64_t hash : hashes) {
        const auto value = static_cast<std::uint32_t>(hash >> 32);
        least = std::min(least, value * multipliers[k] + addends[k]);
      }
      RC_ASSERT(minima[k] == least);
    }
  }
}

TEST(WindowOracle, SketchesEstimateJaccard) {
  const std::vector<Document> documents = stream(1, 120);
  std::size_t pairs = 0;
  std::size_t far = 0;
  for (std::size_t i = 0; i < documents.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const double exact = jaccard(documents[i].shingles, documents[j].shingles);
      const Agreement agreement = agreement_of(documents[i].signature, documents[j].signature);
      const double equal = static_cast<double>(agreement.matching) / kSketchSize;
      const double expected = exact + (1 - exact) / 128;
      const double deviation = std::sqrt(expected * (1 - expected) / kSketchSize);
      ++pairs;
      if (std::abs(equal - expected) > 3 * deviation + 1.0 / kSketchSize) ++far;
    }
  }
  // Beyond three deviations lie 0.3 % of a normal distribution; few matches are Poisson's, wider.
  EXPECT_LE(static_cast<double>(far), 0.01 * static_cast<double>(pairs));
}

TEST(WindowOracle, MissesAreThoseOfTheBandingFormula) {
  double expected = 0;
  double variance = 0;
  double found = 0;
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    const std::vector<Document> documents = stream(seed, 100);
    for (std::size_t i = 0; i < documents.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (documents[i].story != documents[j].story) continue;
        const double whole = jaccard(documents[i].shingles, documents[j].shingles);
        const double lead = jaccard(documents[i].lead, documents[j].lead);
        // Broder 1997 and Indyk & Motwani 1998: the bands of the whole text miss, and the lead's.
        const double missed = std::pow(1 - square(square(whole)), DedupeWindow::kBands) *
                              std::pow(1 - square(lead), DedupeWindow::kLeadBands);
        expected += 1 - missed;
        variance += missed * (1 - missed);
        found += share_a_band(documents[i].signature, documents[j].signature) ? 1 : 0;
      }
    }
  }
  EXPECT_NEAR(found, expected, 4 * std::sqrt(variance) + 1);
}

TEST(WindowOracle, NothingIsMergedThatTheSetsDoNotShare) {
  std::size_t copies = 0;
  std::size_t candidates = 0;
  std::size_t wrong = 0;
  for (std::uint64_t seed = 11; seed <= 14; ++seed) {
    const std::vector<Document> documents = stream(seed, 150);
    DedupeWindow window;
    std::set<std::size_t> seen;
    for (std::size_t i = 0; i < documents.size(); ++i) {
      const WindowItem item{&documents[i].signature, i + 1, 0, true};
      const auto match = window.find(item, {}, nullptr);
      window.insert(&item);
      candidates += seen.insert(documents[i].story).second ? 0 : 1;
      if (!match) continue;
      const Document& matched = documents[match->sequence - 1];
      if (matched.story != documents[i].story) ++wrong;
      ++copies;
      // Four deviations below the least that the rules ask of any pair.
      EXPECT_GE(containment(documents[i], matched), 0.5 - 4 * 0.045);
    }
  }
  EXPECT_EQ(wrong, 0U);
  EXPECT_GT(copies, candidates / 2);
}

}  // namespace
}  // namespace tocsin::test
