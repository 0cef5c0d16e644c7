#include "config/yaml_reader.h"

#include <algorithm>
#include <charconv>

namespace tocsin {
namespace {

using Kind = YamlNode::Kind;

void append_words(std::string_view text, std::vector<std::string>& words) {
  constexpr std::string_view kSpace = " \t\r\n";
  for (std::size_t at = text.find_first_not_of(kSpace); at != std::string_view::npos;) {
    const std::size_t end = std::min(text.find_first_of(kSpace, at), text.size());
    words.emplace_back(text.substr(at, end - at));
    at = text.find_first_not_of(kSpace, end);
  }
}

}  // namespace

YamlReader::YamlReader(const DataFile& file, std::vector<Fault>& faults)
    : file_(file), faults_(faults), root_(parse_yaml(file.name, file.text, faults)) {
  if (root_.kind == Kind::mapping || root_.kind == Kind::null) return;
  fault(root_, "expected a mapping");
  root_ = {};
}

void YamlReader::fault(const YamlNode& node, std::string message) const {
  faults_.push_back({file_.name, node.place.line, node.place.column, std::move(message), false,
                     std::string(line_of(file_.text, node.place.line))});
}

bool YamlReader::known_keys(const YamlNode& node,
                            std::initializer_list<std::string_view> keys) const {
  if (node.kind == Kind::null) return true;
  if (node.kind != Kind::mapping) {
    fault(node, "expected a mapping");
    return false;
  }
  for (const YamlEntry& entry : node.entries) {
    if (std::find(keys.begin(), keys.end(), entry.key.value) != keys.end()) continue;
    const std::string near =
        nearest(entry.key.value, std::vector<std::string>(keys.begin(), keys.end()));
    fault(entry.key, "unknown key '" + entry.key.value + "'" +
                         (near.empty() ? "" : ", did you mean '" + near + "'?"));
  }
  return true;
}

std::string YamlReader::text_of(const YamlNode& node, std::string_view key) const {
  const YamlNode* value = node.find(key);
  if (value == nullptr) return "";
  if (value->kind != Kind::scalar) fault(*value, "expected a text");
  return value->value;
}

bool YamlReader::flag_of(const YamlNode& node, std::string_view key) const {
  const YamlNode* value = node.find(key);
  if (value == nullptr) return false;
  if (value->value != "true" && value->value != "false") fault(*value, "expected true or false");
  return value->value == "true";
}

double YamlReader::number_of(const YamlNode& node, std::string_view key, double otherwise,
                             double least, double most) const {
  const YamlNode* value = node.find(key);
  if (value == nullptr) return otherwise;
  const std::string& text = value->value;
  const std::size_t sign = text.starts_with('+') ? 1 : 0;
  double number = 0;
  const auto [end, error] = std::from_chars(text.data() + sign, text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && number >= least &&
      number <= most) {
    return number;
  }
  const auto shown = [](double bound) {
    std::string digits = std::to_string(bound);
    return digits.erase(digits.find_last_not_of('0') + 1).ends_with('.')
               ? digits.substr(0, digits.size() - 1)
               : digits;
  };
  fault(*value, "expected a number from " + shown(least) + " to " + shown(most));
  return otherwise;
}

std::vector<std::string> YamlReader::texts_of(const YamlNode& node, std::string_view key) const {
  std::vector<std::string> texts;
  const YamlNode* value = node.find(key);
  if (value == nullptr || value->kind == Kind::null) return texts;
  if (value->kind == Kind::scalar) return {value->value};
  if (value->kind == Kind::mapping) fault(*value, "expected a text or a list of texts");
  for (const YamlNode& item : value->items) {
    if (item.kind != Kind::scalar) fault(item, "expected a text");
    texts.push_back(item.value);
  }
  return texts;
}

std::vector<std::string> YamlReader::words_of(const YamlNode& node) const {
  std::vector<std::string> words;
  if (node.kind == Kind::scalar) append_words(node.value, words);
  if (node.kind == Kind::mapping) fault(node, "expected words");
  for (const YamlNode& item : node.items) {
    if (item.kind != Kind::scalar) fault(item, "expected words");
    append_words(item.value, words);
  }
  return words;
}

std::vector<std::string> YamlReader::words_of(const YamlNode& node, std::string_view key) const {
  const YamlNode* value = node.find(key);
  return value == nullptr ? std::vector<std::string>() : words_of(*value);
}

const std::vector<YamlNode>& YamlReader::items_of(const YamlNode& node,
                                                  std::string_view key) const {
  static const std::vector<YamlNode> kNone;
  const YamlNode* value = node.find(key);
  if (value == nullptr || value->kind == Kind::null) return kNone;
  if (value->kind != Kind::sequence) fault(*value, "expected a list");
  return value->items;
}

const std::vector<YamlEntry>& YamlReader::entries_of(const YamlNode& node,
                                                     std::string_view key) const {
  static const std::vector<YamlEntry> kNone;
  const YamlNode* value = node.find(key);
  if (value == nullptr || value->kind == Kind::null) return kNone;
  if (value->kind != Kind::mapping) fault(*value, "expected a mapping");
  return value->entries;
}

}  // namespace tocsin
