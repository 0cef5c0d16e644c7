#include "daemon/page/model.h"

#include <algorithm>
#include <cmath>

namespace tocsin::page {
namespace {

constexpr std::int64_t kMinuteMs = 60'000;
// Calm articles and copies may fill so much of the memory; the rest is for what moves.
constexpr std::size_t kCalmShare = 4;

}  // namespace

Model::Model(const PageConfig& limits) : limits_(limits) {}

void Model::tick(std::int64_t time_ms) {
  clock_ms_ = std::max(clock_ms_, time_ms);
}

// ---- articles and copies

bool Model::add_enriched(std::int64_t record_ms, std::string_view value) {
  std::optional<HeldArticle> article = read_enriched(value, names_);
  if (!article) {
    ++unreadable_;
    return false;
  }
  Minute& minute = minute_of(record_ms);
  ++minute.news;
  minute.tense += article->level > 0 ? 1 : 0;
  delays_ms_.push_back(record_ms - article->published_ms);
  if (delays_ms_.size() > kDelaysMax) delays_ms_.pop_front();
  hold(*std::move(article), record_ms);
  return true;
}

bool Model::add_duplicate(std::int64_t record_ms, std::string_view value) {
  std::optional<HeldArticle> copy = read_duplicate(value);
  if (!copy) {
    ++unreadable_;
    return false;
  }
  ++minute_of(record_ms).copies;
  hold(*std::move(copy), record_ms);
  return true;
}

void Model::hold(HeldArticle article, std::int64_t record_ms) {
  if (places_.contains(article.place)) return;  // at least once, or read again
  article.seq = next_seq_++;
  article.record_ms = record_ms;
  newest_record_ms_ = std::max(newest_record_ms_, record_ms);
  tick(article.published_ms);
  version_.feed = article.seq;
  index(article);
  articles_.emplace(article.seq, std::move(article));
  evict();
}

void Model::index(const HeldArticle& article) {
  places_.emplace(article.place, article.seq);
  if (!article.story.empty()) stories_[article.story].insert(article.seq);
  if (article.is_copy || !(article.is_move() || !article.pairs.empty())) {
    calm_.push_back(article.seq);
    calm_bytes_ += article.bytes();
  } else {
    tense_.push_back(article.seq);
    tense_bytes_ += article.bytes();
  }
  for (const std::string& key : article.pairs) {
    const auto pair = pairs_.find(key);
    if (pair != pairs_.end()) pair->second.articles.push_back(article.seq);
  }
}

void Model::evict() {
  const std::int64_t oldest_ms = newest_record_ms_ - limits_.history.count();
  for (auto* queue : {&calm_, &tense_}) {
    std::size_t& sum = queue == &calm_ ? calm_bytes_ : tense_bytes_;
    while (!queue->empty() && articles_.at(queue->front()).record_ms < oldest_ms) {
      drop(*queue, sum);
    }
  }
  while (bytes() > limits_.memory_bytes_max) {
    const bool is_calm =
        tense_.empty() || (calm_bytes_ > limits_.memory_bytes_max / kCalmShare && !calm_.empty());
    drop(is_calm ? calm_ : tense_, is_calm ? calm_bytes_ : tense_bytes_);
  }
}

void Model::drop(std::deque<std::uint64_t>& queue, std::size_t& sum) {
  const auto found = articles_.find(queue.front());
  const HeldArticle& article = found->second;
  sum -= article.bytes();
  places_.erase(article.place);
  if (const auto story = stories_.find(article.story); story != stories_.end()) {
    story->second.erase(article.seq);
    if (story->second.empty()) stories_.erase(story);
  }
  for (const std::string& key : article.pairs) {
    const auto pair = pairs_.find(key);
    if (pair == pairs_.end()) continue;
    std::deque<std::uint64_t>& seqs = pair->second.articles;
    while (!seqs.empty() && seqs.front() <= article.seq) seqs.pop_front();
  }
  articles_.erase(found);
  queue.pop_front();
}

const HeldArticle* Model::find(const std::string& place) const {
  const auto found = places_.find(place);
  return found == places_.end() ? nullptr : &articles_.at(found->second);
}

// ---- counts

Model::Minute& Model::minute_of(std::int64_t record_ms) {
  const std::int64_t minute = record_ms / kMinuteMs;
  auto place = std::lower_bound(minutes_.begin(), minutes_.end(), minute,
                                [](const Minute& a, std::int64_t b) { return a.minute < b; });
  if (place != minutes_.end() && place->minute == minute) return *place;
  if (minutes_.size() >= kMinutesMax) {
    if (place == minutes_.begin()) return minutes_.front();  // older than all that is counted
    minutes_.pop_front();
    place = std::lower_bound(minutes_.begin(), minutes_.end(), minute,
                             [](const Minute& a, std::int64_t b) { return a.minute < b; });
  }
  return *minutes_.insert(place, Minute{minute});
}

void Model::add_dead_letter(std::int64_t record_ms, const RecordHeaders& headers,
                            std::string_view value) {
  HeldDeadLetter letter = read_dead_letter(headers, value);
  letter.seq = ++version_.dead;
  letter.record_ms = record_ms;
  ++minute_of(record_ms).dead;
  dead_.push_back(std::move(letter));
  if (dead_.size() > kDeadLettersMax) dead_.pop_front();
}

// ---- pairs

bool Model::add_pair(std::string_view key, std::string_view value) {
  if (key.starts_with('!')) return true;
  ++version_.pairs;
  if (value.empty()) {
    pairs_.erase(std::string(key));
    return true;
  }
  std::optional<PairRecord> record = read_pair(value);
  if (!record) {
    ++unreadable_;
    return false;
  }
  const PairPoint point = record->point;
  tick(point.hour_ms);
  const auto [place, is_new] = pairs_.try_emplace(key_of(record->ids));
  HeldPair& pair = place->second;
  if (is_new) {
    for (const auto& [seq, article] : articles_) {
      if (std::find(article.pairs.begin(), article.pairs.end(), place->first) !=
          article.pairs.end()) {
        pair.articles.push_back(seq);
      }
    }
  }
  pair.latest = *std::move(record);
  while (!pair.points.empty() && pair.points.back().hour_ms >= point.hour_ms) {
    pair.points.pop_back();  // the hour again, or the alert engine began again
  }
  pair.points.push_back(point);
  if (pair.points.size() > kPointsMax) pair.points.pop_front();
  if (pairs_.size() > kPairsMax) forget_calmest_pair();
  return true;
}

void Model::forget_calmest_pair() {
  const auto calmest =
      std::min_element(pairs_.begin(), pairs_.end(), [this](const auto& a, const auto& b) {
        return level_at(a.second, clock_ms_) < level_at(b.second, clock_ms_);
      });
  pairs_.erase(calmest);
}

// As the alert engine lets it decay: halved every six hours since the point.
double Model::level_at(const HeldPair& pair, std::int64_t time_ms) {
  constexpr double kHalfLifeMs = 6 * 3'600'000.0;
  const auto after = std::upper_bound(
      pair.points.begin(), pair.points.end(), time_ms,
      [](std::int64_t time, const PairPoint& point) { return time < point.hour_ms; });
  if (after == pair.points.begin()) return 0;
  const PairPoint& point = *std::prev(after);
  return point.level * std::exp2(-static_cast<double>(time_ms - point.hour_ms) / kHalfLifeMs);
}

// ---- alerts

bool Model::add_alert(std::string_view value) {
  std::optional<AlertRevision> revision = read_alert(value);
  if (!revision) {
    ++unreadable_;
    return false;
  }
  tick(revision->time_ms);
  HeldAlert& alert = alerts_[revision->id];
  if (!alert.revisions.empty() && alert.revisions.back().revision >= revision->revision) {
    return true;  // again
  }
  if (alert.revisions.empty()) alert.opened_ms = revision->time_ms;
  alert.touched = ++version_.alerts;
  alert.revisions.push_back(*std::move(revision));
  if (alert.revisions.size() > kRevisionsMax) alert.revisions.erase(alert.revisions.begin() + 1);
  if (alerts_.size() > kAlertsMax) forget_oldest_alert();
  return true;
}

void Model::forget_oldest_alert() {
  const auto oldest =
      std::min_element(alerts_.begin(), alerts_.end(), [](const auto& a, const auto& b) {
        return std::pair(a.second.is_open(), a.second.touched) <
               std::pair(b.second.is_open(), b.second.touched);
      });
  alerts_.erase(oldest);
}

// ---- the rest

void Model::add_name(std::string_view id, std::string_view name, std::string_view type) {
  static_cast<void>(names_.add(id, name, type));
}

void Model::set_lag(const Lag& lag) {
  lag_ = lag;
  ++version_.state;
}

void Model::set_reading(ReadingState reading) {
  reading_ = std::move(reading);
  ++version_.state;
}

void Model::set_silences(std::vector<Silence> silences) {
  if (silences == silences_) return;
  silences_ = std::move(silences);
  ++version_.alerts;
}

}  // namespace tocsin::page
