// What the audit remembers of the topics: of each published record and each sighting a few numbers
// and hashes, never a text. Filled in any order, sorted once, then searched by position.
#pragma once

#include <compare>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/kafka/client.h"
#include "pipeline/pipeline.h"

namespace tocsin {

// Where a record stands, its partition by number (see PartitionNumbers).
struct Place {
  std::uint32_t partition = 0;
  std::int64_t offset = 0;
  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 sees a null pointer in the defaulted <=>
  friend auto operator<=>(const Place&, const Place&) = default;
};

// Partitions of all topics the audit meets, also of those only a forged record names.
class PartitionNumbers {
 public:
  [[nodiscard]] std::uint32_t number_of(const kafka::Partition& partition);
  [[nodiscard]] const kafka::Partition& operator[](std::uint32_t number) const {
    return partitions_[number];
  }
  // `<topic>-<partition>-<offset>`.
  [[nodiscard]] std::string text(const Place& place) const;

 private:
  std::deque<kafka::Partition> partitions_;
  std::map<kafka::Partition, std::uint32_t> numbers_;
};

// What depends on the verdict in a published record.
struct Terms {
  std::uint64_t story = 0;
  std::uint64_t original_id = 0;  // hash of `duplicate_of`; 0 for news
  Place original;                 // `duplicate_of_position`
  std::uint32_t story_size = 0;
  std::uint16_t story_outlets = 0;
  Method method = Method::none;
  std::uint8_t similarity_percent = 0;
  bool is_update = false;
  bool is_readable = true;  // false: the record lacks one of these
  friend bool operator==(const Terms&, const Terms&) = default;

  // How the article relates to an earlier one, whatever the story is called by now.
  [[nodiscard]] bool same_likeness(const Terms& other) const {
    return is_readable == other.is_readable && method == other.method &&
           similarity_percent == other.similarity_percent && is_update == other.is_update;
  }
};

struct Published {
  Place position;  // what it is the outcome of
  Place place;     // where it stands itself
  Terms terms;     // not of a dead letter
  Hash128 value;
  std::uint64_t key = 0;
  std::uint64_t code = 0;  // hash of a dead letter's code
  OutcomeKind kind = OutcomeKind::enriched;
  bool is_key_omitted = false;  // of a dead letter: its position stands in
  bool is_current = true;       // stamped by the pipeline of the audit; a duplicate has no stamp
};

// First sighting of an article: its position with its raw hash.
struct Sighted {
  Place position;
  Hash128 raw_hash;
  std::int64_t append_ms = 0;
  Terms terms;
  std::uint32_t original_id = 0;  // see Evidence::original_id
  bool is_copy = false;
};

// Hash of a key; no key is another than an empty one.
[[nodiscard]] std::uint64_t key_hash(const void* key, std::size_t bytes);
[[nodiscard]] std::uint64_t text_hash(std::string_view text);

class Evidence {
 public:
  // `stamp`: of the pipeline the audit runs with.
  explicit Evidence(PipelineStamp stamp) : stamp_(std::move(stamp)) {}

  // Room for that many published records and sightings: the tables never grow in steps.
  void reserve(std::size_t published, std::size_t sighted);
  // nullopt when the record does not say which position it is the outcome of.
  [[nodiscard]] std::optional<Published> read_published(const kafka::Record& message,
                                                        OutcomeKind kind);
  void add_published(const Published& published) { published_.push_back(published); }
  void add_sighted(const Sighting& sighting, std::int64_t append_ms, const Verdict& verdict);
  void add_retract(const Retract& retract);
  // Call once everything is added; the searches below need it.
  void sort();

  [[nodiscard]] std::span<const Published> published() const { return published_; }
  [[nodiscard]] std::span<const Published> published_at(const Place& position) const;
  [[nodiscard]] std::span<const Sighted> sighted_at(const Place& position) const;
  // The newest sighting of these bytes; nullptr when there is none.
  [[nodiscard]] const Sighted* sighted(const Place& position, const Hash128& raw_hash) const;
  // Append time of the newest sighting of the partition at or before the position; -1 before any.
  [[nodiscard]] std::int64_t sighted_by(const Place& position) const;
  [[nodiscard]] bool is_retracted(const Place& position, const Hash128& raw_hash) const;
  // Append time of the sighting that founded the story; -1 when the ledger does not reach it.
  [[nodiscard]] std::int64_t founded_ms(std::uint64_t story) const;
  // The verdict as the fold gave it, for the encoder.
  [[nodiscard]] Verdict verdict_of(const Sighted& sighted) const;

  [[nodiscard]] Place place_of(const Position& position);

  PartitionNumbers partitions;

 private:
  struct Founder {
    std::uint64_t story = 0;
    std::int64_t append_ms = 0;
  };
  struct Withdrawn {
    Place position;
    Hash128 raw_hash;
  };
  [[nodiscard]] bool read_deadletter(const kafka::Record& message, Published& published);
  [[nodiscard]] bool read_json(const kafka::Record& message, Published& published);

  const PipelineStamp stamp_;
  std::vector<Published> published_;
  std::vector<Sighted> sighted_;
  std::vector<Founder> founders_;
  std::vector<Withdrawn> retracts_;
  std::vector<std::string> original_ids_;  // of originals with an id of their own
  std::map<std::string, std::uint32_t, std::less<>> original_id_numbers_;
};

}  // namespace tocsin
