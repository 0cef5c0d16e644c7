// The fold of the ledger: the duplicate window, the verdict on every sighted position, the stories.
// A board is a pure function of the records applied, in order: no clock, no floating point.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "pipeline/article.h"
#include "pipeline/board/ledger_record.h"

namespace tocsin {

enum class Method : std::uint8_t { none, exact, near, lead };
[[nodiscard]] std::string_view name(Method) noexcept;

// How an enriched article relates to an earlier one of its story.
enum class Relation : std::uint8_t { none, update };

// The whole verdict on an article, as of its first sighting; a redelivery gets the same again.
struct Verdict {
  bool is_copy = false;
  Relation relation = Relation::none;
  Method method = Method::none;
  std::uint8_t similarity_percent = 0;  // 0..100; of a copy or update
  std::uint64_t story = 0;              // hash of the founder's position and raw hash
  std::uint32_t story_size = 1;         // articles of the story up to and with this one
  std::uint32_t story_outlets = 1;      // distinct owners of them (saturates, see board.cpp)
  std::int64_t original_offset = -1;    // ledger offset of the sighting this one matched; -1 for news
  Position original_position;           // of the story's enriched record; a copy only
  std::string original_id;
};

// What `apply` did.
enum class Applied : std::uint8_t {
  sighting,        // first sighting of a position: judged now
  redelivery,      // same position, same raw hash: nothing changed
  recreated,       // same position, other raw hash: a new article on a re-created topic, judged now
  retract,
  epoch,           // parameters changed
  adopted_epoch,   // an epoch with a revision that is not higher: ignored
  header,
  tick,
};

// Memory and contents, for metrics. All of it is counted, tables included.
struct BoardSize {
  std::uint64_t bytes = 0;
  std::uint64_t window_entries = 0;    // resident sightings
  std::uint64_t position_entries = 0;  // honoured positions
  std::int64_t effective_window_ms = 0;  // shorter than the epoch's when the cap bites
  std::uint64_t hot_band_lookups = 0;  // look-ups cut at band_candidates_max
};

// Owner: one thread applies; const members may be called by others only while none applies.
class Board {
 public:
  Board();
  ~Board();
  Board(Board&&) noexcept;
  Board& operator=(Board&&) noexcept;

  // Folds one record. `offset` must grow; `append_time_ms` is the broker's append time.
  Applied apply(std::int64_t offset, std::int64_t append_time_ms, const LedgerRecord& record);

  // Early skip (rule 3): ledger offset of the resident sighting a not yet sighted article is a copy of.
  [[nodiscard]] std::optional<std::int64_t> find_copy(const Signature&, std::int64_t time_ms) const;
  // True when the position is honoured, whatever its raw hash.
  [[nodiscard]] bool is_sighted(const Position&) const;
  // The verdict of the first sighting of this article; nullopt when not (or no longer) on the board.
  [[nodiscard]] std::optional<Verdict> verdict(const Position&, const Hash128& raw_hash) const;

  // Offset after the last applied record; 0 before any.
  [[nodiscard]] std::int64_t next_offset() const;
  // Order-dependent digest of what verdicts depend on: equal on all instances at equal next_offset.
  [[nodiscard]] std::uint64_t digest() const;
  [[nodiscard]] const std::optional<LedgerHeader>& header() const;
  [[nodiscard]] const std::optional<Epoch>& epoch() const;
  [[nodiscard]] BoardSize size() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Sixteen lower-case hex digits.
[[nodiscard]] std::string story_id(std::uint64_t story);
// `<topic>-<partition>-<offset>`: the id of an article that brought none.
[[nodiscard]] std::string default_article_id(const Position&);

}  // namespace tocsin
