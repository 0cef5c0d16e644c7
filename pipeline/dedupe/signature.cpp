#include "pipeline/dedupe/signature.h"

#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <numeric>
#include <span>
#include <vector>

#include "pipeline/dedupe/boilerplate.h"
#include "pipeline/dedupe/sketch.h"

namespace tocsin {
namespace {

constexpr std::size_t kShingleWords = 3;
constexpr std::size_t kTitleBelowTokens = 12;

// Shingle hashes of the tokens; a text shorter than a shingle is one shingle.
std::vector<std::uint64_t> shingles_of(std::span<const std::uint64_t> tokens) {
  std::vector<std::uint64_t> shingles;
  if (tokens.empty()) return shingles;
  if (tokens.size() < kShingleWords) {
    shingles.push_back(shingle_hash(tokens));
    return shingles;
  }
  shingles.reserve(tokens.size());
  for (std::size_t i = 0; i + kShingleWords <= tokens.size(); ++i) {
    shingles.push_back(shingle_hash(tokens.subspan(i, kShingleWords)));
  }
  return shingles;
}

// Distinct values, by open addressing at most half full.
std::uint32_t count_distinct(std::span<const std::uint64_t> hashes) {
  std::vector<std::uint64_t> table(std::bit_ceil(2 * hashes.size() + 1));
  const std::uint64_t mask = table.size() - 1;
  std::uint32_t distinct = 0;
  bool zero = false;
  for (const std::uint64_t hash : hashes) {
    if (hash == 0) {
      zero = true;
      continue;
    }
    std::uint64_t slot = hash & mask;
    while (table[slot] != 0 && table[slot] != hash) slot = (slot + 1) & mask;
    if (table[slot] == hash) continue;
    table[slot] = hash;
    ++distinct;
  }
  return distinct + (zero ? 1U : 0U);
}

// Names and numbers among the first tokens of the story. The first word of a sentence is
// capitalised anyway, so it tells nothing.
void collect_anchors(const Text& text, std::span<const std::uint32_t> story, Signature& signature) {
  constexpr std::uint16_t kNamed = shape::kTitle | shape::kUpper | shape::kMixed;
  constexpr std::uint16_t kOpening = before::kStop | before::kParagraph | before::kQuoteOpen;
  for (std::size_t i = 0; i < std::min<std::size_t>(story.size(), kNumberTokens); ++i) {
    const Token& token = text.tokens[story[i]];
    const std::uint64_t bit = 1ULL << (mix64(token.hash) >> 58);
    if ((token.shape & shape::kNumber) != 0) signature.numbers |= bit;
    if (i > 0 && i < kNameTokens && (token.shape & kNamed) != 0 && (token.before & kOpening) == 0) {
      signature.names |= bit;
    }
  }
}

Hash128 to_hash(const XXH128_hash_t& hash) {
  return {hash.high64, hash.low64};
}

}  // namespace

Signature sign(const Text& text) {
  std::vector<std::uint32_t> story = story_tokens(text);
  if (story.size() < kTitleBelowTokens) {
    // Too little to stand for an article: "Details soon." under two headlines is two articles.
    std::vector<std::uint32_t> title(std::min<std::size_t>(text.body_token, text.tokens.size()));
    std::iota(title.begin(), title.end(), 0U);
    if (story.empty() || story.front() >= title.size())
      story.insert(story.begin(), title.begin(), title.end());
  }
  std::vector<std::uint64_t> tokens;
  tokens.reserve(story.size());
  for (const std::uint32_t index : story) tokens.push_back(text.tokens[index].hash);
  Signature signature;
  signature.exact = to_hash(XXH3_128bits(tokens.data(), tokens.size() * sizeof(std::uint64_t)));
  signature.tokens = static_cast<std::uint32_t>(tokens.size());
  const std::vector<std::uint64_t> shingles = shingles_of(tokens);
  signature.shingles = count_distinct(shingles);
  sketch_of(shingles, std::span(signature.sketch));
  const std::size_t lead = std::min<std::size_t>(tokens.size(), kLeadTokens);
  sketch_of(shingles_of(std::span(tokens).first(lead)), std::span(signature.lead));
  collect_anchors(text, story, signature);
  return signature;
}

Hash128 raw_hash(std::string_view payload) {
  return to_hash(XXH3_128bits(payload.data(), payload.size()));
}

}  // namespace tocsin
