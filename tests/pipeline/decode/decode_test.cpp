// Raw records to articles: every rule of docs/input.md a row.
#include "pipeline/decode/decode.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "pipeline/wire_format.h"

namespace tocsin {
namespace {

constexpr std::int64_t kNow = 1640973600000;  // 2021-12-31T18:00:00Z

RawRecord record_of(std::string_view payload) {
  return {{"news.raw", 2, 7}, payload, kNow, PublishedAtSource::kafka};
}
Result<Article> read(std::string_view payload, const FieldMap& fields = {},
                     const Limits& limits = {}) {
  return decode(record_of(payload), InputFormat::json, fields, limits);
}
// The code of the fault; "fine" for none.
std::string code_of(std::string_view payload, const Limits& limits = {}) {
  const Result<Article> article = read(payload, {}, limits);
  return article ? "fine" : std::string(name(article.error().code));
}

TEST(Decode, reads_every_field) {
  const Result<Article> article = read(
      R"({"title":"A \u00e9 \ud83d\ude00","body":"B\n","url":"u","source":"s","language":"en",
          "id":"x","author":"a","section":"c","published_at":"2021-12-31T17:00:00Z","more":[1]})");
  ASSERT_TRUE(article);
  EXPECT_EQ(article->title, "A é 😀");
  EXPECT_EQ(article->body, "B\n");
  EXPECT_EQ(article->url + article->source + article->language, "usen");
  EXPECT_EQ(article->id + article->author + article->section, "xac");
  EXPECT_EQ(article->published_at_ms, kNow - 3600 * 1000);
  EXPECT_EQ(article->published_at_source, PublishedAtSource::record);
}

TEST(Decode, counts_what_it_could_not_read) {
  const Result<Article> odd = read(
      R"({"title":"t","author":["A","B"],"url":{"href":"u"},"section":7,"language":false,
          "source":{"name":"s"},"id":{},"published_at":"some day"})");
  ASSERT_TRUE(odd);
  EXPECT_EQ(odd->flaws.fields_unread, 6U);
  EXPECT_TRUE(odd->flaws.date_unread);
  EXPECT_EQ(odd->author + odd->url + odd->section + odd->language + odd->source, "");
  EXPECT_EQ(odd->id, "news.raw-2-7");
  for (const char* fine : {R"({"title":"t","author":null})", R"({"title":"t","published_at":" "})",
                           R"({"title":"t","published_at":"4 March 2020"})"}) {
    const Result<Article> article = read(fine);
    ASSERT_TRUE(article);
    EXPECT_EQ(article->flaws.fields_unread, 0U);
    EXPECT_FALSE(article->flaws.date_unread) << fine;
  }
}

TEST(Decode, names_the_fault) {
  struct Row {
    std::string_view payload;
    std::string_view code;
  };
  constexpr Row kRows[] = {
      {R"({"title":"t"})", "fine"},
      {R"({"body":"t"})", "fine"},
      {"\xEF\xBB\xBF{\"title\":\"t\"}", "fine"},
      {R"({"title":"t","body":null,"id":null})", "fine"},
      {R"({"title":"t","id":12345})", "fine"},
      {R"({"title":"t","big":123456789012345678901234567890,"e":1e999})", "fine"},
      {"", "invalid_json"},
      {"  ", "invalid_json"},
      {"null", "invalid_json"},
      {"[1]", "invalid_json"},
      {R"({"title":"t"} x)", "invalid_json"},
      {R"({"title":"t"}{"title":"t"})", "invalid_json"},
      {R"({"title":"t","more":[1,2})", "invalid_json"},
      {R"({"title":"t","more":01})", "invalid_json"},
      {R"({"title":"t","more":tru})", "invalid_json"},
      {R"({"title":"t\x"})", "invalid_json"},
      {R"({"title":"t)", "invalid_json"},
      {"{\"title\":\"a\nb\"}", "invalid_json"},
      {R"({"title":"t","more":12345678901234567890123.})", "invalid_json"},
      {"{\"title\":\"\xff\"}", "invalid_utf8"},
      {"{\"title\":\"t\",\"more\":\"\xc3\"}", "invalid_utf8"},
      {R"({"title":"\ud800"})", "invalid_utf8"},
      {R"({"title":"\udc00"})", "invalid_utf8"},
      {R"({"title":"\ud800\u0041"})", "invalid_utf8"},
      {R"({"title":"\\ud800"})", "fine"},
      {R"({"title":1})", "wrong_type"},
      {R"({"title":"t","body":{"text":"b"}})", "wrong_type"},
      {R"({"title":"t","id":[1]})", "fine"},
      {R"({})", "no_text"},
      {R"({"title":"","body":" \n"})", "no_text"},
      {R"({"title":null})", "no_text"},
  };
  for (const Row& row : kRows) EXPECT_EQ(code_of(row.payload), row.code) << row.payload;
}

TEST(Decode, keeps_limits) {
  const auto nested = [](int levels) {  // the object is one level, the arrays are the others
    const auto count = static_cast<std::size_t>(levels - 1);
    return R"({"title":"t","more":)" + std::string(count, '[') + std::string(count, ']') + "}";
  };
  EXPECT_EQ(code_of(nested(32)), "fine");
  EXPECT_EQ(code_of(nested(33)), "too_deep");
  EXPECT_EQ(code_of(nested(100'000)), "too_deep");
  EXPECT_EQ(
      code_of(R"({"title":"t","more":)" + std::string(31, '[') + "1" + std::string(31, ']') + "}"),
      "fine");
  EXPECT_EQ(
      code_of(R"({"title":"t","more":)" + std::string(32, '[') + "1" + std::string(32, ']') + "}"),
      "too_deep");
  Limits small;
  small.article_bytes_max = 20;
  EXPECT_EQ(code_of(R"({"title":"1234567"})", small), "fine");
  EXPECT_EQ(code_of(R"({"title":"123456789"})", small), "too_large");
  EXPECT_EQ(code_of(R"({"title":"t","id":")" + std::string(256, 'i') + "\"}"), "fine");
  EXPECT_EQ(code_of(R"({"title":"t","id":")" + std::string(257, 'i') + "\"}"), "id_too_long");
}

TEST(Decode, gives_an_id) {
  EXPECT_EQ(read(R"({"title":"t"})")->id, "news.raw-2-7");
  EXPECT_EQ(read(R"({"title":"t","id":""})")->id, "news.raw-2-7");
  EXPECT_EQ(read(R"({"title":"t","id":-5})")->id, "-5");
  EXPECT_EQ(read(R"({"title":"t","id":18446744073709551615})")->id, "18446744073709551615");
  EXPECT_EQ(read(R"({"title":"t","id":184467440737095516159})")->id, "184467440737095516159");
  EXPECT_EQ(read(R"({"title":"first","title":"second"})")->title, "first");
}

TEST(Decode, follows_pointers) {
  FieldMap fields;
  fields.title = "/content/a~1b/0/~0t";
  fields.body = "/content/text";
  fields.id = "";
  const Result<Article> article =
      read(R"({"id":"x","content":{"a/b":[{"~t":"T"}],"text":"B"}})", fields);
  ASSERT_TRUE(article);
  EXPECT_EQ(article->title + article->body, "TB");
  EXPECT_EQ(article->id, "news.raw-2-7");
}

TEST(Decode, takes_the_records_time_when_it_must) {
  const auto source = [](std::string_view value) {
    const Result<Article> article =
        read(R"({"title":"t","published_at":)" + std::string(value) + "}");
    return std::string(name(article->published_at_source)) + ' ' +
           format_time(article->published_at_ms);
  };
  EXPECT_EQ(source("null"), "kafka 2021-12-31T18:00:00Z");
  EXPECT_EQ(source("true"), "kafka 2021-12-31T18:00:00Z");
  EXPECT_EQ(source("\"soon\""), "kafka 2021-12-31T18:00:00Z");
  EXPECT_EQ(source("\"2021-12-31T19:00:00Z\""), "record 2021-12-31T19:00:00Z");
  EXPECT_EQ(source("\"2021-12-31T19:00:01Z\""), "clamped 2021-12-31T18:00:00Z");
  EXPECT_EQ(source("1640970000"), "record 2021-12-31T17:00:00Z");
  EXPECT_EQ(source("1640970000123"), "record 2021-12-31T17:00:00Z");
}

TEST(Decode, does_not_clamp_in_a_replay) {
  RawRecord line = record_of(R"({"title":"t","published_at":"2022-06-01"})");
  line.timestamp_source = PublishedAtSource::none;
  const Result<Article> article = decode(line, InputFormat::json, {}, {});
  EXPECT_EQ(format_time(article->published_at_ms), "2022-06-01T00:00:00Z");
}

TEST(Decode, reads_plain_text) {
  const auto text = [](std::string_view payload) {
    return decode(record_of(payload), InputFormat::text, {}, {});
  };
  EXPECT_EQ(text("Title\r\n\nBody\n")->title, "Title");
  EXPECT_EQ(text("Title\r\n\nBody\n")->body, "\nBody\n");
  EXPECT_EQ(text("Title")->body, "");
  EXPECT_EQ(text("\n \n").error().code, Errc::no_text);
  EXPECT_EQ(text("a\xff").error().code, Errc::invalid_utf8);
}

TEST(Decode, reads_json_behind_a_schema_id) {
  const auto read_with = [](std::string_view payload, std::uint32_t wanted) {
    FieldMap fields;
    fields.schema_id = wanted;
    return decode(record_of(payload), InputFormat::confluent, fields, {});
  };
  const auto framed = [](std::string_view id, std::string_view json) {
    return std::string(1, '\0') + std::string(id) + std::string(json);
  };
  const std::string id_258("\0\0\1\2", 4);
  const std::string good = framed(id_258, R"({"title":"T"})");
  EXPECT_EQ(read_with(good, 0)->title, "T");
  EXPECT_EQ(read_with(good, 258)->title, "T");
  EXPECT_EQ(read_with(framed("\xff\xff\xff\xff", R"({"title":"T"})"), 4'294'967'295)->title, "T");
  const Result<Article> other = read_with(good, 259);
  EXPECT_EQ(other.error().code, Errc::wrong_type);
  EXPECT_EQ(other.error().message, "schema id 258, input.schema_id is 259");
  EXPECT_EQ(read_with(R"({"title":"T"})", 0).error().code, Errc::invalid_json);
  EXPECT_EQ(read_with("", 0).error().code, Errc::invalid_json);
  EXPECT_EQ(read_with(good.substr(0, 4), 0).error().code, Errc::invalid_json);
  EXPECT_EQ(read_with(good.substr(0, 5), 0).error().code, Errc::invalid_json);
}

TEST(Decode, what_stands_behind_a_schema_id_comes_back) {
  EXPECT_TRUE(rc::check("with_schema_id", [](std::uint32_t id, const std::string& record) {
    const std::string bytes = with_schema_id(id, record);
    RC_ASSERT(bytes.size() == record.size() + kWirePrefixBytes);
    RC_ASSERT(schema_id_of(bytes) == id);
    RC_ASSERT(without_schema_id(bytes) == record);
  }));
  EXPECT_EQ(without_schema_id(R"({"a":1})"), R"({"a":1})");
  EXPECT_EQ(without_schema_id(std::string_view("\0\0\0\1", 4)).size(), 4U);
}

TEST(Decode, survives_every_cut_and_flip) {
  const std::string good = R"({"title":"T \u00e9","body":"B \"q\"","n":[1,-2.5e3,{"a":null}],)"
                           R"("published_at":1640973600})";
  EXPECT_TRUE(rc::check("cut and flipped", [&] {
    std::string bad = good.substr(0, *rc::gen::inRange<std::size_t>(0, good.size() + 1));
    if (!bad.empty())
      bad[*rc::gen::inRange<std::size_t>(0, bad.size())] = *rc::gen::arbitrary<char>();
    const Result<Article> article = read(bad);
    if (article) RC_ASSERT(!article->title.empty() || !article->body.empty());
  }));
}

}  // namespace
}  // namespace tocsin
