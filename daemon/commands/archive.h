// An archive of raw articles through the pipeline, with a ledger in memory instead of Kafka's.
// Promises: the outcomes and the ledger a service would make of the same articles in this order.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/commands/commands.h"
#include "daemon/fork_join.h"
#include "pipeline/pipeline.h"

namespace tocsin {

// Append time is the running maximum of the articles' times. An article that is dated more than an
// hour after the next few is taken for one from the future: it has the latest of their times and an
// hour, as a broker's record time would bound it, and does not make all that follows old.
class Archive {
 public:
  Archive(const Config& config, std::shared_ptr<const Pipeline> pipeline, unsigned workers);

  // Outcomes of a batch, one a line; false when they cannot be written.
  std::function<bool(const std::string& lines)> on_outcomes;
  // Every article that could be read, in order, before its outcome.
  std::function<void(const Reading& reading)> on_reading;
  // Every record of the ledger, after the dedup state applied it.
  std::function<void(std::int64_t offset, std::int64_t append_time_ms, const LedgerRecord& record,
                     const DedupState& state)>
      on_record;

  // Header and epoch; before the first add().
  void open();
  // One article; false when the outcomes cannot be written.
  [[nodiscard]] bool add(Position position, std::string payload);
  // Processes what is waiting.
  [[nodiscard]] bool finish();
  [[nodiscard]] std::uint64_t articles() const { return articles_; }
  // Of them, those that could not be read: dead letters of the first stage.
  [[nodiscard]] std::uint64_t unreadable() const;
  // "2 of 240 lines could not be read: 1 invalid_json (first in a.jsonl, line 7: ...), ..."; empty
  // when all could be.
  [[nodiscard]] std::string unreadable_text() const;

 private:
  // One raw article and what became of it.
  struct Replayed {
    Position position;
    std::string payload;
    std::optional<Reading> reading;
    std::optional<Drafts> drafts;
    std::optional<Error> error;
    std::string id;  // of a dead letter, where it could be read
  };

  [[nodiscard]] bool process(std::size_t count);
  void read_one(Replayed& item) const;
  void date(std::size_t index);
  [[nodiscard]] std::optional<std::int64_t> latest_after(std::size_t index) const;
  void analyse_one(Replayed& item) const;
  static void keep(Replayed& item, Result<Drafts> drafts);
  std::string resolve_one(Replayed& item);
  void append(const LedgerRecord& record);

  // Records of one error code, and where the first of them stands.
  struct Unreadable {
    std::uint64_t count = 0;
    Position first;
    std::string message;
  };

  const std::shared_ptr<const Pipeline> pipeline_;
  const std::string group_;
  const Epoch epoch_;
  ForkJoin fork_join_;
  DedupState state_;
  std::int64_t next_offset_ = 0;
  std::int64_t append_time_ms_ = 0;
  std::int64_t time_ms_ = 0;  // of the line before; the epoch at first
  std::vector<Replayed> batch_;
  std::size_t batch_bytes_ = 0;
  std::uint64_t articles_ = 0;
  std::map<std::string, Unreadable, std::less<>> unreadable_;  // by the code's name
};

// All files ("-": standard input) through the archive, with a progress bar; opens and finishes it.
// Files of gzip and Zstandard are unpacked. What could not be read is told on standard error; when
// that was everything (or there was nothing) the exit code is 1. One single record that is a dead
// letter is an answer, not a failure.
[[nodiscard]] ExitCode replay_files(const Setup& setup, std::vector<std::string> files,
                                    Archive& archive);

}  // namespace tocsin
