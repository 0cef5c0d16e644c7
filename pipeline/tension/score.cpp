#include "pipeline/tension/score.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
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
constexpr double kWeightMin = 0.02;  // less is an echo: told on the side, doubted, nobody's
constexpr double kDiscount = 0.7;    // the k-th piece counts 0.7^k, so length does not saturate
constexpr double kCooperationShare = 0.7;  // a truce takes back less than a war adds

bool is_threat(EventType type) {
  return type == EventType::threaten || type == EventType::accuse || type == EventType::reject ||
         type == EventType::request || type == EventType::mobilize;
}

// One decimal, never -0.0.
double tenths(double value) {
  const double scaled = value * 10;
  const auto whole = static_cast<std::int64_t>(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
  return static_cast<double>(whole) / 10;
}

// Who does what to whom, and whether that is hostile.
auto triple_of(const Event& event) {
  return std::tuple(event.actor, std::string_view(event.actor_text), event.type, event.recipient,
                    std::string_view(event.recipient_text), event.weight < 0);
}

double size_of(const Event& event) {
  return event.weight < 0 ? -event.weight : event.weight;
}

// The strongest event of each distinct triple that weighs anything, the weightiest first.
std::vector<const Event*> distinct(std::vector<const Event*> events) {
  std::erase_if(events, [](const Event* event) { return size_of(*event) < kWeightMin; });
  std::sort(events.begin(), events.end(), [](const Event* a, const Event* b) {
    return std::tuple(triple_of(*a), -size_of(*a), a) < std::tuple(triple_of(*b), -size_of(*b), b);
  });
  const auto end = std::unique(events.begin(), events.end(), [](const Event* a, const Event* b) {
    return triple_of(*a) == triple_of(*b);
  });
  events.erase(end, events.end());
  std::sort(events.begin(), events.end(), [](const Event* a, const Event* b) {
    return std::tuple(-size_of(*a), triple_of(*a)) < std::tuple(-size_of(*b), triple_of(*b));
  });
  return events;
}

std::vector<const Event*> pointers_to(const std::vector<Event>& events) {
  std::vector<const Event*> pointers;
  pointers.reserve(events.size());
  for (const Event& event : events) pointers.push_back(&event);
  return pointers;
}

// The weights of those that fit, as many as count.
template <typename Fits>
std::vector<const Event*> counted(const std::vector<const Event*>& sorted, const Fits& fits) {
  std::vector<const Event*> kept;
  for (const Event* event : sorted) {
    if (kept.size() < kKeptMax && fits(*event)) kept.push_back(event);
  }
  return kept;
}

bool is_hostile(const Event& event) {
  return event.weight < 0;
}
bool is_friendly(const Event& event) {
  return event.weight > 0;
}
bool is_hostile_threat(const Event& event) {
  return event.weight < 0 && is_threat(event.type);
}
bool is_hostile_act(const Event& event) {
  return event.weight < 0 && !is_threat(event.type);
}

double noisy_or(const std::vector<const Event*>& events) {
  double rest = 1;
  double discount = 1;
  for (const Event* event : events) {
    rest *= 1 - size_of(*event) * discount;
    discount *= kDiscount;
  }
  return 1 - rest;
}

// What is summed apart: all that is hostile, all that is not, threats, acts.
constexpr std::array kSums = {is_hostile, is_friendly, is_hostile_threat, is_hostile_act};

}  // namespace

void mark_counted(std::vector<Event>& events) {
  const std::vector<const Event*> sorted = distinct(pointers_to(events));
  for (const auto& fits : kSums) {
    for (const Event* event : counted(sorted, fits))
      events[static_cast<std::size_t>(event - events.data())].counts = true;
  }
}

namespace {

Tension add_up_all(const std::vector<const Event*>& events) {
  const std::vector<const Event*> sorted = distinct(events);
  std::array<double, kSums.size()> sums{};
  for (std::size_t i = 0; i < kSums.size(); ++i) sums[i] = noisy_or(counted(sorted, kSums[i]));
  double sure = 0;
  double total = 0;
  for (const Event* event : events) {
    total += size_of(*event);
    sure += size_of(*event) * event->factors.modality * event->factors.dyad;
  }
  Tension tension;
  const double hostility = sums[0];
  const double cooperation = sums[1];
  tension.score = tenths(100 * hostility);
  tension.level = level_of(tension.score);
  tension.threat = tenths(100 * sums[2]);
  tension.act = tenths(100 * sums[3]);
  tension.cooperation = tenths(100 * cooperation);
  const double net = hostility >= cooperation ? hostility - kCooperationShare * cooperation
                                              : kCooperationShare * hostility - cooperation;
  tension.escalation = tenths(100 * net);
  tension.confidence = total > 0 ? tenths(sure / total) : 0;
  return tension;
}

}  // namespace

Tension add_up(const std::vector<Event>& events) {
  return add_up_all(pointers_to(events));
}

std::vector<Dyad> dyads_of(const std::vector<Event>& events, const Gazetteer& gazetteer) {
  std::map<std::pair<EntityIndex, EntityIndex>, std::vector<const Event*>> pairs;
  for (const Event& event : events) {
    if (event.weight >= 0 || event.actor == kNoEntity || event.recipient == kNoEntity) continue;
    if (event.actor == event.recipient || event.is_recipient_guessed) continue;
    const auto counts = [&](EntityIndex index) {
      const Part part = gazetteer[index].part;
      return part == Part::state || part == Part::armed || part == Part::alliance;
    };
    if (!counts(event.actor) || !counts(event.recipient)) continue;
    const bool in_order = gazetteer[event.actor].id < gazetteer[event.recipient].id;
    pairs[in_order ? std::pair{event.actor, event.recipient}
                   : std::pair{event.recipient, event.actor}]
        .push_back(&event);
  }
  std::vector<Dyad> dyads;
  for (const auto& [pair, its_events] : pairs) {
    dyads.push_back({pair.first, pair.second, add_up_all(its_events).score});
  }
  std::sort(dyads.begin(), dyads.end(), [&](const Dyad& a, const Dyad& b) {
    if (a.score != b.score) return a.score > b.score;
    return std::tie(gazetteer[a.first].id, gazetteer[a.second].id) <
           std::tie(gazetteer[b.first].id, gazetteer[b.second].id);
  });
  return dyads;
}

}  // namespace tocsin
