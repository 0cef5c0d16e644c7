#include "config/silences.h"

#include <algorithm>
#include <array>
#include <optional>

#include "config/config.h"
#include "config/yaml_reader.h"
#include "pipeline/decode/decode.h"

namespace tocsin {
namespace {

using Kind = YamlNode::Kind;

constexpr std::array<Level, 5> kLevels = {Level::none, Level::low, Level::medium, Level::high,
                                          Level::critical};

std::optional<Level> parse_level(std::string_view text) {
  const auto* found = std::find_if(kLevels.begin(), kLevels.end(),
                                   [&](Level level) { return name(level) == text; });
  return found == kLevels.end() ? std::nullopt : std::optional(*found);
}

// Walks the file; goes on after a fault.
class SilenceReader {
 public:
  SilenceReader(const DataFile& file, LoadedSilences& loaded)
      : loaded_(loaded), yaml_(file, loaded.faults) {}

  void read() {
    const YamlNode& root = yaml_.root();
    if (has_errors(loaded_.faults) || !yaml_.known_keys(root, {"version", "silences"})) return;
    const YamlNode* version = root.find("version");
    if (version == nullptr || version->value != "1") yaml_.fault(root, "expected `version: 1`");
    const YamlNode* list = root.find("silences");
    if (list == nullptr || list->kind == Kind::null) return;
    if (list->kind != Kind::sequence) return yaml_.fault(*list, "expected a list of silences");
    if (list->items.size() > kSilencesMax) {
      return yaml_.fault(*list, "more than " + std::to_string(kSilencesMax) + " silences");
    }
    for (const YamlNode& node : list->items) read_silence(node);
  }

 private:
  std::string text_of(const YamlNode& node, std::string_view key, bool is_required) {
    const YamlNode* value = node.find(key);
    const bool is_text = value != nullptr && value->kind == Kind::scalar && !value->value.empty();
    if (is_text) return value->value;
    if (value != nullptr) {
      yaml_.fault(*value, "'" + std::string(key) + "' takes a text");
    } else if (is_required) {
      yaml_.fault(node, "a silence needs '" + std::string(key) + "'");
    }
    return "";
  }

  void read_silence(const YamlNode& node) {
    if (!yaml_.known_keys(node, {"pair", "actor", "rule", "level", "until", "by", "why"})) return;
    Silence silence;
    silence.line = node.place.line;
    if (const YamlNode* pair = node.find("pair")) {
      for (const YamlNode& side : pair->items) silence.pair.push_back(side.value);
      if (silence.pair.size() != 2) yaml_.fault(*pair, "'pair' takes two actors: [RUS, UKR]");
    }
    silence.actor = text_of(node, "actor", false);
    silence.rule = text_of(node, "rule", false);
    if (const YamlNode* level = node.find("level")) {
      const std::optional<Level> parsed = parse_level(level->value);
      if (!parsed) yaml_.fault(*level, "'level' must be low, medium, high or critical");
      silence.level_max = parsed.value_or(Level::none);
    }
    silence.by = text_of(node, "by", true);
    silence.why = text_of(node, "why", true);
    if (const std::string until = text_of(node, "until", true); !until.empty()) {
      const auto time_ms = parse_time_ms(until);
      if (!time_ms)
        yaml_.fault(*node.find("until"), "'until' must be a time: 2026-03-05T18:00:00Z");
      silence.until_ms = time_ms.value_or(0);
    }
    if (silence.pair.empty() && silence.actor.empty() && silence.rule.empty() &&
        node.find("level") == nullptr) {
      yaml_.fault(node, "names nothing; give a pair, an actor, a rule or a level");
    }
    loaded_.silences.push_back(std::move(silence));
  }

  LoadedSilences& loaded_;
  YamlReader yaml_;
};

// Whether an actor of the alert has this code or id.
bool names(const AlertFacts& alert, const std::string& actor) {
  const auto is_one_of = [&](const std::vector<std::string>& all) {
    return std::find(all.begin(), all.end(), actor) != all.end();
  };
  return is_one_of(alert.pair) || is_one_of(alert.codes);
}

}  // namespace

LoadedSilences parse_silences(std::string_view file, std::string_view text) {
  LoadedSilences loaded;
  const DataFile data{std::string(file), std::string(text)};
  SilenceReader(data, loaded).read();
  return loaded;
}

LoadedSilences load_silences(const std::filesystem::path& file) {
  if (file.empty()) return {};
  std::string text;
  std::string error = read_file(file, kYamlBytesMax, text);
  if (error.empty()) return parse_silences(file.string(), text);
  LoadedSilences loaded;
  loaded.faults.push_back({file.string(), 0, 0, std::move(error), false, ""});
  return loaded;
}

bool holds(const Silence& silence, const AlertFacts& alert, std::int64_t now_ms) {
  const std::optional<Level> level = parse_level(alert.level);
  if (!level || *level > silence.level_max || now_ms >= silence.until_ms) return false;
  if (!silence.rule.empty() && silence.rule != alert.rule) return false;
  if (!silence.actor.empty() && !names(alert, silence.actor)) return false;
  return std::all_of(silence.pair.begin(), silence.pair.end(),
                     [&](const std::string& actor) { return names(alert, actor); });
}

}  // namespace tocsin
