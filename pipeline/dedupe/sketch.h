// MinHash sketches over word shingles: the arithmetic of a signature, without any notion of text.
// Pure integer code; equal inputs give equal bytes on every machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace tocsin {

inline constexpr std::size_t kMinhashMax = 128;

// Of a whole text's sketch: seven bits of the MinHash, and whether its minimum stands in the lead.
inline constexpr std::uint8_t kSketchLeadBit = 0x80;

// Writes the sketch of the set of `hashes` (repeats do not matter) for the first sketch.size() of
// kMinhashMax MinHash functions; zeros for the empty set. The first `lead` hashes are the lead's.
void sketch_of(std::span<const std::uint64_t> hashes, std::size_t lead,
               std::span<std::uint8_t> sketch);
void sketch_of(std::span<const std::uint64_t> hashes, std::span<std::uint16_t> sketch);

// minima[k] = the least of itself and hash * multipliers[k] + addends[k] over all hashes, their
// upper halves, for `count` functions, a multiple of kMinhashStep.
using LowerMinima = void (*)(std::span<const std::uint64_t> hashes,
                             const std::uint32_t* multipliers, const std::uint32_t* addends,
                             std::size_t count, std::uint32_t* minima) noexcept;
inline constexpr std::size_t kMinhashStep = 16;
// What the machine has, the widest instructions first; plain loops come last. For tests.
[[nodiscard]] std::vector<LowerMinima> all_lower_minima();

// Hash of a shingle of consecutive tokens, from the tokens' hashes; depends on their order.
[[nodiscard]] std::uint64_t shingle_hash(std::span<const std::uint64_t> tokens);

// splitmix64 finaliser (Steele, Lea & Flood 2014).
[[nodiscard]] constexpr std::uint64_t mix64(std::uint64_t value) noexcept {
  value ^= value >> 30;
  value *= 0xbf58476d1ce4e5b9ULL;
  value ^= value >> 27;
  value *= 0x94d049bb133111ebULL;
  return value ^ (value >> 31);
}

}  // namespace tocsin
