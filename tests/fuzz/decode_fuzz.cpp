// JSON (and text) to Article: what is accepted is bounded, valid UTF-8, and the same twice.
#include <simdjson.h>

#include "pipeline/decode/decode.h"
#include "tests/fuzz/fuzz.h"

using namespace tocsin;
using tocsin::fuzz::require;

namespace {

bool is_utf8(const std::string& text) {
  return simdjson::validate_utf8(text.data(), text.size());
}

void decode_once(std::string_view payload, InputFormat format) {
  const Limits limits;
  const RawRecord record{{"topic", 0, 7}, payload, 1'640'995'200'000};
  const Result<Article> article = decode(record, format, {}, limits);
  if (!article) {
    require(!article.error().message.empty() && is_utf8(article.error().message));
    return;
  }
  require(!article->title.empty() || !article->body.empty());
  require(!article->id.empty() && article->id.size() <= limits.id_bytes_max);
  for (const std::string* field : {&article->id, &article->title, &article->body, &article->url,
                                   &article->source, &article->language}) {
    require(is_utf8(*field) && field->size() <= payload.size() + limits.id_bytes_max);
  }
  const std::string time = format_time(article->published_at_ms);
  const std::optional<std::int64_t> again = parse_time_ms(time);
  require(again && *again <= article->published_at_ms && article->published_at_ms - *again < 1000);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view payload = fuzz::view_of(data, size);
  decode_once(payload, InputFormat::json);
  decode_once(payload, InputFormat::text);
  decode_once(payload, InputFormat::confluent);
  return 0;
}
