#include "pipeline/pipeline.h"

#include <utility>

#include "pipeline/text/clean.h"

namespace tocsin {

Result<Reading> read(const Pipeline& pipeline, const RawRecord& record) {
  Result<Article> article = decode(record, pipeline.format, pipeline.fields, pipeline.limits);
  if (!article) return article.error();

  Reading reading;
  reading.position = record.position;
  reading.time_ms = record.timestamp_ms;
  reading.raw_hash = raw_hash(record.payload);
  reading.source = pipeline.sources.resolve(*article);
  reading.text = make_text(article->title, article->body, article->language, pipeline.languages);
  if (reading.text.tokens.empty()) {
    return Error{Stage::decode, Errc::no_text, "no word in title or body"};
  }
  article->flaws.characters_repaired =
      count_repaired(article->title) + count_repaired(article->body);
  if (reading.text.tokens.size() > pipeline.limits.tokens_max) {
    return Error{Stage::analyse, Errc::over_budget,
                 std::to_string(reading.text.tokens.size()) +
                     " tokens, more than limits.tokens_max " +
                     std::to_string(pipeline.limits.tokens_max)};
  }
  const Deciding deciding = deciding_tokens(reading.text, {article->source, article->url});
  if (deciding.is_stub) reading.text.told_end = reading.text.body_token;
  reading.signature = signature_of(reading.text, deciding);
  reading.article = *std::move(article);
  return reading;
}

Analysis analyse(const Pipeline& pipeline, const Reading& reading) {
  const std::int64_t published_at_ms = reading.article.published_at_ms;
  Analysis analysis;
  analysis.tagging = tag(pipeline.gazetteer, reading.text, published_at_ms);
  analysis.assessment =
      assess(pipeline.lexicon, pipeline.gazetteer, reading.text, analysis.tagging, published_at_ms);
  return analysis;
}

namespace {

Result<Draft> within_limit(const Pipeline& pipeline, Draft draft) {
  const std::size_t bytes = draft.head.size() + draft.tail.size() + kVerdictBytesMax;
  if (bytes > pipeline.limits.output_bytes_max) {
    return Error{Stage::encode, Errc::output_too_large,
                 "the record would have up to " + std::to_string(bytes) +
                     " bytes, more than limits.output_bytes_max " +
                     std::to_string(pipeline.limits.output_bytes_max)};
  }
  return draft;
}

}  // namespace

Result<Drafts> draft_copy(const Pipeline& pipeline, const Reading& reading) {
  Result<Draft> duplicate =
      within_limit(pipeline, draft_duplicate(reading.article, reading.position, reading.source));
  if (!duplicate) return duplicate.error();
  return Drafts{.enriched = {}, .duplicate = *std::move(duplicate), .signal = ""};
}

Result<Drafts> draft(const Pipeline& pipeline, const Reading& reading, const Analysis& analysis) {
  Result<Drafts> drafts = draft_copy(pipeline, reading);
  if (!drafts) return drafts;
  Result<Draft> enriched = within_limit(
      pipeline, draft_enriched(reading.article, reading.position, reading.source, reading.text,
                               pipeline.gazetteer, pipeline.lexicon, analysis.tagging,
                               analysis.assessment, pipeline.stamp, pipeline.output));
  if (!enriched) return enriched.error();
  drafts->enriched = *std::move(enriched);
  const std::optional<AlertSignal> signal =
      make_alert_signal({reading.article, reading.source, reading.text, analysis.tagging,
                         analysis.assessment, pipeline.gazetteer, pipeline.lexicon},
                        pipeline.alert_rules);
  if (signal) drafts->signal = encode(*signal);
  return drafts;
}

Result<Drafts> draft(const Pipeline& pipeline, const Reading& reading, bool is_copy) {
  return is_copy ? draft_copy(pipeline, reading)
                 : draft(pipeline, reading, analyse(pipeline, reading));
}

Sighting sight(const Reading& reading, std::optional<std::int64_t> copy_of, std::string signal) {
  Sighting sighting;
  sighting.position = reading.position;
  sighting.raw_hash = reading.raw_hash;
  sighting.time_ms = reading.time_ms;
  if (reading.article.id != default_article_id(reading.position)) {
    sighting.article_id = reading.article.id;
  }
  sighting.outlet = reading.source.owner;
  sighting.signature = reading.signature;
  sighting.copy_of = copy_of;
  sighting.signal = std::move(signal);
  return sighting;
}

Outcome resolve(const Drafts& drafts, const Verdict& verdict) {
  Outcome outcome;
  outcome.key = story_id(verdict.story);
  if (verdict.is_copy) {
    outcome.kind = OutcomeKind::duplicate;
    outcome.value = finish_duplicate(drafts.duplicate, verdict);
  } else {
    outcome.kind = OutcomeKind::enriched;
    outcome.value = finish_enriched(drafts.enriched, verdict);
  }
  return outcome;
}

}  // namespace tocsin
