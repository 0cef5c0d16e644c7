#include "daemon/page/records.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "pipeline/decode/decode.h"
#include "pipeline/encode/json_writer.h"
#include "pipeline/text/code_points.h"
#include "pipeline/text/fold.h"

namespace tocsin::page {
namespace {

using Element = simdjson::dom::element;

constexpr std::size_t kSummaryEvents = 4;
constexpr double kLowFrom = 20;                // the score of level low (docs/records.md)
constexpr std::size_t kBeginningBytes = 160;   // of a dead letter's value
constexpr std::size_t kSearchBytesMax = 4096;  // of one article
constexpr std::size_t kTitleBytesMax = 1024;   // in the feed; the record keeps the whole

std::string_view text_at(const Element& parent, const char* key) {
  std::string_view text;
  return parent[key].get(text) == simdjson::SUCCESS ? text : std::string_view{};
}

double number_at(const Element& parent, const char* key) {
  double number = 0;
  return parent[key].get(number) == simdjson::SUCCESS ? number : 0.0;
}

std::int64_t integer_at(const Element& parent, const char* key) {
  std::int64_t number = 0;
  return parent[key].get(number) == simdjson::SUCCESS ? number : 0;
}

bool flag_at(const Element& parent, const char* key) {
  bool flag = false;
  return parent[key].get(flag) == simdjson::SUCCESS && flag;
}

std::int64_t time_at(const Element& parent, const char* key) {
  return parse_time_ms(text_at(parent, key)).value_or(0);
}

template <class F>
void each_at(const Element& parent, const char* key, F&& visit) {
  simdjson::dom::array items;
  if (parent[key].get(items) != simdjson::SUCCESS) return;
  for (const Element item : items) visit(item);
}

std::vector<std::string> texts_at(const Element& parent, const char* key) {
  std::vector<std::string> texts;
  each_at(parent, key, [&](const Element& item) {
    std::string_view text;
    if (item.get(text) == simdjson::SUCCESS) texts.emplace_back(text);
  });
  return texts;
}

std::string place_at(const Element& record, const char* key) {
  Element position;
  if (record[key].get(position) != simdjson::SUCCESS) return "";
  return std::string(text_at(position, "topic")) + '/' +
         std::to_string(integer_at(position, "partition")) + '/' +
         std::to_string(integer_at(position, "offset"));
}

bool parse(std::string_view bytes, std::string_view schema, simdjson::dom::parser& parser,
           Element& record) {
  return parser.parse(bytes.data(), bytes.size()).get(record) == simdjson::SUCCESS &&
         record.is_object() && text_at(record, "schema") == schema;
}

void add_facet(HeldArticle& article, char kind, std::string_view value) {
  if (value.empty()) return;
  const std::string facet = std::string("\n") + kind + ':' + std::string(value) + '\n';
  if (article.facets.find(facet) != std::string::npos) return;
  if (article.facets.empty()) {
    article.facets = facet;
  } else {
    article.facets.append(facet, 1);
  }
}

void add_search(HeldArticle& article, std::string_view text) {
  if (article.search.size() >= kSearchBytesMax) return;
  article.search += folded_text(beginning_of(text, kSearchBytesMax));
  article.search += '\n';
}

// Only what a browser may open as a link.
bool is_web_address(std::string_view url) {
  return url.starts_with("https://") || url.starts_with("http://");
}

// What all rows of the feed have: enriched and duplicate records share these fields.
void read_common(const Element& record, HeldArticle& article, JsonWriter& json) {
  article.place = place_at(record, "position");
  article.published_ms = time_at(record, "published_at");
  const std::string_view title = beginning_of(text_at(record, "title"), kTitleBytesMax);
  add_search(article, title);
  json.key("place").string(article.place);
  json.key("id").string(beginning_of(text_at(record, "id"), kTitleBytesMax));
  json.key("time").integer(article.published_ms);
  if (!title.empty()) json.key("title").string(title);
  const std::string_view url = text_at(record, "url");
  if (is_web_address(url)) json.key("url").string(url);
  Element source;
  if (record["source"].get(source) == simdjson::SUCCESS) {
    const std::string_view name = text_at(source, "name");
    const std::string_view domain = text_at(source, "domain");
    article.outlet = name.empty() ? domain : name;
    article.source = folded_text(name) + '\n' + folded_text(domain);
    json.key("outlet").string(article.outlet);
    if (!domain.empty()) json.key("domain").string(domain);
    json.key("tier").fixed(number_at(source, "tier"), 2);
  }
  Element story;
  if (record["story"].get(story) == simdjson::SUCCESS) {
    article.story = text_at(story, "id");
    json.key("story").open_object();
    json.key("id").string(article.story);
    json.key("size").integer(integer_at(story, "size"));
    json.key("outlets").integer(integer_at(story, "outlets"));
    json.close_object();
  }
}

// Names of one article's entities, by id.
using LocalNames = std::vector<std::pair<std::string_view, std::string_view>>;

std::string_view name_in(const LocalNames& names, std::string_view id) {
  const auto found =
      std::find_if(names.begin(), names.end(), [&](const auto& one) { return one.first == id; });
  return found == names.end() ? id : found->second;
}

LocalNames read_entities(const Element& record, HeldArticle& article, NameBook& book) {
  LocalNames names;
  each_at(record, "entities", [&](const Element& entity) {
    const std::string_view id = text_at(entity, "id");
    const std::string_view name = text_at(entity, "name");
    names.emplace_back(id, name);
    const std::uint32_t index = book.add(id, name, text_at(entity, "type"));
    if (index != NameBook::kUnknown) article.names.push_back(index);
    add_facet(article, 'c', text_at(entity, "code"));
    add_facet(article, 'n', id);
    add_search(article, name);
  });
  return names;
}

void party(const Element& event, const char* role, const char* text, const LocalNames& names,
           JsonWriter& json) {
  const std::string_view id = text_at(event, role);
  const std::string_view noun = text_at(event, text);
  json.key(role);
  if (!id.empty()) {
    json.string(name_in(names, id));
  } else if (!noun.empty()) {
    json.string(noun);
  } else {
    json.null();
  }
}

void write_event(const Element& event, const LocalNames& names, JsonWriter& json) {
  json.open_object();
  json.key("event").string(text_at(event, "event"));
  if (const std::string_view mode = text_at(event, "mode"); !mode.empty()) {
    json.key("mode").string(mode);
  }
  json.key("scale").fixed(number_at(event, "scale"), 1);
  json.key("weight").fixed(number_at(event, "weight"), 2);
  party(event, "actor", "actor_text", names, json);
  party(event, "recipient", "recipient_text", names, json);
  json.key("actor_id").string(text_at(event, "actor"));
  json.key("recipient_id").string(text_at(event, "recipient"));
  json.key("polarity").string(text_at(event, "polarity"));
  json.key("modality").string(text_at(event, "modality"));
  Element evidence;
  if (event["evidence"].get(evidence) == simdjson::SUCCESS) {
    json.key("field").string(text_at(evidence, "field"));
    json.key("start").integer(integer_at(evidence, "start"));
    json.key("end").integer(integer_at(evidence, "end"));
    json.key("text").string(beginning_of(text_at(evidence, "text"), kTitleBytesMax));
  }
  json.close_object();
}

// Where nobody knows the other side, the alert engine keeps a pair of the one that is known.
void add_lone_party(const Element& event, HeldArticle& article) {
  const std::string_view actor = text_at(event, "actor");
  const std::string_view recipient = text_at(event, "recipient");
  if (!article.is_move() || actor.empty() == recipient.empty()) return;
  const std::string key(actor.empty() ? recipient : actor);
  if (std::find(article.pairs.begin(), article.pairs.end(), key) == article.pairs.end()) {
    article.pairs.push_back(key);
  }
}

// The heaviest first.
void read_events(const Element& record, HeldArticle& article, const LocalNames& names,
                 JsonWriter& json) {
  std::vector<Element> events;
  each_at(record, "events", [&](const Element& event) {
    add_facet(article, 'e', text_at(event, "event"));
    add_facet(article, 'm', text_at(event, "mode"));
    add_lone_party(event, article);
    Element evidence;
    if (event["evidence"].get(evidence) == simdjson::SUCCESS) {
      add_search(article, text_at(evidence, "text"));
    }
    events.push_back(event);
  });
  std::stable_sort(events.begin(), events.end(), [](const Element& a, const Element& b) {
    return std::abs(number_at(a, "weight")) > std::abs(number_at(b, "weight"));
  });
  if (events.size() > kSummaryEvents) events.resize(kSummaryEvents);
  json.key("events").open_array();
  for (const Element& event : events) write_event(event, names, json);
  json.close_array();
}

void read_dyads(const Element& record, HeldArticle& article, const LocalNames& names,
                JsonWriter& json) {
  json.key("pairs").open_array();
  each_at(record, "dyads", [&](const Element& dyad) {
    const std::vector<std::string> ids = texts_at(dyad, "pair");
    const std::string key = key_of(ids);
    article.pairs.push_back(key);
    for (const std::string& code : texts_at(dyad, "codes")) add_facet(article, 'c', code);
    json.open_object();
    json.key("key").string(key);
    json.key("names").open_array();
    for (const std::string& id : ids) json.string(name_in(names, id));
    json.close_array();
    json.key("score").fixed(number_at(dyad, "score"), 1);
    json.close_object();
  });
  json.close_array();
}

void read_tension(const Element& record, HeldArticle& article, JsonWriter& json) {
  Element tension;
  if (record["tension"].get(tension) != simdjson::SUCCESS || !tension.is_object()) return;
  const std::string_view level = text_at(tension, "level");
  article.level = rank_of_level(level);
  json.key("level").string(level);
  json.key("score").fixed(number_at(tension, "score"), 1);
  json.key("escalation").fixed(number_at(tension, "escalation"), 1);
  const double cooperation = number_at(tension, "cooperation");
  json.key("cooperation").fixed(cooperation, 1);
  article.is_easing = article.level == 0 && cooperation >= kLowFrom;
  if (article.is_easing) json.key("easing").boolean(true);
}

void read_topics(const Element& record, HeldArticle& article, JsonWriter& json) {
  simdjson::dom::object topics;
  if (record["topics"].get(topics) != simdjson::SUCCESS) return;
  json.key("topics").open_array();
  for (const auto& [topic, share] : topics) {
    add_facet(article, 't', topic);
    json.string(topic);
  }
  json.close_array();
}

}  // namespace

std::uint32_t NameBook::add(std::string_view id, std::string_view name, std::string_view type) {
  if (id.empty()) return kUnknown;
  const auto found = indices_.find(std::string(id));
  if (found != indices_.end()) return found->second;
  if (names_.size() >= kNamesMax) return kUnknown;
  const auto index = static_cast<std::uint32_t>(names_.size());
  names_.push_back({std::string(id), std::string(name), std::string(type)});
  indices_.emplace(id, index);
  return index;
}

std::string NameBook::name_of(std::string_view id) const {
  const auto found = indices_.find(std::string(id));
  return found == indices_.end() ? std::string(id) : names_[found->second].name;
}

std::string NameBook::type_of(std::string_view id) const {
  const auto found = indices_.find(std::string(id));
  return found == indices_.end() ? std::string() : names_[found->second].type;
}

std::size_t HeldArticle::bytes() const {
  constexpr std::size_t kOwn = 512;  // the struct and its places in the indices
  std::size_t sum = kOwn + place.size() + story.size() + facets.size() + search.size() +
                    source.size() + outlet.size() + summary.size() + raw.size() +
                    names.size() * sizeof(std::uint32_t);
  for (const std::string& pair : pairs) sum += sizeof(pair) + pair.size() + 16;
  return sum;
}

std::string folded_text(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = code_point(text, at);
    at += point.bytes;
    const std::string_view fold = folded(point.code);
    if (fold.empty()) {
      append_utf8(out, point.code);
    } else {
      out += fold;
    }
  }
  return out;
}

int rank_of_level(std::string_view level) {
  constexpr std::array<std::string_view, 5> kLevels = {"none", "low", "medium", "high", "critical"};
  const auto found = std::find(kLevels.begin(), kLevels.end(), level);
  return found == kLevels.end() ? 0 : static_cast<int>(found - kLevels.begin());
}

std::string key_of(const std::vector<std::string>& ids) {
  std::string key;
  for (const std::string& id : ids) key += (key.empty() ? "" : "|") + id;
  return key;
}

std::optional<HeldArticle> read_enriched(std::string_view bytes, NameBook& names) {
  simdjson::dom::parser parser;
  Element record;
  if (!parse(bytes, "tocsin.enriched/1", parser, record)) return std::nullopt;
  HeldArticle article;
  JsonWriter json(article.summary);
  json.open_object();
  read_common(record, article, json);
  if (text_at(record, "relation") == "update") json.key("update").boolean(true);
  read_tension(record, article, json);
  read_topics(record, article, json);
  const LocalNames local = read_entities(record, article, names);
  read_dyads(record, article, local, json);
  read_events(record, article, local, json);
  json.close_object();
  article.raw = bytes;
  return article;
}

std::optional<HeldArticle> read_duplicate(std::string_view bytes) {
  simdjson::dom::parser parser;
  Element record;
  if (!parse(bytes, "tocsin.duplicate/1", parser, record)) return std::nullopt;
  HeldArticle copy;
  copy.is_copy = true;
  JsonWriter json(copy.summary);
  json.open_object();
  read_common(record, copy, json);
  json.key("copy_of").string(place_at(record, "duplicate_of_position"));
  json.key("method").string(text_at(record, "method"));
  json.key("similarity").fixed(number_at(record, "similarity"), 2);
  json.close_object();
  return copy;
}

std::optional<PairRecord> read_pair(std::string_view bytes) {
  simdjson::dom::parser parser;
  Element record;
  if (!parse(bytes, "tocsin.pair/1", parser, record)) return std::nullopt;
  PairRecord pair;
  pair.ids = texts_at(record, "pair");
  pair.codes = texts_at(record, "codes");
  if (pair.ids.empty()) return std::nullopt;
  pair.point = {time_at(record, "hour"),
                number_at(record, "level"),
                number_at(record, "baseline"),
                number_at(record, "threat"),
                number_at(record, "act"),
                number_at(record, "cooperation"),
                static_cast<std::uint32_t>(integer_at(record, "articles"))};
  double z = 0;
  if (record["z"].get(z) == simdjson::SUCCESS) pair.z = z;
  pair.is_burst = flag_at(record, "burst");
  pair.share = number_at(record, "share");
  pair.stories = static_cast<std::uint32_t>(integer_at(record, "stories"));
  pair.outlets = static_cast<std::uint32_t>(integer_at(record, "outlets"));
  pair.last_threat_ms = time_at(record, "last_threat");
  pair.is_realised = flag_at(record, "threat_realised");
  return pair;
}

std::optional<AlertRevision> read_alert(std::string_view bytes) {
  simdjson::dom::parser parser;
  Element record;
  if (!parse(bytes, "tocsin.alert/1", parser, record)) return std::nullopt;
  AlertRevision alert;
  alert.id = text_at(record, "alert_id");
  if (alert.id.empty()) return std::nullopt;
  alert.revision = integer_at(record, "revision");
  alert.state = text_at(record, "state");
  alert.rule = text_at(record, "rule");
  alert.level = text_at(record, "level");
  alert.reason = text_at(record, alert.state == "closed" ? "closed_reason" : "update_reason");
  alert.time_ms = time_at(record, "time");
  alert.stories = texts_at(record, "stories");
  Element dyad;
  if (record["dyad"].get(dyad) == simdjson::SUCCESS) {
    alert.ids = texts_at(dyad, "pair");
    alert.codes = texts_at(dyad, "codes");
  }
  alert.raw = bytes;
  return alert;
}

HeldDeadLetter read_dead_letter(const RecordHeaders& headers, std::string_view value) {
  const auto header = [&](std::string_view name) {
    const auto found = std::find_if(headers.begin(), headers.end(),
                                    [&](const auto& one) { return one.first == name; });
    return found == headers.end() ? std::string() : found->second;
  };
  HeldDeadLetter letter;
  letter.stage = header("tocsin.stage");
  letter.code = header("tocsin.error.code");
  letter.message = header("tocsin.error.message");
  letter.place = header("tocsin.original.topic") + '/' + header("tocsin.original.partition") + '/' +
                 header("tocsin.original.offset");
  letter.size = value.size();
  const std::string size = header("tocsin.original.size");  // of one that was cut
  std::from_chars(size.data(), size.data() + size.size(), letter.size);
  for (const char c : value.substr(0, kBeginningBytes)) {
    letter.beginning += c >= 0x20 && c < 0x7F ? c : '.';
  }
  return letter;
}

}  // namespace tocsin::page
