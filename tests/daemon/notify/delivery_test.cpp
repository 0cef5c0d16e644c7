// What notify keeps in mind: which alert is due, what was done out of order, what a restart must
// know.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>
#include <set>

#include "daemon/notify/delivery_queue.h"
#include "daemon/notify/muting.h"
#include "daemon/notify/offset_book.h"
#include "daemon/notify/silence_state.h"

namespace tocsin {
namespace {

using namespace std::chrono_literals;

PendingAlert pending(const std::string& id, std::int64_t offset) {
  PendingAlert alert;
  alert.alert.id = id;
  alert.offset = offset;
  return alert;
}

HttpAnswer answer(unsigned status, std::optional<std::chrono::seconds> retry_after = std::nullopt) {
  return {status, retry_after, "", ""};
}

TEST(DeliveryQueue, OneAlertsTroubleHoldsUpNoOther) {
  DeliveryQueue queue({12, 900s, 900s});
  queue.add(pending("bad", 0));
  queue.add(pending("bad", 1));
  queue.add(pending("good", 2));
  EXPECT_EQ(queue.due(1'000)->offset, 0);
  EXPECT_FALSE(queue.settle("bad", answer(500), 1'000));
  EXPECT_EQ(queue.due(1'000)->offset, 2) << "the other alert is next";
  EXPECT_EQ(queue.settle("good", answer(200), 1'000), DeliveryEnd::delivered);
  EXPECT_EQ(queue.due(1'400), nullptr) << "the second revision waits for the first";
  EXPECT_EQ(queue.due(1'500)->offset, 0);
  EXPECT_EQ(queue.settle("bad", answer(204), 1'500), DeliveryEnd::delivered);
  EXPECT_EQ(queue.due(1'500)->offset, 1);
}

TEST(DeliveryQueue, WhatCannotBeCuredIsGivenUpAtOnce) {
  for (unsigned status = 100; status < 600; ++status) {
    DeliveryQueue queue({12, 900s, 900s});
    queue.add(pending("a", 0));
    const auto end = queue.settle("a", answer(status), 1'000);
    const bool may_heal = status == 408 || status == 425 || status == 429;
    if (status >= 200 && status < 300) {
      EXPECT_EQ(end, DeliveryEnd::delivered) << status;
    } else if (status >= 400 && status < 500 && !may_heal) {
      EXPECT_EQ(end, DeliveryEnd::refused) << status;
    } else {
      EXPECT_EQ(end, std::nullopt) << status;
    }
  }
}

TEST(DeliveryQueue, RetryAfterWaitsNoLongerThanTheDeadline) {
  DeliveryQueue queue({12, 60s, 60s});
  queue.add(pending("a", 0));
  EXPECT_FALSE(queue.settle("a", answer(429, 86'400s), 1'000));
  EXPECT_EQ(queue.next_due_ms(), 61'000);
  EXPECT_EQ(queue.settle("a", answer(429, 86'400s), 61'000), DeliveryEnd::exhausted);
  queue.add(pending("b", 1));
  EXPECT_FALSE(queue.settle("b", answer(429, 3s), 1'000));
  EXPECT_EQ(queue.next_due_ms(), 4'000);
}

// Whatever the answers: each revision ends once, in the order of its alert.
TEST(DeliveryQueue, RevisionsNeverOvertake) {
  EXPECT_TRUE(rc::check([](const std::vector<std::pair<std::uint8_t, std::uint8_t>>& adds) {
    DeliveryQueue queue({4, 30s, 30s});
    std::int64_t now_ms = 0;
    std::map<std::string, std::int64_t> last;
    std::set<std::int64_t> ended;
    const auto turn = [&](unsigned status) {
      if (const PendingAlert* due = queue.due(now_ms)) {
        const PendingAlert copy = *due;
        if (!queue.settle(copy.alert.id, answer(status), now_ms)) return;
        RC_ASSERT(ended.insert(copy.offset).second);
        const auto found = last.find(copy.alert.id);
        // RC_ASSERT takes an expression apart and evaluates both sides of ||.
        const bool is_later = found == last.end() || found->second < copy.offset;
        RC_ASSERT(is_later);
        last[copy.alert.id] = copy.offset;
      }
    };
    std::int64_t offset = 0;
    for (const auto& [id, status] : adds) {
      queue.add(pending(std::to_string(id % 3), offset++));
      turn(status % 3 == 0 ? 200 : status % 3 == 1 ? 500 : 400);
      now_ms += status;
    }
    while (queue.size() > 0) {
      now_ms = std::max(now_ms, *queue.next_due_ms());
      turn(503);
    }
    RC_ASSERT(ended.size() == adds.size());
  }));
}

// The oracle: a set of all that was done. Restarts at any moment repeat what was open, nothing
// else.
TEST(OffsetBook, ARestartRepeatsWhatWasOpenAndNothingElse) {
  EXPECT_TRUE(rc::check([](const std::vector<std::uint8_t>& steps) {
    OffsetBook book(100, "");
    std::set<std::int64_t> open;
    std::set<std::int64_t> done;
    std::int64_t next = 100;
    for (const std::uint8_t step : steps) {
      if (step % 4 < 2) {
        next += step % 16 == 0 ? 2 : 1;  // markers of transactions leave gaps
        const std::int64_t offset = next - 1;
        RC_ASSERT(book.is_done(offset) == done.contains(offset));
        book.begin(offset);
        open.insert(offset);
      } else if (!open.empty()) {
        auto found = open.begin();
        std::advance(found, step % open.size());
        book.end(*found);
        done.insert(*found);
        open.erase(found);
      }
      const OffsetBook again(book.next(), book.metadata());
      for (const std::int64_t offset : open) RC_ASSERT(!again.is_done(offset));
      for (const std::int64_t offset : done) RC_ASSERT(again.is_done(offset));
      RC_ASSERT(book.next() <= next);
    }
  }));
}

TEST(OffsetBook, AnyMetadataIsRead) {
  EXPECT_TRUE(rc::check([](const std::string& metadata) {
    const OffsetBook book(5, metadata);
    RC_ASSERT(book.next() == 5);
  }));
  OffsetBook book(5, "v1 undelivered=77 done=2,4-6");
  EXPECT_EQ(book.undelivered, 77);
  EXPECT_TRUE(book.is_done(7) && book.is_done(11) && !book.is_done(5) && !book.is_done(8));
  EXPECT_EQ(book.metadata(), "v1 undelivered=77 done=2,4-6");
  book.begin(5);
  for (std::int64_t offset = 7; offset < 8'000; offset += 2) book.end(offset);
  EXPECT_LE(book.metadata().size(), OffsetBook::kMetadataBytesMax);
  EXPECT_EQ(book.next(), 5);
}

TEST(SilenceState, ComesBackAsItWas) {
  SilenceState state{
      SilenceState::Stage::closing, 1'772'000'000'000, 1'772'000'123, {mark_of("a")}};
  EXPECT_EQ(parse_silence_state(encode(state)), state);
  EXPECT_EQ(parse_silence_state(encode(SilenceState{})), SilenceState{});
  EXPECT_EQ(parse_silence_state(""), SilenceState{});
  EXPECT_EQ(parse_silence_state("v2 stage=silent tick=1 revision=1 told="), SilenceState{});
  for (int i = 0; i < 1'000; ++i) state.told.insert(mark_of(std::to_string(i)));
  EXPECT_LE(encode(state).size(), 3'000U);
}

Silence silence_of(const std::string& keys) {
  const LoadedSilences loaded =
      parse_silences("s.yaml", "version: 1\nsilences: [{" + keys +
                                   ", until: 2030-01-01T00:00:00Z, by: mk, why: an exercise}]\n");
  EXPECT_TRUE(loaded.faults.empty()) << render(loaded.faults);
  return loaded.silences.at(0);
}

TEST(Silences, HoldWhenAllTheyNameFits) {
  const AlertFacts alert{{"Q159", "Q212"}, {"RUS", "UKR"}, "threat", "high"};
  for (const char* keys :
       {"pair: [RUS, UKR]", "pair: [UKR, RUS]", "pair: [Q159, UKR]", "actor: RUS", "actor: Q212",
        "rule: threat", "level: high", "level: critical, pair: [RUS, UKR], rule: threat"}) {
    EXPECT_TRUE(holds(silence_of(keys), alert, 0)) << keys;
    EXPECT_FALSE(holds(silence_of(keys), alert, 1'893'456'000'000)) << keys << ": it is over";
  }
  for (const char* keys : {"pair: [RUS, POL]", "actor: POL", "rule: other", "level: medium",
                           "pair: [RUS, UKR], level: low", "actor: RUS, rule: other"}) {
    EXPECT_FALSE(holds(silence_of(keys), alert, 0)) << keys;
  }
  AlertFacts unknown = alert;
  unknown.level = "extreme";
  EXPECT_FALSE(holds(silence_of("actor: RUS"), unknown, 0));
}

TEST(Silences, FaultsAreNamed) {
  const auto faults = [](const std::string& text) {
    return render(parse_silences("s.yaml", text).faults);
  };
  const std::string rest = "until: 2030-01-01T00:00:00Z, by: a, why: b}]\n";
  EXPECT_EQ(faults("version: 1\n"), "");
  EXPECT_NE(faults("silences: []\n").find("version"), std::string::npos);
  for (const auto& [item, fault] : std::vector<std::pair<std::string, std::string>>{
           {"{" + rest, "names nothing"},
           {"{pair: [RUS], " + rest, "two actors"},
           {"{actr: RUS, " + rest, "did you mean 'actor'"},
           {"{actor: RUS, level: loud, " + rest, "'level' must be"},
           {"{actor: RUS, until: soon, by: a, why: b}]\n", "'until' must be a time"},
           {"{actor: RUS, by: a, why: b}]\n", "needs 'until'"},
           {"{actor: RUS, until: 2030-01-01T00:00:00Z, why: b}]\n", "needs 'by'"},
           {"{actor: RUS, until: 2030-01-01T00:00:00Z, by: a}]\n", "needs 'why'"}}) {
    EXPECT_NE(faults("version: 1\nsilences: [" + item).find(fault), std::string::npos) << fault;
  }
}

TEST(Muting, DropsWhatIsOver) {
  Muting muting;
  Silence over = silence_of("actor: RUS");
  over.until_ms = 1'000;
  muting.set({silence_of("actor: POL"), over});
  EXPECT_EQ(muting.take_expired(2'000), std::vector<Silence>{over});
  EXPECT_EQ(muting.size(), 1U);
  ReceivedAlert alert;
  alert.facts = {{}, {"POL"}, "", "low"};
  EXPECT_TRUE(muting.find(alert, 2'000));
}

TEST(Proxies, AreRead) {
  const auto proxy = parse_proxy("http://user%40x:p%3Aw@proxy.example:3128");
  ASSERT_TRUE(proxy);
  EXPECT_EQ(proxy->host, "proxy.example");
  EXPECT_EQ(proxy->port, 3128);
  EXPECT_EQ(proxy->authorization, "Basic dXNlckB4OnA6dw==");
  EXPECT_EQ(parse_proxy("http://proxy")->authorization, "");
  for (const char* wrong :
       {"", "proxy:1", "https://proxy:1", "http://proxy/path", "http://%zz@p"}) {
    EXPECT_FALSE(parse_proxy(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace tocsin
