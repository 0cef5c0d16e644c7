// read → analyse → draft → resolve with everything that ships: each record is one valid JSON object
// within its limit, and each span in it is the slice of the field it names.
#include <simdjson.h>

#include <string>

#include "config/load_pipeline.h"
#include "pipeline/text/code_points.h"
#include "tests/fuzz/fuzz.h"

using namespace tocsin;
using tocsin::fuzz::require;

namespace {

const Pipeline& pipeline() {
  static const std::shared_ptr<const Pipeline> kLoaded = load_pipeline(default_config()).pipeline;
  return *kLoaded;
}

std::string_view slice(std::string_view field, std::uint64_t begin, std::uint64_t end) {
  std::size_t first = field.size();
  std::size_t last = field.size();
  std::uint64_t point = 0;
  for (std::size_t i = 0; i < field.size(); ++i) {
    if (!starts_code_point(field[i])) continue;
    if (point == begin) first = i;
    if (point == end) last = i;
    ++point;
  }
  require(begin < end && end <= point);
  return field.substr(first, last - first);
}

void check_span(simdjson::dom::element span, const Article& article) {
  const std::string_view field = span["field"].get_string().value();
  require(field == "title" || field == "body");
  require(slice(field == "title" ? article.title : article.body, span["start"].get_uint64(),
                span["end"].get_uint64()) == span["text"].get_string().value());
}

void check_enriched(const std::string& value, const Article& article) {
  simdjson::dom::parser parser;
  const simdjson::dom::element record = parser.parse(value);
  for (const simdjson::dom::element entity : record["entities"].get_array()) {
    for (const simdjson::dom::element mention : entity["mentions"].get_array()) {
      check_span(mention, article);
    }
  }
  if (record["tension"].is_null()) return;
  const double score = record["tension"]["score"].get_double();
  require(score >= 0 && score <= 100);
  for (const simdjson::dom::element event : record["events"].get_array()) {
    check_span(event["evidence"], article);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const RawRecord record{{"topic", 0, 7}, fuzz::view_of(data, size), 1'640'995'200'000};
  const Result<Reading> reading = read(pipeline(), record);
  if (!reading) return 0;
  const Result<Drafts> drafts = draft(pipeline(), *reading, analyse(pipeline(), *reading));
  if (!drafts) return 0;
  Verdict verdict;
  const Outcome news = resolve(*drafts, verdict);
  require(news.kind == OutcomeKind::enriched);
  require(news.value.size() <= pipeline().limits.output_bytes_max);
  check_enriched(news.value, reading->article);
  verdict.is_copy = true;
  verdict.original_position = {"topic", 0, 3};
  simdjson::dom::parser parser;
  require(parser.parse(resolve(*drafts, verdict).value).is_object());
  return 0;
}
