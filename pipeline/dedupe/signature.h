// What near-duplicate search remembers of a text: an exact hash and two MinHash sketches.
// A signature is a pure function of the token stream and of kSignatureVersion.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string_view>

#include "pipeline/text/text.h"

namespace tocsin {

struct Hash128 {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend auto operator<=>(const Hash128&, const Hash128&) = default;
};

// Raise with every change of code, parameters, boilerplate data or folding table that can change a
// signature: signatures of different versions are never compared.
inline constexpr std::uint16_t kSignatureVersion = 2;

inline constexpr std::size_t kSketchSize = 128;  // K: number of MinHash functions
inline constexpr std::size_t kLeadSketchSize = 16;
inline constexpr std::uint32_t kLeadTokens = 24;  // the lead: where a cut text begins too
inline constexpr std::size_t kAnchorsMax = 8;

// Up to kAnchorsMax of a set of names or numbers: those with the smallest 16-bit hashes, ascending,
// kNoAnchor behind them. A sample by hash (bottom-k; Cohen & Kaplan 2007), so of a text cut from
// another each sampled anchor is sampled there too, or lies beyond the other's largest.
using AnchorSample = std::array<std::uint16_t, kAnchorsMax>;
inline constexpr std::uint16_t kNoAnchor = 0xffff;
inline constexpr AnchorSample kNoAnchors = [] {
  AnchorSample none{};
  none.fill(kNoAnchor);
  return none;
}();

// Near-duplicate signature: an 8-bit sketch (b-bit minwise hashing, Li & Koenig 2010) of the set of
// 3-word shingles (Broder 1997), a 16-bit one of the lead's, and samples of the names and numbers:
// what a template or the next day's report changes.
struct Signature {
  Hash128 exact;               // of the folded token stream without boilerplate
  std::uint32_t tokens = 0;    // that counted (without boilerplate)
  std::uint32_t shingles = 0;  // distinct shingles
  std::array<std::uint8_t, kSketchSize> sketch{};
  std::array<std::uint16_t, kLeadSketchSize> lead{};
  AnchorSample names = kNoAnchors;    // capitalised words that do not open a sentence
  AnchorSample numbers = kNoAnchors;  // of digits or in words
  friend bool operator==(const Signature&, const Signature&) = default;
};

[[nodiscard]] Signature sign(const Text& text);

// XXH3-128 of the raw payload: what "same raw hash" means in the fold.
[[nodiscard]] Hash128 raw_hash(std::string_view payload);

}  // namespace tocsin
