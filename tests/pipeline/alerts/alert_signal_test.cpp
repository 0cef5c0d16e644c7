#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "pipeline/alerts/alert_signal.h"

namespace tocsin::test {
namespace {

AlertSignal sample() {
  AlertSignal signal;
  signal.published_at_ms = 1'772'409'600'000;
  signal.flags = AlertSignal::kDated;
  signal.tier = 90;
  SignalPair pair;
  pair.name = {"Q298", "Q750", "CHL", "BOL", "Chile", "Bolivia"};
  pair.score = 486;
  pair.threat = 486;
  pair.events = 1U << static_cast<unsigned>(EventType::threaten);
  pair.kinds = 3;
  pair.toll = 40;
  pair.assaults = 2;
  pair.peace = Peace::withdrawal;
  signal.pairs = {pair};
  signal.rules = {"escalation"};
  signal.title = "Chile threatens Bolivia";
  signal.evidence = "Chile threatened Bolivia.";
  signal.evidence_rule = "threaten.attack.01";
  return signal;
}

TEST(AlertSignal, ReadsBackWhatItWrote) {
  EXPECT_EQ(decode_alert_signal(encode(sample())), sample());
}

TEST(AlertSignal, DamagedBytesAreNoSignal) {
  const std::string bytes = encode(sample());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_alert_signal(std::string_view(bytes).substr(0, size))) << size;
  }
  EXPECT_FALSE(decode_alert_signal(bytes + 'x'));
  EXPECT_TRUE(rc::check("any bytes", [](const std::string& noise) {
    static_cast<void>(decode_alert_signal('\2' + noise));
  }));
}

}  // namespace
}  // namespace tocsin::test
