#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "pipeline/bell/notice.h"

namespace tocsin::test {
namespace {

Notice sample() {
  Notice notice;
  notice.published_at_ms = 1'772'409'600'000;
  notice.flags = Notice::kDated;
  notice.tier = 90;
  NoticePair pair;
  pair.name = {"Q298", "Q750", "CHL", "BOL", "Chile", "Bolivia"};
  pair.score = 486;
  pair.threat = 486;
  pair.events = 1U << static_cast<unsigned>(EventType::threaten);
  notice.pairs = {pair};
  notice.rules = {"escalation"};
  notice.title = "Chile threatens Bolivia";
  notice.evidence = "Chile threatened Bolivia.";
  notice.evidence_rule = "threaten.attack.01";
  return notice;
}

TEST(Notice, ReadsBackWhatItWrote) {
  EXPECT_EQ(decode_notice(encode(sample())), sample());
}

TEST(Notice, DamagedBytesAreNoNotice) {
  const std::string bytes = encode(sample());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_notice(std::string_view(bytes).substr(0, size))) << size;
  }
  EXPECT_FALSE(decode_notice(bytes + 'x'));
  EXPECT_TRUE(rc::check("any bytes", [](const std::string& noise) {
    static_cast<void>(decode_notice('\1' + noise));
  }));
}

}  // namespace
}  // namespace tocsin::test
