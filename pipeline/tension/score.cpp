#include "pipeline/tension/score.h"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

namespace tocsin {

std::string_view name(EventType type) noexcept {
  constexpr std::array<std::string_view, 16> kNames = {
      "AGREE",  "CONSULT", "SUPPORT",  "CONCEDE", "COOPERATE", "AID",      "RETREAT", "REQUEST",
      "ACCUSE", "REJECT",  "THREATEN", "PROTEST", "SANCTION",  "MOBILIZE", "COERCE",  "ASSAULT"};
  return kNames[static_cast<std::size_t>(type)];
}

std::string_view name(Polarity polarity) noexcept {
  return polarity == Polarity::asserted ? "asserted" : "negated";
}

std::string_view name(Modality modality) noexcept {
  constexpr std::array<std::string_view, 6> kNames = {"actual", "conditional", "hypothetical",
                                                      "future", "historical",  "demanded"};
  return kNames[static_cast<std::size_t>(modality)];
}

std::string_view name(Level level) noexcept {
  constexpr std::array<std::string_view, 5> kNames = {"none", "low", "medium", "high", "critical"};
  return kNames[static_cast<std::size_t>(level)];
}

Level level_of(double score) noexcept {
  if (score < 20) return Level::none;
  if (score < 40) return Level::low;
  if (score < 60) return Level::medium;
  if (score < 80) return Level::high;
  return Level::critical;
}

namespace {

constexpr std::size_t kKeptMax = 6;  // later evidence adds less than a rounding step
constexpr double kDiscount = 0.7;    // the k-th piece counts 0.7^k, so length does not saturate
constexpr double kCooperationShare = 0.7;  // a truce takes back less than a war adds

bool is_threat(EventType type) {
  return type == EventType::threaten || type == EventType::accuse || type == EventType::reject ||
         type == EventType::request || type == EventType::mobilize;
}

double noisy_or(std::vector<double> weights) {
  std::sort(weights.begin(), weights.end(), [](double a, double b) { return a > b; });
  if (weights.size() > kKeptMax) weights.resize(kKeptMax);
  double rest = 1;
  double discount = 1;
  for (const double weight : weights) {
    rest *= 1 - weight * discount;
    discount *= kDiscount;
  }
  return 1 - rest;
}

// One decimal, never -0.0.
double tenths(double value) {
  const double scaled = value * 10;
  const auto whole = static_cast<std::int64_t>(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
  return static_cast<double>(whole) / 10;
}

using Triple = std::tuple<EntityIndex, std::string, EventType, EntityIndex, std::string, bool>;

// The strongest weight of each distinct triple.
std::map<Triple, double> distinct(const std::vector<Event>& events) {
  std::map<Triple, double> strongest;
  for (const Event& event : events) {
    if (event.weight == 0) continue;
    const bool is_hostile = event.weight < 0;
    double& best = strongest[{event.actor, event.actor_text, event.type, event.recipient,
                              event.recipient_text, is_hostile}];
    best = std::max(best, is_hostile ? -event.weight : event.weight);
  }
  return strongest;
}

}  // namespace

Tension add_up(const std::vector<Event>& events) {
  std::vector<double> hostile;
  std::vector<double> threats;
  std::vector<double> acts;
  std::vector<double> cooperative;
  double sure = 0;
  double total = 0;
  for (const auto& [triple, weight] : distinct(events)) {
    const bool is_hostile = std::get<5>(triple);
    (is_hostile ? hostile : cooperative).push_back(weight);
    if (is_hostile) (is_threat(std::get<2>(triple)) ? threats : acts).push_back(weight);
  }
  for (const Event& event : events) {
    const double weight = event.weight < 0 ? -event.weight : event.weight;
    total += weight;
    sure += weight * event.factors.modality * event.factors.dyad;
  }
  Tension tension;
  const double hostility = noisy_or(hostile);
  const double cooperation = noisy_or(cooperative);
  tension.score = tenths(100 * hostility);
  tension.level = level_of(tension.score);
  tension.threat = tenths(100 * noisy_or(threats));
  tension.act = tenths(100 * noisy_or(acts));
  tension.cooperation = tenths(100 * cooperation);
  const double net = hostility >= cooperation ? hostility - kCooperationShare * cooperation
                                              : kCooperationShare * hostility - cooperation;
  tension.escalation = tenths(100 * net);
  tension.confidence = total > 0 ? tenths(sure / total) : 0;
  return tension;
}

std::vector<Dyad> dyads_of(const std::vector<Event>& events, const Gazetteer& gazetteer) {
  std::map<std::pair<EntityIndex, EntityIndex>, std::vector<Event>> pairs;
  for (const Event& event : events) {
    if (event.weight >= 0 || event.actor == kNoEntity || event.recipient == kNoEntity) continue;
    if (event.actor == event.recipient) continue;
    const auto counts = [&](EntityIndex index) {
      const Part part = gazetteer[index].part;
      return part == Part::state || part == Part::armed || part == Part::alliance;
    };
    if (!counts(event.actor) || !counts(event.recipient)) continue;
    const bool in_order = gazetteer[event.actor].id < gazetteer[event.recipient].id;
    pairs[in_order ? std::pair{event.actor, event.recipient}
                   : std::pair{event.recipient, event.actor}]
        .push_back(event);
  }
  std::vector<Dyad> dyads;
  for (const auto& [pair, its_events] : pairs) {
    dyads.push_back({pair.first, pair.second, add_up(its_events).score});
  }
  std::sort(dyads.begin(), dyads.end(), [&](const Dyad& a, const Dyad& b) {
    if (a.score != b.score) return a.score > b.score;
    return std::tie(gazetteer[a.first].id, gazetteer[a.second].id) <
           std::tie(gazetteer[b.first].id, gazetteer[b.second].id);
  });
  return dyads;
}

}  // namespace tocsin
