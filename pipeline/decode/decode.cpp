#include "pipeline/decode/decode.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "pipeline/article.h"

namespace tocsin {
namespace {

constexpr std::int64_t kFutureToleranceMs =
    3600 * 1000;  // of published_at after the record's stamp

Error fail(Errc code, std::string message) {
  return Error{Stage::decode, code, std::move(message)};
}

bool is_blank(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return c == ' ' || (c >= '\t' && c <= '\r'); });
}

// The whole document is parsed and so validated, members that are not mapped included.
Result<simdjson::dom::element> parse(simdjson::dom::parser& parser, std::string_view payload,
                                     const Limits& limits) {
  // simdjson counts the document itself as a level.
  const simdjson::error_code allocated =
      parser.allocate(std::max<std::size_t>(payload.size(), 64), limits.json_depth_max + 1);
  if (allocated != simdjson::SUCCESS) {
    return fail(Errc::too_large, simdjson::error_message(allocated));
  }
  simdjson::dom::element root;
  const simdjson::error_code error = parser.parse(payload.data(), payload.size(), true).get(root);
  if (error == simdjson::DEPTH_ERROR) {
    return fail(Errc::too_deep, "nested deeper than " + std::to_string(limits.json_depth_max));
  }
  if (error == simdjson::UTF8_ERROR) return fail(Errc::invalid_utf8, "not valid UTF-8");
  if (error != simdjson::SUCCESS) return fail(Errc::invalid_json, simdjson::error_message(error));
  if (!root.is_object()) return fail(Errc::invalid_json, "not a JSON object");
  return root;
}

// The mapped member; an element of type null when it is not there or null.
struct Member {
  simdjson::dom::element element;
  bool is_there = false;
};

Member find(const simdjson::dom::element& root, const std::string& pointer) {
  Member member;
  if (pointer.empty()) return member;
  if (root.at_pointer(pointer).get(member.element) != simdjson::SUCCESS) return member;
  member.is_there = !member.element.is_null();
  return member;
}

Error wrong_type(const std::string& pointer, const char* wanted) {
  return fail(Errc::wrong_type, pointer + " is not " + wanted);
}

// A text member into `out`; an escape may hide a lone surrogate, so the result is checked again.
std::optional<Error> read_text(const simdjson::dom::element& root, const std::string& pointer,
                               std::string& out) {
  const Member member = find(root, pointer);
  if (!member.is_there) return std::nullopt;
  std::string_view text;
  if (member.element.get_string().get(text) != simdjson::SUCCESS) {
    return wrong_type(pointer, "a string");
  }
  if (!simdjson::validate_utf8(text.data(), text.size())) {
    return fail(Errc::invalid_utf8, pointer + " holds a lone surrogate");
  }
  out = text;
  return std::nullopt;
}

// An id may be a string or a whole number; a number is taken as its digits.
std::optional<Error> read_id(const simdjson::dom::element& root, const std::string& pointer,
                             std::string& out) {
  const Member member = find(root, pointer);
  if (!member.is_there) return std::nullopt;
  std::int64_t number = 0;
  std::uint64_t large = 0;
  if (member.element.get_int64().get(number) == simdjson::SUCCESS) {
    out = std::to_string(number);
    return std::nullopt;
  }
  if (member.element.get_uint64().get(large) == simdjson::SUCCESS) {
    out = std::to_string(large);
    return std::nullopt;
  }
  if (!member.element.is_string()) return wrong_type(pointer, "a string or a whole number");
  return read_text(root, pointer, out);
}

// Missing and unreadable times are no errors: the record's timestamp stands in.
std::optional<std::int64_t> read_time(const simdjson::dom::element& root,
                                      const std::string& pointer) {
  const Member member = find(root, pointer);
  if (!member.is_there) return std::nullopt;
  double number = 0;
  if (member.element.is_number() && member.element.get_double().get(number) == simdjson::SUCCESS) {
    return epoch_to_ms(number);
  }
  std::string_view text;
  if (member.element.get_string().get(text) != simdjson::SUCCESS) return std::nullopt;
  return parse_time_ms(text);
}

void date(Article& article, std::optional<std::int64_t> own_ms, const RawRecord& record) {
  if (!own_ms) {
    article.published_at_ms = record.timestamp_ms;
    article.published_at_source = record.timestamp_source;
  } else if (record.timestamp_source == PublishedAtSource::kafka &&
             *own_ms > record.timestamp_ms + kFutureToleranceMs) {
    article.published_at_ms = record.timestamp_ms;
    article.published_at_source = PublishedAtSource::clamped;
  } else {
    article.published_at_ms = *own_ms;
    article.published_at_source = PublishedAtSource::record;
  }
}

Result<Article> decode_json(const RawRecord& record, const FieldMap& fields, const Limits& limits) {
  // Scratch of the parser, one a thread; a document never outlives this call.
  thread_local simdjson::dom::parser parser;
  const Result<simdjson::dom::element> root = parse(parser, record.payload, limits);
  if (!root) return root.error();

  Article article;
  const std::pair<const std::string&, std::string&> texts[] = {
      {fields.title, article.title},       {fields.body, article.body},
      {fields.url, article.url},           {fields.source, article.source},
      {fields.language, article.language}, {fields.author, article.author},
      {fields.section, article.section}};
  for (const auto& [pointer, out] : texts) {
    if (std::optional<Error> error = read_text(*root, pointer, out)) return *std::move(error);
  }
  if (std::optional<Error> error = read_id(*root, fields.id, article.id)) return *std::move(error);
  date(article, read_time(*root, fields.published_at), record);
  return article;
}

Article decode_text(const RawRecord& record) {
  Article article;
  std::string_view text = record.payload;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const std::size_t end = text.find('\n');
  article.title = text.substr(0, end);
  if (article.title.ends_with('\r')) article.title.pop_back();
  if (end != std::string_view::npos) article.body = text.substr(end + 1);
  date(article, std::nullopt, record);
  return article;
}

}  // namespace

Result<Article> decode(const RawRecord& record, InputFormat format, const FieldMap& fields,
                       const Limits& limits) {
  if (record.payload.size() > limits.article_bytes_max) {
    return fail(Errc::too_large, std::to_string(record.payload.size()) +
                                     " bytes, more than limits.article_bytes_max " +
                                     std::to_string(limits.article_bytes_max));
  }
  if (!simdjson::validate_utf8(record.payload.data(), record.payload.size())) {
    return fail(Errc::invalid_utf8, "not valid UTF-8");
  }
  Result<Article> article = format == InputFormat::json ? decode_json(record, fields, limits)
                                                        : Result<Article>(decode_text(record));
  if (!article) return article;
  if (is_blank(article->title) && is_blank(article->body)) {
    return fail(Errc::no_text, "neither title nor body");
  }
  if (article->id.size() > limits.id_bytes_max) {
    return fail(Errc::id_too_long, "id has " + std::to_string(article->id.size()) +
                                       " bytes, more than limits.id_bytes_max " +
                                       std::to_string(limits.id_bytes_max));
  }
  if (article->id.empty()) article->id = default_article_id(record.position);
  return article;
}

}  // namespace tocsin
