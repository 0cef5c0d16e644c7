#include "pipeline/dedupe/signature.h"

#include <xxhash.h>

#include <algorithm>
#include <span>
#include <vector>

#include "pipeline/dedupe/sketch.h"

namespace tocsin {
namespace {

constexpr std::size_t kShingleWords = 3;
constexpr std::size_t kLeadTokens = 100;

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

std::uint32_t count_distinct(std::vector<std::uint64_t> hashes) {
  std::sort(hashes.begin(), hashes.end());
  return static_cast<std::uint32_t>(std::unique(hashes.begin(), hashes.end()) - hashes.begin());
}

Hash128 to_hash(const XXH128_hash_t& hash) {
  return {hash.high64, hash.low64};
}

}  // namespace

Signature sign(const Text& text) {
  std::vector<std::uint64_t> tokens;
  tokens.reserve(text.tokens.size());
  const std::size_t first = text.body_token < text.tokens.size() ? text.body_token : 0;
  for (std::size_t i = first; i < text.tokens.size(); ++i) tokens.push_back(text.tokens[i].hash);
  Signature signature;
  signature.exact = to_hash(XXH3_128bits(tokens.data(), tokens.size() * sizeof(std::uint64_t)));
  signature.tokens = static_cast<std::uint32_t>(tokens.size());
  const std::vector<std::uint64_t> shingles = shingles_of(tokens);
  signature.shingles = count_distinct(shingles);
  sketch_of(shingles, signature.sketch);
  const std::size_t lead = std::min(tokens.size(), kLeadTokens);
  sketch_of(shingles_of(std::span(tokens).first(lead)), signature.lead);
  return signature;
}

Hash128 raw_hash(std::string_view payload) {
  return to_hash(XXH3_128bits(payload.data(), payload.size()));
}

}  // namespace tocsin
