#include "daemon/page/model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "daemon/page/query.h"
#include "pipeline/decode/decode.h"
#include "pipeline/encode/json_writer.h"

namespace tocsin::page {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using namespace std::chrono_literals;

constexpr std::int64_t kHourMs = 3'600'000;
constexpr std::int64_t kBegin = 1'772'431'200'000;  // 2026-03-02T06:00:00Z

// What an article of the tests says; JSON as the pipeline writes it.
struct Article {
  int number = 0;
  std::int64_t published_ms = kBegin;
  std::string title = "Norway warns Iceland";
  std::string source = "North Wire";
  std::string level = "high";
  double score = 61.3;
  double escalation = 61.3;
  double cooperation = 0;
  std::string story = "1085a28fb9877990";
  bool has_pair = true;
  std::string event = "THREATEN";
  std::string actor = R"("Q20")";
};

std::string json_string(std::string_view text) {
  std::string out;
  JsonWriter(out).string(text);
  return out;
}

std::string place_of(int number) {
  return R"({"topic":"news.raw","partition":0,"offset":)" + std::to_string(number) + "}";
}

std::string enriched(const Article& article) {
  const std::string pair =
      article.has_pair ? R"([{"pair":["Q189","Q20"],"codes":["ISL","NOR"],"score":60.9}])" : "[]";
  return R"({"schema":"tocsin.enriched/1","id":"n-)" + std::to_string(article.number) +
         R"(","position":)" + place_of(article.number) + R"(,"title":)" +
         json_string(article.title) + R"(,"url":"https://north.example/a","source":{"name":)" +
         json_string(article.source) + R"(,"domain":"north.example","tier":0.6},"published_at":")" +
         format_time(article.published_ms) +
         R"(","published_at_source":"record","language":"en","topics":{"conflict":0.90},)"
         R"("story":{"id":")" +
         article.story +
         R"(","size":1,"outlets":1},"entities":[)"
         R"({"id":"Q189","name":"Iceland","type":"country","code":"ISL","salience":0.5,)"
         R"("mentions":[]},)"
         R"({"id":"Q20","name":"Norway","type":"country","code":"NOR","salience":0.5,)"
         R"("mentions":[]}],)"
         R"("events":[{"event":")" +
         article.event + R"(","mode":"violence","cameo":"138","scale":-6.0,"actor":)" +
         article.actor +
         R"(,"recipient":"Q189",)"
         R"("polarity":"asserted","modality":"actual","weight":-0.57,"factors":{"scale":0.60,)"
         R"("modality":1.00,"position":0.95,"dyad":1.00,"gate":1.00},"evidence":{"field":"title",)"
         R"("start":7,"end":12,"text":"warns","rule":"threaten.warn.01"}}],"tension":{"score":)" +
         std::to_string(article.score) + R"(,"level":")" + article.level +
         R"(","threat":57.0,"act":14.2,"cooperation":)" + std::to_string(article.cooperation) +
         R"(,"escalation":)" + std::to_string(article.escalation) +
         R"(,"confidence":0.90},"dyads":)" + pair +
         R"(,"pipeline":{"version":"1","config":"c","lexicon":"l"}})";
}

std::string duplicate(int number, int of, std::int64_t published_ms) {
  return R"({"schema":"tocsin.duplicate/1","id":"d-)" + std::to_string(number) +
         R"(","position":)" + place_of(number) +
         R"(,"story":{"id":"1085a28fb9877990","size":2,"outlets":2},"duplicate_of":"n-)" +
         std::to_string(of) + R"(","duplicate_of_position":)" + place_of(of) +
         R"(,"method":"exact","similarity":1.00,"title":"Norway warns Iceland",)"
         R"("source":{"name":"South Wire","domain":"south.example","tier":0.6},"published_at":")" +
         format_time(published_ms) + R"("})";
}

std::string pair_record(std::int64_t hour_ms, double level, const char* z = "null") {
  return R"({"schema":"tocsin.pair/1","pair":["Q189","Q20"],"codes":["ISL","NOR"],"hour":")" +
         format_time(hour_ms) + R"(","level":)" + std::to_string(level) +
         R"(,"baseline":2.0,"z":)" + z +
         R"(,"threat":5.7,"act":1.4,"cooperation":3.0,"share":0.5,"articles":2,"stories":1,)"
         R"("outlets":2,"burst":true,"last_threat":")" +
         format_time(hour_ms) + R"(","threat_realised":false})";
}

std::string alert_record(int revision, const char* state, const char* level,
                         const char* reason = "") {
  return R"({"schema":"tocsin.alert/1","alert_id":"8a269ff3909ae773","revision":)" +
         std::to_string(revision) + R"(,"state":")" + state +
         R"(","rule":"escalation","severity":"info","level":")" + level +
         R"(","labels":{},"dyad":{"pair":["Q189","Q20"],"codes":["ISL","NOR"]},)"
         R"("stories":["1085a28fb9877990"],"score":46.1,"z":null,)"
         R"("burst":false,"articles":1,"outlets":1,)"
         R"("threat_realised":false,"sentence":"LOW Iceland – Norway: Norway warns Iceland",)"
         R"("evidence":[],"first_seen":"2026-03-02T06:00:00Z",)"
         R"("last_seen":"2026-03-02T06:00:00Z",)" +
         reason + R"("time":")" + format_time(kBegin + revision * kHourMs) +
         R"(","ledger_offset":2})";
}

PageConfig limits(std::size_t bytes = 64 << 20) {
  PageConfig config;
  config.memory_bytes_max = bytes;
  return config;
}

// A view as a tree; the test fails where it is no JSON.
class Json {
 public:
  explicit Json(const std::string& text) : text_(text) {
    EXPECT_EQ(parser_.parse(text_).get(root_), simdjson::SUCCESS) << text_;
  }
  [[nodiscard]] simdjson::dom::element at(const char* pointer) const {
    simdjson::dom::element found;
    EXPECT_EQ(root_.at_pointer(pointer).get(found), simdjson::SUCCESS)
        << pointer << " of " << text_;
    return found;
  }
  [[nodiscard]] std::string text(const char* pointer) const {
    std::string_view found;
    EXPECT_EQ(at(pointer).get(found), simdjson::SUCCESS) << pointer;
    return std::string(found);
  }
  [[nodiscard]] double number(const char* pointer) const {
    double found = -1;
    EXPECT_EQ(at(pointer).get(found), simdjson::SUCCESS) << pointer;
    return found;
  }
  [[nodiscard]] std::size_t size(const char* pointer) const {
    simdjson::dom::array found;
    EXPECT_EQ(at(pointer).get(found), simdjson::SUCCESS) << pointer;
    return found.size();
  }
  [[nodiscard]] bool has(const char* pointer) const {
    return root_.at_pointer(pointer).error() == simdjson::SUCCESS;
  }
  // The field of each row, in order.
  [[nodiscard]] std::vector<std::string> each(const char* pointer, const char* field) const {
    std::vector<std::string> found;
    for (const simdjson::dom::element row : simdjson::dom::array(at(pointer))) {
      std::string_view value;
      if (row[field].get(value) == simdjson::SUCCESS) found.emplace_back(value);
    }
    return found;
  }

 private:
  simdjson::padded_string text_;
  simdjson::dom::parser parser_;
  simdjson::dom::element root_;
};

std::vector<std::string> ids(const Model& model, std::string_view query) {
  return Json(model.feed(feed_query(Query(query)))).each("/rows", "id");
}

TEST(Model, AnArticleIsARowWithItsEventsByName) {
  Model model(limits());
  ASSERT_TRUE(model.add_enriched(kBegin, enriched({1})));
  const Json feed(model.feed({}));
  EXPECT_EQ(feed.text("/rows/0/title"), "Norway warns Iceland");
  EXPECT_EQ(feed.text("/rows/0/level"), "high");
  EXPECT_EQ(feed.text("/rows/0/outlet"), "North Wire");
  EXPECT_EQ(feed.text("/rows/0/events/0/actor"), "Norway");
  EXPECT_EQ(feed.text("/rows/0/events/0/recipient"), "Iceland");
  EXPECT_EQ(feed.text("/rows/0/pairs/0/key"), "Q189|Q20");
  EXPECT_EQ(feed.text("/rows/0/pairs/0/names/0"), "Iceland");
  EXPECT_EQ(feed.number("/rows/0/time"), kBegin);
  EXPECT_EQ(feed.text("/rows/0/place"), "news.raw/0/1");
  const Json why(model.article("news.raw/0/1"));
  EXPECT_EQ(why.text("/record/events/0/evidence/rule"), "threaten.warn.01");
  EXPECT_THAT(model.article("news.raw/0/2"), IsEmpty());
}

TEST(Model, StrangeTitlesStayText) {
  const std::string hostile =
      "</script><script>alert(1)</script> \xE2\x80\xAE\"\\\x01 \xF0\x9F\x94\xA5";
  Model model(limits());
  ASSERT_TRUE(model.add_enriched(kBegin, enriched({.number = 1, .title = hostile})));
  EXPECT_EQ(Json(model.feed({})).text("/rows/0/title"), hostile);
  ASSERT_TRUE(
      model.add_enriched(kBegin, enriched({.number = 2, .title = std::string(10'000, 'x')})));
  EXPECT_THAT(Json(model.feed({})).text("/rows/0/title"), SizeIs(1024));
}

TEST(Model, WhatIsNoRecordIsCountedAndPassedOver) {
  Model model(limits());
  for (const char* bytes : {"", "{", "[]", "{}", R"({"schema":"tocsin.enriched/2"})", "\xFF\xFE"}) {
    EXPECT_FALSE(model.add_enriched(kBegin, bytes));
    EXPECT_FALSE(model.add_duplicate(kBegin, bytes));
    EXPECT_FALSE(model.add_alert(bytes));
    EXPECT_FALSE(model.add_pair("Q1|Q2", *bytes == 0 ? "{" : bytes));
  }
  EXPECT_EQ(Json(model.status(kBegin)).number("/unreadable"), 24);
  EXPECT_EQ(Json(model.feed({})).size("/rows"), 0U);
}

TEST(Model, TheSamePositionIsHeldOnce) {
  Model model(limits());
  model.add_enriched(kBegin, enriched({1}));
  model.add_enriched(kBegin, enriched({1}));
  EXPECT_EQ(Json(model.feed({})).size("/rows"), 1U);
}

TEST(Model, TheFeedIsFiltered) {
  Model model(limits());
  model.add_enriched(kBegin, enriched({1}));
  model.add_enriched(kBegin, enriched({.number = 2,
                                       .title = "Ministers meet for tea",
                                       .level = "none",
                                       .score = 0,
                                       .escalation = -20,
                                       .cooperation = 20,
                                       .has_pair = false,
                                       .event = "CONSULT"}));
  model.add_enriched(kBegin, enriched({.number = 3,
                                       .title = "N\xC3\xBC"
                                                "clear test",
                                       .source = "Ost Post",
                                       .level = "critical",
                                       .score = 90,
                                       .event = "ASSAULT"}));
  model.add_enriched(
      kBegin,
      enriched({.number = 4, .level = "none", .score = 0, .escalation = 0, .has_pair = false}));
  model.add_duplicate(kBegin, duplicate(5, 1, kBegin));
  EXPECT_THAT(ids(model, ""), ElementsAre("n-3", "n-2", "n-1"));
  EXPECT_THAT(ids(model, "show=escalations"), ElementsAre("n-3", "n-1"));
  EXPECT_THAT(ids(model, "show=easings"), ElementsAre("n-2"));
  EXPECT_THAT(ids(model, "show=all"), ElementsAre("n-4", "n-3", "n-2", "n-1"));
  EXPECT_THAT(ids(model, "show=copies"), ElementsAre("d-5"));
  EXPECT_THAT(ids(model, "level=critical"), ElementsAre("n-3"));
  EXPECT_THAT(ids(model, "event=CONSULT"), ElementsAre("n-2"));
  EXPECT_THAT(ids(model, "mode=violence&event=ASSAULT"), ElementsAre("n-3"));
  EXPECT_THAT(ids(model, "country=NOR,ISL&show=escalations"), ElementsAre("n-3", "n-1"));
  EXPECT_THAT(ids(model, "country=SWE"), IsEmpty());
  EXPECT_THAT(ids(model, "topic=conflict&source=ost"), ElementsAre("n-3"));
  EXPECT_THAT(ids(model, "q=NUCLEAR"), ElementsAre("n-3"));
  EXPECT_THAT(ids(model, "q=norway%20tea"), ElementsAre("n-2"));
  EXPECT_THAT(ids(model, "pair=Q189%7CQ20"), ElementsAre("n-3", "n-1"));
  EXPECT_THAT(ids(model, "after=1&before=3"), ElementsAre("n-2"));
  EXPECT_THAT(ids(model, "limit=1"), ElementsAre("n-3"));
}

TEST(Model, AStoryHasItsOutletsAndCopiesInTime) {
  Model model(limits());
  model.add_duplicate(kBegin, duplicate(2, 1, kBegin + kHourMs));
  model.add_enriched(kBegin, enriched({1}));
  const Json story(model.story("1085a28fb9877990"));
  EXPECT_THAT(story.each("/rows", "id"), ElementsAre("n-1", "d-2"));
  EXPECT_THAT(story.each("/outlets", "name"), ElementsAre("North Wire", "South Wire"));
  EXPECT_EQ(story.text("/rows/1/copy_of"), "news.raw/0/1");
  EXPECT_THAT(model.story("0"), IsEmpty());
}

TEST(Model, ALevelFadesAsTheAlertEngineLetsIt) {
  Model model(limits());
  model.add_pair("Q189|Q20", pair_record(kBegin, 40.0, "2.50"));
  EXPECT_EQ(Json(model.pairs(0)).number("/pairs/0/level"), 40.0);
  model.add_enriched(kBegin, enriched({.number = 1, .published_ms = kBegin + 6 * kHourMs}));
  const Json pairs(model.pairs(kBegin));
  EXPECT_EQ(pairs.number("/pairs/0/level"), 20.0);
  EXPECT_EQ(pairs.number("/pairs/0/before"), 40.0);
  EXPECT_EQ(pairs.number("/pairs/0/z"), 2.5);
  EXPECT_EQ(pairs.size("/pairs/0/spark"), 48U);
  EXPECT_EQ(pairs.number("/pairs/0/spark/47"), 20.0);
  EXPECT_EQ(pairs.number("/pairs/0/spark/41"), 40.0);
  const Json pair(model.pair("Q189|Q20", 24));
  EXPECT_EQ(pair.size("/series"), 25U);
  EXPECT_EQ(pair.number("/series/24/0"), 20.0);
  EXPECT_EQ(pair.number("/series/18/0"), 40.0);
  EXPECT_EQ(pair.number("/series/17/0"), 0.0);
  EXPECT_THAT(pair.each("/rows", "id"), ElementsAre("n-1"));
}

TEST(Model, APairOfOneActorHasTheArticlesWhoseOtherSideNobodyKnows) {
  Model model(limits());
  std::string lone = pair_record(kBegin, 40.0);
  const std::string both = R"("pair":["Q189","Q20"],"codes":["ISL","NOR"])";
  lone.replace(lone.find(both), both.size(), R"("pair":["Q189"],"codes":["ISL"])");
  model.add_pair("Q189", lone);
  model.add_enriched(kBegin, enriched({.number = 1, .has_pair = false, .actor = "null"}));
  model.add_enriched(kBegin, enriched({.number = 2}));  // Norway's deed
  model.add_enriched(kBegin, enriched({.number = 3,
                                       .level = "none",
                                       .score = 3,
                                       .escalation = 3,
                                       .has_pair = false,
                                       .actor = "null"}));
  EXPECT_THAT(Json(model.pair("Q189", 24)).each("/rows", "id"), ElementsAre("n-1"));
}

TEST(Model, ALongSeriesIsNotLongerThanItsSteps) {
  Model model(limits());
  for (int hour = 0; hour < 2'000; ++hour) {
    model.add_pair("Q189|Q20", pair_record(kBegin + hour * kHourMs, hour % 100));
  }
  const Json pair(model.pair("Q189|Q20", 8'760));
  EXPECT_LE(pair.size("/series"), 721U);
  EXPECT_EQ(pair.number("/series/0/0"), 0.0);
  EXPECT_EQ(Json(model.pairs(0)).number("/pairs/0/level"), 99.0);
}

TEST(Model, APairIsForgottenAndTheEnginesStateIsNobodysBusiness) {
  Model model(limits());
  model.add_pair("Q189|Q20", pair_record(kBegin, 40.0));
  EXPECT_TRUE(model.add_pair("!alerts", "\x01\x02"));
  EXPECT_EQ(Json(model.pairs(0)).size("/pairs"), 1U);
  EXPECT_TRUE(model.add_pair("Q189|Q20", ""));
  EXPECT_EQ(Json(model.pairs(0)).size("/pairs"), 0U);
  EXPECT_THAT(model.pair("Q189|Q20", 24), IsEmpty());
}

TEST(Model, AnAlertHasItsRevisionsAndReasons) {
  Model model(limits());
  model.add_enriched(kBegin, enriched({1}));
  model.add_alert(alert_record(1, "opened", "low"));
  model.add_alert(alert_record(2, "updated", "high", R"("update_reason":"level",)"));
  model.add_alert(alert_record(1, "opened", "low"));  // at least once
  const Json open(model.alerts(kBegin, false));
  EXPECT_EQ(open.number("/open"), 1);
  EXPECT_EQ(open.text("/alerts/0/record/level"), "high");
  EXPECT_EQ(open.text("/alerts/0/names/1"), "Norway");
  EXPECT_EQ(open.number("/alerts/0/opened"), kBegin + kHourMs);
  const Json alert(model.alert("8a269ff3909ae773", kBegin));
  EXPECT_EQ(alert.size("/revisions"), 2U);
  EXPECT_EQ(alert.text("/revisions/1/update_reason"), "level");
  EXPECT_THAT(alert.each("/rows", "id"), ElementsAre("n-1"));
  model.add_pair("Q189|Q20", pair_record(kBegin, 40.0));
  EXPECT_THAT(Json(model.pair("Q189|Q20", 24)).each("/alerts", "level"), ElementsAre("high"));
  model.add_alert(alert_record(3, "closed", "high", R"("closed_reason":"quiet",)"));
  EXPECT_EQ(Json(model.alerts(kBegin, false)).size("/alerts"), 0U);
  EXPECT_EQ(Json(model.alerts(kBegin, true)).size("/alerts"), 1U);
  EXPECT_EQ(Json(model.pair("Q189|Q20", 24)).number("/alerts/0/closed"), kBegin + 3 * kHourMs);
}

TEST(Model, ASilencedAlertSaysByWhomAndWhy) {
  Model model(limits());
  model.add_alert(alert_record(1, "opened", "low"));
  Silence silence;
  silence.pair = {"ISL", "NOR"};
  silence.until_ms = kBegin + kHourMs;
  silence.by = "ada";
  silence.why = "a known exercise";
  model.set_silences({silence});
  EXPECT_EQ(Json(model.alerts(kBegin, false)).text("/alerts/0/silenced/why"), "a known exercise");
  EXPECT_FALSE(Json(model.alerts(kBegin + 2 * kHourMs, false)).has("/alerts/0/silenced"));
}

TEST(Model, DeadLettersHaveReasonsAndAPrintableBeginning) {
  Model model(limits());
  model.add_dead_letter(kBegin,
                        {{"tocsin.stage", "decode"},
                         {"tocsin.error.code", "invalid\"json"},
                         {"tocsin.error.message", "not one JSON object"},
                         {"tocsin.original.topic", "news.raw"},
                         {"tocsin.original.partition", "0"},
                         {"tocsin.original.offset", "7"}},
                        "\x1B[31m{\"a\":\xFF");
  const Json pipeline(model.pipeline(kBegin + 60'000));
  EXPECT_EQ(pipeline.text("/codes/0/code"), "invalid\"json");
  EXPECT_EQ(pipeline.text("/dead/0/place"), "news.raw/0/7");
  EXPECT_EQ(pipeline.text("/dead/0/beginning"), ".[31m{\"a\":.");
  EXPECT_EQ(pipeline.number("/status/dead"), 1);
}

TEST(Model, CountsAreOfTheLastFullMinute) {
  Model model(limits());
  for (int i = 0; i < 120; ++i) model.add_enriched(kBegin + i * 500, enriched({i}));
  const Json status(model.status(kBegin + 60'000));
  EXPECT_EQ(status.number("/per_second"), 2.0);
  EXPECT_EQ(status.number("/news"), 120);
  EXPECT_FALSE(status.has("/lag"));
  model.set_lag({true, 7, 1.5});
  EXPECT_EQ(Json(model.status(kBegin)).number("/lag"), 7);
  model.set_lag({true, 8, std::nullopt});  // for how long is not known
  EXPECT_EQ(Json(model.status(kBegin)).number("/lag"), 8);
  EXPECT_FALSE(Json(model.status(kBegin)).has("/lag_seconds"));
}

TEST(Model, NamesAreThoseOfTheHours) {
  Model model(limits());
  model.add_enriched(kBegin, enriched({.number = 1, .published_ms = kBegin - 48 * kHourMs}));
  model.add_enriched(kBegin, enriched({2}));
  EXPECT_EQ(Json(model.names(24)).number("/names/0/articles"), 1);
  EXPECT_EQ(Json(model.names(100)).number("/names/0/articles"), 2);
}

TEST(Model, EachChangeHasANumber) {
  Model model(limits());
  const Version none = model.version();
  model.add_enriched(kBegin, enriched({1}));
  EXPECT_GT(model.version().feed, none.feed);
  model.add_pair("Q189|Q20", pair_record(kBegin, 1.0));
  EXPECT_GT(model.version().pairs, none.pairs);
  model.add_alert(alert_record(1, "opened", "low"));
  EXPECT_GT(model.version().alerts, none.alerts);
  model.add_dead_letter(kBegin, {}, "");
  EXPECT_GT(model.version().dead, none.dead);
}

TEST(Model, HoursLimitWhatIsHeld) {
  PageConfig config = limits();
  config.history = 2h;
  Model model(config);
  model.add_enriched(kBegin, enriched({1}));
  model.add_duplicate(kBegin + kHourMs, duplicate(2, 1, kBegin));
  model.add_enriched(kBegin + 2 * kHourMs, enriched({3}));
  EXPECT_THAT(ids(model, "show=all"), ElementsAre("n-3", "n-1"));
  model.add_enriched(kBegin + 2 * kHourMs + 1, enriched({4}));
  EXPECT_THAT(ids(model, "show=all"), ElementsAre("n-4", "n-3"));
  EXPECT_THAT(Json(model.story("1085a28fb9877990")).each("/rows", "id"),
              ElementsAre("d-2", "n-3", "n-4"));
}

TEST(Model, TheCalmLeaveFirst) {
  Model model(limits(1 << 20));
  for (int i = 0; i < 100; ++i) model.add_enriched(kBegin, enriched({i}));
  for (int i = 100; i < 3'000; ++i) {
    model.add_enriched(
        kBegin,
        enriched({.number = i, .level = "none", .score = 0, .escalation = 0, .has_pair = false}));
    ASSERT_LE(model.bytes(), 1U << 20);
  }
  EXPECT_THAT(ids(model, "show=escalations"), SizeIs(100));
}

// Adds at random; what the feed shows is the newest of what was added, in order, and no index
// leads to what has left.
RC_GTEST_PROP(Model, LimitsHoldAndTheNewestStay, ()) {
  PageConfig config = limits(1 << 17);
  config.history = 10h;
  Model model(config);
  std::vector<std::string> added;
  std::int64_t now = kBegin;
  const int count = *rc::gen::inRange(1, 150);
  for (int i = 0; i < count; ++i) {
    now += *rc::gen::inRange<std::int64_t>(0, kHourMs);
    const bool is_calm = *rc::gen::arbitrary<bool>();
    if (*rc::gen::inRange(0, 4) == 0) {
      model.add_duplicate(now, duplicate(i, i - 1, now));
      continue;
    }
    if (*rc::gen::inRange(0, 5) == 0) model.add_pair("Q189|Q20", pair_record(now, i));
    model.add_enriched(now, enriched({.number = i,
                                      .published_ms = now,
                                      .level = is_calm ? "none" : "low",
                                      .has_pair = !is_calm}));
    if (!is_calm) added.push_back("n-" + std::to_string(i));
    RC_ASSERT(model.bytes() <= config.memory_bytes_max);
  }
  const std::vector<std::string> shown = ids(model, "show=escalations");
  std::reverse(added.begin(), added.end());
  RC_ASSERT(shown.size() <= added.size());
  RC_ASSERT(std::equal(shown.begin(), shown.end(), added.begin()));
  const std::string story = model.story("1085a28fb9877990");
  if (!story.empty()) RC_ASSERT(Json(story).size("/rows") > 0U);
  const std::string pair = model.pair("Q189|Q20", 24);
  if (!pair.empty()) RC_ASSERT(Json(pair).size("/rows") <= FeedQuery::kRowsMax);
}

TEST(Model, ItReadsWhatThePipelineWrites) {
  const char* root = std::getenv("TOCSIN_SOURCE_DIR");
  ASSERT_NE(root, nullptr);
  std::ifstream lines(std::string(root) + "/tests/golden/expected.jsonl");
  Model model(limits());
  std::size_t held = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(R"({"schema":"tocsin.enriched/1")")) {
      EXPECT_TRUE(model.add_enriched(kBegin, line)) << line;
      ++held;
    } else if (line.starts_with(R"({"schema":"tocsin.duplicate/1")")) {
      EXPECT_TRUE(model.add_duplicate(kBegin, line)) << line;
      ++held;
    }
  }
  EXPECT_GT(held, 0U);
  EXPECT_EQ(Json(model.status(kBegin)).number("/held"), static_cast<double>(held));
}

}  // namespace
}  // namespace tocsin::page
