// Alerts and pairs as people and programs read them (docs/records.md, "Alert", "Pair").
#include <string>

#include "pipeline/alerts/alert_engine.h"
#include "pipeline/decode/decode.h"
#include "pipeline/encode/json_writer.h"
#include "pipeline/text/ascii.h"
#include "pipeline/text/code_points.h"

namespace tocsin {
namespace {

constexpr std::size_t kSentenceBytesMax = 220;

void dyad_fields(JsonWriter& json, const PairName& name) {
  json.key("pair").open_array();
  json.string(name.first);
  if (!name.second.empty()) json.string(name.second);
  json.close_array();
  json.key("codes").open_array();
  json.string(name.first_code);
  if (!name.second.empty()) json.string(name.second_code);
  json.close_array();
}

void tenths(JsonWriter& json, std::string_view key, std::uint32_t value) {
  json.key(key).fixed(static_cast<double>(value) / 10, 1);
}

void z_field(JsonWriter& json, const PairFigures& figures) {
  json.key("z");
  if (figures.z) {
    json.fixed(static_cast<double>(*figures.z) / 100, 2);
  } else {
    json.null();
  }
}

std::string_view severity_of(const Alert& alert, const AlertRule& rule) {
  if (!rule.severity.empty()) return rule.severity;
  if (alert.level >= Level::high) return "critical";
  return alert.level == Level::medium ? "warning" : "info";
}

std::string count_of(std::size_t count, std::string_view noun) {
  return std::to_string(count) + ' ' + std::string(noun) + (count == 1 ? "" : "s");
}

void evidence_items(JsonWriter& json, const Alert& alert) {
  for (const AlertEvidence& evidence : alert.evidence) {
    json.open_object();
    json.key("title").string(evidence.title);
    if (!evidence.url.empty()) json.key("url").string(evidence.url);
    json.key("text").string(evidence.text);
    json.key("rule").string(evidence.rule);
    json.key("id").string(evidence.article_id);
    json.close_object();
  }
}

}  // namespace

std::string sentence_of(const Alert& alert, AlertChange change) {
  std::string between = alert.pair.first_name;
  if (!alert.pair.second.empty()) between += " – " + alert.pair.second_name;
  if (change == AlertChange::closed) {
    return "Closed: " + between + ", " +
           (alert.closed_reason == CloseReason::cooperation
                ? "they come to terms (" + alert.calm_title + ")"
                : "quiet now") +
           ". Was " + std::string(name(alert.level)) + ", " + count_of(alert.articles, "article") +
           " since " + format_time(alert.first_seen_ms) + ".";
  }
  std::string head = ascii_upper(name(alert.level)) + ' ' + between + ": ";
  std::string tail = " (" + count_of(alert.outlets.size(), "outlet") +
                     (alert.realised ? ", a threat was carried out)" : ")");
  std::string title;
  if (!alert.evidence.empty()) {
    const AlertEvidence& best = alert.evidence.front();
    title = best.title.empty() ? best.text : best.title;
  }
  if (head.size() + title.size() + tail.size() > kSentenceBytesMax) {
    const std::size_t room = kSentenceBytesMax - head.size() - tail.size() - 3;
    title = std::string(beginning_of(title, room)) + "…";
  }
  return head + title + tail;
}

std::string encode_alert(const Alert& alert, AlertChange change, const AlertRule& rule,
                         const PairFigures& figures, std::int64_t now_ms,
                         std::int64_t ledger_offset, AlertDetail detail) {
  const bool is_whole = detail == AlertDetail::whole;
  std::string out;
  JsonWriter json(out);
  json.open_object();
  json.key("schema").string("tocsin.alert/1");
  json.key("alert_id").string(story_id(alert.id));
  json.key("revision").integer(alert.revision);
  json.key("state").string(name(change));
  json.key("rule").string(alert.rule);
  json.key("severity").string(severity_of(alert, rule));
  json.key("level").string(name(alert.level));
  json.key("labels").open_object();
  for (const auto& [label, value] : rule.labels) json.key(label).string(value);
  json.close_object();
  json.key("dyad").open_object();
  dyad_fields(json, alert.pair);
  json.close_object();
  json.key("stories").open_array();
  if (is_whole) {
    for (const std::uint64_t story : alert.stories) json.string(story_id(story));
  }
  json.close_array();
  tenths(json, "score", alert.score(now_ms));
  z_field(json, figures);
  json.key("burst").boolean(figures.burst);
  json.key("articles").integer(alert.articles);
  json.key("outlets").integer(static_cast<std::int64_t>(alert.outlets.size()));
  json.key("threat_realised").boolean(alert.realised);
  json.key("sentence").string(sentence_of(alert, change));
  json.key("evidence").open_array();
  if (is_whole) evidence_items(json, alert);
  json.close_array();
  json.key("first_seen").string(format_time(alert.first_seen_ms));
  json.key("last_seen").string(format_time(alert.last_seen_ms));
  if (change == AlertChange::closed) json.key("closed_reason").string(name(alert.closed_reason));
  if (change == AlertChange::updated) {
    json.key("update_reason").string(name(alert.update_reason));
  }
  json.key("time").string(format_time(now_ms));
  json.key("ledger_offset").integer(ledger_offset);
  json.close_object();
  return out;
}

std::string encode_pair(const PairSeries& series, const PairFigures& figures, Hour hour) {
  std::string out;
  JsonWriter json(out);
  json.open_object();
  json.key("schema").string("tocsin.pair/1");
  dyad_fields(json, series.name);
  json.key("hour").string(format_time(hour * kHourMs));
  tenths(json, "level", figures.level);
  tenths(json, "baseline", figures.baseline);
  z_field(json, figures);
  tenths(json, "threat", figures.threat);
  tenths(json, "act", figures.act);
  tenths(json, "cooperation", figures.cooperation);
  json.key("share").fixed(static_cast<double>(figures.share_per_mille) / 1000, 3);
  json.key("articles").integer(static_cast<std::int64_t>(figures.articles));
  json.key("stories").integer(static_cast<std::int64_t>(figures.stories));
  json.key("outlets").integer(figures.outlets);
  json.key("burst").boolean(figures.burst);
  if (series.last_threat_ms != 0) {
    json.key("last_threat").string(format_time(series.last_threat_ms));
  }
  json.key("threat_realised").boolean(series.threat_realised_ms != 0);
  json.close_object();
  return out;
}

}  // namespace tocsin
