// The views of the model, as JSON (docs/page.md, "Routes").
#include <algorithm>
#include <array>
#include <cmath>

#include "daemon/page/model.h"
#include "pipeline/encode/json_writer.h"

namespace tocsin::page {
namespace {

constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int64_t kHourMs = 60 * kMinuteMs;
constexpr std::int64_t kSparkHours = 48;
constexpr std::size_t kPairsShown = 300;
constexpr std::size_t kAlertsShown = 300;
constexpr std::size_t kNamesShown = 60;
constexpr std::size_t kDeadShown = 100;
constexpr std::int64_t kStepsMax = 720;  // of a series
constexpr std::size_t kStoryRowsMax = 300;

void splice(std::string& out, std::string_view json) {
  if (out.back() != '[' && out.back() != '{' && out.back() != ':') out += ',';
  out += json;
}

bool has_all(std::string_view text, const std::vector<std::string>& parts) {
  return std::all_of(parts.begin(), parts.end(), [&](const std::string& part) {
    return text.find(part) != std::string_view::npos;
  });
}

// Levels of a pair that halve together, at a time after their point.
double fading(const PairPoint& point, std::int64_t time_ms) {
  constexpr double kHalfLifeMs = 6.0 * kHourMs;
  return std::exp2(-static_cast<double>(time_ms - point.hour_ms) / kHalfLifeMs);
}

}  // namespace

// ---- feed

bool Model::is_wanted(const HeldArticle& article, const FeedQuery& query) const {
  switch (query.show) {
    case Show::moves:
      if (article.is_copy || !article.is_move()) return false;
      break;
    case Show::escalations:
      if (article.is_copy || article.level == 0) return false;
      break;
    case Show::easings:
      if (article.is_copy || !article.is_easing) return false;
      break;
    case Show::all:
      if (article.is_copy) return false;
      break;
    case Show::copies:
      if (!article.is_copy) return false;
      break;
  }
  return article.level >= query.level_min && has_all(article.facets, query.facets) &&
         article.source.find(query.source) != std::string::npos &&
         has_all(article.search, query.words) &&
         (query.pair.empty() ||
          std::find(article.pairs.begin(), article.pairs.end(), query.pair) != article.pairs.end());
}

void Model::write_rows(std::string& out, const Rows& rows) const {
  for (const HeldArticle* article : rows) {
    splice(out, "{\"seq\":" + std::to_string(article->seq) +
                    ",\"at\":" + std::to_string(article->record_ms));
    if (article->is_copy) out += ",\"copy\":true";
    out += ',';
    out.append(article->summary, 1);
  }
}

std::string Model::feed(const FeedQuery& query) const {
  Rows rows;
  bool has_more = false;
  auto place = query.before == 0 ? articles_.end() : articles_.lower_bound(query.before);
  while (place != articles_.begin()) {
    --place;
    if (place->first <= query.after) break;
    if (!is_wanted(place->second, query)) continue;
    if (rows.size() == std::min(query.rows_max, FeedQuery::kRowsMax)) {
      has_more = true;
      break;
    }
    rows.push_back(&place->second);
  }
  std::string out;
  JsonWriter json(out);
  json.open_object();
  json.key("newest").integer(static_cast<std::int64_t>(version_.feed));
  json.key("more").boolean(has_more);
  json.key("held").integer(static_cast<std::int64_t>(articles_.size()));
  json.key("rows").open_array();
  write_rows(out, rows);
  json.close_array();
  json.close_object();
  return out;
}

std::string Model::article(const std::string& place) const {
  const HeldArticle* article = find(place);
  if (article == nullptr) return "";
  std::string out = "{\"row\":";
  Rows rows = {article};
  write_rows(out, rows);
  if (!article->raw.empty()) out += ",\"record\":" + article->raw;
  return out + "}";
}

std::string Model::story(const std::string& id) const {
  const auto found = stories_.find(id);
  if (found == stories_.end()) return "";
  Rows rows;
  std::map<std::string, std::size_t> outlets;
  for (const std::uint64_t seq : found->second) {
    const HeldArticle& article = articles_.at(seq);
    ++outlets[article.outlet];
    if (rows.size() < kStoryRowsMax) rows.push_back(&article);
  }
  std::stable_sort(rows.begin(), rows.end(), [](const HeldArticle* a, const HeldArticle* b) {
    return a->published_ms < b->published_ms;
  });
  std::string out;
  JsonWriter json(out);
  json.open_object();
  json.key("id").string(id);
  json.key("held").integer(static_cast<std::int64_t>(found->second.size()));
  json.key("outlets").open_array();
  for (const auto& [name, count] : outlets) {
    json.open_object();
    json.key("name").string(name);
    json.key("articles").integer(static_cast<std::int64_t>(count));
    json.close_object();
  }
  json.close_array();
  json.key("rows").open_array();
  write_rows(out, rows);
  json.close_array();
  json.close_object();
  return out;
}

// ---- pairs

std::int64_t Model::hour_now() const {
  return clock_ms_ - clock_ms_ % kHourMs;
}

void Model::write_names(std::string& out, const std::vector<std::string>& ids) const {
  JsonWriter json(out);
  json.key("names").open_array();
  for (const std::string& id : ids) json.string(names_.name_of(id));
  json.close_array();
  json.key("types").open_array();
  for (const std::string& id : ids) json.string(names_.type_of(id));
  json.close_array();
}

void Model::write_pair(std::string& out, const std::string& key, const HeldPair& pair,
                       std::int64_t since_ms) const {
  const PairRecord& latest = pair.latest;
  const double fade = fading(latest.point, std::max(clock_ms_, latest.point.hour_ms));
  JsonWriter json(out);
  json.key("key").string(key);
  json.key("ids").open_array();
  for (const std::string& id : latest.ids) json.string(id);
  json.close_array();
  json.key("codes").open_array();
  for (const std::string& code : latest.codes) json.string(code);
  json.close_array();
  write_names(out, latest.ids);
  json.key("hour").integer(latest.point.hour_ms);
  json.key("level").fixed(level_at(pair, clock_ms_), 1);
  json.key("before").fixed(level_at(pair, since_ms), 1);
  json.key("baseline").fixed(latest.point.baseline, 1);
  json.key("threat").fixed(latest.point.threat * fade, 1);
  json.key("act").fixed(latest.point.act * fade, 1);
  json.key("cooperation").fixed(latest.point.cooperation * fade, 1);
  json.key("z");
  if (latest.z) {
    json.fixed(*latest.z, 2);
  } else {
    json.null();
  }
  json.key("burst").boolean(latest.is_burst);
  json.key("articles").integer(latest.point.articles);
  json.key("stories").integer(latest.stories);
  json.key("outlets").integer(latest.outlets);
  if (latest.last_threat_ms != 0) json.key("last_threat").integer(latest.last_threat_ms);
  json.key("realised").boolean(latest.is_realised);
}

std::string Model::pairs(std::int64_t since_ms) const {
  std::vector<std::pair<double, const std::string*>> ranked;
  for (const auto& [key, pair] : pairs_) {
    const double level = std::max(level_at(pair, clock_ms_), level_at(pair, since_ms));
    if (level >= 0.05) ranked.emplace_back(-level, &key);
  }
  std::sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first < b.first : *a.second < *b.second;
  });
  if (ranked.size() > kPairsShown) ranked.resize(kPairsShown);
  std::string out;
  JsonWriter json(out);
  json.open_object();
  json.key("version").integer(static_cast<std::int64_t>(version_.pairs));
  json.key("clock").integer(clock_ms_);
  json.key("since").integer(since_ms);
  json.key("pairs").open_array();
  for (const auto& [level, key] : ranked) {
    const HeldPair& pair = pairs_.at(*key);
    json.open_object();
    write_pair(out, *key, pair, since_ms);
    json.key("spark").open_array();
    for (std::int64_t hour = kSparkHours - 1; hour >= 0; --hour) {
      json.fixed(level_at(pair, hour_now() - hour * kHourMs), 1);
    }
    json.close_array();
    json.close_object();
  }
  json.close_array();
  json.close_object();
  return out;
}

std::string Model::pair(const std::string& key, std::int64_t hours) const {
  const auto found = pairs_.find(key);
  if (found == pairs_.end()) return "";
  const HeldPair& pair = found->second;
  const std::int64_t step = (hours + kStepsMax - 1) / kStepsMax;
  const std::int64_t begin_ms = hour_now() - (hours - hours % step) * kHourMs;
  std::string out;
  JsonWriter json(out);
  json.open_object();
  write_pair(out, key, pair, clock_ms_ - 24 * kHourMs);
  json.key("clock").integer(clock_ms_);
  json.key("begin").integer(begin_ms);
  json.key("step").integer(step * kHourMs);
  // level, baseline, threat, act, cooperation of each step: the highest within it
  json.key("series").open_array();
  auto next = pair.points.begin();
  const PairPoint* point = nullptr;
  for (std::int64_t time = begin_ms; time <= hour_now(); time += step * kHourMs) {
    std::array<double, 5> most{};
    const auto take = [&](const PairPoint& at, std::int64_t when) {
      const double fade = fading(at, when);
      most = {std::max(most[0], at.level * fade), at.baseline, std::max(most[2], at.threat * fade),
              std::max(most[3], at.act * fade), std::max(most[4], at.cooperation * fade)};
    };
    if (point != nullptr) take(*point, time);
    for (; next != pair.points.end() && next->hour_ms < time + step * kHourMs; ++next) {
      point = &*next;
      take(*point, std::max(point->hour_ms, time));
    }
    json.open_array();
    for (const double value : most) json.fixed(value, 1);
    json.close_array();
  }
  json.close_array();
  json.key("alerts").open_array();
  for (const auto& [id, alert] : alerts_) {
    if (key_of(alert.revisions.front().ids) != key) continue;
    json.open_object();
    json.key("id").string(id);
    json.key("rule").string(alert.revisions.back().rule);
    json.key("level").string(alert.revisions.back().level);
    json.key("opened").integer(alert.opened_ms);
    if (!alert.is_open()) json.key("closed").integer(alert.revisions.back().time_ms);
    json.close_object();
  }
  json.close_array();
  Rows rows;
  for (auto seq = pair.articles.rbegin(); seq != pair.articles.rend(); ++seq) {
    const auto article = articles_.find(*seq);
    if (article == articles_.end() || article->second.published_ms < begin_ms) continue;
    rows.push_back(&article->second);
    if (rows.size() == FeedQuery::kRowsMax) break;
  }
  json.key("rows").open_array();
  write_rows(out, rows);
  json.close_array();
  json.close_object();
  return out;
}

// ---- alerts

void Model::write_alert(std::string& out, const HeldAlert& alert, std::int64_t now_ms) const {
  const AlertRevision& last = alert.revisions.back();
  JsonWriter json(out);
  json.key("id").string(last.id);
  json.key("key").string(key_of(last.ids));
  write_names(out, last.ids);
  json.key("opened").integer(alert.opened_ms);
  json.key("touched").integer(static_cast<std::int64_t>(alert.touched));
  const AlertFacts facts{last.ids, last.codes, last.rule, last.level};
  for (const Silence& silence : silences_) {
    if (!holds(silence, facts, now_ms)) continue;
    json.key("silenced").open_object();
    json.key("by").string(silence.by);
    json.key("why").string(silence.why);
    json.key("until").integer(silence.until_ms);
    json.close_object();
    break;
  }
  json.key("record");
  out += last.raw;
}

std::string Model::alerts(std::int64_t now_ms, bool with_closed) const {
  std::vector<const HeldAlert*> shown;
  std::size_t open = 0;
  for (const auto& [id, alert] : alerts_) {
    open += alert.is_open() ? 1 : 0;
    if (alert.is_open() || with_closed) shown.push_back(&alert);
  }
  std::sort(shown.begin(), shown.end(), [](const HeldAlert* a, const HeldAlert* b) {
    const auto rank = [](const HeldAlert* alert) {
      return std::tuple(alert->is_open(),
                        alert->is_open() ? rank_of_level(alert->revisions.back().level) : 0,
                        alert->touched);
    };
    return rank(a) > rank(b);
  });
  if (shown.size() > kAlertsShown) shown.resize(kAlertsShown);
  std::string out;
  JsonWriter json(out);
  json.open_object();
  json.key("version").integer(static_cast<std::int64_t>(version_.alerts));
  json.key("open").integer(static_cast<std::int64_t>(open));
  json.key("held").integer(static_cast<std::int64_t>(alerts_.size()));
  json.key("alerts").open_array();
  for (const HeldAlert* alert : shown) {
    json.open_object();
    write_alert(out, *alert, now_ms);
    json.close_object();
  }
  json.close_array();
  json.close_object();
  return out;
}

std::string Model::alert(const std::string& id, std::int64_t now_ms) const {
  const auto found = alerts_.find(id);
  if (found == alerts_.end()) return "";
  const HeldAlert& alert = found->second;
  std::string out;
  JsonWriter json(out);
  json.open_object();
  write_alert(out, alert, now_ms);
  json.key("revisions").open_array();
  for (const AlertRevision& revision : alert.revisions) splice(out, revision.raw);
  json.close_array();
  std::set<std::uint64_t> seqs;
  const std::string key = key_of(alert.revisions.back().ids);
  for (const AlertRevision& revision : alert.revisions) {
    for (const std::string& story : revision.stories) {
      const auto held = stories_.find(story);
      if (held != stories_.end()) seqs.insert(held->second.begin(), held->second.end());
    }
  }
  Rows rows;
  for (auto seq = seqs.rbegin(); seq != seqs.rend() && rows.size() < FeedQuery::kRowsMax; ++seq) {
    const HeldArticle& article = articles_.at(*seq);
    if (!article.is_copy) rows.push_back(&article);
  }
  json.key("rows").open_array();
  write_rows(out, rows);
  json.close_array();
  json.close_object();
  return out;
}

// ---- names and the pipeline

std::string Model::names(std::int64_t hours) const {
  struct Count {
    std::size_t articles = 0;
    std::size_t tense = 0;
  };
  std::unordered_map<std::uint32_t, Count> counts;
  const std::int64_t since_ms = clock_ms_ - hours * kHourMs;
  for (const auto& [seq, article] : articles_) {
    if (article.is_copy || article.published_ms < since_ms) continue;
    for (const std::uint32_t name : article.names) {
      ++counts[name].articles;
      counts[name].tense += article.level > 0 ? 1 : 0;
    }
  }
  std::vector<std::pair<std::uint32_t, Count>> ranked(counts.begin(), counts.end());
  std::sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) {
    return std::tuple(b.second.tense, b.second.articles, a.first) <
           std::tuple(a.second.tense, a.second.articles, b.first);
  });
  if (ranked.size() > kNamesShown) ranked.resize(kNamesShown);
  std::string out;
  JsonWriter json(out);
  json.open_object();
  json.key("hours").integer(hours);
  json.key("names").open_array();
  for (const auto& [index, count] : ranked) {
    const Name& name = names_.at(index);
    json.open_object();
    json.key("id").string(name.id);
    json.key("name").string(name.name);
    json.key("type").string(name.type);
    json.key("articles").integer(static_cast<std::int64_t>(count.articles));
    json.key("tense").integer(static_cast<std::int64_t>(count.tense));
    json.close_object();
  }
  json.close_array();
  json.close_object();
  return out;
}

std::string Model::status(std::int64_t now_ms) const {
  const auto integer = [](auto value) { return static_cast<std::int64_t>(value); };
  // Of the last full minute, and of all minutes that are counted.
  std::int64_t last = 0;
  std::array<std::uint64_t, 4> sums{};
  for (const Minute& minute : minutes_) {
    sums[0] += minute.news;
    sums[1] += minute.copies;
    sums[2] += minute.dead;
    sums[3] += minute.tense;
    if (minute.minute == now_ms / kMinuteMs - 1) {
      last = integer(minute.news + minute.copies + minute.dead);
    }
  }
  std::vector<std::int64_t> delays(delays_ms_.begin(), delays_ms_.end());
  std::sort(delays.begin(), delays.end());
  std::string out;
  JsonWriter json(out);
  json.open_object();
  json.key("now").integer(now_ms);
  json.key("clock").integer(clock_ms_);
  json.key("caught_up").boolean(reading_.is_caught_up);
  if (!reading_.fault.empty()) json.key("fault").string(reading_.fault);
  json.key("held").integer(integer(articles_.size()));
  json.key("bytes").integer(integer(bytes()));
  json.key("bytes_max").integer(integer(limits_.memory_bytes_max));
  json.key("history_hours").integer(limits_.history.count() / kHourMs);
  json.key("newest").integer(newest_record_ms_);
  json.key("per_second").fixed(static_cast<double>(last) / 60, 1);
  json.key("news").integer(integer(sums[0]));
  json.key("copies").integer(integer(sums[1]));
  json.key("dead").integer(integer(sums[2]));
  json.key("tense").integer(integer(sums[3]));
  json.key("unreadable").integer(integer(unreadable_));
  if (lag_.is_known) {
    json.key("lag").integer(lag_.records);
    if (lag_.seconds) json.key("lag_seconds").fixed(*lag_.seconds, 1);
  }
  if (!delays.empty()) {
    json.key("delay_median").fixed(static_cast<double>(delays[delays.size() / 2]) / 1000, 1);
    json.key("delay_p95").fixed(static_cast<double>(delays[delays.size() * 95 / 100]) / 1000, 1);
  }
  json.close_object();
  return out;
}

std::string Model::pipeline(std::int64_t now_ms) const {
  std::string out;
  JsonWriter json(out);
  json.open_object();
  json.key("status");
  out += status(now_ms);
  json.key("minutes").open_array();  // minute, news, copies, dead letters
  for (const Minute& minute : minutes_) {
    json.open_array();
    json.integer(minute.minute * kMinuteMs);
    for (const std::uint64_t count : {minute.news, minute.copies, minute.dead}) {
      json.integer(static_cast<std::int64_t>(count));
    }
    json.close_array();
  }
  json.close_array();
  std::map<std::string, std::int64_t> codes;
  for (const HeldDeadLetter& letter : dead_) ++codes[letter.code];
  json.key("codes").open_array();
  for (const auto& [code, count] : codes) {
    json.open_object();
    json.key("code").string(code);
    json.key("count").integer(count);
    json.close_object();
  }
  json.close_array();
  json.key("dead").open_array();
  std::size_t shown = 0;
  for (auto letter = dead_.rbegin(); letter != dead_.rend() && shown < kDeadShown;
       ++letter, ++shown) {
    json.open_object();
    json.key("at").integer(letter->record_ms);
    json.key("stage").string(letter->stage);
    json.key("code").string(letter->code);
    json.key("message").string(letter->message);
    json.key("place").string(letter->place);
    json.key("size").integer(static_cast<std::int64_t>(letter->size));
    json.key("beginning").string(letter->beginning);
    json.close_object();
  }
  json.close_array();
  json.close_object();
  return out;
}

}  // namespace tocsin::page
