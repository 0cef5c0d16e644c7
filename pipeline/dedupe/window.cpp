#include "pipeline/dedupe/window.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace tocsin {
namespace {

constexpr std::uint64_t kLoadMax = 2;  // entries a bucket before the tables double

std::uint32_t load32(const std::uint8_t* bytes) {
  return static_cast<std::uint32_t>(bytes[0]) | static_cast<std::uint32_t>(bytes[1]) << 8 |
         static_cast<std::uint32_t>(bytes[2]) << 16 | static_cast<std::uint32_t>(bytes[3]) << 24;
}

// Number of equal bytes of two words.
std::uint32_t equal_bytes(std::uint32_t first, std::uint32_t second) {
  const std::uint32_t difference = first ^ second;
  // A byte's top bit ends up set where the byte is not zero.
  const std::uint32_t unequal =
      (((difference & 0x7f7f7f7fU) + 0x7f7f7f7fU) | difference) & 0x80808080U;
  return 4U - static_cast<std::uint32_t>(std::popcount(unequal));
}

// Number of equal 16-bit halves of two words.
std::uint32_t equal_halves(std::uint32_t first, std::uint32_t second) {
  const std::uint32_t difference = first ^ second;
  return ((difference & 0xffffU) == 0 ? 1U : 0U) + (difference >> 16 == 0 ? 1U : 0U);
}

Content content_of(const Signature& signature) {
  return {signature.tokens, signature.shingles, signature.names, signature.numbers};
}

// Sequence number whose low 32 bits a link holds, seen from a later one; 0 when there is none.
std::uint64_t resolve(std::uint32_t link, std::uint64_t later, std::uint64_t low) {
  const std::uint32_t distance = static_cast<std::uint32_t>(later) - link;
  if (distance == 0 || distance > later || later - distance < low) return 0;
  return later - distance;
}

}  // namespace

struct DedupeWindow::Probe {
  std::array<std::uint32_t, kChains> tags{};
  std::uint64_t exact = 0;
  std::uint64_t raw_hash = 0;
  Content content;
  bool comparable = true;

  explicit Probe(const WindowItem& item)
      : exact(item.signature->exact.low ^ item.signature->exact.high),
        raw_hash(item.raw_hash),
        content(content_of(*item.signature)),
        comparable(item.comparable) {
    for (std::size_t band = 0; band < kBands; ++band) {
      tags[band] = load32(item.signature->sketch.data() + band * kBandBytes);
    }
    for (std::size_t band = 0; band < kLeadBands; ++band) {
      tags[kBands + band] = item.signature->lead[2 * band] |
                            static_cast<std::uint32_t>(item.signature->lead[2 * band + 1]) << 16;
    }
    tags[kExactChain] = static_cast<std::uint32_t>(exact);
    tags[kRawChain] = static_cast<std::uint32_t>(raw_hash);
  }
  [[nodiscard]] std::size_t first_chain() const { return comparable ? 0 : kExactChain; }
};

DedupeWindow::DedupeWindow(std::size_t buckets)
    : buckets_(std::bit_ceil(std::max<std::size_t>(buckets, 2))),
      shift_(32U - static_cast<unsigned>(std::countr_zero(buckets_))),
      heads_(kChains * buckets_) {}

void DedupeWindow::link(Entry& entry, std::uint64_t sequence) {
  const std::size_t first = entry.state == State::whole ? 0 : kExactChain;
  for (std::size_t chain = first; chain < kChains; ++chain) {
    std::uint32_t& head = heads_[bucket(chain, entry.slots[chain].tag)];
    entry.slots[chain].previous = head;
    head = static_cast<std::uint32_t>(sequence);
  }
}

void DedupeWindow::insert(const WindowItem* item) {
  const std::uint64_t sequence = entries_.next();
  Entry& entry = entries_.push();
  if (item == nullptr) return;
  const Probe probe(*item);
  for (std::size_t chain = 0; chain < kChains; ++chain) entry.slots[chain].tag = probe.tags[chain];
  entry.exact = probe.exact;
  entry.raw_hash = probe.raw_hash;
  entry.content = probe.content;
  entry.time_ms = item->time_ms;
  entry.state = item->comparable ? State::whole : State::by_hash_only;
  if (entries_.size() > kLoadMax * buckets_ && shift_ > 1) {
    grow();  // links the new entry too
  } else {
    link(entry, sequence);
  }
}

void DedupeWindow::grow() {
  buckets_ *= 2;
  --shift_;
  heads_ = {};
  heads_.resize(kChains * buckets_);
  for (std::uint64_t sequence = entries_.low(); sequence < entries_.next(); ++sequence) {
    Entry& entry = entries_[sequence];
    if (entry.state != State::silent) link(entry, sequence);
  }
}

void DedupeWindow::withdraw(std::uint64_t sequence) {
  // It stays in its chains and counts there: what a walk finds must not depend on when tables grew.
  if (sequence >= low() && sequence < next()) entries_[sequence].withdrawn = true;
}

Agreement DedupeWindow::agreement(const Probe& probe, const Entry& entry) const {
  Agreement agreement;
  agreement.same_text = (probe.exact == entry.exact && probe.content.tokens > 0 &&
                         probe.content.tokens == entry.content.tokens) ||
                        probe.raw_hash == entry.raw_hash;
  if (!probe.comparable || entry.state != State::whole) return agreement;
  for (std::size_t band = 0; band < kBands; ++band) {
    agreement.matching += equal_bytes(probe.tags[band], entry.slots[band].tag);
  }
  for (std::size_t band = kBands; band < kBands + kLeadBands; ++band) {
    agreement.lead_matching += equal_halves(probe.tags[band], entry.slots[band].tag);
  }
  agreement.first = entry.content;
  agreement.second = probe.content;
  return agreement;
}

std::uint32_t DedupeWindow::lead_matching(const Entry& first, const Entry& second) {
  std::uint32_t matching = 0;
  for (std::size_t band = kBands; band < kBands + kLeadBands; ++band) {
    matching += equal_halves(first.slots[band].tag, second.slots[band].tag);
  }
  return matching;
}

Likeness DedupeWindow::compare(const WindowItem& item, std::uint64_t sequence,
                               const LikenessLimits& limits) const {
  return judge(agreement(Probe(item), entries_[sequence]), limits);
}

// The candidates of one look-up and what is best of them, in whatever order they come.
class DedupeWindow::Candidates {
 public:
  void add(std::uint64_t sequence, const Agreement& agreement, const Likeness& likeness) {
    if (agreement.lead_matching < kSameOpeningMin) {
      other_openings_.push_back({sequence, agreement.matching});
    }
    std::optional<Ranked>& best = likeness.other_opening ? by_rest_ : by_opening_;
    const std::uint32_t candidate = rank(likeness);
    if (candidate == 0) return;
    if (best &&
        (best->rank > candidate || (best->rank == candidate && best->match.sequence < sequence))) {
      return;
    }
    best = Ranked{candidate, agreement.matching, {sequence, likeness}};
  }

  [[nodiscard]] std::optional<WindowMatch> best(const DedupeWindow& window) const {
    if (by_rest_ && (!by_opening_ || precedes(*by_rest_, *by_opening_)) && !is_frame(window)) {
      return by_rest_->match;
    }
    if (by_opening_) return by_opening_->match;
    return std::nullopt;
  }

 private:
  struct Ranked {
    std::uint32_t rank = 0;
    std::uint32_t matching = 0;
    WindowMatch match;
  };
  struct Other {
    std::uint64_t sequence = 0;
    std::uint32_t matching = 0;
  };

  static bool precedes(const Ranked& first, const Ranked& second) {
    return first.rank > second.rank ||
           (first.rank == second.rank && first.match.sequence < second.match.sequence);
  }
  [[nodiscard]] bool is_frame(const DedupeWindow& window) const {
    const Entry& matched = window.entries_[by_rest_->match.sequence];
    return std::any_of(other_openings_.begin(), other_openings_.end(), [&](const Other& other) {
      return other.sequence != by_rest_->match.sequence &&
             2 * other.matching >= by_rest_->matching &&
             lead_matching(window.entries_[other.sequence], matched) < kSameOpeningMin;
    });
  }

  std::optional<Ranked> by_opening_;
  std::optional<Ranked> by_rest_;
  std::vector<Other> other_openings_;
};

std::optional<WindowMatch> DedupeWindow::find(const WindowItem& item, const WindowLimits& limits,
                                              std::uint64_t* hot_bands) const {
  const Probe probe(item);
  std::array<std::uint64_t, kChains> cursor{};
  std::array<std::uint32_t, kChains> found{};
  const std::size_t first = probe.first_chain();
  for (std::size_t chain = first; chain < kChains; ++chain) {
    __builtin_prefetch(&heads_[bucket(chain, probe.tags[chain])]);
  }
  for (std::size_t chain = first; chain < kChains; ++chain) {
    cursor[chain] =
        resolve(heads_[bucket(chain, probe.tags[chain])], entries_.next(), entries_.low());
    if (cursor[chain] != 0) __builtin_prefetch(&entries_[cursor[chain]].slots[chain]);
  }
  // Candidates compared already; forgetting one costs time, not truth.
  std::array<std::uint64_t, 64> seen{};
  Candidates candidates;
  // All chains advance together, so that their cache misses overlap.
  for (bool walking = true; walking;) {
    walking = false;
    for (std::size_t chain = first; chain < kChains; ++chain) {
      const std::uint64_t sequence = cursor[chain];
      if (sequence == 0) continue;
      const Entry& entry = entries_[sequence];
      cursor[chain] = resolve(entry.slots[chain].previous, sequence, entries_.low());
      if (entry.slots[chain].tag == probe.tags[chain]) {
        if (found[chain] == limits.band_candidates_max) {
          cursor[chain] = 0;
          if (hot_bands != nullptr) ++*hot_bands;
          continue;
        }
        ++found[chain];
        std::uint64_t& remembered = seen[sequence % seen.size()];
        const std::int64_t apart = entry.time_ms - item.time_ms;
        if (remembered != sequence && entry.matchable() && apart <= limits.time_difference_ms_max &&
            -apart <= limits.time_difference_ms_max) {
          const Agreement agreed = agreement(probe, entry);
          candidates.add(sequence, agreed, judge(agreed, limits.likeness));
        }
        remembered = sequence;
      }
      if (cursor[chain] != 0) {
        __builtin_prefetch(&entries_[cursor[chain]].slots[chain]);
        walking = true;
      }
    }
  }
  return candidates.best(*this);
}

std::uint64_t DedupeWindow::bytes() const {
  return sizeof(*this) + heads_.capacity() * sizeof(std::uint32_t) + entries_.bytes();
}

}  // namespace tocsin
