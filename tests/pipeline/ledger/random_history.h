// Random ledgers for the dedup state's tests: articles from a small pool of texts, so that copies,
// cut copies, redeliveries, re-created topics, retracts, early skips and epochs meet each other.
#pragma once

#include <cstdint>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "pipeline/dedupe/sketch.h"
#include "pipeline/ledger/dedup_state.h"

namespace tocsin::test {

struct LedgerEntry {
  std::int64_t offset = 0;
  std::int64_t append_time_ms = 0;
  LedgerRecord record;
};

// A signature of the tokens by the same arithmetic as sign(), without a text.
inline Signature signature_of(const std::vector<std::uint64_t>& tokens) {
  Signature signature;
  signature.tokens = static_cast<std::uint32_t>(tokens.size());
  std::vector<std::uint64_t> shingles;
  for (std::size_t i = 0; i + 3 <= tokens.size(); ++i) {
    shingles.push_back(shingle_hash(std::span(tokens).subspan(i, 3)));
  }
  signature.exact = {shingle_hash(tokens), mix64(shingle_hash(tokens))};
  signature.shingles = static_cast<std::uint32_t>(shingles.size());
  const std::size_t lead = std::min<std::size_t>(shingles.size(), kLeadTokens - 2);
  sketch_of(shingles, lead, std::span(signature.sketch));
  sketch_of(std::span(shingles).first(lead), std::span(signature.lead));
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const auto place = static_cast<std::uint8_t>(mix64(tokens[i]) % kAnchorPlaces);
    const auto bit = static_cast<std::uint8_t>(1U << (place % 8));
    if (tokens[i] % 7 == 0) signature.names[place / 8] |= bit;
    if (tokens[i] % 11 == 0) signature.numbers[place / 8] |= bit;
    if (i < kLeadTokens && tokens[i] % 7 == 0) signature.lead_names[i % kLeadNamesMax] = place;
    if (i < kLeadTokens && tokens[i] % 11 == 0) {
      signature.lead_numbers[i % kLeadNumbersMax] = place;
    }
  }
  return signature;
}

class RandomHistory {
 public:
  explicit RandomHistory(std::uint64_t seed) : random_(seed) {}

  Epoch epoch;
  std::int64_t append_step_max_ms = 40;
  bool has_retracts = true;

  std::vector<LedgerEntry> make(std::size_t records) {
    std::vector<LedgerEntry> entries;
    add(entries, epoch);
    while (entries.size() < records) add(entries, next(entries));
    return entries;
  }

 private:
  std::uint64_t below(std::uint64_t end) { return random_() % end; }

  void add(std::vector<LedgerEntry>& entries, LedgerRecord record) {
    offset_ += 1 + static_cast<std::int64_t>(below(3));
    now_ += static_cast<std::int64_t>(below(static_cast<std::uint64_t>(append_step_max_ms) + 1));
    // The broker's stamps may step back; the fold's clock does not.
    const std::int64_t back = below(20) == 0 ? 5 : 0;
    entries.push_back({offset_, now_ - back, std::move(record)});
  }

  LedgerRecord next(const std::vector<LedgerEntry>& entries) {
    const std::uint64_t choice = below(100);
    if (choice < 4) return Tick{offset_, 0};
    if (choice < 20 && !sightings_.empty()) {
      Sighting earlier = sightings_[sightings_.size() - 1 - below(sightings_.size())];
      if (choice < 7 && has_retracts) return Retract{earlier.position, earlier.raw_hash};
      if (choice < 9) earlier.raw_hash.low += 1 + below(2);  // a re-created topic
      return remember(earlier);
    }
    Sighting sighting;
    sighting.position = {below(2) == 0 ? "raw" : "other", static_cast<std::int32_t>(below(2)),
                         static_cast<std::int64_t>(sightings_.size())};
    sighting.raw_hash = {random_(), random_()};
    sighting.time_ms = now_ - static_cast<std::int64_t>(below(60)) + 20;
    if (below(4) == 0) {
      sighting.article_id = (below(2) == 0 ? "a" : "id-") + std::to_string(below(1000));
    }
    sighting.outlet = below(4);
    sighting.signature = signature_of(text());
    if (below(25) == 0) sighting.signature_version = kSignatureVersion + 1;
    if (below(12) == 0) {
      const std::uint64_t back = below(std::min<std::size_t>(entries.size(), 30));
      sighting.copy_of = entries[entries.size() - 1 - back].offset;
    }
    return remember(sighting);
  }

  Sighting remember(const Sighting& sighting) {
    sightings_.push_back(sighting);
    return sighting;
  }

  // One of a few base texts, whole, cut, edited, or grown.
  std::vector<std::uint64_t> text() {
    const std::uint64_t base = below(8);
    std::vector<std::uint64_t> tokens(20 + base * 25);
    for (std::size_t i = 0; i < tokens.size(); ++i) tokens[i] = mix64(base * 1000 + i + 1);
    if (below(3) == 0) tokens.resize(tokens.size() - below(tokens.size() * 3 / 4));
    if (below(4) == 0) {
      for (std::uint64_t edits = below(6); edits > 0; --edits) {
        tokens[below(tokens.size())] = random_();
      }
    }
    if (below(5) == 0) {
      for (std::uint64_t more = below(150); more > 0; --more) tokens.push_back(random_());
    }
    return tokens;
  }

  std::mt19937_64 random_;
  std::int64_t offset_ = 0;
  std::int64_t now_ = 1'000'000;
  std::vector<Sighting> sightings_;
};

}  // namespace tocsin::test
