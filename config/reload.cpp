#include "config/reload.h"

#include <algorithm>
#include <array>

#include "config/kafka_properties.h"
#include "config/settings.h"

namespace tocsin {
namespace {

enum class Effect : std::uint8_t { none, reload, restart };

bool starts_with_any(std::string_view key, std::initializer_list<std::string_view> beginnings) {
  return std::any_of(beginnings.begin(), beginnings.end(),
                     [&](std::string_view start) { return key.starts_with(start); });
}

// The pipeline's own, which a reload makes anew. The limits in bytes also size the Kafka clients,
// dedupe.* is the ledger's: neither can change while they run.
Effect effect_on_run(std::string_view key) {
  if (starts_with_any(key, {"alerts.webhooks", "alerts.silence", "alerts.listen", "version"})) {
    return Effect::none;
  }
  // The publishers' own, and looked up at a start.
  if (starts_with_any(key, {"output.schema_ids.", "output.connect_headers"})) {
    return Effect::restart;
  }
  const bool is_reloaded = starts_with_any(
      key, {"input.format", "input.schema_id", "input.fields.", "output.", "gazetteer", "lexicon",
            "sources", "alerts.rules", "admin.watch_files", "log.level", "limits.json_depth_max",
            "limits.id_bytes_max", "limits.tokens_max"});
  return is_reloaded ? Effect::reload : Effect::restart;
}

Effect effect_on_notify(std::string_view key) {
  if (starts_with_any(key, {"alerts.webhooks", "alerts.silence", "log.level"})) {
    return Effect::reload;
  }
  const bool is_read = starts_with_any(
      key, {"instance", "kafka.", "topics.alerts", "topics.ledger", "alerts.listen", "log."});
  return is_read ? Effect::restart : Effect::none;
}

// The properties that clients do not read again themselves when their file is renewed.
std::map<std::string, std::string> lasting(const KafkaConfig& config) {
  std::map<std::string, std::string> properties = config.client;
  for (const char* renewed :
       {"sasl.username", "sasl.password", "ssl.certificate.pem", "ssl.key.pem"}) {
    if (properties.contains(kFileMark + std::string(renewed))) properties.erase(renewed);
  }
  return properties;
}

// Whether two configurations agree in a setting.
struct Equal {
  Config& a;
  Config& b;

  template <class At>
  bool operator()(const At& type) const {
    return type.at(a) == type.at(b);
  }
  bool operator()(const ChoiceSetting& type) const { return type.get(a) == type.get(b); }
  bool operator()(const NumberSetting& type) const { return type.get(a) == type.get(b); }
  bool operator()(const WebhooksSetting&) const { return a.alerts.webhooks == b.alerts.webhooks; }
  bool operator()(const PropertiesSetting& type) const {
    return type.are_files || lasting(a.kafka) == lasting(b.kafka);
  }
  bool operator()(const VersionSetting&) const { return true; }
};

// Sets it in `to` as in `from`.
struct Copy {
  Config& from;
  Config& to;

  template <class At>
  void operator()(const At& type) const {
    type.at(to) = type.at(from);
  }
  void operator()(const ChoiceSetting& type) const { type.set(to, type.get(from)); }
  void operator()(const NumberSetting& type) const { type.set(to, type.get(from)); }
  void operator()(const WebhooksSetting&) const { to.alerts.webhooks = from.alerts.webhooks; }
  void operator()(const PropertiesSetting&) const { to.kafka.client = from.kafka.client; }
  void operator()(const VersionSetting&) const {}
};

// The ledger names its group and raw topics and keeps its parameters (ARCHITECTURE.md, "Delivery").
std::string refusal_of(const Config& running, const Config& wanted) {
  const bool same_ledger = running.topics.ledger == wanted.topics.ledger;
  const bool same_owner =
      running.kafka.group == wanted.kafka.group && running.topics.raw == wanted.topics.raw;
  if (same_ledger && !same_owner) {
    return "the ledger " + running.topics.ledger + " belongs to group " + running.kafka.group +
           " and its raw topics; another group or raw topic needs a ledger of its own";
  }
  if (!same_ledger && running.kafka.group == wanted.kafka.group) {
    return "group " + running.kafka.group + " has offsets that belong to ledger " +
           running.topics.ledger + "; another ledger needs another group";
  }
  const Epoch before = running.dedupe.epoch();
  const Epoch after = wanted.dedupe.epoch();
  if (same_ledger && before.revision == after.revision && before != after) {
    return "dedupe changed under the same revision; set dedupe.revision to " +
           std::to_string(before.revision + 1) + " on every instance";
  }
  return "";
}

}  // namespace

ConfigChange config_change(Program program, const Config& running, const Config& wanted) {
  ConfigChange change;
  change.config = running;
  Config before = running;  // accessors want them mutable
  Config after = wanted;
  for (const Setting& setting : settings()) {
    const Effect effect =
        program == Program::run ? effect_on_run(setting.path) : effect_on_notify(setting.path);
    if (effect == Effect::none || std::visit(Equal{before, after}, setting.type)) continue;
    if (effect == Effect::reload) {
      std::visit(Copy{after, change.config}, setting.type);
      change.reloaded.push_back(setting.path);
    } else {
      change.restart.push_back(setting.path);
    }
  }
  if (program == Program::run) change.refusal = refusal_of(running, wanted);
  return change;
}

std::string joined(const std::vector<std::string>& words, std::string_view between) {
  std::string out;
  for (const std::string& word : words) {
    if (!out.empty()) out += between;
    out += word;
  }
  return out;
}

}  // namespace tocsin
