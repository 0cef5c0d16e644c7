#include "config/schema.h"

#include <algorithm>
#include <utility>

#include "config/scalars.h"
#include "config/settings.h"

namespace tocsin {

namespace {

// Plain where YAML reads it back as it is; all our defaults are ASCII.
std::string yaml_text(const std::string& text) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/:";
  const bool is_plain =
      !text.empty() && text.back() != ':' && text.find_first_not_of(kPlain) == std::string::npos;
  if (is_plain) return text;
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string yaml_list(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const std::string& text : texts) out += (out.size() > 1 ? ", " : "") + yaml_text(text);
  return out + "]";
}

// The value of a setting as YAML; empty: there is none to write, the key is left out.
struct YamlValue {
  Config& config;

  std::string operator()(const TextSetting& type) const { return yaml_text(type.at(config)); }
  std::string operator()(const FlagSetting& type) const {
    return type.at(config) ? "true" : "false";
  }
  std::string operator()(const ChoiceSetting& type) const { return type.names[type.get(config)]; }
  std::string operator()(const NumberSetting& type) const {
    return type.is_bytes ? format_bytes(type.get(config)) : std::to_string(type.get(config));
  }
  std::string operator()(const DurationSetting& type) const {
    return format_duration(type.at(config));
  }
  std::string operator()(const ListenSetting& type) const {
    return yaml_text(format_listen(type.at(config)));
  }
  std::string operator()(const PathSetting& type) const {
    return yaml_text(type.at(config).string());
  }
  std::string operator()(const PathsSetting& type) const {
    std::vector<std::string> texts;
    for (const std::filesystem::path& path : type.at(config)) texts.push_back(path.string());
    return texts.empty() ? "" : yaml_list(texts);
  }
  std::string operator()(const TopicsSetting& type) const {
    const std::vector<std::string>& texts = type.at(config);
    return texts.size() == 1 ? yaml_text(texts.front()) : yaml_list(texts);
  }
  std::string operator()(const WebhooksSetting&) const { return "[]"; }
  // Values may be secrets: never written back.
  std::string operator()(const PropertiesSetting&) const { return "{}"; }
  std::string operator()(const VersionSetting&) const { return std::to_string(kConfigVersion); }
};

std::string json_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

// A value, or a variable that stands for it.
std::string or_variable(const std::string& type) {
  return "\"anyOf\": [{" + type + "}, {\"$ref\": \"#/definitions/variable\"}]";
}

std::string number_range(const NumberSetting& type) {
  return "\"type\": \"integer\", \"minimum\": " + std::to_string(type.min) +
         ", \"maximum\": " + std::to_string(type.max);
}

// What JSON Schema can say of a type; ranges with units are left to the parser.
struct SchemaType {
  std::string operator()(const TextSetting& type) const {
    switch (type.form) {
      case TextSetting::Form::topic:
        return "\"$ref\": \"#/definitions/topic\"";
      case TextSetting::Form::pointer:
        return or_variable("\"type\": \"string\", \"pattern\": \"^(/|$)\"");
      case TextSetting::Form::url:
        return or_variable("\"type\": \"string\", \"pattern\": \"^https?://\"");
      case TextSetting::Form::any:
      case TextSetting::Form::brokers:
      case TextSetting::Form::label:
        break;
    }
    return "\"type\": [\"string\", \"number\"]";
  }
  std::string operator()(const FlagSetting&) const { return or_variable("\"type\": \"boolean\""); }
  std::string operator()(const ChoiceSetting& type) const {
    std::string names;
    for (const std::string& choice : type.names) {
      names += (names.empty() ? "" : ", ") + json_text(choice);
    }
    return or_variable("\"enum\": [" + names + "]");
  }
  std::string operator()(const NumberSetting& type) const {
    if (!type.is_bytes) return or_variable(number_range(type));
    return "\"anyOf\": [{" + number_range(type) +
           "}, {\"type\": \"string\", \"pattern\": \"^[0-9]+([kKMG]?B|[KMG]iB)$\"}, "
           "{\"$ref\": \"#/definitions/variable\"}]";
  }
  std::string operator()(const DurationSetting&) const {
    return or_variable("\"type\": \"string\", \"pattern\": \"^([0-9]+(ms|s|m|h|d|w))+$\"");
  }
  std::string operator()(const ListenSetting&) const {
    return or_variable("\"type\": \"string\", \"pattern\": \"^(.+:[0-9]{1,5})?$\"");
  }
  std::string operator()(const PathSetting&) const { return "\"type\": \"string\""; }
  std::string operator()(const PathsSetting&) const {
    return "\"type\": [\"string\", \"array\"], \"items\": {\"type\": \"string\"}, \"minItems\": 1";
  }
  std::string operator()(const TopicsSetting&) const {
    return "\"anyOf\": [{\"$ref\": \"#/definitions/topic\"}, {\"type\": \"array\", \"minItems\": "
           "1, "
           "\"items\": {\"$ref\": \"#/definitions/topic\"}}]";
  }
  std::string operator()(const WebhooksSetting&) const {
    std::string keys;
    for (const Setting& setting : webhook_settings()) {
      keys += (keys.empty() ? "" : ", ") +
              json_text(setting.path.substr(setting.path.rfind('.') + 1)) +
              ": {\"description\": " + json_text(setting.note) + ", " +
              std::visit(*this, setting.type) + "}";
    }
    return "\"type\": \"array\", \"items\": {\"type\": \"object\", \"additionalProperties\": "
           "false, "
           "\"required\": [\"name\", \"kind\"], \"properties\": {" +
           keys + "}}";
  }
  std::string operator()(const PropertiesSetting&) const {
    return "\"type\": \"object\", \"additionalProperties\": "
           "{\"type\": [\"string\", \"number\", \"boolean\"]}";
  }
  std::string operator()(const VersionSetting&) const {
    return "\"const\": " + std::to_string(kConfigVersion);
  }
};

std::string child_path(const std::string& section, const std::string& key) {
  return section.empty() ? key : section + "." + key;
}

void write_sample(Config& config, const std::string& section, std::string& out) {
  const auto depth = static_cast<std::size_t>(
      section.empty() ? 0 : 1 + std::count(section.begin(), section.end(), '.'));
  const std::string indent(depth * 2, ' ');
  for (const std::string& key : keys_of(section)) {
    const std::string path = child_path(section, key);
    const Setting* setting = find_setting(path);
    if (section.empty()) out += '\n';
    if (setting == nullptr) {
      out += indent + key + ":\n";
      write_sample(config, path, out);
      continue;
    }
    out += indent + "# " + setting->note + '\n';
    const std::string value = std::visit(YamlValue{config}, setting->type);
    out += indent + (value.empty() ? "# " + key + ": [" + key + "]" : key + ": " + value) + '\n';
  }
}

void write_schema(const std::string& section, std::size_t depth, std::string& out) {
  const std::string indent(depth * 2, ' ');
  out += indent + "\"type\": \"object\",\n" + indent + "\"additionalProperties\": false,\n";
  if (section.empty()) out += indent + "\"required\": [\"version\"],\n";
  out += indent + "\"properties\": {\n";
  const std::vector<std::string> keys = keys_of(section);
  for (const std::string& key : keys) {
    const std::string path = child_path(section, key);
    out += indent + "  " + json_text(key) + ": {\n";
    if (const Setting* setting = find_setting(path)) {
      out += indent + "    \"description\": " + json_text(setting->note) + ",\n";
      out += indent + "    " + std::visit(SchemaType{}, setting->type) + '\n';
    } else {
      write_schema(path, depth + 2, out);
    }
    out += indent + "  }" + (key == keys.back() ? "\n" : ",\n");
  }
  out += indent + "}\n";
}

}  // namespace

std::string sample_text(const Config& config) {
  Config copy = config;
  std::string out =
      "# yaml-language-server: $schema=tocsin.schema.json\n"
      "# Every key of tocsin's configuration with its default; leave out what you do not change.\n"
      "# ${VAR}, ${VAR:-default} and ${VAR:?message} are replaced in values, $$ is a dollar.\n"
      "# Check yours with: tocsin check --config FILE\n";
  write_sample(copy, "", out);
  return out;
}

std::string schema_text() {
  std::string out =
      "{\n"
      "  \"$schema\": \"http://json-schema.org/draft-07/schema#\",\n"
      "  \"title\": \"Configuration of tocsin\",\n"
      "  \"definitions\": {\n"
      "    \"variable\": {\"type\": \"string\", \"pattern\": \"[$][{]\"},\n"
      "    \"topic\": {\"type\": \"string\", \"pattern\": \"^[A-Za-z0-9._-]{1,249}$|[$][{]\"}\n"
      "  },\n";
  write_schema("", 1, out);
  return out + "}\n";
}

}  // namespace tocsin
