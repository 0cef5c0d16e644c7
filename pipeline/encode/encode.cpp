#include "pipeline/encode/encode.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <span>
#include <vector>

#include "pipeline/decode/decode.h"
#include "pipeline/encode/json_writer.h"
#include "pipeline/text/code_points.h"

namespace tocsin {
namespace {

// A field of the article, to be sliced by code points.
struct SlicedField {
  explicit SlicedField(std::string_view field) : text(field), points(field) {}
  [[nodiscard]] std::string_view slice(std::uint32_t begin, std::uint32_t end) const {
    const std::size_t first = points.byte_of(text, begin);
    return text.substr(first, points.byte_of(text, end) - first);
  }
  std::string_view text;
  CodePoints points;
};

// `tocsin:unknown-<slug>`: every entity has an id, and a name nobody knows is the same in every
// record.
std::string unknown_id(std::string_view name) {
  std::string id = "tocsin:unknown";
  for (const Token& token : tokenize(name)) {
    id += '-';
    id += fold(name.substr(token.begin, token.end - token.begin));
  }
  return id;
}

// Writes the parts of an enriched record; holds what they share.
class EnrichedWriter {
 public:
  EnrichedWriter(std::string& out, const Article& article, const Text& text,
                 const Gazetteer& gazetteer, const Lexicon& lexicon, OutputDetail detail)
      : json_(out),
        text_(text),
        gazetteer_(gazetteer),
        lexicon_(lexicon),
        detail_(detail),
        title_(article.title),
        body_(article.body) {}

  // Those that the text names, then those that only events and dyads do: the state a unit acts for.
  void entities(const Tagging& tagging, const Assessment& assessment) {
    std::vector<const Mention*> mentions;
    mentions.reserve(tagging.mentions.size());
    for (const Mention& mention : tagging.mentions) mentions.push_back(&mention);
    std::stable_sort(mentions.begin(), mentions.end(),
                     [](const Mention* a, const Mention* b) { return a->entity < b->entity; });
    json_.key("entities").open_array();
    auto first = mentions.begin();
    for (EntityIndex i = 0; i < tagging.entities.size(); ++i) {
      const auto last = std::find_if(first, mentions.end(),
                                     [i](const Mention* mention) { return mention->entity != i; });
      entity(tagging.entities[i], {first, last});
      first = last;
    }
    for (const EntityIndex each : inferred(tagging, assessment)) {
      TaggedEntity only_named;
      only_named.gazetteer = each;
      only_named.type = gazetteer_[each].type;
      entity(only_named, {});
    }
    json_.close_array();
  }

  void events(const Assessment& assessment) {
    json_.key("events").open_array();
    for (const Event& each : assessment.events) {
      if (is_shown(each)) event(each);
    }
    json_.close_array();
  }

  void tension(const Tension& tension) {
    json_.key("tension").open_object();
    json_.key("score").fixed(tension.score, 1);
    json_.key("level").string(name(tension.level));
    json_.key("threat").fixed(tension.threat, 1);
    json_.key("act").fixed(tension.act, 1);
    json_.key("cooperation").fixed(tension.cooperation, 1);
    json_.key("escalation").fixed(tension.escalation, 1);
    json_.key("confidence").fixed(tension.confidence, 2);
    json_.close_object();
  }

  void dyads(const Assessment& assessment) {
    json_.key("dyads").open_array();
    for (const Dyad& dyad : assessment.dyads) {
      const Entity& first = gazetteer_[dyad.first];
      const Entity& second = gazetteer_[dyad.second];
      json_.open_object();
      json_.key("pair").open_array();
      json_.string(first.id);
      json_.string(second.id);
      json_.close_array();
      json_.key("codes").open_array();
      json_.string(first.code);
      json_.string(second.code);
      json_.close_array();
      json_.key("score").fixed(dyad.score, 1);
      json_.close_object();
    }
    json_.close_array();
  }

 private:
  [[nodiscard]] bool is_shown(const Event& event) const {
    return event.counts || detail_ == OutputDetail::full;
  }

  // Ids that events and dyads name and the text does not, by id.
  [[nodiscard]] std::vector<EntityIndex> inferred(const Tagging& tagging,
                                                  const Assessment& assessment) const {
    std::vector<EntityIndex> named;
    for (const Event& event : assessment.events) {
      if (!is_shown(event)) continue;
      for (const EntityIndex each :
           {event.actor, event.guessed_actor, event.recipient, event.attribution})
        named.push_back(each);
    }
    for (const Dyad& dyad : assessment.dyads) {
      named.push_back(dyad.first);
      named.push_back(dyad.second);
    }
    std::erase_if(named, [&](EntityIndex each) {
      return each == kNoEntity ||
             std::any_of(tagging.entities.begin(), tagging.entities.end(),
                         [&](const TaggedEntity& tagged) { return tagged.gazetteer == each; });
    });
    std::sort(named.begin(), named.end(),
              [&](EntityIndex a, EntityIndex b) { return gazetteer_[a].id < gazetteer_[b].id; });
    named.erase(std::unique(named.begin(), named.end()), named.end());
    return named;
  }

  // field, start, end, text: the slice of the article's own field.
  void span(ByteSpan bytes) {
    const bool in_title = text_.field_of(bytes.begin) == Field::title;
    const std::uint32_t start = text_.original_offset(bytes.begin, false);
    const std::uint32_t end = text_.original_offset(bytes.end, true);
    json_.key("field").string(in_title ? "title" : "body");
    json_.key("start").integer(start);
    json_.key("end").integer(end);
    json_.key("text").string((in_title ? title_ : body_).slice(start, end));
  }

  void entity(const TaggedEntity& tagged, std::span<const Mention* const> mentions) {
    const bool is_known = tagged.gazetteer != kNoEntity;
    json_.open_object();
    if (is_known) {
      json_.key("id").string(gazetteer_[tagged.gazetteer].id);
      json_.key("name").string(gazetteer_[tagged.gazetteer].name);
    } else {
      json_.key("id").string(unknown_id(tagged.name));
      json_.key("name").string(tagged.name);
    }
    json_.key("type").string(name(tagged.type));
    if (is_known && !gazetteer_[tagged.gazetteer].code.empty()) {
      json_.key("code").string(gazetteer_[tagged.gazetteer].code);
    }
    json_.key("salience").fixed(tagged.salience, 2);
    json_.key("mentions").open_array();
    for (const Mention* mention : mentions) {
      json_.open_object();
      span(text_.bytes_of(mention->tokens));
      json_.key("via").string(name(mention->via));
      json_.close_object();
    }
    json_.close_array();
    json_.close_object();
  }

  // Who takes part: an id, or null with the common noun where there is one.
  void party(std::string_view role, std::string_view text_role, EntityIndex entity,
             std::string_view text) {
    if (entity != kNoEntity) {
      json_.key(role).string(gazetteer_[entity].id);
      return;
    }
    json_.key(role).null();
    if (!text.empty()) json_.key(text_role).string(text);
  }

  void event(const Event& event) {
    json_.open_object();
    json_.key("event").string(name(event.type));
    if (!event.mode.empty()) json_.key("mode").string(event.mode);
    if (!event.cameo.empty()) json_.key("cameo").string(event.cameo);
    json_.key("scale").fixed(event.scale, 1);
    const bool is_actor_guessed = event.guessed_actor != kNoEntity;
    party("actor", "actor_text", is_actor_guessed ? event.guessed_actor : event.actor,
          event.actor_text);
    party("recipient", "recipient_text", event.recipient, event.recipient_text);
    json_.key("polarity").string(name(event.polarity));
    json_.key("modality").string(name(event.modality));
    if (event.is_guessed || event.is_recipient_guessed || is_actor_guessed)
      json_.key("roles").string("guessed");
    if (event.attribution != kNoEntity) {
      json_.key("attribution").string(gazetteer_[event.attribution].id);
    }
    json_.key("weight").fixed(event.weight, 2);
    json_.key("factors").open_object();
    json_.key("scale").fixed(event.factors.scale, 2);
    json_.key("modality").fixed(event.factors.modality, 2);
    json_.key("position").fixed(event.factors.position, 2);
    json_.key("dyad").fixed(event.factors.dyad, 2);
    json_.key("gate").fixed(event.factors.gate, 2);
    json_.close_object();
    json_.key("evidence").open_object();
    span(text_.bytes_of(event.evidence));
    json_.key("rule").string(lexicon_.rule_id(event.rule));
    json_.close_object();
    json_.close_object();
  }

  JsonWriter json_;
  const Text& text_;
  const Gazetteer& gazetteer_;
  const Lexicon& lexicon_;
  OutputDetail detail_;
  SlicedField title_;
  SlicedField body_;
};

void write_common(JsonWriter& json, std::string_view schema, std::string_view id,
                  const Position& position) {
  json.key("schema").string(schema);
  json.key("id").string(id);
  write_position(json, "position", position);
}

// A tier needs no more places than it has: 1.0, 0.9, 0.75.
void write_tier(JsonWriter& json, double tier) {
  const double tenths = tier * 10;
  const auto rounded = static_cast<double>(static_cast<std::int64_t>(tenths + 0.5));
  const double rest = tenths - rounded;
  json.key("tier").fixed(tier, rest < 0.01 && rest > -0.01 ? 1 : 2);
}

void write_source(JsonWriter& json, const Source& source) {
  if (source.name.empty() && source.domain.empty()) return;
  json.key("source").open_object();
  if (!source.name.empty()) json.key("name").string(source.name);
  if (!source.domain.empty()) json.key("domain").string(source.domain);
  write_tier(json, source.tier);
  json.close_object();
}

void write_story(JsonWriter& json, const Verdict& verdict) {
  json.key("story").open_object();
  json.key("id").string(story_id(verdict.story));
  json.key("size").integer(verdict.story_size);
  json.key("outlets").integer(verdict.story_outlets);
  json.close_object();
}

// At most three topics, the likeliest first; the first always, others from one in twenty on.
void write_topics(JsonWriter& json, const TopicShares& topics) {
  constexpr std::size_t kShownMax = 3;
  constexpr std::uint16_t kShownMin = 50;  // per mille
  if (!topics.is_known()) return;
  std::array<std::size_t, kTopics> order{};
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return topics.per_mille[a] > topics.per_mille[b];
  });
  json.key("topics").open_object();
  for (std::size_t i = 0; i < kShownMax; ++i) {
    const std::uint16_t share = topics.per_mille[order[i]];
    if (i > 0 && share < kShownMin) break;
    json.key(name(static_cast<Topic>(order[i]))).fixed(share / 1000.0, 2);
  }
  json.close_object();
}

void write_text_field(JsonWriter& json, std::string_view key, std::string_view text) {
  if (!text.empty()) json.key(key).string(text);
}

// A headline too short to tell is in the language whose names and acts make sense of it.
const std::string& language_read(const Text& text, const Assessment& assessment) {
  return text.language == "und" && assessment.tension ? text.words->code() : text.language;
}

}  // namespace

void write_position(JsonWriter& json, std::string_view key, const Position& position) {
  json.key(key).open_object();
  json.key("topic").string(position.topic);
  json.key("partition").integer(position.partition);
  json.key("offset").integer(position.offset);
  json.close_object();
}

Draft draft_enriched(const Article& article, const Position& position, const Source& source,
                     const Text& text, const Gazetteer& gazetteer, const Lexicon& lexicon,
                     const Tagging& tagging, const Assessment& assessment,
                     const PipelineStamp& stamp, const OutputForm& form) {
  Draft draft;
  constexpr std::size_t kHeadBytes = 512;  // about what it takes beside the fields
  draft.head.reserve(kHeadBytes + article.title.size() + article.url.size() +
                     (form.include_body ? article.body.size() + article.body.size() / 16 : 0));
  JsonWriter head(draft.head);
  head.open_object();
  write_common(head, "tocsin.enriched/1", article.id, position);
  write_text_field(head, "title", article.title);
  if (form.include_body) write_text_field(head, "body", article.body);
  write_text_field(head, "url", article.url);
  write_source(head, source);
  head.key("published_at").string(format_time(article.published_at_ms));
  head.key("published_at_source").string(name(article.published_at_source));
  head.key("language").string(language_read(text, assessment));
  write_topics(head, assessment.topics);

  constexpr std::size_t kMentionBytes = 96;  // about what one takes, its share of an event included
  draft.tail.reserve(1024 + kMentionBytes * tagging.mentions.size());
  draft.tail = ",";
  JsonWriter tail(draft.tail);
  EnrichedWriter writer(draft.tail, article, text, gazetteer, lexicon, form.detail);
  writer.entities(tagging, assessment);
  if (assessment.tension) {
    writer.events(assessment);
    writer.tension(*assessment.tension);
    writer.dyads(assessment);
  } else {
    tail.key("tension").null();
  }
  tail.key("pipeline").open_object();
  tail.key("version").string(stamp.version);
  tail.key("config").string(stamp.config);
  tail.key("lexicon").string(stamp.lexicon);
  tail.close_object();
  tail.close_object();
  return draft;
}

Draft draft_duplicate(const Article& article, const Position& position, const Source& source) {
  Draft draft;
  constexpr std::size_t kPartBytes = 256;  // about what each takes beside the fields
  draft.head.reserve(kPartBytes);
  JsonWriter head(draft.head);
  head.open_object();
  write_common(head, "tocsin.duplicate/1", article.id, position);

  draft.tail.reserve(kPartBytes + article.title.size() + article.url.size());
  draft.tail = ",";
  JsonWriter tail(draft.tail);
  write_text_field(tail, "title", article.title);
  write_text_field(tail, "url", article.url);
  write_source(tail, source);
  tail.key("published_at").string(format_time(article.published_at_ms));
  tail.close_object();
  return draft;
}

constexpr std::size_t kVerdictBytes = 256;  // about what one takes

std::string finish_enriched(const Draft& draft, const Verdict& verdict) {
  std::string out;
  out.reserve(draft.head.size() + kVerdictBytes + draft.tail.size());
  out = draft.head;
  JsonWriter json(out);
  write_story(json, verdict);
  if (verdict.relation == Relation::update) json.key("relation").string("update");
  out += draft.tail;
  return out;
}

std::string finish_duplicate(const Draft& draft, const Verdict& verdict) {
  std::string out;
  out.reserve(draft.head.size() + kVerdictBytes + draft.tail.size());
  out = draft.head;
  JsonWriter json(out);
  write_story(json, verdict);
  json.key("duplicate_of")
      .string(verdict.original_id.empty() ? default_article_id(verdict.original_position)
                                          : verdict.original_id);
  write_position(json, "duplicate_of_position", verdict.original_position);
  json.key("method").string(name(verdict.method));
  json.key("similarity").fixed(verdict.similarity_percent / 100.0, 2);
  out += draft.tail;
  return out;
}

std::string encode_deadletter(std::string_view id, const Position& position, const Error& error) {
  std::string out;
  JsonWriter json(out);
  json.open_object();
  write_common(json, "tocsin.deadletter/1", id.empty() ? default_article_id(position) : id,
               position);
  json.key("stage").string(name(error.stage));
  json.key("code").string(name(error.code));
  json.key("message").string(error.message);
  json.close_object();
  return out;
}

}  // namespace tocsin
