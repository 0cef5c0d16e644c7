// How far a target is in one partition when alerts end out of order: the offset up to which all are
// done, and those above it that are. Promises: what was done is not sent again after a restart, as
// long as the metadata of a commit can hold it; nothing is skipped ever.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace tocsin {

class OffsetBook {
 public:
  // `next`: the committed offset; `metadata`: what was committed with it, of metadata() or
  // anything.
  OffsetBook(std::int64_t next, std::string_view metadata);

  // A record was read. Those below the last one, or in the metadata, are not to be told again.
  [[nodiscard]] bool is_done(std::int64_t offset) const;
  void begin(std::int64_t offset);
  void end(std::int64_t offset);

  // What to commit.
  [[nodiscard]] std::int64_t next() const { return next_; }
  [[nodiscard]] std::string metadata() const;

  // An incident about this target stands at the others, with this revision; it must be ended.
  std::optional<std::int64_t> undelivered;

  static constexpr std::size_t kMetadataBytesMax = 2'048;  // brokers take 4,096

 private:
  void advance();

  std::int64_t next_;            // all below are done
  std::int64_t seen_;            // all below were read
  std::set<std::int64_t> open_;  // begun and not ended
  std::set<std::int64_t> done_;  // from next_ on
};

}  // namespace tocsin
