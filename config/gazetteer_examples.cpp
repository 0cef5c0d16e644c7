#include "config/gazetteer_examples.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "pipeline/entities/gazetteer_state.h"

namespace tocsin {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::size_t kFields = 4;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

// The part before the separator; takes both off `text`.
std::string_view take(std::string_view& text, char separator) {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

// The reason why the line is no example; "" when its examples were appended.
std::string parse_line(std::string_view line, NameExample example,
                       std::vector<NameExample>& examples) {
  if (std::count(line.begin(), line.end(), '\t') != kFields - 1) {
    return "an example is rule, date, text and expected, separated by tabs";
  }
  example.rule = trimmed(take(line, '\t'));
  const std::optional<std::int32_t> day = parse_day(take(line, '\t'), false);
  example.text = trimmed(take(line, '\t'));
  if (!day || *day == std::numeric_limits<std::int32_t>::min()) return "date is not YYYY-MM-DD";
  example.published_at_ms = *day * kDayMs;
  while (!trimmed(line).empty()) {
    std::string_view wanted = trimmed(take(line, ';'));
    example.surface = trimmed(take(wanted, '='));
    example.expected = trimmed(wanted);
    if (example.expected.empty()) return "expected is not SURFACE=WHAT; ...";
    if (example.text.find(example.surface) == std::string::npos) {
      return "\"" + example.surface + "\" does not stand in the text";
    }
    examples.push_back(example);
  }
  return "";
}

bool is_meant(const Entity& entity, std::string_view expected) {
  return entity.id == expected || (entity.type == EntityType::country && entity.code == expected);
}

}  // namespace

void parse_name_examples(std::string_view file, std::string_view text,
                         std::vector<NameExample>& examples, std::vector<DataFault>& faults) {
  NameExample example;
  example.file = file;
  while (!text.empty()) {
    ++example.line;
    const std::string_view line = take(text, '\n');
    if (trimmed(line).empty() || line.front() == '#') continue;
    if (std::string reason = parse_line(line, example, examples); !reason.empty()) {
      faults.push_back({example.file, example.line, 1, std::move(reason), false});
    }
  }
}

std::string meaning_of(const NameExample& example, const Languages& languages,
                       const Gazetteer& gazetteer) {
  const Text text = make_text("", example.text, "en", languages);
  const Tagging tagging = tag(gazetteer, text, example.published_at_ms);
  for (const Mention& mention : tagging.mentions) {
    if (text.slice(text.bytes_of(mention.tokens)) != example.surface) continue;
    const TaggedEntity& tagged = tagging.entities[mention.entity];
    if (tagged.is_team) return "team";
    if (tagged.gazetteer == kNoEntity) return "unknown";
    const Entity& entity = gazetteer[tagged.gazetteer];
    return is_meant(entity, example.expected) ? example.expected : entity.id;
  }
  return "-";
}

}  // namespace tocsin
