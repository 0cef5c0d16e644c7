// The table of all settings: path, type, range, place in Config, one line for people. The parser,
// the sample (tocsin.yaml) and the schema (tocsin.schema.json) are all made from it.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/config.h"

namespace tocsin {

// How a setting is written and where it goes. Accessors are called with a Config that outlives
// them.
struct TextSetting {
  enum class Form : std::uint8_t { any, brokers, label, topic, pointer, url };
  std::function<std::string&(Config&)> at;
  Form form = Form::any;
};
struct FlagSetting {
  std::function<bool&(Config&)> at;
};
struct ChoiceSetting {
  std::vector<std::string> names;  // in the order of the enumeration's values
  std::function<std::size_t(const Config&)> get;
  std::function<void(Config&, std::size_t)> set;
};
struct NumberSetting {
  std::function<std::uint64_t(const Config&)> get;
  std::function<void(Config&, std::uint64_t)> set;
  std::uint64_t min = 0;
  std::uint64_t max = 0;
  bool is_bytes = false;  // written with units
};
struct DurationSetting {
  std::function<std::chrono::milliseconds&(Config&)> at;
  std::chrono::milliseconds min{0};
  std::chrono::milliseconds max{0};
};
struct ListenSetting {
  std::function<ListenAddress&(Config&)> at;
};
struct PathSetting {
  std::function<std::filesystem::path&(Config&)> at;
  bool may_come_later = false;  // a warning when it is not there
};
struct PathsSetting {
  std::function<std::vector<std::filesystem::path>&(Config&)> at;
};
struct TopicsSetting {
  std::function<std::vector<std::string>&(Config&)> at;
};
// `alerts.webhooks`: a list of mappings, their keys in webhook_settings().
struct WebhooksSetting {};
// librdkafka's properties, or files that hold their values.
struct PropertiesSetting {
  bool are_files = false;
};
// `version: 1`, the format of the file itself.
struct VersionSetting {};

using SettingType = std::variant<TextSetting, FlagSetting, ChoiceSetting, NumberSetting,
                                 DurationSetting, ListenSetting, PathSetting, PathsSetting,
                                 TopicsSetting, WebhooksSetting, PropertiesSetting, VersionSetting>;

struct Setting {
  std::string path;  // "kafka.brokers"
  SettingType type;
  std::string note;  // what it is, for the sample and the schema
};

// In the order of the sample; settings of one section stand together.
[[nodiscard]] std::span<const Setting> settings();
// Of one webhook: each sets the last of Config::alerts.webhooks.
[[nodiscard]] std::span<const Setting> webhook_settings();
// Names a section may hold: "" for the file itself, "kafka", "input.fields".
[[nodiscard]] std::vector<std::string> keys_of(std::string_view section);
[[nodiscard]] bool is_section(std::string_view path);
[[nodiscard]] const Setting* find_setting(std::string_view path);

inline constexpr std::uint64_t kConfigVersion = 1;

}  // namespace tocsin
