// Outcomes as the bytes that are published (docs/records.md). Everything that can fail is
// encoded before the sighting; only the verdict, whose size is bounded, is spliced in afterwards.
#pragma once

#include <string>
#include <string_view>

#include "pipeline/article.h"
#include "pipeline/entities/gazetteer.h"
#include "pipeline/error.h"
#include "pipeline/ledger/dedup_state.h"
#include "pipeline/outlets/sources.h"
#include "pipeline/tension/lexicon.h"
#include "pipeline/tension/tension.h"

namespace tocsin {

class JsonWriter;

// Hashes that go into `pipeline` of a record.
struct PipelineStamp {
  std::string version;
  std::string config;
  std::string lexicon;
};

// A record but for its verdict: head + what the verdict says + tail.
struct Draft {
  std::string head;
  std::string tail;
};

[[nodiscard]] Draft draft_enriched(const Article&, const Position&, const Source&, const Text&,
                                   const Gazetteer&, const Lexicon&, const Tagging&,
                                   const Assessment&, const PipelineStamp&, const OutputForm&);
[[nodiscard]] Draft draft_duplicate(const Article&, const Position&, const Source&);

[[nodiscard]] std::string finish_enriched(const Draft&, const Verdict&);
[[nodiscard]] std::string finish_duplicate(const Draft&, const Verdict&);
// The dead letter of a replay; `id` is the article's where it could be read, else the default.
[[nodiscard]] std::string encode_deadletter(std::string_view id, const Position&, const Error&);

// "key":{"topic":…,"partition":…,"offset":…}
void write_position(JsonWriter& json, std::string_view key, const Position& position);

// Longest possible addition of a verdict to a draft, in bytes.
inline constexpr std::size_t kVerdictBytesMax = 4096;

}  // namespace tocsin
