#include "pipeline/alerts/alert.h"

#include <xxhash.h>

#include <algorithm>

namespace tocsin {
namespace {

constexpr int kHalfLifeHours = 24;
// A pair whose usual level is that high (a report in six days) is at war: it opens again only for
// what is unusual: a z, a burst, a higher level than before, a toll of hundreds.
constexpr std::uint32_t kChronicTenths = 30;
constexpr std::int32_t kUnusualZ = 400;  // hundredths
constexpr int kUnusualToll = 2;          // class
// The level of the last alert is remembered; longer where attacks in one country come by the week.
constexpr std::int64_t kRememberMs = 14 * 24 * kHourMs;
constexpr std::int64_t kRememberAloneMs = 60 * 24 * kHourMs;

std::int64_t remembered_ms(const PairName& pair) {
  return pair.second.empty() ? kRememberAloneMs : kRememberMs;
}

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

// Orders of a toll that are worth a revision: tens, hundreds, thousands, ten thousands.
int toll_class(std::uint16_t toll) {
  int order = 0;
  for (unsigned most = 10; toll >= most && most <= 10'000; most *= 10) ++order;
  return order;
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

std::string_view name(UpdateReason reason) noexcept {
  constexpr std::array<std::string_view, 7> kNames = {"",         "level",   "kind", "toll",
                                                      "realised", "outlets", "daily"};
  return kNames[static_cast<std::size_t>(reason)];
}

// An open alert is as strong as the strongest of its articles, and where another tells of a further
// attack, stronger: half of what the weaker one would fill of the rest.
void Alert::note_score(std::uint16_t score, bool is_further_attack, std::int64_t now_ms) {
  constexpr std::uint32_t kWhole = 1000;
  const Hour hours = (now_ms - peak_ms) / kHourMs;
  const auto before = static_cast<std::uint32_t>(decayed(peak, hours, kHalfLifeHours));
  std::uint32_t now = std::max<std::uint32_t>(score, before);
  if (state == AlertState::open && is_further_attack)
    now += (kWhole - now) * std::min<std::uint32_t>(score, before) / (2 * kWhole);
  if (peak != 0 && now <= before) return;
  peak = static_cast<std::uint16_t>(now);
  peak_ms = now_ms;
}

void Alert::add(const AlertArticle& article, std::int64_t now_ms) {
  const bool has_assault =
      (article.pair->events & 1U << static_cast<unsigned>(EventType::assault)) != 0;
  note_score(article.pair->score, has_assault && !has_story(article.story), now_ms);
  if (articles == 0) first_seen_ms = article.evidence.published_at_ms;
  first_seen_ms = std::min(first_seen_ms, article.evidence.published_at_ms);
  last_seen_ms = std::max(last_seen_ms, article.evidence.published_at_ms);
  hostile_ms = now_ms;
  ++articles;
  tier = std::max(tier, article.tier);
  if (has_assault && article.pair->act >= kAttackTenths) {
    attacked = true;
    assault_ms = now_ms;
    calmed_ms = 0;
    witnessed = witnessed || article.pair->assaults >= 2;
  }
  kinds = static_cast<std::uint16_t>(kinds | article.pair->kinds);
  toll = std::max(toll, article.pair->toll);
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

void Alert::calm(std::string_view title, std::int64_t now_ms) {
  if (state != AlertState::open || calmed_ms != 0) return;
  calmed_ms = now_ms;
  calm_title = title.substr(0, kPeaceTitleBytesMax);
  // Between code points.
  while (calm_title.size() == kPeaceTitleBytesMax && !calm_title.empty() &&
         (static_cast<unsigned char>(title[calm_title.size()]) & 0xC0U) == 0x80) {
    calm_title.pop_back();
  }
}

std::uint32_t Alert::voices() const {
  const std::uint32_t of_its_own = tier >= kTierFirst ? (witnessed ? 3 : 2) : 0;
  return static_cast<std::uint32_t>(outlets.size()) + of_its_own;
}

std::uint16_t Alert::score(std::int64_t now_ms) const {
  const std::uint64_t value = decayed(peak, (now_ms - peak_ms) / kHourMs, kHalfLifeHours);
  // Who is of the first tier needs nobody to confirm it.
  if (tier >= kTierFirst) return static_cast<std::uint16_t>(value);
  return static_cast<std::uint16_t>(value * corroboration_per_mille(voices()) / 1000);
}

Level Alert::level_now(const AlertRule& its_rule, std::int64_t now_ms) const {
  const Level most = attacked ? Level::critical : Level::high;
  return std::min({level_of_tenths(score(now_ms)), most_of(voices()), most, its_rule.level_max});
}

// A pair at war is judged against its own level, or else it would open every other day.
bool Alert::is_usual(const PairFigures& figures, Level now_level, std::int64_t now_ms) const {
  if (last_level == Level::none || now_ms - last_closed_ms > remembered_ms(pair)) return false;
  if (figures.baseline < kChronicTenths || now_level > last_level) return false;
  if (toll_class(toll) >= kUnusualToll) return false;
  constexpr unsigned kWorst = 1U << static_cast<unsigned>(ActKind::invasion) |
                              1U << static_cast<unsigned>(ActKind::unconventional);
  if ((kinds & kWorst) != 0) return false;
  return !figures.burst && (!figures.z || *figures.z < kUnusualZ);
}

void Alert::note_published(std::int64_t now_ms) {
  published_ms = now_ms;
  published_outlets = static_cast<std::uint32_t>(outlets.size());
  published_articles = articles;
  published_kinds = static_cast<std::uint16_t>(published_kinds | kinds);
  published_toll = std::max(published_toll, toll);
}

bool Alert::try_open(const AlertRule& its_rule, const PairFigures& figures, std::int64_t now_ms,
                     std::int64_t offset) {
  if (state == AlertState::open) return false;
  const Level now_level = level_now(its_rule, now_ms);
  const bool holds = score(now_ms) >= its_rule.open_at && now_level > Level::none &&
                     outlets.size() >= its_rule.outlets_min &&
                     figures.level >= its_rule.pair_level_min &&
                     (!its_rule.z_min || (figures.z && *figures.z >= *its_rule.z_min)) &&
                     (!its_rule.needs_burst || figures.burst) &&
                     now_ms >= silent_until_ms[static_cast<std::size_t>(now_level)] &&
                     !is_usual(figures, now_level, now_ms);
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
  note_published(now_ms);
  return true;
}

UpdateReason Alert::reason_to_update(Level now_level, bool threat_realised,
                                     std::int64_t now_ms) const {
  if (now_level > level) return UpdateReason::level;
  if (threat_realised && !realised) return UpdateReason::realised;
  if ((kinds & ~published_kinds) != 0) return UpdateReason::kind;
  if (toll_class(toll) > toll_class(published_toll)) return UpdateReason::toll;
  const std::int64_t since_ms_ago = now_ms - published_ms;
  const bool is_wider = outlets.size() >= std::size_t{2} * std::max(1U, published_outlets);
  if (is_wider && since_ms_ago >= kUpdateIntervalMs) return UpdateReason::outlets;
  const bool is_fed = articles > published_articles;
  return is_fed && since_ms_ago >= kDailyMs ? UpdateReason::daily : UpdateReason::none;
}

bool Alert::try_update(const AlertRule& its_rule, bool threat_realised, std::int64_t now_ms) {
  if (state != AlertState::open) return false;
  const Level now_level = level_now(its_rule, now_ms);
  update_reason = reason_to_update(now_level, threat_realised, now_ms);
  if (update_reason == UpdateReason::none) return false;
  level = std::max(level, now_level);
  realised = realised || threat_realised;
  ++revision;
  note_published(now_ms);
  return true;
}

bool Alert::try_close(const AlertRule& its_rule, std::int64_t now_ms) {
  if (state == AlertState::idle) {
    if (articles > 0 && now_ms - hostile_ms >= its_rule.quiet_ms) clear();
    return false;
  }
  const bool is_quiet = now_ms - hostile_ms >= its_rule.quiet_ms;
  const bool is_peace = calmed_ms != 0 && (assault_ms == 0 || now_ms - assault_ms >= kPeaceHoldMs);
  if (score(now_ms) >= its_rule.close_at && !is_quiet && !is_peace) return false;
  if (state == AlertState::pending) {
    clear();
    return false;
  }
  state = AlertState::idle;
  ++revision;
  published_ms = now_ms;
  closed_reason = calmed_ms != 0 ? CloseReason::cooperation : CloseReason::quiet;
  last_level = level;
  last_closed_ms = now_ms;
  for (std::size_t i = 0; i <= static_cast<std::size_t>(level); ++i) {
    silent_until_ms[i] = now_ms + its_rule.cooldown_ms;
  }
  return true;
}

bool Alert::is_spent(std::int64_t now_ms) const {
  return state == AlertState::idle && articles == 0 &&
         (last_level == Level::none || now_ms - last_closed_ms > remembered_ms(pair)) &&
         std::all_of(silent_until_ms.begin(), silent_until_ms.end(),
                     [&](std::int64_t until_ms) { return until_ms <= now_ms; });
}

Alert Alert::idle() const {
  Alert left;
  left.rule = rule;
  left.pair = pair;
  left.silent_until_ms = silent_until_ms;
  left.last_level = last_level;
  left.last_closed_ms = last_closed_ms;
  return left;
}

void Alert::clear() {
  *this = idle();
}

}  // namespace tocsin
