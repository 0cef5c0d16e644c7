// Bytes to Article: the only parser of untrusted input. Never throws, never reads past the payload,
// bounded by limits; linear time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "pipeline/article.h"
#include "pipeline/error.h"

namespace tocsin {

// JSON pointers (RFC 6901) into the user's records; empty: the field is not read.
struct FieldMap {
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

enum class InputFormat : std::uint8_t { json, text };

struct Limits {
  std::size_t article_bytes_max = 1 << 20;  // of the raw payload
  std::size_t json_depth_max = 32;
  std::size_t id_bytes_max = 256;
  std::size_t output_bytes_max = 1'000'000; // of a record to publish; below the broker's message.max.bytes
  std::size_t tokens_max = 300'000;         // the budget: analysis is linear in tokens
};

// `format` text: first line the title, the rest the body.
[[nodiscard]] Result<Article> decode(const RawRecord&, InputFormat, const FieldMap&, const Limits&);

// published_at in any form of the contract to Unix milliseconds; nullopt when unreadable.
[[nodiscard]] std::optional<std::int64_t> parse_time_ms(std::string_view text);
// Epoch seconds, or milliseconds from 10^11 on.
[[nodiscard]] std::optional<std::int64_t> epoch_to_ms(double number);
// RFC 3339, UTC, whole seconds: "2021-12-31T18:00:00Z".
[[nodiscard]] std::string format_time(std::int64_t unix_ms);

}  // namespace tocsin
