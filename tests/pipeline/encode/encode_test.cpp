#include "pipeline/encode/encode.h"

#include <gtest/gtest.h>

#include "pipeline/encode/json_writer.h"

namespace tocsin {
namespace {

std::string fixed(double number, int decimals) {
  std::string out;
  JsonWriter(out).fixed(number, decimals);
  return out;
}

TEST(JsonWriter, RoundsHalfAwayFromZeroAndKnowsNoMinusZero) {
  EXPECT_EQ(fixed(48.65, 1), "48.7");
  EXPECT_EQ(fixed(-0.04, 1), "0.0");
  EXPECT_EQ(fixed(-0.25, 1), "-0.3");
  EXPECT_EQ(fixed(1.0, 2), "1.00");
}

TEST(JsonWriter, EscapesWhatJsonDemandsAndNothingElse) {
  std::string out;
  append_escaped("a\"b\\c\n\x01 /é", out);
  EXPECT_EQ(out, "a\\\"b\\\\c\\n\\u0001 /é");
}

// Long texts are looked at in blocks: an escape anywhere is found, and nothing is lost.
TEST(JsonWriter, EscapesAtEveryPlaceOfALongText) {
  for (std::size_t size = 60; size < 200; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      std::string text(size, 'a');
      text[at] = '"';
      text[size / 2] = '\x1f';
      std::string expected;
      for (const char c : text) {
        expected += c == '"' ? "\\\"" : c == '\x1f' ? "\\u001f" : std::string(1, c);
      }
      std::string out;
      append_escaped(text, out);
      ASSERT_EQ(out, expected);
    }
  }
}

TEST(Encode, ADuplicateIsWhatTheContractShows) {
  Article article;
  article.id = "b";
  article.title = "Calm";
  article.published_at_ms = 1'640'973'600'000;
  const Draft draft =
      draft_duplicate(article, {"news.raw", 1, 7}, {"Wire", "wire.example", 0.9, 1});
  Verdict verdict;
  verdict.is_copy = true;
  verdict.method = Method::near;
  verdict.similarity_percent = 87;
  verdict.story = 0xabc;
  verdict.story_size = 2;
  verdict.original_position = {"news.raw", 0, 3};
  EXPECT_EQ(
      finish_duplicate(draft, verdict),
      R"({"schema":"tocsin.duplicate/1","id":"b","position":{"topic":"news.raw","partition":1,)"
      R"("offset":7},"story":{"id":"0000000000000abc","size":2,"outlets":1},"duplicate_of":)"
      R"("news.raw-0-3","duplicate_of_position":{"topic":"news.raw","partition":0,"offset":3},)"
      R"("method":"near","similarity":0.87,"title":"Calm","source":{"name":"Wire","domain":)"
      R"("wire.example","tier":0.9},"published_at":"2021-12-31T18:00:00Z"})");
}

TEST(Encode, ADeadLetterNamesStageAndCode) {
  EXPECT_EQ(encode_deadletter("", {"stdin", 0, 4}, {Stage::decode, Errc::no_text, "nothing"}),
            R"({"schema":"tocsin.deadletter/1","id":"stdin-0-4","position":{"topic":"stdin",)"
            R"("partition":0,"offset":4},"stage":"decode","code":"no_text","message":"nothing"})");
}

}  // namespace
}  // namespace tocsin
