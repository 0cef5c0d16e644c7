// The way of an article, without Kafka: read → (copy? skip) → analyse → resolve → outcome.
// Pure and deterministic: const in, value out, any thread; only DedupState::apply has an order.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pipeline/alerts/alert_rules.h"
#include "pipeline/article.h"
#include "pipeline/decode/decode.h"
#include "pipeline/dedupe/signature.h"
#include "pipeline/encode/encode.h"
#include "pipeline/entities/gazetteer.h"
#include "pipeline/error.h"
#include "pipeline/language/language.h"
#include "pipeline/ledger/dedup_state.h"
#include "pipeline/tension/lexicon.h"
#include "pipeline/tension/tension.h"
#include "pipeline/text/text.h"

namespace tocsin {

// Everything the analysis knows besides the article; immutable, swapped whole on a reload.
struct Pipeline {
  Languages languages;
  Gazetteer gazetteer;
  Lexicon lexicon;
  Sources sources;
  AlertRules alert_rules;
  FieldMap fields;
  InputFormat format = InputFormat::json;
  Limits limits;
  OutputForm output;
  PipelineStamp stamp;
};

// An article that could be read, with its signature.
struct Reading {
  Position position;
  Article article;
  Source source;
  Text text;
  Hash128 raw_hash;
  std::int64_t time_ms = 0;  // the raw record's timestamp
  Signature signature;
};

// An article that failed, with its id where that could be read.
struct Rejected {
  Position position;
  std::string id;
  Error error;
};

// Both records it may become; `enriched` is empty when the analysis was skipped.
struct Drafts {
  Draft enriched;
  Draft duplicate;
  std::string signal;  // what an alert needs of it (alerts/alert_signal.h); empty: nothing
};

// decode → normalise → sign. Everything about bytes that can fail, fails here.
[[nodiscard]] Result<Reading> read(const Pipeline&, const RawRecord&);

// tag → score → encode; fails when a record would be too large.
struct Analysis {
  Tagging tagging;
  Assessment assessment;
};
[[nodiscard]] Analysis analyse(const Pipeline&, const Reading&);
[[nodiscard]] Result<Drafts> draft(const Pipeline&, const Reading&, const Analysis&);
// The duplicate's record alone, for an article that is skipped as a copy.
[[nodiscard]] Result<Drafts> draft_copy(const Pipeline&, const Reading&);
// From what was read to what it may become. `is_copy`: it is skipped as one.
[[nodiscard]] Result<Drafts> draft(const Pipeline&, const Reading&, bool is_copy);

// What goes into the ledger for it. `copy_of`: the ledger offset an early skip found.
// `signal`: that of its drafts.
[[nodiscard]] Sighting sight(const Reading&, std::optional<std::int64_t> copy_of,
                             std::string signal = "");

enum class OutcomeKind : std::uint8_t { enriched, duplicate, deadletter };

// One published record: its topic (by kind), its key (story id) and its bytes.
struct Outcome {
  OutcomeKind kind = OutcomeKind::enriched;
  std::string key;
  std::string value;
};

// The record the verdict asks for. Precondition: `drafts.enriched` is there if the verdict is news.
[[nodiscard]] Outcome resolve(const Drafts&, const Verdict&);

}  // namespace tocsin
