// The nouns every stage shares: where a record came from and the article decoded from it.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace tocsin {

// Where a record stands in its topic. Positions, not ids, identify articles.
struct Position {
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;

  friend auto operator<=>(const Position&, const Position&) = default;
};

// Why `published_at` has its value (docs/input.md, "Dates").
enum class PublishedAtSource : std::uint8_t {
  record,   // the article said so
  clamped,  // the article said more than an hour after its record's timestamp
  kafka,    // missing or unreadable: the record's timestamp stands in
  none,     // replay: missing or unreadable: the time of the line before
};

[[nodiscard]] std::string_view name(PublishedAtSource) noexcept;

// `<topic>-<partition>-<offset>`: the id of an article that brought none.
[[nodiscard]] std::string default_article_id(const Position&);

// One raw record as it arrived. The views must outlive every use of the record.
struct RawRecord {
  Position position;
  std::string_view payload;
  std::int64_t timestamp_ms =
      0;  // Unix milliseconds; the broker's or producer's stamp of the record
  PublishedAtSource timestamp_source =
      PublishedAtSource::kafka;  // what to report when it stands in
};

// What was wrong with a record that is an article all the same.
struct Flaws {
  bool date_unread = false;               // there was a date, and nobody could read it
  std::uint32_t fields_unread = 0;        // optional fields of another type: as good as absent
  std::uint32_t characters_repaired = 0;  // UTF-8 that was read as another encoding
};

// An article after decoding: valid UTF-8, fields as they stood after JSON unescaping.
struct Article {
  std::string id;
  std::string title;
  std::string body;
  std::string url;
  std::string source;
  std::string language;  // as the article said; "" when it did not
  std::string author;
  std::string section;
  std::int64_t published_at_ms = 0;  // Unix milliseconds
  PublishedAtSource published_at_source = PublishedAtSource::record;
  Flaws flaws;
};

// standard: the events that make up the score; full: also those that add nothing to it (negated,
// told on the side, said again).
enum class OutputDetail : std::uint8_t { standard, full };

// What goes into an enriched record.
struct OutputForm {
  bool include_body = false;
  OutputDetail detail = OutputDetail::standard;
};

}  // namespace tocsin
