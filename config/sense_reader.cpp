#include "config/sense_reader.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>

#include "config/lexicon_loader.h"
#include "pipeline/entities/gazetteer_state.h"

namespace tocsin {
namespace {

constexpr std::uint8_t kRankMax = 100;
constexpr std::int64_t kDayMs = 86'400'000;

void read_tests(const YamlReader& reader, const YamlNode& node, bool is_wanted, SenseRule& rule) {
  for (const std::string& name : reader.words_of(node, is_wanted ? "when" : "unless")) {
    const auto* const at = std::find(kSenseCueNames.begin(), kSenseCueNames.end(), name);
    if (at == kSenseCueNames.end()) {
      const std::string near =
          nearest(name, std::vector<std::string>(kSenseCueNames.begin(), kSenseCueNames.end()));
      reader.fault(node, "unknown condition '" + name + "'" +
                             (near.empty() ? "" : ", did you mean '" + near + "'?"));
      continue;
    }
    rule.when.push_back({static_cast<SenseCue>(at - kSenseCueNames.begin()), is_wanted});
  }
}

void read_example(const YamlReader& reader, const YamlNode& rule, std::string_view key,
                  std::vector<NameExample>& examples) {
  const YamlNode* node = rule.find(key);
  if (node == nullptr) {
    reader.fault(rule, "a rule needs `example` and `not`");
    return;
  }
  if (node->value == "none") return;  // no shipped name is a case of it
  if (!reader.known_keys(*node, {"text", "name", "is", "date"})) return;
  NameExample example;
  example.file = reader.file();
  example.line = node->place.line;
  example.rule = reader.text_of(rule, "id") + (key == "not" ? " (not)" : "");
  example.text = reader.text_of(*node, "text");
  example.surface = reader.text_of(*node, "name");
  example.expected = reader.text_of(*node, "is");
  example.published_at_ms = kExampleTime_ms;
  if (const std::string date = reader.text_of(*node, "date"); !date.empty()) {
    const std::optional<std::int32_t> day = parse_day(date, false);
    if (!day) reader.fault(*node, "date is not YYYY-MM-DD");
    example.published_at_ms = day.value_or(0) * kDayMs;
  }
  if (example.surface.empty() || example.expected.empty() ||
      example.text.find(example.surface) == std::string::npos) {
    reader.fault(*node, "an example needs `text`, a `name` that stands in it, and what it `is`");
    return;
  }
  examples.push_back(std::move(example));
}

SenseRule read_rule(const YamlReader& reader, const YamlNode& node,
                    std::vector<NameExample>& examples) {
  SenseRule rule;
  if (!reader.known_keys(node, {"id", "when", "unless", "rank", "why", "example", "not"})) {
    return rule;
  }
  rule.id = reader.text_of(node, "id");
  if (rule.id.empty() || reader.text_of(node, "why").empty() || node.find("rank") == nullptr)
    reader.fault(node, "a rule needs `id`, `rank` and `why`");
  rule.rank = static_cast<std::uint8_t>(reader.number_of(node, "rank", 0, 0, kRankMax));
  read_tests(reader, node, true, rule);
  read_tests(reader, node, false, rule);
  read_example(reader, node, "example", examples);
  read_example(reader, node, "not", examples);
  return rule;
}

}  // namespace

SenseTable read_senses(const YamlReader& reader, std::vector<NameExample>& examples) {
  SenseTable table;
  table.known_town_population = static_cast<std::uint32_t>(reader.number_of(
      reader.root(), "known_town_population", 0, 0, std::numeric_limits<std::uint32_t>::max()));
  for (const YamlEntry& entry : reader.entries_of(reader.root(), "senses")) {
    const auto* const kind =
        std::find(kSenseKindNames.begin(), kSenseKindNames.end(), entry.key.value);
    if (kind == kSenseKindNames.end()) {
      reader.fault(entry.key, "unknown kind of sense '" + entry.key.value + "'");
      continue;
    }
    if (entry.value.kind != YamlNode::Kind::sequence) reader.fault(entry.key, "expected a list");
    std::vector<SenseRule>& rules =
        table.rules[static_cast<std::size_t>(kind - kSenseKindNames.begin())];
    for (const YamlNode& node : entry.value.items) {
      rules.push_back(read_rule(reader, node, examples));
    }
  }
  return table;
}

}  // namespace tocsin
