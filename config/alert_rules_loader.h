// Reads the alert rules (config/alerts.yaml, format in its head) with the examples beside
// them. Faults come back as values with file, line and column; nothing here throws.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/fault.h"
#include "pipeline/alerts/alert_rules.h"

namespace tocsin {

// One article of an example, `at` milliseconds after its beginning.
struct AlertExampleArticle {
  std::int64_t at_ms = 0;
  std::int64_t age_ms = 0;  // how long before `at` it says it was published
  bool is_dated = true;
  std::string title;
  std::string body;
  std::string source;
  std::string section;
};

// A short series of articles, and what the rule must make of it: "opened low", "closed low".
struct AlertExample {
  std::string rule;
  std::string name;
  std::string file;
  std::uint32_t line = 0;
  std::vector<AlertExampleArticle> articles;  // by time
  std::int64_t until_ms = 0;  // nothing else comes up to then; 0: it ends with the last article
  std::vector<std::string> alerts;
};

struct LoadedAlertRules {
  AlertRules rules;
  bool with_defaults = false;  // `defaults: true`: the shipped rules, too
  std::vector<AlertExample> examples;
  std::vector<Fault> faults;
};

// Actors are checked against the gazetteer.
[[nodiscard]] LoadedAlertRules load_alert_rules(std::string_view file, std::string_view text,
                                                const Gazetteer& gazetteer);

}  // namespace tocsin
