// The live page's model and the query of a request, of any bytes: each view is one JSON document
// and the limits hold. Lines are records; the first letter says of which topic: e, d, a, p, x; q
// asks.
#include <simdjson.h>

#include "daemon/page/query.h"
#include "tests/fuzz/fuzz.h"

using namespace tocsin;
using tocsin::fuzz::require;

namespace {

constexpr std::size_t kMemoryBytes = 64 << 10;
constexpr std::int64_t kNow = 1'772'431'200'000;

// Bytes of records are copied as they are, so a view is UTF-8 only as far as they were.
void check_json(const std::string& view) {
  if (view.empty()) return;  // not held
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  const auto error = parser.parse(view).get(root);
  require(error == simdjson::SUCCESS || error == simdjson::UTF8_ERROR);
}

void check_views(const page::Model& model, std::string_view query) {
  const page::Query asked(query);
  check_json(model.feed(page::feed_query(asked)));
  check_json(model.pairs(asked.number("since", 0, 0, kNow)));
  check_json(model.pair(asked.text("key"), asked.number("hours", 24, 1, 10'000)));
  check_json(model.alerts(kNow, true));
  check_json(model.alert(asked.text("id"), kNow));
  check_json(model.story(asked.text("id")));
  check_json(model.article(asked.text("place")));
  check_json(model.names(24));
  check_json(model.pipeline(kNow));
}

void take(page::Model& model, std::string_view line) {
  const std::string_view rest = line.substr(1);
  switch (line.front()) {
    case 'e':
      model.add_enriched(kNow, rest);
      break;
    case 'd':
      model.add_duplicate(kNow, rest);
      break;
    case 'a':
      model.add_alert(rest);
      break;
    case 'p':
      model.add_pair(rest.substr(0, 8), rest);
      break;
    case 'x':
      model.add_dead_letter(kNow, {{"tocsin.error.code", std::string(rest)}}, rest);
      break;
    default:
      check_views(model, rest);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  PageConfig limits;
  limits.history = std::chrono::hours(1);
  limits.memory_bytes_max = kMemoryBytes;
  page::Model model(limits);
  std::string_view text = fuzz::view_of(data, size);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (end > 0) take(model, text.substr(0, end));
    require(model.bytes() <= kMemoryBytes);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  check_views(model, "");
  return 0;
}
