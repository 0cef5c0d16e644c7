// Walks the YAML of one configuration file into a Config by the table of settings.
// Promises: goes on after a fault, so that the user sees all of them at once.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/scalars.h"
#include "config/settings.h"
#include "config/yaml_document.h"

namespace tocsin {

class ConfigReader {
 public:
  ConfigReader(std::string_view text, const std::filesystem::path& file, Environment environment,
               Config& config, std::vector<Fault>& faults);

  void read();

 private:
  // A scalar after interpolation; nullopt: it was none, and the fault is reported.
  std::optional<std::string> scalar(const YamlNode& node, std::string_view path);
  void read_section(const YamlNode& node, const std::string& section);
  void read_setting(const Setting& setting, const YamlNode& node);
  void assign(const Setting& setting, const TextSetting& type, const YamlNode& node);
  void assign(const Setting& setting, const FlagSetting& type, const YamlNode& node);
  void assign(const Setting& setting, const ChoiceSetting& type, const YamlNode& node);
  void assign(const Setting& setting, const NumberSetting& type, const YamlNode& node);
  void assign(const Setting& setting, const DurationSetting& type, const YamlNode& node);
  void assign(const Setting& setting, const ListenSetting& type, const YamlNode& node);
  void assign(const Setting& setting, const PathSetting& type, const YamlNode& node);
  void assign(const Setting& setting, const PathsSetting& type, const YamlNode& node);
  void assign(const Setting& setting, const TopicsSetting& type, const YamlNode& node);
  void assign(const Setting& setting, const WebhooksSetting& type, const YamlNode& node);
  void read_webhook(const YamlNode& node);
  void check_webhook(const YamlNode& node);
  void assign(const Setting& setting, const PropertiesSetting& type, const YamlNode& node);
  void assign(const Setting& setting, const VersionSetting& type, const YamlNode& node);
  // What no setting can say alone.
  void check_whole();
  void check_topics();
  void check_sizes();
  void check_listeners();
  void check_security();

  [[nodiscard]] std::filesystem::path resolve(const std::string& path) const;
  [[nodiscard]] YamlPlace place_of(std::string_view path) const;
  void error(YamlPlace place, std::string message);
  void warn(YamlPlace place, std::string message);

  std::string_view text_;
  std::string file_;
  std::filesystem::path folder_;
  Environment environment_;
  Config& config_;
  std::vector<Fault>& faults_;
  std::map<std::string, YamlPlace, std::less<>> places_;  // of the settings the file has
};

}  // namespace tocsin
