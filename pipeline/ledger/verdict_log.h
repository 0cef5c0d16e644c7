// What the dedup state keeps of every sighting for two windows: its verdict, found again by its
// position. Also the originals and stories those verdicts point to, counted by reference.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "pipeline/article.h"
#include "pipeline/dedupe/arrival_table.h"
#include "pipeline/dedupe/likeness.h"
#include "pipeline/dedupe/packed.h"
#include "pipeline/dedupe/prefetch.h"
#include "pipeline/dedupe/sequence_ring.h"
#include "pipeline/ledger/packed_id.h"

namespace tocsin {

inline constexpr std::uint32_t kNoOriginal = ~0U;

// One sighting with its verdict.
struct LoggedVerdict {
  Number64 identity;      // hash of position and raw hash; the story's id if it founds one
  Number64 position_key;  // hash of the position
  std::uint32_t original = kNoOriginal;  // into Originals; none: news that nothing joined yet
  std::uint16_t story_size = 1;          // saturates
  Number48 offset;
  Number48 append_ms;
  Number48 matched_offset;
  std::uint8_t story_outlets = 1;
  std::uint8_t similarity_percent = 0;
  Method method = Method::none;
  std::uint8_t flags = 0;

  static constexpr std::uint8_t kCopy = 1;
  static constexpr std::uint8_t kUpdate = 2;
  static constexpr std::uint8_t kSkipRefused = 4;
  static constexpr std::uint8_t kMatched = 8;      // matched_offset holds
  static constexpr std::uint8_t kRedelivery = 16;  // verdict taken from an earlier sighting
  static constexpr std::uint8_t kRetracted = 32;
  static constexpr std::uint8_t kNotInWindow = 64;
  static constexpr std::uint8_t kOrphaned = 128;  // a copy that leads to a retracted article
  [[nodiscard]] bool is(std::uint8_t flag) const { return (flags & flag) != 0; }
};

// Sightings by sequence number, and by position.
class VerdictLog {
 public:
  // The table is sized for `expected` sightings, and grows beyond.
  explicit VerdictLog(std::uint64_t expected);

  LoggedVerdict& push(const LoggedVerdict& verdict);
  void drop_front() { log_.drop_below(log_.low() + 1); }

  // Hints, for a position that will be asked for soon: its bucket, and once that has come, what is
  // found there.
  void prefetch_bucket(std::uint64_t position_key) const {
    by_position_.prefetch(table_key(position_key));
  }
  void prefetch_newest(std::uint64_t position_key) const {
    by_position_.prefetch_walk(table_key(position_key), low(), next(), [&](std::uint64_t sequence) {
      if (sequence >= low() && sequence < next()) prefetch_line(&log_[sequence].position_key);
    });
  }
  // Newest sighting of the position: any identity, or this one; 0 when there is none.
  [[nodiscard]] std::uint64_t newest_at(std::uint64_t position_key) const;
  [[nodiscard]] std::uint64_t newest_of(std::uint64_t position_key, std::uint64_t identity) const;
  // Calls visit(sequence) for each sighting of the position, newest first, until it returns false.
  template <class Visit>
  void each_at(std::uint64_t position_key, Visit visit) const {
    by_position_.walk(table_key(position_key), low(), next(), [&](std::uint64_t sequence) {
      return log_[sequence].position_key.get() != position_key || visit(sequence);
    });
  }
  // Sighting with this ledger offset, at or after `low`; 0 when there is none. O(log n).
  [[nodiscard]] std::uint64_t at_offset(std::uint64_t offset, std::uint64_t low) const;

  LoggedVerdict& operator[](std::uint64_t sequence) { return log_[sequence]; }
  const LoggedVerdict& operator[](std::uint64_t sequence) const { return log_[sequence]; }
  [[nodiscard]] std::uint64_t low() const { return log_.low(); }
  [[nodiscard]] std::uint64_t next() const { return log_.next(); }
  [[nodiscard]] std::uint64_t size() const { return log_.size(); }
  [[nodiscard]] std::uint64_t bytes() const;

 private:
  static std::uint32_t table_key(std::uint64_t position_key) {
    return static_cast<std::uint32_t>(position_key);
  }
  void grow();

  ArrivalTable<Number32> by_position_;
  SequenceRing<LoggedVerdict, kHugeChunk> log_;
};

// Partitions of topics by number, counted by reference.
class Partitions {
 public:
  std::uint32_t add_reference(const Position& position);
  void drop_reference(std::uint32_t index);
  [[nodiscard]] Position position(std::uint32_t index, Number48 offset) const;
  [[nodiscard]] std::uint64_t bytes() const;

 private:
  struct Partition {
    std::string topic;
    std::int32_t number = 0;
    std::uint64_t references = 0;
  };
  std::vector<Partition> partitions_;
  std::map<std::pair<std::string, std::int32_t>, std::uint32_t> index_;
  std::vector<std::uint32_t> free_;
  std::uint32_t newest_ = 0;  // most records come in runs of one partition
};

// Enriched articles that something joined, with their stories. Freed when the last verdict that
// points to them is forgotten.
class Originals {
 public:
  // Distinct owners are counted exactly up to here; a story beyond it is everywhere anyway.
  static constexpr std::size_t kOutletsMax = 100;

  // Both with one reference.
  std::uint32_t found(std::uint64_t story_id, const Position& position, const PackedId& article_id,
                      std::uint32_t outlet);
  // Another enriched article in the story of `original`, with one reference.
  std::uint32_t join(std::uint32_t original, const Position& position, const PackedId& article_id);
  void count_member(std::uint32_t original, std::uint32_t outlet);
  void add_reference(std::uint32_t original);
  void drop_reference(std::uint32_t original);

  [[nodiscard]] Position position(std::uint32_t original) const;
  // Empty: the default, made of the position.
  [[nodiscard]] PackedId article_id(std::uint32_t original) const;
  [[nodiscard]] std::uint64_t story_id(std::uint32_t original) const {
    return story_of(original).id;
  }
  [[nodiscard]] std::uint32_t story_size(std::uint32_t original) const {
    return story_of(original).size;
  }
  // Distinct known owners, at least 1.
  [[nodiscard]] std::size_t story_outlets(std::uint32_t original) const;
  [[nodiscard]] std::uint64_t bytes() const;

 private:
  struct Story {
    std::uint64_t id = 0;
    std::uint32_t size = 0;
    std::uint32_t references = 0;
    std::uint32_t outlets[2] = {};  // of the owners the first known; 0 none. Most have no more
    std::unique_ptr<std::vector<std::uint32_t>> other_outlets;
  };
  struct Original {
    std::unique_ptr<char[]> id_bytes;
    std::uint32_t partition = 0;  // into partitions_
    std::uint32_t story = 0;
    std::uint32_t references = 0;
    Number48 offset;
    std::uint16_t id_size = 0;
  };
  std::uint32_t add(std::uint32_t story, const Position& position, const PackedId& article_id);
  [[nodiscard]] const Story& story_of(std::uint32_t original) const {
    return stories_[originals_[original].story];
  }

  std::deque<Original> originals_;
  std::vector<std::uint32_t> free_originals_;
  std::deque<Story> stories_;
  std::vector<std::uint32_t> free_stories_;
  Partitions partitions_;
  std::uint64_t heap_bytes_ = 0;  // of ids and outlets
};

// Where the resident sightings came from: what a later copy needs to name one as its original.
class Origins {
 public:
  void push(const Position& position, const PackedId& article_id, std::uint32_t outlet);
  void drop_below(std::uint64_t low);

  [[nodiscard]] Position position(std::uint64_t sequence) const;
  [[nodiscard]] PackedId article_id(std::uint64_t sequence) const;
  [[nodiscard]] std::uint32_t outlet(std::uint64_t sequence) const { return log_[sequence].outlet; }
  [[nodiscard]] std::uint64_t bytes() const;

 private:
  struct Origin {
    std::uint32_t partition = 0;  // into partitions_
    std::uint32_t outlet = 0;     // 32 bits of the owner's hash; 0 unknown
    Number48 offset;
    Number48 id_begin;  // into id_bytes_
    std::uint16_t id_size = 0;
  };

  SequenceRing<Origin, kHugeChunk> log_;
  SequenceRing<char> id_bytes_;
  Partitions partitions_;
};

}  // namespace tocsin
