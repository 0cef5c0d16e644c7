#include "pipeline/alerts/alert.h"

#include <xxhash.h>

#include <algorithm>

namespace tocsin {
namespace {

constexpr int kHalfLifeHours = 24;

void add_bounded(std::vector<std::uint64_t>& values, std::uint64_t value, std::size_t most) {
  if (std::find(values.begin(), values.end(), value) != values.end()) return;
  if (values.size() == most) values.erase(values.begin());
  values.push_back(value);
}

Level level_of_tenths(std::uint32_t tenths) {
  return static_cast<Level>(std::min<std::uint32_t>(tenths / 200, 4));
}

// What so many voices may say: one ordinary outlet opens low, two medium, three high, four all.
Level most_of(std::uint32_t voices) {
  return static_cast<Level>(std::min<std::uint32_t>(voices, 4));
}

}  // namespace

std::string_view name(AlertChange change) noexcept {
  constexpr std::array<std::string_view, 3> kNames = {"opened", "updated", "closed"};
  return kNames[static_cast<std::size_t>(change)];
}

std::string_view name(CloseReason reason) noexcept {
  constexpr std::array<std::string_view, 3> kNames = {"", "quiet", "cooperation"};
  return kNames[static_cast<std::size_t>(reason)];
}

void Alert::add(const AlertArticle& article, std::int64_t now_ms) {
  const std::uint16_t score = article.pair->score;
  const Hour hours = (now_ms - peak_ms) / kHourMs;
  if (peak == 0 || score >= decayed(peak, hours, kHalfLifeHours)) {
    peak = score;
    peak_ms = now_ms;
  }
  if (articles == 0) first_seen_ms = article.evidence.published_at_ms;
  first_seen_ms = std::min(first_seen_ms, article.evidence.published_at_ms);
  last_seen_ms = std::max(last_seen_ms, article.evidence.published_at_ms);
  hostile_ms = now_ms;
  ++articles;
  tier = std::max(tier, article.tier);
  const bool has_assault =
      (article.pair->events & 1U << static_cast<unsigned>(EventType::assault)) != 0;
  attacked = attacked || (has_assault && article.pair->act >= kAttackTenths);
  calmed = false;
  add_bounded(outlets, article.outlet, kOutletsMax);
  add_bounded(stories, article.story, kStoriesMax);
  evidence.push_back(article.evidence);
  std::stable_sort(
      evidence.begin(), evidence.end(),
      [](const AlertEvidence& a, const AlertEvidence& b) { return a.score > b.score; });
  if (evidence.size() > kEvidenceMax) evidence.resize(kEvidenceMax);
}

void Alert::add_copy(std::uint64_t story, std::uint64_t outlet) {
  if (!has_story(story)) return;
  ++articles;
  add_bounded(outlets, outlet, kOutletsMax);
}

bool Alert::has_story(std::uint64_t story) const {
  return std::find(stories.begin(), stories.end(), story) != stories.end();
}

void Alert::calm(std::uint64_t story, std::int64_t now_ms) {
  if (std::find(calm_stories.begin(), calm_stories.end(), story) != calm_stories.end()) return;
  add_bounded(calm_stories, story, kStoriesMax);
  const Hour hours = (now_ms - peak_ms) / kHourMs;
  peak = static_cast<std::uint16_t>(decayed(peak, hours, kHalfLifeHours) / 2);
  peak_ms = now_ms;
  calmed = true;
}

std::uint32_t Alert::voices() const {
  return static_cast<std::uint32_t>(outlets.size()) + (tier >= kTierFirst ? 2 : 0);
}

std::uint16_t Alert::score(std::int64_t now_ms) const {
  const std::uint64_t value = decayed(peak, (now_ms - peak_ms) / kHourMs, kHalfLifeHours);
  return static_cast<std::uint16_t>(value * corroboration_per_mille(voices()) / 1000);
}

Level Alert::level_now(std::int64_t now_ms) const {
  const Level most = attacked ? Level::critical : Level::high;
  return std::min({level_of_tenths(score(now_ms)), most_of(voices()), most});
}

bool Alert::try_open(const AlertRule& its_rule, const PairFigures& figures, std::int64_t now_ms,
                     std::int64_t offset) {
  if (state == AlertState::open) return false;
  const Level now_level = level_now(now_ms);
  const bool holds = score(now_ms) >= its_rule.open_at && now_level > Level::none &&
                     outlets.size() >= its_rule.outlets_min &&
                     figures.level >= its_rule.pair_level_min &&
                     (!its_rule.z_min || (figures.z && *figures.z >= *its_rule.z_min)) &&
                     (!its_rule.needs_burst || figures.burst) &&
                     now_ms >= silent_until_ms[static_cast<std::size_t>(now_level)];
  if (!holds) return false;
  if (state == AlertState::idle) {
    state = AlertState::pending;
    since_ms = now_ms;
  }
  if (now_ms - since_ms < its_rule.hold_ms) return false;
  state = AlertState::open;
  const std::string key = pair.key();
  const std::array<std::uint64_t, 3> parts{XXH3_64bits(rule.data(), rule.size()),
                                           XXH3_64bits(key.data(), key.size()),
                                           static_cast<std::uint64_t>(offset)};
  id = XXH3_64bits(parts.data(), sizeof parts);
  revision = 1;
  level = now_level;
  published_ms = now_ms;
  published_outlets = static_cast<std::uint32_t>(outlets.size());
  return true;
}

bool Alert::try_update(bool threat_realised, std::int64_t now_ms) {
  if (state != AlertState::open) return false;
  const Level now_level = level_now(now_ms);
  const bool is_higher = now_level > level;
  const bool is_realised = threat_realised && !realised;
  const bool is_wider = outlets.size() >= std::size_t{2} * std::max(1U, published_outlets) &&
                        now_ms - published_ms >= kUpdateIntervalMs;
  if (!is_higher && !is_realised && !is_wider) return false;
  level = std::max(level, now_level);
  realised = realised || threat_realised;
  ++revision;
  published_ms = now_ms;
  published_outlets = static_cast<std::uint32_t>(outlets.size());
  return true;
}

bool Alert::try_close(const AlertRule& its_rule, std::int64_t now_ms) {
  if (state == AlertState::idle) {
    if (articles > 0 && now_ms - hostile_ms >= its_rule.quiet_ms) clear();
    return false;
  }
  const bool is_quiet = now_ms - hostile_ms >= its_rule.quiet_ms;
  if (score(now_ms) >= its_rule.close_at && !is_quiet) return false;
  if (state == AlertState::pending) {
    clear();
    return false;
  }
  state = AlertState::idle;
  ++revision;
  published_ms = now_ms;
  closed_reason = calmed ? CloseReason::cooperation : CloseReason::quiet;
  for (std::size_t i = 0; i <= static_cast<std::size_t>(level); ++i) {
    silent_until_ms[i] = now_ms + its_rule.cooldown_ms;
  }
  return true;
}

bool Alert::is_spent(std::int64_t now_ms) const {
  return state == AlertState::idle && articles == 0 &&
         std::all_of(silent_until_ms.begin(), silent_until_ms.end(),
                     [&](std::int64_t until_ms) { return until_ms <= now_ms; });
}

void Alert::clear() {
  Alert empty;
  empty.rule = std::move(rule);
  empty.pair = std::move(pair);
  empty.silent_until_ms = silent_until_ms;
  *this = std::move(empty);
}

}  // namespace tocsin
