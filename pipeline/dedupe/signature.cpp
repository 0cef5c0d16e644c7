#include "pipeline/dedupe/signature.h"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <bit>
#include <initializer_list>
#include <numeric>
#include <span>
#include <string_view>
#include <vector>

#include "pipeline/dedupe/boilerplate.h"
#include "pipeline/dedupe/sketch.h"

namespace tocsin {
namespace {

constexpr std::size_t kShingleWords = 3;
constexpr std::size_t kTitleBelowTokens = 12;
constexpr std::size_t kHeaderTokens = 16;  // where the date of publication may stand
constexpr std::size_t kDateReach = 4;

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

// A few words of English, by hash.
class Words {
 public:
  Words(std::initializer_list<std::string_view> words) {
    for (const std::string_view word : words) {
      const std::uint64_t hash = fold_hash(word);
      filter_[filter_word(hash)] |= filter_bit(hash);
      hashes_.push_back(hash);
    }
  }
  [[nodiscard]] bool contains(std::uint64_t hash) const {
    if ((filter_[filter_word(hash)] & filter_bit(hash)) == 0) return false;
    return std::find(hashes_.begin(), hashes_.end(), hash) != hashes_.end();
  }

 private:
  static std::size_t filter_word(std::uint64_t hash) { return hash >> 60; }
  static std::uint64_t filter_bit(std::uint64_t hash) { return 1ULL << (hash & 63U); }
  std::array<std::uint64_t, 16> filter_{};
  std::vector<std::uint64_t> hashes_;
};

// From two on: "one" is a pronoun too.
const Words& number_words() {
  static const Words kWords = {
      "two",      "three",     "four",     "five",     "six",      "seven",    "eight",
      "nine",     "ten",       "eleven",   "twelve",   "thirteen", "fourteen", "fifteen",
      "sixteen",  "seventeen", "eighteen", "nineteen", "twenty",   "thirty",   "forty",
      "fifty",    "sixty",     "seventy",  "eighty",   "ninety",   "hundred",  "thousand",
      "hundreds", "thousands", "dozen",    "dozens",   "several"};
  return kWords;
}

// Words that are capitalised only where they open a sentence.
const Words& openers() {
  static const Words kWords = {
      "a",         "about",   "after",  "all",    "also",    "although", "an",        "and",
      "another",   "any",     "as",     "at",     "because", "before",   "both",      "but",
      "by",        "despite", "during", "each",   "earlier", "for",      "from",      "he",
      "her",       "here",    "his",    "how",    "however", "i",        "if",        "in",
      "including", "it",      "its",    "last",   "later",   "many",     "meanwhile", "more",
      "most",      "my",      "no",     "not",    "now",     "of",       "on",        "one",
      "only",      "or",      "other",  "others", "our",     "over",     "she",       "since",
      "so",        "some",    "still",  "such",   "than",    "that",     "the",       "their",
      "then",      "there",   "these",  "they",   "this",    "those",    "to",        "under",
      "until",     "we",      "what",   "when",   "where",   "which",    "while",     "who",
      "with",      "without", "yet",    "you",    "your"};
  return kWords;
}

const Words& months() {
  static const Words kWords = {
      "january",   "february", "march",    "april",    "may",  "june", "july", "august",
      "september", "october",  "november", "december", "jan",  "feb",  "mar",  "apr",
      "jun",       "jul",      "aug",      "sep",      "sept", "oct",  "nov",  "dec"};
  return kWords;
}

// Keeps `anchor` if it is among the smallest of the set.
void sample(AnchorSample& anchors, std::uint64_t token_hash) {
  const auto anchor =
      static_cast<std::uint16_t>(std::min<std::uint64_t>(mix64(token_hash) >> 48, kNoAnchor - 1));
  if (anchor >= anchors.back()) return;
  auto* const place = std::lower_bound(anchors.begin(), anchors.end(), anchor);
  if (*place == anchor) return;
  std::move_backward(place, anchors.end() - 1, anchors.end());
  *place = anchor;
}

// Whether a number of the header is the day it was published, not news: it stands beside a month.
bool is_date(const Text& text, std::span<const std::uint32_t> story, std::size_t number) {
  const std::size_t begin = number - std::min(number, kDateReach);
  const std::size_t end = std::min(story.size(), number + kDateReach + 1);
  return std::any_of(story.begin() + static_cast<std::ptrdiff_t>(begin),
                     story.begin() + static_cast<std::ptrdiff_t>(end),
                     [&](std::uint32_t near) { return months().contains(text.tokens[near].hash); });
}

void collect_anchors(const Text& text, std::span<const std::uint32_t> story, Signature& signature) {
  constexpr std::uint16_t kNamed = shape::kTitle | shape::kUpper | shape::kMixed;
  for (std::size_t i = 0; i < story.size(); ++i) {
    const Token& token = text.tokens[story[i]];
    if ((token.shape & shape::kNumber) != 0 || number_words().contains(token.hash)) {
      if (i < kHeaderTokens && is_date(text, story, i)) continue;
      sample(signature.numbers, token.hash);
    } else if ((token.shape & kNamed) != 0 && !openers().contains(token.hash)) {
      sample(signature.names, token.hash);
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
