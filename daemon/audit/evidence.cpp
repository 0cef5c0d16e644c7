#include "daemon/audit/evidence.h"

#include <simdjson.h>
#include <xxhash.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <tuple>

namespace tocsin {
namespace {

constexpr std::uint32_t kDefaultId = 0;  // of an original that has no id of its own

std::string_view header(const kafka::Record& message, const char* name) {
  return message.last_header(name).value_or(std::string_view{});
}

template <class Number>
bool parse(std::string_view text, Number& number, int base = 10) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number, base);
  return error == std::errc{} && stop == end && !text.empty();
}

bool read_position(const simdjson::dom::element& parent, const char* key, Position& position) {
  simdjson::dom::object object;
  std::string_view topic;
  std::int64_t partition = 0;
  if (parent[key].get(object) != simdjson::SUCCESS ||
      object["topic"].get(topic) != simdjson::SUCCESS ||
      object["partition"].get(partition) != simdjson::SUCCESS ||
      object["offset"].get(position.offset) != simdjson::SUCCESS || partition < 0 ||
      partition > std::numeric_limits<std::int32_t>::max()) {
    return false;
  }
  position.topic = topic;
  position.partition = static_cast<std::int32_t>(partition);
  return true;
}

std::string_view text_at(const simdjson::dom::element& parent, const char* key) {
  std::string_view text;
  return parent[key].get(text) == simdjson::SUCCESS ? text : std::string_view{};
}

bool read_story(const simdjson::dom::element& record, Terms& terms) {
  simdjson::dom::element story;
  std::uint64_t size = 0;
  std::uint64_t outlets = 0;
  if (record["story"].get(story) != simdjson::SUCCESS ||
      story["size"].get(size) != simdjson::SUCCESS ||
      story["outlets"].get(outlets) != simdjson::SUCCESS) {
    return false;
  }
  terms.story_size = static_cast<std::uint32_t>(size);
  terms.story_outlets = static_cast<std::uint16_t>(outlets);
  terms.is_update = text_at(record, "relation") == "update";
  return parse(text_at(story, "id"), terms.story, 16);
}

bool read_original(const simdjson::dom::element& record, Terms& terms, Position& original) {
  double similarity = 0;
  if (!read_position(record, "duplicate_of_position", original) ||
      record["similarity"].get(similarity) != simdjson::SUCCESS) {
    return false;
  }
  terms.similarity_percent =
      static_cast<std::uint8_t>(std::clamp(similarity, 0.0, 1.0) * 100 + 0.5);
  terms.original_id = text_hash(text_at(record, "duplicate_of"));
  for (const Method method : {Method::exact, Method::near, Method::lead}) {
    if (name(method) == text_at(record, "method")) terms.method = method;
  }
  return terms.method != Method::none;
}

struct ByPosition {
  template <class Row>
  bool operator()(const Row& row, const Place& position) const {
    return row.position < position;
  }
  template <class Row>
  bool operator()(const Place& position, const Row& row) const {
    return position < row.position;
  }
};

// Rows of a sorted table with this position.
template <class Row>
std::span<const Row> rows_at(const std::vector<Row>& table, const Place& position) {
  const auto [begin, end] = std::equal_range(table.begin(), table.end(), position, ByPosition{});
  return {begin, end};
}

}  // namespace

std::uint32_t PartitionNumbers::number_of(const kafka::Partition& partition) {
  const auto [entry, is_new] =
      numbers_.try_emplace(partition, static_cast<std::uint32_t>(partitions_.size()));
  if (is_new) partitions_.push_back(partition);
  return entry->second;
}

std::string PartitionNumbers::text(const Place& place) const {
  const kafka::Partition& partition = partitions_[place.partition];
  return default_article_id({partition.topic, partition.number, place.offset});
}

std::uint64_t key_hash(const void* key, std::size_t bytes) {
  return key == nullptr ? 0 : XXH3_64bits(key, bytes);
}

std::uint64_t text_hash(std::string_view text) {
  return XXH3_64bits(text.data(), text.size());
}

Place Evidence::place_of(const Position& position) {
  return {partitions.number_of({position.topic, position.partition}), position.offset};
}

void Evidence::reserve(std::size_t published, std::size_t sighted) {
  published_.reserve(published);
  sighted_.reserve(sighted);
  founders_.reserve(sighted);
}

std::optional<Published> Evidence::read_published(const kafka::Record& message, OutcomeKind kind) {
  Published published;
  published.kind = kind;
  published.place = place_of({std::string(message.topic()), message.number(), message.offset()});
  published.value = raw_hash(kind == OutcomeKind::deadletter ? message.value() : message.json());
  published.key = key_hash(message.key().data(), message.key().size());
  const bool is_read = kind == OutcomeKind::deadletter ? read_deadletter(message, published)
                                                       : read_json(message, published);
  return is_read ? std::optional(published) : std::nullopt;
}

bool Evidence::read_deadletter(const kafka::Record& message, Published& published) {
  Position position;
  position.topic = header(message, "tocsin.original.topic");
  published.code = text_hash(header(message, "tocsin.error.code"));
  published.is_current = header(message, "tocsin.config") == stamp_.config;
  if (!parse(header(message, "tocsin.original.partition"), position.partition) ||
      !parse(header(message, "tocsin.original.offset"), position.offset)) {
    return false;
  }
  published.position = place_of(position);
  // Cut or without its value: the hash of the whole value stands in a header.
  const std::string_view hash = header(message, "tocsin.original.hash");
  if (!hash.empty() &&
      (!parse(hash.substr(0, 16), published.value.high, 16) ||
       !parse(hash.substr(std::min<std::size_t>(16, hash.size())), published.value.low, 16))) {
    return false;
  }
  published.is_key_omitted = message.key() == default_article_id(position);
  return true;
}

bool Evidence::read_json(const kafka::Record& message, Published& published) {
  thread_local simdjson::dom::parser parser;
  simdjson::dom::element record;
  Position position;
  if (parser.parse(message.json().data(), message.json().size()).get(record) != simdjson::SUCCESS ||
      !read_position(record, "position", position)) {
    return false;
  }
  published.position = place_of(position);
  Terms& terms = published.terms;
  terms.is_readable = read_story(record, terms);
  if (published.kind == OutcomeKind::duplicate) {
    Position original;
    terms.is_readable = read_original(record, terms, original) && terms.is_readable;
    terms.original = place_of(original);
    return true;
  }
  simdjson::dom::element pipeline;
  published.is_current = record["pipeline"].get(pipeline) == simdjson::SUCCESS &&
                         text_at(pipeline, "version") == stamp_.version &&
                         text_at(pipeline, "config") == stamp_.config &&
                         text_at(pipeline, "lexicon") == stamp_.lexicon;
  return true;
}

void Evidence::add_sighted(const Sighting& sighting, std::int64_t append_ms,
                           const Verdict& verdict) {
  Sighted sighted;
  sighted.position = place_of(sighting.position);
  sighted.raw_hash = sighting.raw_hash;
  sighted.append_ms = append_ms;
  sighted.is_copy = verdict.is_copy;
  Terms& terms = sighted.terms;
  terms.story = verdict.story;
  terms.story_size = verdict.story_size;
  terms.story_outlets = static_cast<std::uint16_t>(verdict.story_outlets);
  terms.is_update = verdict.relation == Relation::update;
  if (verdict.is_copy) {
    terms.method = verdict.method;
    terms.similarity_percent = verdict.similarity_percent;
    terms.original = place_of(verdict.original_position);
    terms.original_id = text_hash(verdict.original_id);
    if (verdict.original_id != default_article_id(verdict.original_position)) {
      const auto [entry, is_new] = original_id_numbers_.try_emplace(
          verdict.original_id, static_cast<std::uint32_t>(original_ids_.size() + 1));
      if (is_new) original_ids_.push_back(verdict.original_id);
      sighted.original_id = entry->second;
    }
  } else if (!terms.is_update) {
    founders_.push_back({verdict.story, append_ms});
  }
  sighted_.push_back(sighted);
}

void Evidence::add_retract(const Retract& retract) {
  retracts_.push_back({place_of(retract.position), retract.raw_hash});
}

void Evidence::sort() {
  std::sort(published_.begin(), published_.end(),
            [](const Published& left, const Published& right) {
              return std::tie(left.position, left.place) < std::tie(right.position, right.place);
            });
  std::sort(sighted_.begin(), sighted_.end(), [](const Sighted& left, const Sighted& right) {
    return std::tie(left.position, left.append_ms) < std::tie(right.position, right.append_ms);
  });
  std::sort(founders_.begin(), founders_.end(), [](const Founder& left, const Founder& right) {
    return std::tie(left.story, left.append_ms) < std::tie(right.story, right.append_ms);
  });
  std::sort(retracts_.begin(), retracts_.end(), [](const Withdrawn& left, const Withdrawn& right) {
    return left.position < right.position;
  });
}

std::span<const Published> Evidence::published_at(const Place& position) const {
  return rows_at(published_, position);
}

std::span<const Sighted> Evidence::sighted_at(const Place& position) const {
  return rows_at(sighted_, position);
}

const Sighted* Evidence::sighted(const Place& position, const Hash128& raw_hash) const {
  const Sighted* found = nullptr;
  for (const Sighted& row : sighted_at(position)) {
    if (row.raw_hash == raw_hash) found = &row;
  }
  return found;
}

std::int64_t Evidence::sighted_by(const Place& position) const {
  const auto after = std::upper_bound(sighted_.begin(), sighted_.end(), position, ByPosition{});
  if (after == sighted_.begin()) return -1;
  const Sighted& before = *std::prev(after);
  return before.position.partition == position.partition ? before.append_ms : -1;
}

bool Evidence::is_retracted(const Place& position, const Hash128& raw_hash) const {
  const std::span<const Withdrawn> rows = rows_at(retracts_, position);
  return std::any_of(rows.begin(), rows.end(), [&](const Withdrawn& row) {
    return row.raw_hash == raw_hash || row.raw_hash == Hash128{};
  });
}

std::int64_t Evidence::founded_ms(std::uint64_t story) const {
  const auto found = std::lower_bound(
      founders_.begin(), founders_.end(), story,
      [](const Founder& founder, std::uint64_t wanted) { return founder.story < wanted; });
  return found != founders_.end() && found->story == story ? found->append_ms : -1;
}

Verdict Evidence::verdict_of(const Sighted& sighted) const {
  Verdict verdict;
  verdict.is_copy = sighted.is_copy;
  verdict.relation = sighted.terms.is_update ? Relation::update : Relation::none;
  verdict.method = sighted.terms.method;
  verdict.similarity_percent = sighted.terms.similarity_percent;
  verdict.story = sighted.terms.story;
  verdict.story_size = sighted.terms.story_size;
  verdict.story_outlets = sighted.terms.story_outlets;
  if (sighted.is_copy) {
    const kafka::Partition& partition = partitions[sighted.terms.original.partition];
    verdict.original_position = {partition.topic, partition.number, sighted.terms.original.offset};
    verdict.original_id = sighted.original_id == kDefaultId
                              ? default_article_id(verdict.original_position)
                              : original_ids_[sighted.original_id - 1];
  }
  return verdict;
}

}  // namespace tocsin
