#include "config/alert_rules_loader.h"

#include <algorithm>
#include <map>
#include <set>

#include "config/scalars.h"
#include "config/yaml_document.h"

namespace tocsin {
namespace {

using Kind = YamlNode::Kind;

constexpr std::size_t kRulesMax = 256;
constexpr std::uint64_t kPointsMax = 100;

// Walks one file; goes on after a fault.
class RuleReader {
 public:
  RuleReader(std::string_view file, std::string_view text, const Gazetteer& gazetteer,
             LoadedAlertRules& loaded)
      : file_(file), text_(text), gazetteer_(gazetteer), loaded_(loaded) {}

  void read() {
    const YamlNode root = parse_yaml(file_, text_, loaded_.faults);
    if (has_errors(loaded_.faults)) return;
    if (!known_keys(root, {"version", "defaults", "regions", "rules"})) return;
    const YamlNode* version = root.find("version");
    if (version == nullptr || version->value != "1") fault(root, "expected `version: 1`");
    loaded_.with_defaults = flag_of(root, "defaults", false);
    if (const YamlNode* regions = root.find("regions")) read_regions(*regions);
    std::vector<AlertRule> rules;
    const YamlNode* list = root.find("rules");
    if (list == nullptr || list->kind != Kind::sequence) {
      fault(root, "expected `rules:` with a list");
      return;
    }
    for (const YamlNode& node : list->items) {
      AlertRule rule = read_rule(node);
      const bool is_doubled = std::any_of(
          rules.begin(), rules.end(), [&](const AlertRule& other) { return other.id == rule.id; });
      if (is_doubled) fault(node, "rule '" + rule.id + "' is there already");
      rules.push_back(std::move(rule));
    }
    if (rules.size() > kRulesMax) fault(*list, "more than " + std::to_string(kRulesMax) + " rules");
    loaded_.rules = AlertRules(std::move(rules));
  }

 private:
  void fault(const YamlNode& node, std::string message) {
    loaded_.faults.push_back({file_, node.place.line, node.place.column, std::move(message), false,
                              std::string(line_of(text_, node.place.line))});
  }

  bool known_keys(const YamlNode& node, const std::vector<std::string>& keys) {
    if (node.kind != Kind::mapping) {
      fault(node, "expected a mapping");
      return false;
    }
    for (const YamlEntry& entry : node.entries) {
      if (std::find(keys.begin(), keys.end(), entry.key.value) != keys.end()) continue;
      const std::string near = nearest(entry.key.value, keys);
      fault(entry.key, "unknown key '" + entry.key.value + "'" +
                           (near.empty() ? "" : ", did you mean '" + near + "'?"));
    }
    return true;
  }

  std::string text_of(const YamlNode& node, std::string_view key) {
    const YamlNode* value = node.find(key);
    if (value == nullptr) return "";
    if (value->kind != Kind::scalar) fault(*value, "expected a text");
    return value->value;
  }

  bool flag_of(const YamlNode& node, std::string_view key, bool otherwise) {
    const YamlNode* value = node.find(key);
    if (value == nullptr) return otherwise;
    const std::optional<bool> flag = parse_flag(value->value);
    if (!flag) fault(*value, "expected true or false");
    return flag.value_or(otherwise);
  }

  std::uint64_t number_of(const YamlNode& node, std::string_view key, std::uint64_t otherwise,
                          std::uint64_t most) {
    const YamlNode* value = node.find(key);
    if (value == nullptr) return otherwise;
    const std::optional<std::uint64_t> number = parse_number(value->value);
    if (number && *number <= most) return *number;
    fault(*value, "expected a whole number from 0 to " + std::to_string(most));
    return otherwise;
  }

  std::int64_t duration_of(const YamlNode& node, std::string_view key, std::int64_t otherwise) {
    const YamlNode* value = node.find(key);
    if (value == nullptr) return otherwise;
    const auto duration = parse_duration(value->value);
    if (!duration) fault(*value, "expected a duration, as in 90m or 12h");
    return duration ? duration->count() : otherwise;
  }

  std::vector<const YamlNode*> list_of(const YamlNode& node, std::string_view key) {
    std::vector<const YamlNode*> items;
    const YamlNode* list = node.find(key);
    if (list == nullptr) return items;
    if (list->kind != Kind::sequence) {
      fault(*list, "expected a list");
      return items;
    }
    for (const YamlNode& item : list->items) items.push_back(&item);
    return items;
  }

  void read_regions(const YamlNode& node) {
    if (node.kind != Kind::mapping) return fault(node, "expected names of regions with lists");
    for (const YamlEntry& region : node.entries) {
      for (const YamlNode& actor : region.value.items) {
        add_actor(actor, regions_[region.key.value]);
      }
    }
  }

  // An alpha-3 code or an id of the gazetteer, or the name of a region.
  void add_actor(const YamlNode& node, std::vector<std::string>& actors) {
    if (const auto region = regions_.find(node.value); region != regions_.end()) {
      actors.insert(actors.end(), region->second.begin(), region->second.end());
      return;
    }
    if (gazetteer_.by_code(node.value) == kNoEntity && gazetteer_.by_id(node.value) == kNoEntity) {
      fault(node, "neither a region of this file nor a code or id of the gazetteer: '" +
                      node.value + "'");
      return;
    }
    actors.push_back(node.value);
  }

  EventCondition event_of(const YamlNode& node) {
    EventCondition condition;
    const std::size_t slash = node.value.find('/');
    const std::string type = node.value.substr(0, slash);
    if (slash != std::string::npos) condition.mode = node.value.substr(slash + 1);
    for (unsigned i = 0; i < 16; ++i) {
      condition.type = static_cast<EventType>(i);
      if (name(condition.type) == type) return condition;
    }
    fault(node, "not an event type of PLOVER: '" + type + "'");
    return condition;
  }

  void read_keywords(const YamlNode& node, AlertRule& rule) {
    if (!known_keys(node, {"words", "min", "within"})) return;
    rule.keywords_min = static_cast<int>(number_of(node, "min", 1, 1000));
    rule.keywords_within = static_cast<std::uint32_t>(number_of(node, "within", 0, 10'000));
    const YamlNode* words = node.find("words");
    if (words == nullptr || words->kind != Kind::mapping) {
      return fault(node, "expected `words:` with a weight for each");
    }
    for (const YamlEntry& word : words->entries) {
      const bool is_negative = word.value.value.starts_with('-');
      const std::optional<std::uint64_t> weight =
          parse_number(std::string_view(word.value.value).substr(is_negative ? 1 : 0));
      if (!weight || *weight > 1000) {
        fault(word.value, "expected a weight from -1000 to 1000");
        continue;
      }
      const int value = static_cast<int>(*weight);
      rule.keywords.emplace_back(word.key.value, is_negative ? -value : value);
    }
  }

  std::vector<Topic> topics_in(const YamlNode& node, std::string_view key) {
    std::vector<Topic> topics;
    for (const YamlNode* item : list_of(node, key)) {
      bool is_known = false;
      for (std::size_t t = 0; t < kTopics; ++t) {
        if (name(static_cast<Topic>(t)) != item->value) continue;
        topics.push_back(static_cast<Topic>(t));
        is_known = true;
      }
      if (!is_known) fault(*item, "not a topic: '" + item->value + "'");
    }
    return topics;
  }

  void read_topics(const YamlNode& node, AlertRule& rule) {
    if (!known_keys(node, {"of", "min", "over"})) return;
    rule.topics_min = static_cast<std::uint16_t>(10 * number_of(node, "min", 50, kPointsMax));
    rule.topics = topics_in(node, "of");
    rule.topics_over = topics_in(node, "over");
  }

  void read_alone(const YamlNode& node, AlertRule& rule) {
    const std::string value = text_of(node, "alone");
    rule.only_alone = value == "only";
    rule.with_alone = rule.only_alone || flag_of(node, "alone", false);
  }

  void read_when(const YamlNode& node, AlertRule& rule) {
    if (!known_keys(node, {"events", "keywords", "topics", "tier", "actors", "between", "alone",
                           "level", "outlets", "toll", "z", "burst"})) {
      return;
    }
    for (const YamlNode* event : list_of(node, "events")) rule.events.push_back(event_of(*event));
    if (const YamlNode* keywords = node.find("keywords")) read_keywords(*keywords, rule);
    if (const YamlNode* topics = node.find("topics")) read_topics(*topics, rule);
    rule.tier_min = static_cast<std::uint8_t>(number_of(node, "tier", 0, 100));
    for (const YamlNode* actor : list_of(node, "actors")) add_actor(*actor, rule.actors);
    for (const YamlNode* pair : list_of(node, "between")) {
      std::vector<std::string> sides;
      for (const YamlNode& side : pair->items) add_actor(side, sides);
      if (sides.size() == 2) {
        rule.between.emplace_back(sides[0], sides[1]);
      } else {
        fault(*pair, "expected two actors");
      }
    }
    read_alone(node, rule);
    rule.pair_level_min = static_cast<std::uint16_t>(10 * number_of(node, "level", 0, kPointsMax));
    rule.toll_min = static_cast<std::uint16_t>(number_of(node, "toll", 0, 60'000));
    rule.outlets_min = static_cast<std::uint32_t>(number_of(node, "outlets", 1, 30));
    if (node.find("z") != nullptr) {
      rule.z_min = static_cast<std::int32_t>(100 * number_of(node, "z", 3, 100));
    }
    rule.needs_burst = flag_of(node, "burst", false);
  }

  void read_most(const YamlNode& node, AlertRule& rule) {
    const YamlNode* most = node.find("most");
    if (most == nullptr) return;
    for (const Level level : {Level::low, Level::medium, Level::high, Level::critical}) {
      if (name(level) != most->value) continue;
      rule.level_max = level;
      return;
    }
    fault(*most, "expected low, medium, high or critical");
  }

  AlertRule read_rule(const YamlNode& node) {
    AlertRule rule;
    if (!known_keys(node, {"id", "when", "open", "close", "most", "for", "cooldown", "quiet",
                           "severity", "labels", "examples"})) {
      return rule;
    }
    rule.id = text_of(node, "id");
    if (rule.id.empty() || rule.id.size() > AlertSignal::kNameBytesMax ||
        rule.id.find('|') != std::string::npos) {
      fault(node, "a rule needs an `id` of 1 to 48 bytes without '|'");
    }
    if (const YamlNode* when = node.find("when")) read_when(*when, rule);
    rule.open_at = static_cast<std::uint16_t>(10 * number_of(node, "open", 30, kPointsMax));
    rule.close_at = static_cast<std::uint16_t>(
        10 *
        number_of(node, "close", rule.open_at > 100 ? rule.open_at / 10U - 10U : 0U, kPointsMax));
    if (rule.close_at >= rule.open_at) fault(node, "`close` must be below `open`");
    read_most(node, rule);
    rule.hold_ms = duration_of(node, "for", rule.hold_ms);
    rule.cooldown_ms = duration_of(node, "cooldown", rule.cooldown_ms);
    rule.quiet_ms = duration_of(node, "quiet", rule.quiet_ms);
    rule.severity = text_of(node, "severity");
    static const std::set<std::string> kSeverities = {"", "info", "warning", "critical"};
    if (!kSeverities.contains(rule.severity))
      fault(*node.find("severity"), "expected info, warning or critical");
    if (const YamlNode* labels = node.find("labels")) {
      for (const YamlEntry& label : labels->entries) {
        rule.labels.emplace_back(label.key.value, label.value.value);
      }
    }
    for (const YamlNode* example : list_of(node, "examples")) read_example(*example, rule.id);
    return rule;
  }

  void read_example(const YamlNode& node, const std::string& rule) {
    if (!known_keys(node, {"name", "articles", "until", "alerts"})) return;
    AlertExample example;
    example.rule = rule;
    example.name = text_of(node, "name");
    example.file = file_;
    example.line = node.place.line;
    example.until_ms = duration_of(node, "until", 0);
    for (const YamlNode* article : list_of(node, "articles")) {
      if (!known_keys(*article, {"at", "age", "dated", "title", "body", "source", "section"}))
        return;
      example.articles.push_back({duration_of(*article, "at", 0), duration_of(*article, "age", 0),
                                  flag_of(*article, "dated", true), text_of(*article, "title"),
                                  text_of(*article, "body"), text_of(*article, "source"),
                                  text_of(*article, "section")});
    }
    if (example.articles.empty()) fault(node, "an example needs articles");
    for (const YamlNode* alert : list_of(node, "alerts")) example.alerts.push_back(alert->value);
    loaded_.examples.push_back(std::move(example));
  }

  std::string file_;
  std::string_view text_;
  const Gazetteer& gazetteer_;
  LoadedAlertRules& loaded_;
  std::map<std::string, std::vector<std::string>, std::less<>> regions_;
};

}  // namespace

LoadedAlertRules load_alert_rules(std::string_view file, std::string_view text,
                                  const Gazetteer& gazetteer) {
  LoadedAlertRules loaded;
  RuleReader(file, text, gazetteer, loaded).read();
  return loaded;
}

}  // namespace tocsin
