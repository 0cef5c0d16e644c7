#include "pipeline/decode/decode.h"

#include <simdjson.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "pipeline/wire_format.h"

namespace tocsin {

namespace {

constexpr std::int64_t kFutureToleranceMs = 3600 * 1000;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

Error fault(Errc code, std::string message) {
  return Error{Stage::decode, code, std::move(message)};
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\n\r\f\v") == std::string_view::npos;
}

// The four digits of a \uXXXX at `at` when they are a surrogate, else 0.
unsigned surrogate_at(std::string_view json, std::size_t at) {
  if (at + 6 > json.size() || json[at] != '\\' || json[at + 1] != 'u') return 0;
  unsigned value = 0;
  for (std::size_t i = at + 2; i < at + 6; ++i) {
    const char c = json[i];
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return 0;
    value = value << 4 | static_cast<unsigned>(digit);
  }
  return value >= 0xD800 && value < 0xE000 ? value : 0;
}

// simdjson 3.0 lets a lone low surrogate through and calls a lone high one a bad string.
bool has_lone_surrogate(std::string_view json) {
  std::size_t at = json.find('\\');
  while (at != std::string_view::npos && at + 1 < json.size()) {
    const unsigned first = surrogate_at(json, at);
    std::size_t bytes = 2;
    if (first != 0) {
      const unsigned second = surrogate_at(json, at + 6);
      if (first >= 0xDC00 || second < 0xDC00) return true;
      bytes = 12;
    }
    at = json.find('\\', at + bytes);
  }
  return false;
}

// JSON's grammar of a number: -?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?
bool is_number(std::string_view token) {
  const auto digits = [&] {
    const std::size_t count = std::min(token.find_first_not_of("0123456789"), token.size());
    token.remove_prefix(count);
    return count;
  };
  if (token.starts_with('-')) token.remove_prefix(1);
  const bool zero = token.starts_with('0');
  const std::size_t whole = digits();
  if (whole == 0 || (zero && whole > 1)) return false;
  if (token.starts_with('.')) {
    token.remove_prefix(1);
    if (digits() == 0) return false;
  }
  if (token.starts_with('e') || token.starts_with('E')) {
    token.remove_prefix(1);
    if (token.starts_with('+') || token.starts_with('-')) token.remove_prefix(1);
    if (digits() == 0) return false;
  }
  return token.empty();
}

// Numbers that fit no 64-bit type are JSON all the same: they are read as their text.
std::string quote_long_numbers(std::string_view json) {
  constexpr std::size_t kAlwaysFits = 18;
  std::string out;
  out.reserve(json.size() + 64);
  for (std::size_t at = 0; at < json.size();) {
    std::size_t end = at + 1;
    if (json[at] == '"') {
      while (end < json.size() && json[end] != '"') end += json[end] == '\\' ? 2 : 1;
      end = std::min(end + 1, json.size());
    } else if (json[at] == '-' || (json[at] >= '0' && json[at] <= '9')) {
      end = std::min(json.find_first_not_of("0123456789+-.eE", at), json.size());
      const std::string_view token = json.substr(at, end - at);
      const bool is_long = token.size() > kAlwaysFits || token.find_first_of("eE") != token.npos;
      if (is_long && is_number(token)) {
        out.append("\"").append(token).append("\"");
        at = end;
        continue;
      }
    }
    out += json.substr(at, end - at);
    at = end;
  }
  return out;
}

// simdjson does not count an empty object or array as a level: one too deep is found here.
// Recursion is bounded by the parser's own depth limit.
bool is_deeper_than(std::size_t levels, simdjson::dom::element element) {
  simdjson::dom::object object;
  simdjson::dom::array array;
  if (element.get_object().get(object) == simdjson::SUCCESS) {
    if (levels == 0) return true;
    for (const auto& member : object) {
      if (is_deeper_than(levels - 1, member.value)) return true;
    }
  } else if (element.get_array().get(array) == simdjson::SUCCESS) {
    if (levels == 0) return true;
    for (const auto& item : array) {
      if (is_deeper_than(levels - 1, item)) return true;
    }
  }
  return false;
}

Error json_fault(simdjson::error_code code, std::string_view json, const Limits& limits) {
  switch (code) {
    case simdjson::UTF8_ERROR:
      return fault(Errc::invalid_utf8, "the payload is not UTF-8");
    case simdjson::DEPTH_ERROR:
      return fault(Errc::too_deep, "nested deeper than limits.json_depth_max " +
                                       std::to_string(limits.json_depth_max));
    case simdjson::STRING_ERROR:
      if (has_lone_surrogate(json)) {
        return fault(Errc::invalid_utf8, "an escape makes half a surrogate pair");
      }
      break;
    default:
      break;
  }
  return fault(Errc::invalid_json, simdjson::error_message(code));
}

// The fields of one document, by pointer; remembers the first that has a wrong type.
class Fields {
 public:
  explicit Fields(simdjson::dom::element root) : root_(root) {}

  // Appears as absent: no such member, null, or no pointer at all.
  std::optional<simdjson::dom::element> find(std::string_view pointer) {
    if (pointer.empty()) return std::nullopt;
    simdjson::dom::element found;
    if (root_.at_pointer(pointer).get(found) != simdjson::SUCCESS) return std::nullopt;
    if (found.is_null()) return std::nullopt;
    return found;
  }

  // Of a title or body: an article without its text is worth a dead letter.
  std::string text(std::string_view pointer) {
    const auto found = find(pointer);
    if (!found) return {};
    std::string_view value;
    if (found->get_string().get(value) != simdjson::SUCCESS) wrong(pointer, "a string");
    return std::string(value);
  }

  // Another type is as good as absent: no reason to lose the article.
  std::string optional_text(std::string_view pointer) {
    const auto found = find(pointer);
    if (!found) return {};
    std::string_view value;
    if (found->get_string().get(value) != simdjson::SUCCESS) ++flaws_.fields_unread;
    return std::string(value);
  }

  // An id may be a number: its text is the id.
  std::string id(std::string_view pointer) {
    const auto found = find(pointer);
    if (!found) return {};
    if (std::int64_t number = 0; found->get_int64().get(number) == simdjson::SUCCESS) {
      return std::to_string(number);
    }
    if (std::uint64_t number = 0; found->get_uint64().get(number) == simdjson::SUCCESS) {
      return std::to_string(number);
    }
    return optional_text(pointer);
  }

  std::optional<std::int64_t> time_ms(std::string_view pointer) {
    const auto found = find(pointer);
    if (!found) return std::nullopt;
    // Another type is as unreadable as a text that is no date: no reason to lose the article.
    std::optional<std::int64_t> time;
    std::string_view value;
    if (double number = 0; found->get_double().get(number) == simdjson::SUCCESS) {
      time = epoch_to_ms(number);
    } else if (found->get_string().get(value) == simdjson::SUCCESS) {
      if (is_blank(value)) return std::nullopt;
      time = parse_time_ms(value);
    }
    flaws_.date_unread = !time;
    return time;
  }

  [[nodiscard]] const Flaws& flaws() const { return flaws_; }

  [[nodiscard]] const std::string& wrong_type() const { return wrong_type_; }

 private:
  void wrong(std::string_view pointer, std::string_view expected) {
    if (!wrong_type_.empty()) return;
    wrong_type_.append(pointer).append(" is not ").append(expected);
  }

  simdjson::dom::element root_;
  std::string wrong_type_;
  Flaws flaws_;
};

// Parsers keep their buffers (a few times the largest payload) for the next article of the thread.
Result<simdjson::dom::element> parse(std::string_view json, const Limits& limits) {
  thread_local simdjson::dom::parser parser;
  const std::size_t depth = limits.json_depth_max + 1;  // simdjson counts the document as a level
  if (parser.max_depth() != depth || parser.capacity() < json.size()) {
    const simdjson::error_code code =
        parser.allocate(std::max<std::size_t>(json.size(), parser.capacity()), depth);
    if (code != simdjson::SUCCESS) return json_fault(code, json, limits);
  }
  simdjson::dom::element root;
  simdjson::error_code code = parser.parse(json.data(), json.size()).get(root);
  if (code == simdjson::NUMBER_ERROR) {
    const std::string quoted = quote_long_numbers(json);
    if (quoted.size() != json.size()) {
      if (parser.capacity() < quoted.size()) code = parser.allocate(quoted.size(), depth);
      code = parser.parse(quoted).get(root);
    }
  }
  if (code == simdjson::SUCCESS && is_deeper_than(limits.json_depth_max, root)) {
    code = simdjson::DEPTH_ERROR;
  }
  if (code != simdjson::SUCCESS) return json_fault(code, json, limits);
  if (!root.is_object()) return fault(Errc::invalid_json, "the payload is not an object");
  if (has_lone_surrogate(json)) {
    return fault(Errc::invalid_utf8, "an escape makes half a surrogate pair");
  }
  return root;
}

void set_time(Article& article, const RawRecord& record, std::optional<std::int64_t> said_ms) {
  const bool has_own_time = record.timestamp_source != PublishedAtSource::none;
  if (!said_ms) {
    article.published_at_ms = record.timestamp_ms;
    article.published_at_source = record.timestamp_source;
  } else if (has_own_time && record.timestamp_ms < *said_ms - kFutureToleranceMs) {
    article.published_at_ms = record.timestamp_ms;
    article.published_at_source = PublishedAtSource::clamped;
  } else {
    article.published_at_ms = *said_ms;
    article.published_at_source = PublishedAtSource::record;
  }
}

Result<Article> decode_json(const RawRecord& record, std::string_view json, const FieldMap& map,
                            const Limits& limits) {
  const Result<simdjson::dom::element> root = parse(json, limits);
  if (!root) return root.error();
  Fields fields(*root);
  Article article;
  article.id = fields.id(map.id);
  article.title = fields.text(map.title);
  article.body = fields.text(map.body);
  article.url = fields.optional_text(map.url);
  article.source = fields.optional_text(map.source);
  article.language = fields.optional_text(map.language);
  article.author = fields.optional_text(map.author);
  article.section = fields.optional_text(map.section);
  set_time(article, record, fields.time_ms(map.published_at));
  article.flaws = fields.flaws();
  if (!fields.wrong_type().empty()) return fault(Errc::wrong_type, fields.wrong_type());
  return article;
}

Result<Article> decode_text(const RawRecord& record, std::string_view text) {
  if (!simdjson::validate_utf8(text.data(), text.size())) {
    return fault(Errc::invalid_utf8, "the payload is not UTF-8");
  }
  Article article;
  const std::size_t start = std::min(text.find_first_not_of("\r\n"), text.size());
  text.remove_prefix(start);
  const std::size_t line = std::min(text.find('\n'), text.size());
  article.title = text.substr(0, line);
  if (article.title.ends_with('\r')) article.title.pop_back();
  article.body = text.substr(std::min(line + 1, text.size()));
  set_time(article, record, std::nullopt);
  return article;
}

// The JSON behind its schema's id.
Result<std::string_view> behind_schema_id(std::string_view payload, std::uint32_t wanted) {
  const std::optional<std::uint32_t> id = schema_id_of(payload);
  if (!id) {
    return fault(Errc::invalid_json, "no schema id before the record (input.format: confluent)");
  }
  if (wanted != 0 && *id != wanted) {
    return fault(Errc::wrong_type, "schema id " + std::to_string(*id) + ", input.schema_id is " +
                                       std::to_string(wanted));
  }
  return without_schema_id(payload);
}

}  // namespace

Result<Article> decode(const RawRecord& record, InputFormat format, const FieldMap& fields,
                       const Limits& limits) {
  std::string_view payload = record.payload;
  if (payload.size() > limits.article_bytes_max) {
    return fault(Errc::too_large, std::to_string(payload.size()) +
                                      " bytes, more than limits.article_bytes_max " +
                                      std::to_string(limits.article_bytes_max));
  }
  if (format == InputFormat::confluent) {
    const Result<std::string_view> json = behind_schema_id(payload, fields.schema_id);
    if (!json) return json.error();
    payload = *json;
  }
  if (payload.starts_with(kByteOrderMark)) payload.remove_prefix(kByteOrderMark.size());
  Result<Article> article = format == InputFormat::text
                                ? decode_text(record, payload)
                                : decode_json(record, payload, fields, limits);
  if (!article) return article;
  if (is_blank(article->title) && is_blank(article->body)) {
    return fault(Errc::no_text, "neither title nor body");
  }
  if (article->id.size() > limits.id_bytes_max) {
    return fault(Errc::id_too_long, std::to_string(article->id.size()) +
                                        " bytes, more than limits.id_bytes_max " +
                                        std::to_string(limits.id_bytes_max));
  }
  if (article->id.empty()) article->id = default_article_id(record.position);
  return article;
}

}  // namespace tocsin
