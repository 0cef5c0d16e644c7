#include "pipeline/ledger/dedup_state.h"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <vector>

#include "pipeline/dedupe/sequence_ring.h"
#include "pipeline/dedupe/sketch.h"
#include "pipeline/dedupe/window.h"
#include "pipeline/ledger/verdict_log.h"

namespace tocsin {
namespace {

constexpr std::uint64_t kExpectedAtStart = 4096;
// Positions are honoured for two windows of time, and for this many windows' worth of entries.
constexpr std::uint64_t kPositionWindows = 2;
constexpr std::uint64_t kPositionCapFactor = 4;
constexpr std::uint32_t kBandCandidatesMax = 1024;

std::uint64_t position_key_of(const Position& position) {
  struct {
    std::uint64_t topic;
    std::int64_t partition;
    std::int64_t offset;
  } parts{XXH3_64bits(position.topic.data(), position.topic.size()), position.partition,
          position.offset};
  return XXH3_64bits(&parts, sizeof parts);
}

std::uint64_t identity_of(std::uint64_t position_key, const Hash128& raw_hash) {
  const std::array<std::uint64_t, 3> parts{position_key, raw_hash.high, raw_hash.low};
  return XXH3_64bits(parts.data(), sizeof parts);
}

std::uint64_t clamp48(std::int64_t value) {
  return std::min<std::uint64_t>(static_cast<std::uint64_t>(std::max<std::int64_t>(value, 0)),
                                 Number48::kMax);
}

std::uint32_t short_outlet(std::uint64_t outlet) {
  return static_cast<std::uint32_t>(outlet ^ (outlet >> 32));
}

// A sighting's share of the digest: what must be equal on a dedup state that was restored from
// three windows of the ledger. Story ids and sizes are not (ARCHITECTURE.md, "What tocsin does not
// promise"), so they stay out; the verdict of a redelivery is its first sighting's, which may lie
// before the restore.
std::uint64_t digest_share(const LoggedVerdict& verdicts) {
  const bool first = !verdicts.is(LoggedVerdict::kRedelivery);
  constexpr std::uint8_t kAlways =
      LoggedVerdict::kRedelivery | LoggedVerdict::kRetracted | LoggedVerdict::kNotInWindow;
  std::uint64_t hash = mix64(verdicts.identity.get() ^ mix64(verdicts.offset.get()));
  hash = mix64(hash ^ (first ? verdicts.flags : verdicts.flags & kAlways));
  if (!first) return hash;
  hash = mix64(hash ^
               (static_cast<std::uint64_t>(verdicts.method) << 8 | verdicts.similarity_percent));
  return mix64(hash ^ verdicts.matched_offset.get());
}

}  // namespace

struct DedupState::State {
  explicit State(std::uint64_t expected)
      : verdicts(kPositionWindows * expected), window(expected) {}

  Applied fold(std::int64_t offset, std::int64_t append_time_ms, const LedgerRecord& record);
  [[nodiscard]] std::uint64_t digest_now() const {
    return mix64(digest ^ mix64(static_cast<std::uint64_t>(next_offset)));
  }
  void remember_digest();
  Applied apply_epoch(const Epoch& proposed);
  Applied apply_sighting(std::uint64_t offset, const Sighting& sighting);
  void redeliver(std::uint64_t offset, std::uint64_t earlier, const Sighting& sighting);
  void retract(const Retract& retract);
  void orphan_copies(std::uint64_t retracted);
  void advance(std::int64_t append_time_ms);
  void leave_window();
  void judge_first(LoggedVerdict& verdict, const Sighting& sighting, const WindowItem& item);
  void found_story(std::uint64_t matched);
  void join_story(LoggedVerdict& verdict, std::uint64_t matched, const Sighting& sighting);
  void append(const LoggedVerdict& verdict, const Sighting& sighting, const WindowItem* item);
  [[nodiscard]] Verdict verdict_of(const LoggedVerdict& entry) const;
  [[nodiscard]] WindowLimits limits() const;
  [[nodiscard]] std::uint64_t entries_max() const {
    return std::clamp<std::uint64_t>(parameters().entries_max, 1, DedupeWindow::kEntriesMax - 1);
  }
  [[nodiscard]] std::uint64_t window_ms() const { return clamp48(parameters().window_ms); }
  [[nodiscard]] const Epoch& parameters() const { return epoch ? *epoch : defaults; }
  [[nodiscard]] WindowItem item_of(const Sighting& sighting, std::int64_t time_ms) const {
    return {&sighting.signature, sighting.raw_hash.low ^ sighting.raw_hash.high, time_ms,
            sighting.signature_version == parameters().signature_version};
  }

  Epoch defaults;
  std::optional<Epoch> epoch;
  std::optional<LedgerHeader> header;
  std::int64_t next_offset = 0;
  std::uint64_t now_ms = 0;  // newest append time: the fold's only clock
  std::uint64_t digest = 0;  // sum of the shares of the sightings in the window
  std::uint64_t hot_band_lookups = 0;
  std::uint64_t cap_evictions = 0;
  struct PastDigest {
    std::int64_t next_offset = 0;
    std::uint64_t digest = 0;
  };
  SequenceRing<PastDigest> past_digests;  // offsets grow
  // The three logs share sequence numbers; `window` and `origins` begin later than `verdicts`.
  VerdictLog verdicts;
  DedupeWindow window;
  Origins origins;
  Originals originals;
};

WindowLimits DedupState::State::limits() const {
  const Epoch& active = parameters();
  return {{active.jaccard_percent_min, active.containment_percent_min},
          static_cast<std::int64_t>(window_ms()),
          std::clamp<std::uint32_t>(active.band_candidates_max, 1, kBandCandidatesMax)};
}

Applied DedupState::State::apply_epoch(const Epoch& proposed) {
  if (epoch && proposed.revision <= epoch->revision) return Applied::adopted_epoch;
  epoch = proposed;
  leave_window();
  return Applied::epoch;
}

// Moves the clock and forgets what it has passed.
void DedupState::State::advance(std::int64_t append_time_ms) {
  now_ms = std::max(now_ms, clamp48(append_time_ms));
  leave_window();
}

void DedupState::State::leave_window() {
  std::uint64_t low = window.low();
  while (low < window.next()) {
    const bool in_time = now_ms - verdicts[low].append_ms.get() <= window_ms();
    if (in_time && window.next() - low <= entries_max()) break;
    if (in_time) ++cap_evictions;
    digest -= digest_share(verdicts[low]);
    ++low;
  }
  window.drop_below(low);
  origins.drop_below(low);
  while (verdicts.low() < low) {
    const LoggedVerdict& oldest = verdicts[verdicts.low()];
    if (now_ms - oldest.append_ms.get() <= kPositionWindows * window_ms() &&
        verdicts.size() <= kPositionCapFactor * entries_max()) {
      break;
    }
    if (oldest.original != kNoOriginal) originals.drop_reference(oldest.original);
    verdicts.drop_front();
  }
}

void DedupState::State::append(const LoggedVerdict& verdict, const Sighting& sighting,
                               const WindowItem* item) {
  verdicts.push(verdict);
  origins.push(sighting.position, PackedId(sighting.article_id), short_outlet(sighting.outlet));
  window.insert(item);
  digest += digest_share(verdict);
}

Applied DedupState::State::apply_sighting(std::uint64_t offset, const Sighting& sighting) {
  const std::uint64_t key = position_key_of(sighting.position);
  const std::uint64_t identity = identity_of(key, sighting.raw_hash);
  const std::uint64_t at_position = verdicts.newest_at(key);
  if (at_position != 0) {
    if (const std::uint64_t earlier = verdicts.newest_of(key, identity); earlier != 0) {
      redeliver(offset, earlier, sighting);
      leave_window();
      return Applied::redelivery;
    }
  }
  const std::int64_t time_ms = std::min(static_cast<std::int64_t>(clamp48(sighting.time_ms)),
                                        static_cast<std::int64_t>(now_ms));
  const WindowItem item = item_of(sighting, time_ms);
  LoggedVerdict verdict;
  verdict.identity = Number64(identity);
  verdict.position_key = Number64(key);
  verdict.offset = Number48(offset);
  verdict.append_ms = Number48(now_ms);
  judge_first(verdict, sighting, item);
  append(verdict, sighting, &item);
  leave_window();
  return at_position != 0 ? Applied::recreated : Applied::sighting;
}

// A redelivery gets the first sighting's verdict again and renews its position. It is matched by
// later copies only when the earlier sighting has left the window, so whether a record is in the
// window depends on one window of records before it, and a dedup state restored from three agrees.
void DedupState::State::redeliver(std::uint64_t offset, std::uint64_t earlier,
                                  const Sighting& sighting) {
  LoggedVerdict verdict = verdicts[earlier];
  const bool resident = earlier >= window.low();
  verdict.offset = Number48(offset);
  verdict.append_ms = Number48(now_ms);
  verdict.flags = static_cast<std::uint8_t>(
      (verdict.flags & ~(LoggedVerdict::kRetracted | LoggedVerdict::kNotInWindow)) |
      LoggedVerdict::kRedelivery | (resident ? LoggedVerdict::kNotInWindow : 0));
  if (verdict.original != kNoOriginal) originals.add_reference(verdict.original);
  const std::int64_t time_ms = std::min(static_cast<std::int64_t>(clamp48(sighting.time_ms)),
                                        static_cast<std::int64_t>(now_ms));
  const WindowItem item = item_of(sighting, time_ms);
  append(verdict, sighting, resident ? nullptr : &item);
}

void DedupState::State::judge_first(LoggedVerdict& verdict, const Sighting& sighting,
                                    const WindowItem& item) {
  std::optional<WindowMatch> match;
  if (sighting.copy_of) {
    const std::uint64_t named = verdicts.at_offset(clamp48(*sighting.copy_of), window.low());
    if (named == 0 || !window.matchable(named)) {
      verdict.flags |= LoggedVerdict::kSkipRefused;
      return;
    }
    match = WindowMatch{named, window.compare(item, named, limits().likeness)};
    // The ledger's word stands, also where this epoch's thresholds would say otherwise.
    match->likeness.relation = Relation::none;
    if (match->likeness.method == Method::none) match->likeness.method = Method::near;
  } else {
    std::uint64_t hot_bands = 0;
    match = window.find(item, limits(), &hot_bands);
    if (hot_bands != 0) ++hot_band_lookups;
  }
  if (!match) return;
  const Likeness& likeness = match->likeness;
  verdict.method = likeness.method;
  verdict.similarity_percent = likeness.similarity_percent;
  verdict.matched_offset = verdicts[match->sequence].offset;
  verdict.flags |= LoggedVerdict::kMatched;
  verdict.flags |= likeness.method != Method::none ? LoggedVerdict::kCopy : LoggedVerdict::kUpdate;
  join_story(verdict, match->sequence, sighting);
}

// The first to join an article's story makes it one: all sightings of that article point to it now.
void DedupState::State::found_story(std::uint64_t matched) {
  const std::uint64_t identity = verdicts[matched].identity.get();
  const std::uint32_t original = originals.found(
      identity, origins.position(matched), origins.article_id(matched), origins.outlet(matched));
  verdicts[matched].original = original;
  verdicts.each_at(verdicts[matched].position_key.get(), [&](std::uint64_t sequence) {
    LoggedVerdict& entry = verdicts[sequence];
    if (entry.identity.get() == identity && entry.original == kNoOriginal) {
      entry.original = original;
      originals.add_reference(original);
    }
    return true;
  });
}

void DedupState::State::join_story(LoggedVerdict& verdict, std::uint64_t matched,
                                   const Sighting& sighting) {
  if (verdicts[matched].original == kNoOriginal) found_story(matched);
  const std::uint32_t original = verdicts[matched].original;
  if (verdict.is(LoggedVerdict::kCopy)) {
    verdict.original = original;
    originals.add_reference(verdict.original);
  } else {
    verdict.original = originals.join(original, sighting.position, PackedId(sighting.article_id));
  }
  originals.count_member(verdict.original, short_outlet(sighting.outlet));
  verdict.story_size = static_cast<std::uint16_t>(
      std::min<std::uint32_t>(originals.story_size(verdict.original), 0xffff));
  verdict.story_outlets = static_cast<std::uint8_t>(originals.story_outlets(verdict.original));
}

void DedupState::State::retract(const Retract& retract) {
  const std::uint64_t key = position_key_of(retract.position);
  const std::uint64_t identity = identity_of(key, retract.raw_hash);
  verdicts.each_at(key, [&](std::uint64_t sequence) {
    if (sequence < window.low()) return false;
    LoggedVerdict& entry = verdicts[sequence];
    const bool meant = retract.raw_hash == Hash128{} || entry.identity.get() == identity;
    if (!meant || entry.is(LoggedVerdict::kRetracted)) return true;
    digest -= digest_share(entry);
    entry.flags |= LoggedVerdict::kRetracted;
    digest += digest_share(entry);
    window.withdraw(sequence);
    orphan_copies(sequence);
    return true;
  });
}

// Copies that lead to a retracted article are not matched any more either: a later one would lead
// to a record that was never enriched, for as long as copies follow one another. Followed by ledger
// offsets, not by `original`, which a restored dedup state may know less well. O(window), and rare.
void DedupState::State::orphan_copies(std::uint64_t retracted) {
  const LoggedVerdict& root = verdicts[retracted];
  if (root.original == kNoOriginal) return;  // nothing joined it
  if (root.is(LoggedVerdict::kCopy) && !root.is(LoggedVerdict::kRedelivery))
    return;                                               // its copies lead past it
  std::vector<std::uint64_t> offsets{root.offset.get()};  // ascending
  for (std::uint64_t sequence = retracted + 1; sequence < verdicts.next(); ++sequence) {
    LoggedVerdict& entry = verdicts[sequence];
    if (entry.original != root.original || !entry.is(LoggedVerdict::kCopy) ||
        entry.is(LoggedVerdict::kRedelivery) ||
        !std::binary_search(offsets.begin(), offsets.end(), entry.matched_offset.get())) {
      continue;
    }
    offsets.push_back(entry.offset.get());
    digest -= digest_share(entry);
    entry.flags |= LoggedVerdict::kOrphaned;
    digest += digest_share(entry);
    window.withdraw(sequence);
  }
}

Verdict DedupState::State::verdict_of(const LoggedVerdict& entry) const {
  Verdict verdict;
  verdict.is_copy = entry.is(LoggedVerdict::kCopy);
  verdict.relation = entry.is(LoggedVerdict::kUpdate) ? Relation::update : Relation::none;
  verdict.method = entry.method;
  verdict.similarity_percent = entry.similarity_percent;
  verdict.story =
      entry.original == kNoOriginal ? entry.identity.get() : originals.story_id(entry.original);
  verdict.story_size = entry.story_size;
  verdict.story_outlets = entry.story_outlets;
  verdict.early_skip_refused = entry.is(LoggedVerdict::kSkipRefused);
  if (entry.is(LoggedVerdict::kMatched)) {
    verdict.original_offset = static_cast<std::int64_t>(entry.matched_offset.get());
  }
  if (verdict.is_copy) {
    verdict.original_position = originals.position(entry.original);
    verdict.original_id = originals.article_id(entry.original).text();
    if (verdict.original_id.empty()) {
      verdict.original_id = default_article_id(verdict.original_position);
    }
  }
  return verdict;
}

Applied DedupState::State::fold(std::int64_t offset, std::int64_t append_time_ms,
                                const LedgerRecord& record) {
  next_offset = offset + 1;
  advance(append_time_ms);
  if (const auto* sighting = std::get_if<Sighting>(&record)) {
    return apply_sighting(clamp48(offset), *sighting);
  }
  if (const auto* retracted = std::get_if<Retract>(&record)) {
    retract(*retracted);
    return Applied::retract;
  }
  if (const auto* proposed = std::get_if<Epoch>(&record)) return apply_epoch(*proposed);
  if (const auto* first = std::get_if<LedgerHeader>(&record)) {
    if (!header) header = *first;
    return Applied::header;
  }
  return Applied::tick;
}

void DedupState::State::remember_digest() {
  past_digests.push({next_offset, digest_now()});
  if (past_digests.size() > kDigestsMax) past_digests.drop_below(past_digests.low() + 1);
}

DedupState::DedupState() : DedupState(kExpectedAtStart) {}
DedupState::DedupState(std::uint64_t expected)
    : state_(std::make_unique<State>(std::min(expected, DedupeWindow::kEntriesMax))) {}
DedupState::~DedupState() = default;
DedupState::DedupState(DedupState&&) noexcept = default;
DedupState& DedupState::operator=(DedupState&&) noexcept = default;

Applied DedupState::apply(std::int64_t offset, std::int64_t append_time_ms,
                          const LedgerRecord& record) {
  const Applied applied = state_->fold(offset, append_time_ms, record);
  state_->remember_digest();
  return applied;
}

std::optional<std::int64_t> DedupState::find_copy(const Signature& signature,
                                                  std::int64_t time_ms) const {
  const State& state = *state_;
  if (state.parameters().signature_version != kSignatureVersion) return std::nullopt;
  // A raw hash of nothing: the signature's own hash finds equal texts.
  const WindowItem item{&signature, 0, static_cast<std::int64_t>(clamp48(time_ms)), true};
  state.window.prefetch_places(item);
  state.window.prefetch_candidates(item);
  const auto match = state.window.find(item, state.limits(), nullptr);
  if (!match || match->likeness.method == Method::none) return std::nullopt;
  return static_cast<std::int64_t>(state.verdicts[match->sequence].offset.get());
}

void DedupState::prefetch_far(const LedgerRecord& record) const {
  const auto* sighting = std::get_if<Sighting>(&record);
  if (sighting == nullptr) return;
  state_->verdicts.prefetch_bucket(position_key_of(sighting->position));
  state_->window.prefetch_places(state_->item_of(*sighting, 0));
}

void DedupState::prefetch_near(const LedgerRecord& record) const {
  const auto* sighting = std::get_if<Sighting>(&record);
  if (sighting == nullptr) return;
  state_->verdicts.prefetch_newest(position_key_of(sighting->position));
  state_->window.prefetch_candidates(state_->item_of(*sighting, 0));
}

bool DedupState::is_sighted(const Position& position) const {
  return state_->verdicts.newest_at(position_key_of(position)) != 0;
}

std::vector<Retract> DedupState::sighted_between(const std::string& topic, std::int32_t partition,
                                                 std::int64_t first, std::int64_t end) const {
  std::vector<Retract> retracts;
  end = std::min(end, first + kGapOffsetsMax);
  for (Position position{topic, partition, first}; position.offset < end; ++position.offset) {
    if (is_sighted(position)) retracts.push_back(Retract{position, Hash128{}});
  }
  return retracts;
}

std::optional<Verdict> DedupState::verdict(const Position& position,
                                           const Hash128& raw_hash) const {
  const std::uint64_t key = position_key_of(position);
  const std::uint64_t sequence = state_->verdicts.newest_of(key, identity_of(key, raw_hash));
  if (sequence == 0) return std::nullopt;
  return state_->verdict_of(state_->verdicts[sequence]);
}

std::optional<Verdict> DedupState::first_verdict_at(std::int64_t offset) const {
  const VerdictLog& verdicts = state_->verdicts;
  const std::uint64_t sequence = verdicts.at_offset(clamp48(offset), verdicts.low());
  if (sequence == 0 || verdicts[sequence].is(LoggedVerdict::kRedelivery)) return std::nullopt;
  return state_->verdict_of(verdicts[sequence]);
}

std::int64_t DedupState::next_offset() const {
  return state_->next_offset;
}

std::uint64_t DedupState::digest() const {
  return state_->digest_now();
}

std::optional<std::uint64_t> DedupState::digest_at(std::int64_t next_offset) const {
  const auto& past = state_->past_digests;
  std::uint64_t first = past.low();
  std::uint64_t last = past.next();
  while (first < last) {
    const std::uint64_t middle = first + (last - first) / 2;
    if (past[middle].next_offset < next_offset) {
      first = middle + 1;
    } else {
      last = middle;
    }
  }
  if (first == past.next() || past[first].next_offset != next_offset) return std::nullopt;
  return past[first].digest;
}

const std::optional<LedgerHeader>& DedupState::header() const {
  return state_->header;
}
const std::optional<Epoch>& DedupState::epoch() const {
  return state_->epoch;
}

DedupStateSize DedupState::size() const {
  const State& state = *state_;
  DedupStateSize size;
  size.bytes = sizeof(State) + state.verdicts.bytes() + state.window.bytes() +
               state.origins.bytes() + state.originals.bytes() + state.past_digests.bytes();
  size.window_entries = state.window.next() - state.window.low();
  size.position_entries = state.verdicts.size();
  const bool cut = size.window_entries == state.entries_max();
  size.effective_window_ms = static_cast<std::int64_t>(
      cut ? state.now_ms - state.verdicts[state.window.low()].append_ms.get() : state.window_ms());
  size.hot_band_lookups = state.hot_band_lookups;
  size.cap_evictions = state.cap_evictions;
  return size;
}

std::string_view name(Method method) noexcept {
  switch (method) {
    case Method::none:
      break;
    case Method::exact:
      return "exact";
    case Method::near:
      return "near";
    case Method::lead:
      return "lead";
  }
  return "none";
}

std::string story_id(std::uint64_t story) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string id(16, '0');
  for (std::size_t i = id.size(); i-- > 0; story >>= 4) id[i] = kDigits[story & 0xfU];
  return id;
}

}  // namespace tocsin
