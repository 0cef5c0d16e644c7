// What near-duplicate search remembers of a text: an exact hash and two MinHash sketches.
// A signature is a pure function of the token stream and of kSignatureVersion.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string_view>
#include <vector>

#include "pipeline/dedupe/boilerplate.h"
#include "pipeline/text/text.h"

namespace tocsin {

struct Hash128 {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend auto operator<=>(const Hash128&, const Hash128&) = default;
};

// Raise with every change of code, parameters or folding table that can change a
// signature: signatures of different versions are never compared.
inline constexpr std::uint16_t kSignatureVersion = 3;

inline constexpr std::size_t kSketchSize = 128;  // K: number of MinHash functions
inline constexpr std::size_t kLeadSketchSize = 16;
inline constexpr std::uint32_t kLeadTokens = 24;  // the lead: where a cut text begins too

// A set of names or of numbers: a bit for each member, at a place by its hash (linear counting;
// Whang et al. 1990). Of a text cut from another all bits stand in the other's; of a text of news
// length few members share a bit.
inline constexpr std::size_t kAnchorPlaces = 127;  // the last bit is never set
using AnchorSet = std::array<std::uint8_t, 16>;

// Places of what title and lead name: what an update or another event changes. Names of the title
// count only where the story has them too, as outlets head a story as they like.
inline constexpr std::size_t kLeadNamesMax = 5;
inline constexpr std::size_t kLeadNumbersMax = 3;
inline constexpr std::uint8_t kTitleFact = 0x80;  // beside the place: it stands in the title
inline constexpr std::uint8_t kNoFact = 0xff;
template <std::size_t kSize>
using Facts = std::array<std::uint8_t, kSize>;
template <std::size_t kSize>
inline constexpr Facts<kSize> kNoFacts = [] {
  Facts<kSize> none{};
  none.fill(kNoFact);
  return none;
}();

// Near-duplicate signature: a 7-bit sketch (b-bit minwise hashing, Li & Koenig 2010) of the set of
// 3-word shingles (Broder 1997), a 16-bit one of the lead's, and the sets of names and numbers:
// what a template or the next day's report changes. Numbers count by value: "7" is "seven".
struct Signature {
  Hash128 exact;                                   // of the folded token stream of the story
  std::uint32_t tokens = 0;                        // of the story; of the title where it has none
  std::uint32_t shingles = 0;                      // distinct shingles
  std::array<std::uint8_t, kSketchSize> sketch{};  // kSketchLeadBit marks minima of the lead
  std::array<std::uint16_t, kLeadSketchSize> lead{};
  AnchorSet names{};    // capitalised words that do not open a sentence
  AnchorSet numbers{};  // of digits or in words
  Facts<kLeadNamesMax> lead_names = kNoFacts<kLeadNamesMax>;
  Facts<kLeadNumbersMax> lead_numbers = kNoFacts<kLeadNumbersMax>;
  friend bool operator==(const Signature&, const Signature&) = default;
};

// The tokens that stand for an article: of its story, and of its title where that is short or the
// body carries none ("more soon", a wall of cookies: a stub).
struct Deciding {
  std::vector<std::uint32_t> tokens;
  bool is_stub = false;
};
[[nodiscard]] Deciding deciding_tokens(const Text& text, const Masthead& masthead);

[[nodiscard]] Signature signature_of(const Text& text, const Deciding& deciding);
[[nodiscard]] inline Signature sign(const Text& text, const Masthead& masthead) {
  return signature_of(text, deciding_tokens(text, masthead));
}

// XXH3-128 of the raw payload: what "same raw hash" means in the fold.
[[nodiscard]] Hash128 raw_hash(std::string_view payload);

}  // namespace tocsin
