// Bytes to Article: the only parser of untrusted input. Never throws, never reads past the payload,
// bounded by limits; linear time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "pipeline/article.h"
#include "pipeline/error.h"

namespace tocsin {

// How the user's records look: JSON pointers (RFC 6901); empty: the field is not read.
struct FieldMap {
  std::uint32_t schema_id = 0;  // of InputFormat::confluent: the only one that is read; 0: any
  std::string title = "/title";
  std::string body = "/body";
  std::string url = "/url";
  std::string source = "/source";
  std::string published_at = "/published_at";
  std::string language = "/language";
  std::string id = "/id";
  std::string author = "/author";
  std::string section = "/section";
};

// confluent: JSON behind a zero byte and the id of its schema in a registry (four bytes, big
// endian), as Confluent's JSON Schema serializers write it.
enum class InputFormat : std::uint8_t { json, text, confluent };

struct Limits {
  std::size_t article_bytes_max = 1 << 20;  // of the raw payload
  std::size_t json_depth_max = 32;
  std::size_t id_bytes_max = 256;
  std::size_t output_bytes_max =
      1'000'000;                     // of a record to publish; below the broker's message.max.bytes
  std::size_t tokens_max = 300'000;  // the budget: analysis is linear in tokens
};

// The whole document must be valid JSON, also what no field names. null is as good as absent; of a
// doubled key the first counts; a numeric id is its text; a number that no 64-bit type holds is
// read as its text. `format` text: first line the title, the rest the body.
[[nodiscard]] Result<Article> decode(const RawRecord&, InputFormat, const FieldMap&, const Limits&);

// published_at in any form of docs/input.md to Unix milliseconds; nullopt when unreadable or
// outside the years 1000 to 9999. Eight and fourteen digits that are a date (20211231) are read as
// one.
[[nodiscard]] std::optional<std::int64_t> parse_time_ms(std::string_view text);
// Epoch seconds, or milliseconds from 10^11 on.
[[nodiscard]] std::optional<std::int64_t> epoch_to_ms(double number);
// RFC 3339, UTC, whole seconds: "2021-12-31T18:00:00Z".
[[nodiscard]] std::string format_time(std::int64_t unix_ms);

}  // namespace tocsin
