// The fold of the ledger: the duplicate window, the verdict on every sighted position, the stories.
// A dedup state is a pure function of the records applied, in order: no clock, no floating point.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/article.h"
#include "pipeline/dedupe/likeness.h"
#include "pipeline/ledger/ledger_record.h"

namespace tocsin {

[[nodiscard]] std::string_view name(Method) noexcept;

// The whole verdict on an article, as of its first sighting; a redelivery gets the same again.
struct Verdict {
  bool is_copy = false;
  Relation relation = Relation::none;
  Method method = Method::none;
  std::uint8_t similarity_percent = 0;  // 0..100; of a copy or update
  std::uint64_t story = 0;              // hash of the founder's position and raw hash
  std::uint32_t story_size = 1;         // articles of the story up to and with this one
  std::uint32_t story_outlets = 1;      // distinct owners of them (saturates, see dedup_state.cpp)
  std::int64_t original_offset = -1;  // ledger offset of the sighting this one matched; -1 for news
  // The enriched record this is a copy of, directly or by way of other copies; a copy only. (Not
  // the story's founder when that was updated since: a copy of the update leads to the update.)
  Position original_position;
  std::string original_id;
  // An early skip named a sighting that is retracted or gone: judged news, to be analysed after
  // all.
  bool early_skip_refused = false;
  friend bool operator==(const Verdict&, const Verdict&) = default;
};

// What `apply` did.
enum class Applied : std::uint8_t {
  sighting,    // first sighting of a position: judged now
  redelivery,  // same position, same raw hash: nothing changed
  recreated,   // same position, other raw hash: a new article on a re-created topic, judged now
  retract,
  epoch,          // parameters changed
  adopted_epoch,  // an epoch with a revision that is not higher: ignored
  header,
  tick,
};

// Memory and contents, for metrics. All of it is counted, tables included.
struct DedupStateSize {
  std::uint64_t bytes = 0;
  std::uint64_t window_entries = 0;      // resident sightings
  std::uint64_t position_entries = 0;    // honoured positions
  std::int64_t effective_window_ms = 0;  // shorter than the epoch's when the cap bites
  std::uint64_t hot_band_lookups = 0;    // look-ups cut at band_candidates_max
  std::uint64_t cap_evictions = 0;       // sightings that left the window early, for the cap
};

// Owner: one thread applies; const members may be called by others only while none applies.
class DedupState {
 public:
  DedupState();
  // Tables are sized for `expected` articles in the window; verdicts do not depend on it.
  explicit DedupState(std::uint64_t expected);
  ~DedupState();
  DedupState(DedupState&&) noexcept;
  DedupState& operator=(DedupState&&) noexcept;

  // Folds one record. `offset` must grow; `append_time_ms` is the broker's append time.
  Applied apply(std::int64_t offset, std::int64_t append_time_ms, const LedgerRecord& record);
  // Hints: the record will be applied kFarAhead records from now, and kNearAhead. Each begins to
  // fetch what the last one found.
  static constexpr std::size_t kFarAhead = 8;
  static constexpr std::size_t kNearAhead = 4;
  void prefetch_far(const LedgerRecord& record) const;
  void prefetch_near(const LedgerRecord& record) const;

  // Early skip: ledger offset of the resident sighting a not yet sighted article is a copy
  // of.
  [[nodiscard]] std::optional<std::int64_t> find_copy(const Signature&, std::int64_t time_ms) const;
  // True when the position is honoured, whatever its raw hash.
  [[nodiscard]] bool is_sighted(const Position&) const;
  // The verdict of the first sighting of this article; nullopt when not (or no longer) on the
  // dedup state.
  [[nodiscard]] std::optional<Verdict> verdict(const Position&, const Hash128& raw_hash) const;

  // The verdict on the sighting at this ledger offset; nullopt when it was a redelivery, is no
  // sighting, or is no longer honoured. Does not depend on what came after it.
  [[nodiscard]] std::optional<Verdict> first_verdict_at(std::int64_t offset) const;

  // Retracts for the honoured positions of a partition with first <= offset < end: what vanished
  // from the raw topic before it was published. Looks at kGapOffsetsMax offsets at most: sighted
  // and not yet published are only those in flight, right after the committed offset.
  static constexpr std::int64_t kGapOffsetsMax = 1'000'000;
  [[nodiscard]] std::vector<Retract> sighted_between(const std::string& topic,
                                                     std::int32_t partition, std::int64_t first,
                                                     std::int64_t end) const;

  // Offset after the last applied record; 0 before any.
  [[nodiscard]] std::int64_t next_offset() const;
  // Order-dependent digest of what verdicts depend on: equal on all instances at equal next_offset.
  [[nodiscard]] std::uint64_t digest() const;
  // The digest as it was when next_offset() was `next_offset`; nullopt when it never was, or too
  // long ago: the last kDigestsMax records are remembered.
  static constexpr std::uint64_t kDigestsMax = 65'536;
  [[nodiscard]] std::optional<std::uint64_t> digest_at(std::int64_t next_offset) const;
  [[nodiscard]] const std::optional<LedgerHeader>& header() const;
  [[nodiscard]] const std::optional<Epoch>& epoch() const;
  [[nodiscard]] DedupStateSize size() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Sixteen lower-case hex digits.
[[nodiscard]] std::string story_id(std::uint64_t story);
// `<topic>-<partition>-<offset>`: the id of an article that brought none.
[[nodiscard]] std::string default_article_id(const Position&);

}  // namespace tocsin
