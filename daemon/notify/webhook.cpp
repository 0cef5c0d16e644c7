#include "daemon/notify/webhook.h"

#include <simdjson.h>

#include <algorithm>
#include <array>

#include "daemon/hmac.h"
#include "pipeline/decode/decode.h"
#include "pipeline/encode/json_writer.h"
#include "pipeline/text/code_points.h"

namespace tocsin {
namespace {

constexpr std::string_view kSchema = "tocsin.alert/1";
constexpr std::size_t kSummaryBytesMax = 1024;  // PagerDuty's limit, in characters
constexpr std::size_t kEvidenceMax = 3;

std::string text_at(const simdjson::dom::element& parent, const char* key) {
  std::string_view text;
  return std::string(parent[key].get(text) == simdjson::SUCCESS ? text : std::string_view{});
}

// Goes into a header: no spaces, no line breaks.
bool is_token(std::string_view id) {
  return !id.empty() && std::all_of(id.begin(), id.end(), [](char c) {
    return static_cast<unsigned char>(c) > 0x20 && static_cast<unsigned char>(c) < 0x7F;
  });
}

bool is_web_address(std::string_view url) {
  return parse_url(url.substr(0, url.find('#'))).has_value() &&
         url.find_first_of("<>|\" ") == std::string_view::npos;
}

void read_evidence(const simdjson::dom::element& record, ReceivedAlert& alert) {
  simdjson::dom::array pieces;
  if (record["evidence"].get(pieces) != simdjson::SUCCESS) return;
  for (const simdjson::dom::element piece : pieces) {
    if (alert.evidence.size() == kEvidenceMax) return;
    ReceivedAlert::Evidence evidence{text_at(piece, "title"), text_at(piece, "url")};
    if (!is_web_address(evidence.url)) evidence.url.clear();
    alert.evidence.push_back(std::move(evidence));
  }
}

std::vector<std::string> texts_at(const simdjson::dom::element& record, const char* pointer) {
  simdjson::dom::array items;
  std::vector<std::string> texts;
  if (record.at_pointer(pointer).get(items) != simdjson::SUCCESS) return texts;
  for (const simdjson::dom::element item : items) {
    std::string_view text;
    if (item.get(text) == simdjson::SUCCESS && !text.empty()) texts.emplace_back(text);
  }
  return texts;
}

// Slack's three control characters (api.slack.com, "Escaping text").
std::string slack_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else {
      out += c;
    }
  }
  return out;
}

std::string slack_body(const ReceivedAlert& alert) {
  std::string text = "*" + slack_escaped(alert.severity) + ", " + slack_escaped(alert.state) +
                     "* " + slack_escaped(alert.sentence);
  for (const ReceivedAlert::Evidence& evidence : alert.evidence) {
    const std::string title = slack_escaped(evidence.title);
    text += "\n• " +
            (evidence.url.empty() ? title : "<" + slack_escaped(evidence.url) + "|" + title + ">");
  }
  std::string body;
  JsonWriter json(body);
  json.open_object();
  json.key("text").string(text);
  json.close_object();
  return body;
}

std::string_view pagerduty_severity(const std::string& severity) {
  if (severity == "critical") return "critical";
  if (severity == "high") return "error";
  return severity == "medium" ? "warning" : "info";
}

std::string pagerduty_body(const ReceivedAlert& alert, const std::string& routing_key,
                           const std::string& source) {
  std::string body;
  JsonWriter json(body);
  json.open_object();
  json.key("routing_key").string(routing_key);
  json.key("event_action").string(alert.is_closed() ? "resolve" : "trigger");
  json.key("dedup_key").string(alert.id);
  json.key("payload").open_object();
  json.key("summary").string(
      beginning_of(alert.sentence.empty() ? alert.rule : alert.sentence, kSummaryBytesMax));
  json.key("source").string(source);
  json.key("severity").string(pagerduty_severity(alert.severity));
  if (!alert.last_seen.empty()) json.key("timestamp").string(alert.last_seen);
  json.key("class").string(alert.rule);
  if (!alert.codes.empty()) json.key("group").string(alert.codes);
  json.key("custom_details");
  body += alert.json;
  json.close_object();
  json.key("links").open_array();
  for (const ReceivedAlert::Evidence& evidence : alert.evidence) {
    if (evidence.url.empty()) continue;
    json.open_object();
    json.key("href").string(evidence.url);
    json.key("text").string(evidence.title);
    json.close_object();
  }
  json.close_array();
  json.close_object();
  return body;
}

}  // namespace

std::optional<ReceivedAlert> read_alert(std::string_view bytes) {
  simdjson::dom::parser parser;
  simdjson::dom::element record;
  if (parser.parse(bytes.data(), bytes.size()).get(record) != simdjson::SUCCESS ||
      text_at(record, "schema") != kSchema) {
    return std::nullopt;
  }
  ReceivedAlert alert;
  alert.id = text_at(record, "alert_id");
  alert.state = text_at(record, "state");
  if (!is_token(alert.id) || !is_token(alert.state) ||
      record["revision"].get(alert.revision) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  alert.rule = text_at(record, "rule");
  alert.severity = text_at(record, "severity");
  alert.sentence = text_at(record, "sentence");
  alert.last_seen = text_at(record, "last_seen");
  alert.facts = {texts_at(record, "/dyad/pair"), texts_at(record, "/dyad/codes"), alert.rule,
                 text_at(record, "level")};
  for (const std::string& code : alert.facts.codes) {
    alert.codes += (alert.codes.empty() ? "" : "-") + code;
  }
  read_evidence(record, alert);
  alert.json = bytes;
  return alert;
}

namespace {

// An alert of notify's own.
struct OwnAlert {
  std::string id;
  std::string rule;
  std::string severity;
  std::string sentence;
  bool is_closed = false;
  bool is_test = false;
  std::int64_t revision = 0;  // Unix seconds
};

std::string json_of(const OwnAlert& alert) {
  std::string out;
  JsonWriter json(out);
  json.open_object();
  json.key("schema").string(kSchema);
  json.key("alert_id").string(alert.id);
  json.key("revision").integer(alert.revision);
  json.key("state").string(alert.is_closed ? "closed" : "opened");
  json.key("rule").string(alert.rule);
  json.key("severity").string(alert.severity);
  if (alert.is_test) json.key("test").boolean(true);
  json.key("sentence").string(alert.sentence);
  json.key("last_seen").string(format_time(alert.revision * 1000));
  json.close_object();
  return out;
}

}  // namespace

std::string silence_alert(const std::string& group, bool is_closed, std::int64_t revision,
                          std::chrono::seconds silent_for) {
  const std::string sentence =
      is_closed
          ? "tocsin (group " + group + ") is back: its ledger brings ticks again."
          : "tocsin (group " + group + ") is silent: no tick in its ledger for " +
                std::to_string(silent_for.count()) + " s. No alert can be raised until it is back.";
  return json_of({"tocsin.silent." + group, "notify.silence", "critical", sentence, is_closed,
                  false, revision});
}

std::string undelivered_alert(const std::string& group, const std::string& target, bool is_closed,
                              std::int64_t revision, const ReceivedAlert& given_up,
                              const std::string& reason) {
  const std::string sentence =
      is_closed ? "tocsin (group " + group + "): target " + target + " takes alerts again."
                : "tocsin (group " + group + "): target " + target +
                      " was not told of an alert: " + reason + ". It said: " + given_up.sentence;
  return json_of({"tocsin.undelivered." + group + '.' + target, "notify.undelivered", "critical",
                  sentence, is_closed, false, revision});
}

std::string test_alert(const std::string& group, bool is_closed, std::int64_t revision) {
  return json_of({"tocsin.test." + group + '.' + std::to_string(revision), "notify.test", "info",
                  std::string(is_closed ? "End of the test" : "TEST") + ": tocsin (group " + group +
                      ") can reach this target. Nothing has happened.",
                  is_closed, true, revision});
}

WebhookRequest webhook_request(WebhookKind kind, const ReceivedAlert& alert,
                               const std::string& secret, const std::string& source,
                               std::int64_t unix_seconds) {
  WebhookRequest request;
  switch (kind) {
    case WebhookKind::slack:
      request.body = slack_body(alert);
      return request;
    case WebhookKind::pagerduty:
      request.body = pagerduty_body(alert, secret, source);
      return request;
    case WebhookKind::json:
      break;
  }
  request.body = alert.json;
  request.headers.emplace_back("Tocsin-Delivery", alert.id + "." + std::to_string(alert.revision));
  if (!secret.empty()) {
    const std::string time = std::to_string(unix_seconds);
    request.headers.emplace_back(
        "Tocsin-Signature",
        "t=" + time + ",v1=" + hmac_sha256_hex(secret, time + "." + request.body));
  }
  return request;
}

}  // namespace tocsin
