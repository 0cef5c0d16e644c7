#include "pipeline/alerts/alert_engine.h"

#include <algorithm>

#include "pipeline/ledger/byte_codec.h"

namespace tocsin {
namespace {

// A withdrawal ends what has been without an assault for so long.
constexpr std::int64_t kLullMs = 72 * kHourMs;
// A hostile article of a pair counts for an alert from here on.
constexpr std::uint16_t kHostileTenths = 200;
// Reserved keys on news.pairs begin with '!': no id does.
constexpr std::string_view kClockKey = "!engine";
constexpr std::string_view kAlertPrefix = "!alert|";

std::string id_of(const Sighting& sighting) {
  return sighting.article_id.empty() ? default_article_id(sighting.position) : sighting.article_id;
}

// 64 bits tell outlets apart; an unknown one is itself.
std::uint64_t outlet_of(const Sighting& sighting) {
  return sighting.outlet;
}

// An act in a country says less than one between two who are named: it opens nothing where the
// article tells of both.
bool is_told_better(const AlertSignal& signal, const SignalPair& pair) {
  if (!pair.name.second.empty()) return false;
  return std::any_of(signal.pairs.begin(), signal.pairs.end(), [&](const SignalPair& other) {
    return !other.name.second.empty() && other.rules != 0 && 4 * other.score >= 3 * pair.score &&
           (other.name.first_code == pair.name.first_code ||
            other.name.second_code == pair.name.first_code);
  });
}

}  // namespace

std::vector<AlertRecord> AlertEngine::apply(std::int64_t offset, std::int64_t append_time_ms,
                                            const LedgerRecord& record,
                                            const std::optional<Verdict>& verdict) {
  if (std::exchange(is_restored_, false)) forget_old();
  offset_ = offset;
  if (const auto* sighting = std::get_if<Sighting>(&record)) {
    advance(std::max(clock_ms_, std::min(sighting->time_ms, append_time_ms)));
    article_clock_ms_ = clock_ms_;
    article_append_ms_ = append_time_ms;
    if (verdict) apply_sighting(*sighting, *verdict);
  } else if (std::holds_alternative<Tick>(record) && article_append_ms_ != 0) {
    // Between articles the clock goes on as fast as the ledger's.
    advance(std::max(clock_ms_, article_clock_ms_ + append_time_ms - article_append_ms_));
  }
  look_at_pending();
  return std::exchange(records_, {});
}

// ---- time

void AlertEngine::advance(std::int64_t to_ms) {
  const Hour before = hour_now();
  const Hour after = to_ms / kHourMs;
  // After a gap longer than the series nothing of the hours between is left to decide.
  const Hour first = clock_ms_ == 0 ? after : std::max(before + 1, after - kSeriesHours);
  for (Hour hour = first; hour <= after; ++hour) {
    clock_ms_ = std::max(clock_ms_, hour * kHourMs);
    pass_hour(hour);
  }
  if (to_ms != clock_ms_) changed_clock_ = true;
  clock_ms_ = std::max(clock_ms_, to_ms);
}

// Deadlines are looked at on the hour of the alert engine's clock, whatever record brought it
// there.
void AlertEngine::pass_hour(Hour hour) {
  changed_clock_ = true;
  all_.forget_before(hour - kSeriesHours + 1);
  for (auto it = alerts_.begin(); it != alerts_.end();) {
    Alert& alert = it->second;
    publish_due(alert);
    if (alert.is_spent(clock_ms_)) {
      changed_alerts_.insert(it->first);
      it = alerts_.erase(it);
    } else {
      ++it;
    }
  }
  forget_old();
}

// Not written down: what is old follows from the clock, and is dropped again after a restore.
void AlertEngine::forget_old() {
  std::vector<std::string> quiet;
  for (auto& [key, series] : pairs_) {
    for (const std::uint64_t story : series.forget(hour_now())) forget_story(story, key);
    if (series.is_empty()) quiet.push_back(key);
  }
  for (const std::string& key : quiet) drop_pair(key);
}

void AlertEngine::publish_due(Alert& alert) {
  const AlertRule* rule = rules_->find(alert.rule);
  static const AlertRule kGone = [] {
    AlertRule gone;
    gone.close_at = 1001;  // above any score: closes at once
    return gone;
  }();
  const std::pair before{alert.state, alert.articles};
  const bool closed = alert.try_close(rule != nullptr ? *rule : kGone, clock_ms_);
  if (closed) emit(alert, AlertChange::closed);
  if (closed || std::pair{alert.state, alert.articles} != before) {
    changed_alerts_.insert({alert.pair.key(), alert.rule});
  }
  if (!closed) return;
  alert = alert.idle();
}

// `for:` may have passed without another article.
void AlertEngine::look_at_pending() {
  for (auto& [key, alert] : alerts_) {
    if (alert.state != AlertState::pending) continue;
    const AlertRule* rule = rules_->find(alert.rule);
    const auto series = pairs_.find(key.first);
    if (rule == nullptr || series == pairs_.end()) continue;
    if (!alert.try_open(*rule, series->second.figures(hour_now(), all_), clock_ms_, offset_)) {
      continue;
    }
    emit(alert, AlertChange::opened);
    changed_alerts_.insert(key);
  }
}

// ---- articles

void AlertEngine::apply_sighting(const Sighting& sighting, const Verdict& verdict) {
  changed_clock_ = true;
  const std::optional<AlertSignal> signal =
      sighting.signal.empty() ? std::nullopt : decode_alert_signal(sighting.signal);
  const bool is_dated = signal && signal->is(AlertSignal::kDated);
  const std::int64_t time_ms =
      std::min(is_dated ? signal->published_at_ms : sighting.time_ms, clock_ms_);
  if (verdict.is_copy) return apply_copy(sighting, verdict);
  if (time_ms / kHourMs > hour_now() - kSeriesHours) all_.add(time_ms / kHourMs);
  if (!signal) return;
  for (const SignalPair& pair : signal->pairs) apply_pair(sighting, verdict, *signal, pair);
  make_room();
}

// Whatever a copy says was said before: it only shows how many tell it.
void AlertEngine::apply_copy(const Sighting& sighting, const Verdict& verdict) {
  const auto pairs = pairs_of_story_.find(verdict.story);
  if (pairs == pairs_of_story_.end()) return;
  for (const std::string& key : pairs->second) {
    const auto series = pairs_.find(key);
    if (series == pairs_.end()) continue;
    series->second.add_copy(verdict.story, verdict.story_outlets);
    changed_pairs_.insert(key);
    for (auto it = alerts_.lower_bound({key, ""}); it != alerts_.end() && it->first.first == key;
         ++it) {
      Alert& alert = it->second;
      const AlertRule* rule = rules_->find(alert.rule);
      if (rule == nullptr || !alert.has_story(verdict.story)) continue;
      alert.add_copy(verdict.story, outlet_of(sighting));
      changed_alerts_.insert(it->first);
      const PairFigures figures = series->second.figures(hour_now(), all_);
      if (alert.try_open(*rule, figures, clock_ms_, offset_)) {
        emit(alert, AlertChange::opened);
      } else if (alert.try_update(*rule, alert.realised, clock_ms_)) {
        emit(alert, AlertChange::updated);
      }
    }
  }
}

void AlertEngine::apply_pair(const Sighting& sighting, const Verdict& verdict,
                             const AlertSignal& signal, const SignalPair& pair) {
  const std::int64_t time_ms = std::min(
      signal.is(AlertSignal::kDated) ? signal.published_at_ms : sighting.time_ms, clock_ms_);
  const Hour hour = time_ms / kHourMs;
  if (hour <= hour_now() - kSeriesHours) return;  // older than the series
  // Opinion and history are not events: they are no part of how tense a pair is.
  if (signal.is(AlertSignal::kOpinion) || signal.is(AlertSignal::kHistory)) return;
  const std::string key = pair.name.key();
  PairSeries& series = pairs_[key];
  series.name = pair.name;
  changed_pairs_.insert(key);
  const std::optional<std::uint64_t> left =
      series.add(verdict.story, hour, pair, verdict.story_outlets);
  if (left) forget_story(*left, key);
  pairs_of_story_[verdict.story].insert(key);
  for (const std::uint64_t story : series.forget(hour_now())) forget_story(story, key);
  if (!signal.is_report()) return;
  series.note_events(pair, signal.published_at_ms);
  if (clock_ms_ - signal.published_at_ms > kFreshMs) return;
  alert_of(sighting, verdict, signal, pair, series);
}

void AlertEngine::alert_of(const Sighting& sighting, const Verdict& verdict,
                           const AlertSignal& signal, const SignalPair& pair,
                           const PairSeries& series) {
  const std::string key = pair.name.key();
  const bool has_assault = (pair.events & 1U << static_cast<unsigned>(EventType::assault)) != 0;
  const bool is_calm = pair.peace != Peace::none && pair.cooperation > pair.score && !has_assault;
  if (is_calm) {
    for (auto it = alerts_.lower_bound({key, ""}); it != alerts_.end() && it->first.first == key;
         ++it) {
      // Troops that leave one place of a war go to another.
      const bool is_lull = clock_ms_ - it->second.assault_ms >= kLullMs;
      if (pair.peace == Peace::withdrawal && !is_lull) continue;
      it->second.calm(signal.title.empty() ? signal.evidence : signal.title, clock_ms_);
      publish_due(it->second);
      changed_alerts_.insert(it->first);
    }
    return;
  }
  if (pair.score < kHostileTenths) return;
  const bool realised =
      series.threat_realised_ms != 0 && series.threat_realised_ms >= clock_ms_ - kFreshMs;
  const AlertArticle article{
      .offset = offset_,
      .story = verdict.story,
      .outlet = outlet_of(sighting),
      .tier = signal.tier,
      .pair = &pair,
      .evidence = {pair.score, signal.published_at_ms, signal.title, signal.url, signal.evidence,
                   signal.evidence_rule, id_of(sighting)}};
  std::set<std::string> fed;
  for (std::size_t i = 0; i < signal.rules.size(); ++i) {
    if ((pair.rules >> i & 1U) == 0) continue;
    const std::string id = open_rule_of(pair.name, signal.rules[i]);
    const AlertRule* rule = rules_->find(id);
    if (rule == nullptr || !fed.insert(id).second) continue;
    const auto known = alerts_.find({key, id});
    const bool is_open = known != alerts_.end() && known->second.state == AlertState::open;
    if (!is_open && is_told_better(signal, pair)) continue;
    if (Alert* const war = is_open ? nullptr : war_at_home(pair.name)) {
      if (!war->has_story(verdict.story)) feed(*war, article, war->realised);
      continue;
    }
    if (known == alerts_.end() && !make_room_for_alert()) continue;
    Alert& alert = alerts_[{key, id}];
    alert.rule = id;
    alert.pair = pair.name;
    feed(alert, article, realised);
  }
}

void AlertEngine::feed(Alert& alert, const AlertArticle& article, bool realised) {
  const AlertRule* rule = rules_->find(alert.rule);
  const auto series = pairs_.find(alert.pair.key());
  if (rule == nullptr) return;
  changed_alerts_.insert({alert.pair.key(), alert.rule});
  alert.add(article, clock_ms_);
  const PairFigures figures =
      series == pairs_.end() ? PairFigures{} : series->second.figures(hour_now(), all_);
  if (alert.try_open(*rule, figures, clock_ms_, offset_)) {
    alert.realised = realised;
    emit(alert, AlertChange::opened);
  } else if (alert.try_update(*rule, realised, clock_ms_)) {
    emit(alert, AlertChange::updated);
  }
}

// What happens in one country is one alert, whatever it is called: the rule whose alert is open.
std::string AlertEngine::open_rule_of(const PairName& pair, const std::string& rule) const {
  if (!pair.second.empty()) return rule;
  const std::string key = pair.key();
  for (auto it = alerts_.lower_bound({key, ""}); it != alerts_.end() && it->first.first == key;
       ++it) {
    const AlertRule* other = rules_->find(it->second.rule);
    const bool is_open = it->second.state == AlertState::open;
    if (is_open && other != nullptr && other->only_alone) return it->second.rule;
  }
  return rule;
}

// The open alert of a country that fights a group of its own: an attack there by nobody named is
// part of it. Of several, the one that was fed last.
Alert* AlertEngine::war_at_home(const PairName& pair) {
  if (!pair.second.empty() || pair.first_code.empty()) return nullptr;
  Alert* latest = nullptr;
  for (auto& [key, other] : alerts_) {
    const bool is_home = other.state == AlertState::open && other.attacked &&
                         !other.pair.second.empty() && other.pair.first_code == pair.first_code &&
                         other.pair.second_code == pair.first_code;
    if (is_home && (latest == nullptr || other.hostile_ms > latest->hostile_ms)) latest = &other;
  }
  return latest;
}

void AlertEngine::emit(const Alert& alert, AlertChange change) {
  static const AlertRule kGone;
  const AlertRule* rule = rules_->find(alert.rule);
  const auto series = pairs_.find(alert.pair.key());
  const PairFigures figures =
      series == pairs_.end() ? PairFigures{} : series->second.figures(hour_now(), all_);
  const auto encoded = [&](AlertDetail detail) {
    return encode_alert(alert, change, rule != nullptr ? *rule : kGone, figures, clock_ms_, offset_,
                        detail);
  };
  records_.push_back({story_id(alert.id), encoded(AlertDetail::whole), encoded(AlertDetail::brief),
                      change, alert.level, alert.rule, sentence_of(alert, change), clock_ms_,
                      alert.first_seen_ms});
}

// ---- bounds

void AlertEngine::forget_story(std::uint64_t story, const std::string& key) {
  const auto pairs = pairs_of_story_.find(story);
  if (pairs == pairs_of_story_.end()) return;
  pairs->second.erase(key);
  if (pairs->second.empty()) pairs_of_story_.erase(pairs);
}

void AlertEngine::drop_pair(const std::string& key) {
  for (const PairStory& story : pairs_[key].stories) forget_story(story.id, key);
  pairs_.erase(key);
  changed_pairs_.insert(key);
}

void AlertEngine::make_room() {
  while (pairs_.size() > kPairsMax) {
    const auto least =
        std::min_element(pairs_.begin(), pairs_.end(), [](const auto& a, const auto& b) {
          return std::pair(a.second.newest(), a.first) < std::pair(b.second.newest(), b.first);
        });
    drop_pair(std::string(least->first));
  }
}

// An alert that only waits leaves for a new one, the one that waits longest first. False: all are
// open.
bool AlertEngine::make_room_for_alert() {
  if (alerts_.size() < kAlertsMax) return true;
  auto oldest = alerts_.end();
  for (auto it = alerts_.begin(); it != alerts_.end(); ++it) {
    if (it->second.state == AlertState::open) continue;
    const bool is_older =
        oldest == alerts_.end() || it->second.hostile_ms < oldest->second.hostile_ms;
    if (is_older) oldest = it;
  }
  if (oldest == alerts_.end()) return false;
  changed_alerts_.insert(oldest->first);
  alerts_.erase(oldest);
  return true;
}

AlertEngineSize AlertEngine::size() const {
  const auto open = std::count_if(alerts_.begin(), alerts_.end(), [](const auto& entry) {
    return entry.second.state == AlertState::open;
  });
  return {pairs_.size(), static_cast<std::size_t>(open)};
}

// ---- state

std::vector<StateRecord> AlertEngine::take_changes() {
  std::vector<StateRecord> changes;
  for (const std::string& key : std::exchange(changed_pairs_, {})) {
    const auto series = pairs_.find(key);
    if (series == pairs_.end()) {
      changes.push_back({key, std::nullopt, ""});
    } else {
      const PairFigures figures = series->second.figures(hour_now(), all_);
      changes.push_back(
          {key, encode_pair(series->second, figures, hour_now()), encode_state(series->second)});
    }
  }
  constexpr std::string_view kInternal = R"({"schema":"tocsin.alert_engine/1"})";
  for (const AlertKey& key : std::exchange(changed_alerts_, {})) {
    const std::string name = std::string(kAlertPrefix) + key.second + '|' + key.first;
    const auto alert = alerts_.find(key);
    if (alert == alerts_.end()) {
      changes.push_back({name, std::nullopt, ""});
    } else {
      changes.push_back({name, std::string(kInternal), encode_state(alert->second)});
    }
  }
  if (std::exchange(changed_clock_, false)) {
    ByteWriter writer;
    writer.integer(clock_ms_);
    writer.integer(article_clock_ms_);
    writer.integer(article_append_ms_);
    writer.integer(all_.since_);
    writer.length(all_.hours.size());
    for (const auto& [hour, count] : all_.hours) {
      writer.integer(hour);
      writer.integer(count);
    }
    changes.push_back(
        {std::string(kClockKey), std::string(kInternal), writer.take_with_checksum()});
  }
  return changes;
}

bool AlertEngine::restore(std::string_view key, std::string_view state) {
  is_restored_ = true;
  if (key == kClockKey) {
    ByteReader reader(without_checksum(state));
    clock_ms_ = reader.integer<std::int64_t>();
    article_clock_ms_ = reader.integer<std::int64_t>();
    article_append_ms_ = reader.integer<std::int64_t>();
    all_.since_ = reader.integer<Hour>();
    for (std::size_t left = reader.length(); left > 0 && reader.ok(); --left) {
      const Hour hour = reader.integer<Hour>();
      all_.hours[hour] = reader.integer<std::uint64_t>();
    }
    return reader.ok();
  }
  if (key.starts_with(kAlertPrefix)) {
    std::optional<Alert> alert = decode_alert(state);
    if (!alert) return false;
    const AlertKey its_key{alert->pair.key(), alert->rule};
    alerts_[its_key] = *std::move(alert);
    return true;
  }
  if (is_earlier_series(state)) return true;  // its scores mean something else: begun anew
  std::optional<PairSeries> series = decode_series(state);
  if (!series) return false;
  for (const PairStory& story : series->stories) pairs_of_story_[story.id].insert(std::string(key));
  pairs_[std::string(key)] = *std::move(series);
  return true;
}

}  // namespace tocsin
