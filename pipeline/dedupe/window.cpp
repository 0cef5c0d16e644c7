#include "pipeline/dedupe/window.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>

namespace tocsin {
namespace {

constexpr std::uint64_t kAhead = 16;  // entries whose place is fetched early when a table grows

static_assert(std::endian::native == std::endian::little, "keys are the same on every machine");
std::uint32_t load32(const void* bytes) {
  std::uint32_t value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

// The keys of the bands and of the lead's bands, of whatever has both sketches.
template <class Text>
std::uint32_t band_key(const Text& text, std::size_t band) {
  constexpr std::uint32_t kHashBits = 0x7f7f7f7f;
  return load32(text.sketch.data() + band * DedupeWindow::kBandBytes) & kHashBits;
}
template <class Text>
std::uint32_t lead_key(const Text& text, std::size_t band) {
  return load32(text.lead.data() + 2 * band);
}
std::uint64_t exact_of(const Signature& signature) {
  return signature.exact.low ^ signature.exact.high;
}

template <class Array>
std::uint32_t equal_places(const Array& first, const Array& second) {
  std::uint32_t equal = 0;
  for (std::size_t i = 0; i < first.size(); ++i) equal += first[i] == second[i] ? 1U : 0U;
  return equal;
}

}  // namespace

// Tables grow by a quarter when they are full. They start at sizes that spread over half such a
// step, so that they do not all grow at once: neither memory nor time comes in jumps.
DedupeWindow::DedupeWindow(std::uint64_t expected) {
  const std::uint64_t buckets = expected / BandTable::kLoadMax + 2;
  tables_.reserve(kTables);
  for (std::size_t table = 0; table < kTables; ++table) {
    tables_.emplace_back(buckets + buckets * (table + 1) / (8 * kTables));
  }
}

std::uint32_t DedupeWindow::key_of(const Entry& entry, std::size_t table) {
  if (table < kBands) return band_key(entry, table);
  if (table < kExactTable) return lead_key(entry, table - kBands);
  return load32(key_place(entry, table));
}

const void* DedupeWindow::key_place(const Entry& entry, std::size_t table) {
  if (table < kBands) return &entry.sketch[table * kBandBytes];
  if (table < kExactTable) return &entry.lead[2 * (table - kBands)];
  return table == kExactTable ? &entry.exact : &entry.raw_hash;
}

template <class Use>
void DedupeWindow::each_key(const WindowItem& item, Use use) {
  const Signature& signature = *item.signature;
  if (item.comparable) {
    for (std::size_t band = 0; band < kBands; ++band) use(band, band_key(signature, band));
    for (std::size_t band = 0; band < kLeadBands; ++band) {
      use(kBands + band, lead_key(signature, band));
    }
  }
  use(kExactTable, static_cast<std::uint32_t>(exact_of(signature)));
  use(kRawTable, static_cast<std::uint32_t>(item.raw_hash));
}

DedupeWindow::Entry DedupeWindow::entry_of(const WindowItem& item) {
  const Signature& signature = *item.signature;
  Entry entry;
  entry.sketch = signature.sketch;
  entry.lead = signature.lead;
  entry.names = signature.names;
  entry.numbers = signature.numbers;
  entry.lead_names = signature.lead_names;
  entry.lead_numbers = signature.lead_numbers;
  entry.exact = Number64(exact_of(signature));
  entry.raw_hash = Number64(item.raw_hash);
  entry.time_ms = Number48(static_cast<std::uint64_t>(std::max<std::int64_t>(item.time_ms, 0)));
  entry.tokens = Number24(signature.tokens);
  entry.shingles = Number24(signature.shingles);
  entry.state = item.comparable ? State::whole : State::by_hash_only;
  return entry;
}

void DedupeWindow::insert(const WindowItem* item) {
  const std::uint64_t sequence = entries_.next();
  if (item == nullptr) {
    entries_.push();
  } else {
    entries_.push(entry_of(*item));
    each_key(*item, [&](std::size_t table, std::uint32_t key) {
      tables_[table].insert(key, sequence, low());
    });
  }
  for (std::size_t table = 0; table < kTables; ++table) {
    if (tables_[table].is_full(entries_.size())) grow(table);
  }
}

void DedupeWindow::grow(std::size_t table) {
  tables_[table] = tables_[table].grown();
  for (std::uint64_t held = low(); held < next(); ++held) {
    if (held + kAhead < next()) tables_[table].prefetch(key_of(entries_[held + kAhead], table));
    const Entry& entry = entries_[held];
    if (entry.state == State::silent || table < first_table(entry)) continue;
    tables_[table].insert(key_of(entry, table), held, low());
  }
}

void DedupeWindow::withdraw(std::uint64_t sequence) {
  // It stays in its tables and counts there: what a walk finds must not depend on when they grew.
  if (sequence >= low() && sequence < next()) entries_[sequence].withdrawn = true;
}

void DedupeWindow::prefetch_places(const WindowItem& item) const {
  each_key(item, [&](std::size_t table, std::uint32_t key) { tables_[table].prefetch(key); });
}

void DedupeWindow::prefetch_candidates(const WindowItem& item) const {
  each_key(item, [&](std::size_t table, std::uint32_t key) {
    tables_[table].prefetch_walk(key, low(), next(), [&](std::uint64_t sequence) {
      if (sequence < low() || sequence >= next()) return;
      // Most are there by chance: the key tells, and the rest is fetched when it is the same.
      prefetch_line(key_place(entries_[sequence], table));
    });
  });
}

Agreement DedupeWindow::agreement(const Entry& earlier, const Entry& later) {
  Agreement agreement;
  const bool has_tokens = later.tokens.get() > 0;
  agreement.same_text =
      (later.exact == earlier.exact && has_tokens && later.tokens.get() == earlier.tokens.get()) ||
      later.raw_hash == earlier.raw_hash;
  if (later.state != State::whole || earlier.state != State::whole) return agreement;
  compare_sketches(earlier.sketch, later.sketch, agreement);
  agreement.lead_matching = lead_matching(later, earlier);
  agreement.first = content_of(earlier, earlier.tokens.get(), earlier.shingles.get());
  agreement.second = content_of(later, later.tokens.get(), later.shingles.get());
  return agreement;
}

std::uint32_t DedupeWindow::lead_matching(const Entry& first, const Entry& second) {
  return equal_places(first.lead, second.lead);
}

Likeness DedupeWindow::compare(const WindowItem& item, std::uint64_t sequence,
                               const LikenessLimits& limits) const {
  return judge(agreement(entries_[sequence], entry_of(item)), limits);
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
  const Entry probe = entry_of(item);
  // Candidates met already; forgetting one costs time, not truth.
  std::array<std::uint64_t, 64> seen{};
  Candidates candidates;
  // Some are gathered before they are compared, so that their lines come all at once.
  std::array<std::uint64_t, 32> gathered;
  std::size_t count = 0;
  const auto compare_gathered = [&] {
    for (std::size_t i = 0; i < count; ++i) {
      const Entry& entry = entries_[gathered[i]];
      const std::int64_t apart = static_cast<std::int64_t>(entry.time_ms.get()) -
                                 static_cast<std::int64_t>(probe.time_ms.get());
      if (!entry.matchable() || std::abs(apart) > limits.time_difference_ms_max) continue;
      const Agreement agreed = agreement(entry, probe);
      candidates.add(gathered[i], agreed, judge(agreed, limits.likeness));
    }
    count = 0;
  };
  each_key(item, [&](std::size_t table, std::uint32_t key) {
    std::uint32_t found = 0;
    tables_[table].walk(key, low(), next(), [&](std::uint64_t sequence) {
      const Entry& entry = entries_[sequence];
      if (key_of(entry, table) != key) return true;
      if (found == limits.band_candidates_max) {
        if (hot_bands != nullptr) ++*hot_bands;
        return false;
      }
      ++found;
      std::uint64_t& remembered = seen[sequence % seen.size()];
      if (remembered == sequence) return true;
      remembered = sequence;
      for (std::size_t line = 0; line < sizeof(Entry); line += 64) {
        prefetch_line(reinterpret_cast<const char*>(&entry) + line);
      }
      if (count == gathered.size()) compare_gathered();
      gathered[count++] = sequence;
      return true;
    });
  });
  compare_gathered();
  return candidates.best(*this);
}

std::uint64_t DedupeWindow::bytes() const {
  std::uint64_t bytes = sizeof(*this) + entries_.bytes();
  for (const BandTable& table : tables_) bytes += table.bytes();
  return bytes;
}

}  // namespace tocsin
