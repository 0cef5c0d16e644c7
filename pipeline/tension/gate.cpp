#include "pipeline/tension/gate.h"

#include <algorithm>

namespace tocsin {
namespace {

// Shares of calm topics, per mille: up to the first all counts, from the second on the least.
constexpr double kCalmFrom = 250;
constexpr double kCalmTo = 700;
// ... of an act between powers: how it is worded must not matter.
constexpr double kCalmFromPowers = 700;
constexpr double kCalmToPowers = 950;

// What is left of an act where all is calm.
constexpr double kLeastNobody = 0.08;
constexpr double kLeastPower = 0.15;
constexpr double kLeastPowers = 0.3;
constexpr double kLeastArmed = 0.6;  // assault by an armed group or by forces
constexpr double kLeastWar = 0.75;   // assault, mobilisation or threat between powers
// ... where page and sentence are sport, whose teams bear the names of powers and whose reports the
// words of war. A sentence of war on a page of sport has next to nothing of sport.
constexpr double kLeastSport = 0.2;
constexpr double kSportFrom = 400;
constexpr double kSportTo = 700;
constexpr double kOther = 300;  // sport, arts and disaster together: that it is none of it
// ... and where all is crime or home politics, without two powers.
constexpr double kLeastHome = 0.15;
constexpr double kHomeLeft = 0.07;  // ... but of a weight at least so much: it is told all the same
constexpr double kHomeFrom = 400;
constexpr double kHomeTo = 800;

// What is left of a deed of private people where nothing is about conflict: crime, or an accident.
constexpr double kLeastPrivate = 0.15;
constexpr double kPrivateFrom = 150;
constexpr double kPrivateTo = 400;

// Shares of conflict, per mille: from the first on doubts about an act go, at the second all are
// gone.
constexpr double kConflictFrom = 500;
constexpr double kConflictTo = 850;

// 1 up to `from`, `least` from `to` on, straight between.
double fall(double share, double from, double to, double least) {
  if (share <= from) return 1;
  if (share >= to) return least;
  return 1 - (1 - least) * (share - from) / (to - from);
}

bool is_war(EventType type) {
  return type == EventType::assault || type == EventType::mobilize || type == EventType::threaten;
}

double least_when_calm(EventType type, GateParties parties, bool is_other) {
  if (parties.is_armed && type == EventType::assault && !is_other) return kLeastArmed;
  if (parties.are_powers) return is_war(type) ? kLeastWar : kLeastPowers;
  return parties.has_power ? kLeastPower : kLeastNobody;
}

// Of the page and of the sentence that tells the act; the page says more.
template <class F>
double mean_share(const TopicShares& page, const TopicShares& sentence, F&& share) {
  const TopicShares& near = sentence.is_known() ? sentence : page;
  return (2 * static_cast<double>(share(page)) + static_cast<double>(share(near))) / 3;
}

}  // namespace

double lifted(double factor, double most, const TopicShares& page, const TopicShares& sentence) {
  if (factor >= most || !page.is_known()) return factor;
  const double conflict = mean_share(
      page, sentence, [](const TopicShares& shares) { return shares.of(Topic::conflict); });
  return factor + (most - factor) * (1 - fall(conflict, kConflictFrom, kConflictTo, 0));
}

double power_gate(const RuleSpec& spec, bool has_power, bool has_doer, bool has_official) {
  const bool is_act = spec.type == EventType::assault || spec.type == EventType::coerce;
  if (spec.needs_actor && !has_doer) return has_official ? 0.5 : 0.15;
  if (!spec.is_gated || has_power) return 1;
  if (has_official) return 0.7;
  return is_act ? 0.3 : 0.45;
}

double topic_gate(const TopicShares& page, const TopicShares& sentence, EventType type,
                  GateParties parties) {
  if (!page.is_known()) return 1;
  const auto mean = [&](auto&& share) { return mean_share(page, sentence, share); };
  const double calm = mean([](const TopicShares& shares) { return shares.calm(); });
  const bool is_plain = parties.are_powers;
  // Teams and heroes fight and kill, soldiers die in accidents: none of it is war.
  const bool is_other =
      mean([](const TopicShares& shares) {
        return shares.of(Topic::sport) + shares.of(Topic::arts) + shares.of(Topic::disaster);
      }) >= kOther;
  double gate = fall(calm, is_plain ? kCalmFromPowers : kCalmFrom,
                     is_plain ? kCalmToPowers : kCalmTo, least_when_calm(type, parties, is_other));
  if (parties.are_powers && type >= EventType::request) {
    const TopicShares& near = sentence.is_known() ? sentence : page;
    const double sport = std::min(page.of(Topic::sport), near.of(Topic::sport));
    gate = std::min(gate, fall(sport, kSportFrom, kSportTo, kLeastSport));
  }
  if (parties.are_powers) return gate;
  if (parties.is_private && (type == EventType::assault || type == EventType::coerce)) {
    const double conflict =
        mean([](const TopicShares& shares) { return shares.of(Topic::conflict); });
    gate = std::min(gate, fall(kPrivateTo - conflict, 0, kPrivateTo - kPrivateFrom, kLeastPrivate));
  }
  return gate;
}

double home_gate(const TopicShares& page, const TopicShares& sentence, GateParties parties,
                 double told) {
  if (!page.is_known() || parties.are_powers || told <= kHomeLeft) return 1;
  const double crime =
      mean_share(page, sentence, [](const TopicShares& shares) { return shares.of(Topic::crime); });
  const double politics = mean_share(
      page, sentence, [](const TopicShares& shares) { return shares.of(Topic::politics); });
  // Elections and parliaments do not make less of what armed people do, nor do courts make crime
  // of it.
  const double home_politics =
      parties.is_armed ? 1 : fall(politics, kHomeFrom, kHomeTo, kLeastHome);
  const double home_crime =
      fall(crime, kHomeFrom, kHomeTo, parties.is_armed ? kLeastArmed : kLeastHome);
  const double left = home_crime * home_politics;
  return std::max(left, kHomeLeft / told);
}

}  // namespace tocsin
