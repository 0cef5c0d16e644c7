#include "pipeline/tension/gate.h"

namespace tocsin {
namespace {

// Shares of calm topics, per mille: up to the first all counts, from the second on the least.
constexpr double kCalmFrom = 250;
constexpr double kCalmTo = 700;

// What is left of an act where all is calm.
constexpr double kLeastNobody = 0.08;
constexpr double kLeastPower = 0.15;
constexpr double kLeastPowers = 0.3;
constexpr double kLeastWar = 0.75;  // assault, mobilisation or threat between powers
// ... and where all is crime or home politics, without two powers.
constexpr double kLeastCrime = 0.5;
constexpr double kLeastPolitics = 0.7;
constexpr double kHomeFrom = 450;
constexpr double kHomeTo = 900;

// 1 up to `from`, `least` from `to` on, straight between.
double fall(double share, double from, double to, double least) {
  if (share <= from) return 1;
  if (share >= to) return least;
  return 1 - (1 - least) * (share - from) / (to - from);
}

double least_when_calm(EventType type, GateParties parties) {
  const bool is_war =
      type == EventType::assault || type == EventType::mobilize || type == EventType::threaten;
  if (parties.are_powers) return is_war ? kLeastWar : kLeastPowers;
  return parties.has_power ? kLeastPower : kLeastNobody;
}

}  // namespace

double topic_gate(const TopicShares& page, const TopicShares& sentence, EventType type,
                  GateParties parties) {
  if (!page.is_known()) return 1;
  const TopicShares& near = sentence.is_known() ? sentence : page;
  const auto mean = [&](auto&& share) {
    return (2 * static_cast<double>(share(page)) + static_cast<double>(share(near))) / 3;
  };
  const double calm = mean([](const TopicShares& shares) { return shares.calm(); });
  double gate = fall(calm, kCalmFrom, kCalmTo, least_when_calm(type, parties));
  if (parties.are_powers || type < EventType::request) return gate;
  const double crime = mean([](const TopicShares& shares) { return shares.of(Topic::crime); });
  const double politics =
      mean([](const TopicShares& shares) { return shares.of(Topic::politics); });
  gate *= fall(crime, kHomeFrom, kHomeTo, kLeastCrime);
  return gate * fall(politics, kHomeFrom, kHomeTo, kLeastPolitics);
}

}  // namespace tocsin
