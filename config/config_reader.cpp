#include "config/config_reader.h"

#include <algorithm>
#include <utility>

#include "config/kafka_properties.h"

namespace tocsin {

namespace {

std::string in_quotes(std::string_view text) {
  std::string out(1, '\'');
  out += text;
  out += '\'';
  return out;
}

std::string listed(const std::vector<std::string>& words) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) out += i + 1 == words.size() ? " or " : ", ";
    out += words[i];
  }
  return out;
}

// Kafka's rule for names of topics; also what a group and an instance may be called.
bool is_label(std::string_view text) {
  constexpr std::size_t kLabelBytesMax = 249;
  constexpr std::string_view kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  return !text.empty() && text.size() <= kLabelBytesMax && text != "." && text != ".." &&
         text.find_first_not_of(kAllowed) == std::string_view::npos;
}

// "~" only as in RFC 6901.
bool is_pointer(std::string_view text) {
  if (!text.empty() && text.front() != '/') return false;
  for (std::size_t at = text.find('~'); at != std::string_view::npos; at = text.find('~', at + 1)) {
    if (at + 1 >= text.size() || (text[at + 1] != '0' && text[at + 1] != '1')) return false;
  }
  return true;
}

std::vector<std::string> brokers_of(std::string_view list) {
  std::vector<std::string> brokers;
  while (true) {
    const std::size_t comma = list.find(',');
    std::string_view broker = list.substr(0, comma);
    while (broker.starts_with(' ')) broker.remove_prefix(1);
    while (broker.ends_with(' ')) broker.remove_suffix(1);
    brokers.emplace_back(broker);
    if (comma == std::string_view::npos) return brokers;
    list.remove_prefix(comma + 1);
  }
}

// The host of `broker`; empty when it is not host, host:port or PROTOCOL://host:port.
std::string host_of(std::string_view broker) {
  if (const std::size_t scheme = broker.find("://"); scheme != std::string_view::npos) {
    broker.remove_prefix(scheme + 3);
  }
  const bool has_port = broker.starts_with('[') ? broker.find("]:") != std::string_view::npos
                                                : broker.find(':') != std::string_view::npos;
  const auto address = parse_listen(has_port ? std::string(broker) : std::string(broker) + ":9092");
  return address && address->port != 0 ? address->host : "";
}

// What stands before "://", in capitals; empty: nothing does.
std::string scheme_of(std::string_view broker) {
  const std::size_t end = broker.find("://");
  std::string scheme(end == std::string_view::npos ? "" : broker.substr(0, end));
  for (char& letter : scheme) {
    if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 'a' + 'A');
  }
  return scheme;
}

bool is_protocol(std::string_view scheme) {
  return scheme.empty() || scheme == "PLAINTEXT" || scheme == "SSL" || scheme == "SASL_PLAINTEXT" ||
         scheme == "SASL_SSL";
}

// Why a text of this form is not one; empty: it is.
std::string fault_in(TextSetting::Form form, std::string_view text) {
  switch (form) {
    case TextSetting::Form::any:
      return "";
    case TextSetting::Form::brokers:
      for (const std::string& broker : brokers_of(text)) {
        if (host_of(broker).empty()) return "must be host:port, several with commas";
        if (const std::string scheme = scheme_of(broker); !is_protocol(scheme)) {
          return "has no protocol " + in_quotes(scheme) +
                 "; PLAINTEXT, SSL, SASL_PLAINTEXT and SASL_SSL are";
        }
      }
      return "";
    case TextSetting::Form::label:
    case TextSetting::Form::topic:
      return is_label(text) ? "" : "may hold letters, digits, '.', '_' and '-', at most 249";
    case TextSetting::Form::pointer:
      return is_pointer(text) ? "" : "must be a JSON pointer such as /content/text, or \"\"";
    case TextSetting::Form::url:
      return text.empty() || parse_url(text) ? "" : "must be an http:// or https:// address";
  }
  return "";
}

}  // namespace

ConfigReader::ConfigReader(std::string_view text, const std::filesystem::path& file,
                           Environment environment, Config& config, std::vector<Fault>& faults)
    : text_(text),
      file_(file.string()),
      environment_(std::move(environment)),
      config_(config),
      faults_(faults) {
  std::error_code code;
  folder_ = std::filesystem::absolute(file, code).parent_path();
}

void ConfigReader::error(YamlPlace place, std::string message) {
  faults_.push_back({file_, place.line, place.column, std::move(message), false,
                     std::string(place.line > 0 ? line_of(text_, place.line) : "")});
}

void ConfigReader::warn(YamlPlace place, std::string message) {
  error(place, std::move(message));
  faults_.back().is_warning = true;
}

YamlPlace ConfigReader::place_of(std::string_view path) const {
  const auto found = places_.find(path);
  return found == places_.end() ? YamlPlace{} : found->second;
}

std::filesystem::path ConfigReader::resolve(const std::string& path) const {
  return (folder_ / path).lexically_normal();
}

void ConfigReader::read() {
  const YamlNode root = parse_yaml(file_, text_, faults_);
  if (has_errors(faults_) && root.kind == YamlNode::Kind::null) return;
  if (root.kind == YamlNode::Kind::scalar || root.kind == YamlNode::Kind::sequence) {
    error(root.place, "must be 'key: value' lines; the first says 'version: 1'");
    return;
  }
  read_section(root, "");
  if (!places_.contains("version")) error({}, "says no version; add 'version: 1'");
  check_whole();
}

void ConfigReader::read_section(const YamlNode& node, const std::string& section) {
  if (node.kind == YamlNode::Kind::null) return;
  if (node.kind != YamlNode::Kind::mapping) {
    error(node.place, in_quotes(section) + " holds keys: " + listed(keys_of(section)));
    return;
  }
  const std::vector<std::string> known = keys_of(section);
  for (const auto& [key, value] : node.entries) {
    if (key.kind != YamlNode::Kind::scalar) continue;  // parse_yaml has said so
    if (std::find(known.begin(), known.end(), key.value) == known.end()) {
      const std::string near = nearest(key.value, known);
      error(key.place, "unknown key " + in_quotes(key.value) +
                           (section.empty() ? "" : " in " + in_quotes(section)) +
                           (near.empty() ? "; known: " + listed(known)
                                         : " (did you mean " + in_quotes(near) + "?)"));
      continue;
    }
    const std::string path = section.empty() ? key.value : section + "." + key.value;
    if (const Setting* setting = find_setting(path)) {
      if (places_.emplace(path, key.place).second) read_setting(*setting, value);
    } else {
      read_section(value, path);
    }
  }
}

void ConfigReader::read_setting(const Setting& setting, const YamlNode& node) {
  if (node.kind == YamlNode::Kind::null) {
    error(node.place, in_quotes(setting.path) + " has no value; leave the key out for its default");
    return;
  }
  std::visit([&](const auto& type) { assign(setting, type, node); }, setting.type);
}

std::optional<std::string> ConfigReader::scalar(const YamlNode& node, std::string_view path) {
  if (node.kind == YamlNode::Kind::null) {
    error(node.place, in_quotes(path) + " has an empty value");
    return std::nullopt;
  }
  if (node.kind != YamlNode::Kind::scalar) {
    error(node.place, in_quotes(path) + " takes one value, not a " +
                          (node.kind == YamlNode::Kind::sequence ? "list" : "mapping"));
    return std::nullopt;
  }
  Interpolated result = interpolate(node.value, environment_);
  if (!result.error.empty()) {
    error(node.place, result.error);
    return std::nullopt;
  }
  return std::move(result.value);
}

void ConfigReader::assign(const Setting& setting, const TextSetting& type, const YamlNode& node) {
  auto value = scalar(node, setting.path);
  if (!value) return;
  // An empty instance asks for the host's name.
  const bool is_default = value->empty() && setting.path == "instance";
  const std::string fault = is_default ? "" : fault_in(type.form, *value);
  if (!fault.empty()) {
    error(node.place, in_quotes(setting.path) + " " + fault + ", not " + in_quotes(*value));
    return;
  }
  type.at(config_) = *std::move(value);
}

void ConfigReader::assign(const Setting& setting, const FlagSetting& type, const YamlNode& node) {
  const auto value = scalar(node, setting.path);
  if (!value) return;
  if (const auto flag = parse_flag(*value)) {
    type.at(config_) = *flag;
  } else {
    error(node.place, in_quotes(setting.path) + " must be true or false, not " + in_quotes(*value));
  }
}

void ConfigReader::assign(const Setting& setting, const ChoiceSetting& type, const YamlNode& node) {
  const auto value = scalar(node, setting.path);
  if (!value) return;
  const auto found = std::find(type.names.begin(), type.names.end(), *value);
  if (found != type.names.end()) {
    type.set(config_, static_cast<std::size_t>(found - type.names.begin()));
    return;
  }
  const std::string near = nearest(*value, type.names);
  error(node.place, in_quotes(setting.path) + " must be " + listed(type.names) + ", not " +
                        in_quotes(*value) + (near.empty() ? "" : " (did you mean " + near + "?)"));
}

void ConfigReader::assign(const Setting& setting, const NumberSetting& type, const YamlNode& node) {
  const auto value = scalar(node, setting.path);
  if (!value) return;
  const auto number = type.is_bytes ? parse_bytes(*value) : parse_number(*value);
  if (number && *number >= type.min && *number <= type.max) {
    type.set(config_, *number);
    return;
  }
  const std::string range =
      type.is_bytes
          ? "a size such as 64KiB, from " + format_bytes(type.min) + " to " + format_bytes(type.max)
          : "a whole number from " + std::to_string(type.min) + " to " + std::to_string(type.max);
  error(node.place, in_quotes(setting.path) + " must be " + range + ", not " + in_quotes(*value));
}

void ConfigReader::assign(const Setting& setting, const DurationSetting& type,
                          const YamlNode& node) {
  const auto value = scalar(node, setting.path);
  if (!value) return;
  const auto duration = parse_duration(*value);
  if (duration && *duration >= type.min && *duration <= type.max) {
    type.at(config_) = *duration;
    return;
  }
  const bool lacks_unit = parse_number(*value).has_value();
  error(node.place, in_quotes(setting.path) + " must be a time from " + format_duration(type.min) +
                        " to " + format_duration(type.max) + ", not " + in_quotes(*value) +
                        (lacks_unit ? " (the unit is missing: ms, s, m, h, d)" : ""));
}

void ConfigReader::assign(const Setting& setting, const ListenSetting& type, const YamlNode& node) {
  const auto value = scalar(node, setting.path);
  if (!value) return;
  if (auto address = parse_listen(*value)) {
    type.at(config_) = *std::move(address);
  } else {
    error(node.place, in_quotes(setting.path) +
                          " must be host:port, [address]:port or \"\" for off, not " +
                          in_quotes(*value));
  }
}

void ConfigReader::assign(const Setting& setting, const PathSetting& type, const YamlNode& node) {
  const auto value = scalar(node, setting.path);
  if (!value || value->empty()) return;
  const std::filesystem::path path = resolve(*value);
  std::error_code code;
  if (!std::filesystem::is_regular_file(path, code)) {
    const std::string message = in_quotes(setting.path) + ": no file " + in_quotes(path.string());
    if (!type.may_come_later) return error(node.place, message);
    warn(node.place, message);
  }
  type.at(config_) = path;
}

void ConfigReader::assign(const Setting& setting, const PathsSetting& type, const YamlNode& node) {
  std::vector<std::filesystem::path>& target = type.at(config_);
  target.clear();
  const auto add = [&](const YamlNode& item) {
    const auto value = scalar(item, setting.path);
    if (!value) return;
    const std::filesystem::path path = resolve(*value);
    std::error_code code;
    if (value->empty() || !std::filesystem::exists(path, code)) {
      error(item.place,
            in_quotes(setting.path) + ": no file or folder " + in_quotes(path.string()));
      return;
    }
    target.push_back(path);
  };
  if (node.kind != YamlNode::Kind::sequence) return add(node);
  if (node.items.empty()) {
    error(node.place,
          in_quotes(setting.path) + " is empty; leave the key out for the shipped files");
  }
  for (const YamlNode& item : node.items) add(item);
}

void ConfigReader::assign(const Setting& setting, const TopicsSetting& type, const YamlNode& node) {
  std::vector<std::string>& target = type.at(config_);
  target.clear();
  const auto add = [&](const YamlNode& item) {
    auto value = scalar(item, setting.path);
    if (!value) return;
    const std::string fault = fault_in(TextSetting::Form::topic, *value);
    if (!fault.empty()) {
      error(item.place, in_quotes(setting.path) + " " + fault + ", not " + in_quotes(*value));
      return;
    }
    target.push_back(*std::move(value));
  };
  if (node.kind != YamlNode::Kind::sequence) return add(node);
  if (node.items.empty()) error(node.place, in_quotes(setting.path) + " is empty");
  for (const YamlNode& item : node.items) add(item);
}

void ConfigReader::assign(const Setting& setting, const WebhooksSetting&, const YamlNode& node) {
  if (node.kind != YamlNode::Kind::sequence) {
    error(node.place, in_quotes(setting.path) + " is a list: [{name: ..., kind: ..., url: ...}]");
    return;
  }
  config_.alerts.webhooks.clear();
  for (const YamlNode& item : node.items) read_webhook(item);
}

void ConfigReader::read_webhook(const YamlNode& node) {
  std::vector<std::string> known;
  for (const Setting& setting : webhook_settings()) {
    known.push_back(setting.path.substr(setting.path.rfind('.') + 1));
  }
  if (node.kind != YamlNode::Kind::mapping) {
    error(node.place, "a webhook holds keys: " + listed(known));
    return;
  }
  config_.alerts.webhooks.emplace_back();
  const std::size_t faults = faults_.size();
  for (const auto& [key, value] : node.entries) {
    const auto found = std::find(known.begin(), known.end(), key.value);
    if (found == known.end()) {
      const std::string near = nearest(key.value, known);
      error(key.place, "unknown key " + in_quotes(key.value) + " in a webhook" +
                           (near.empty() ? "; known: " + listed(known)
                                         : " (did you mean " + in_quotes(near) + "?)"));
      continue;
    }
    read_setting(webhook_settings()[static_cast<std::size_t>(found - known.begin())], value);
  }
  const bool is_faulty =
      std::any_of(faults_.begin() + static_cast<std::ptrdiff_t>(faults), faults_.end(),
                  [](const Fault& fault) { return !fault.is_warning; });
  if (!is_faulty) check_webhook(node);
}

// What must go together in one webhook.
void ConfigReader::check_webhook(const YamlNode& node) {
  const std::vector<WebhookConfig>& all = config_.alerts.webhooks;
  const WebhookConfig& webhook = all.back();
  for (const char* key : {"name", "kind"}) {
    if (node.find(key) == nullptr) error(node.place, "a webhook needs " + in_quotes(key));
  }
  const bool is_known = std::any_of(all.begin(), all.end() - 1, [&](const WebhookConfig& other) {
    return other.name == webhook.name;
  });
  if (is_known) error(node.place, "two webhooks have the name " + in_quotes(webhook.name));
  if (!webhook.url.empty() && !webhook.url_file.empty()) {
    error(node.place, "a webhook has 'url' or 'url_file', not both");
  }
  const bool has_url = !webhook.url.empty() || !webhook.url_file.empty();
  if (!has_url && webhook.kind != WebhookKind::pagerduty) {
    error(node.place, "a webhook needs 'url' or 'url_file'");
  }
  if (webhook.kind == WebhookKind::pagerduty && webhook.secret_file.empty()) {
    error(node.place, "a webhook of kind pagerduty needs 'secret_file' with the routing key");
  }
  if (webhook.kind == WebhookKind::slack && !webhook.secret_file.empty()) {
    error(node.place, "a webhook of kind slack has no secret but its address: use 'url_file'");
  }
  const auto url = parse_url(webhook.url);
  if (url && !url->is_tls && !is_loopback_host(url->host)) {
    warn(node.place, "alerts are sent to " + in_quotes(url->host) + " without encryption");
  }
}

void ConfigReader::assign(const Setting& setting, const PropertiesSetting& type,
                          const YamlNode& node) {
  if (node.kind != YamlNode::Kind::mapping) {
    error(node.place, in_quotes(setting.path) + " holds librdkafka properties, 'name: value'");
    return;
  }
  for (const auto& [key, item] : node.entries) {
    auto value = scalar(item, key.value);
    if (!value) continue;
    if (type.are_files) {
      const std::filesystem::path file = resolve(*value);
      SecretResult content = read_secret(file);
      if (!content.error.empty()) {
        error(item.place,
              in_quotes(key.value) + ": " + in_quotes(file.string()) + " " + content.error);
        continue;
      }
      config_.kafka.client[kFileMark + key.value] = file.string();
      if (key.value == kTokenProperty) continue;
      value = std::move(content.secret);
    }
    const PropertyFault fault = check_kafka_property(key.value, *value);
    if (!fault.message.empty()) {
      error(fault.is_in_value ? item.place : key.place, fault.message);
    } else if (!config_.kafka.client.emplace(key.value, *value).second) {
      error(key.place, in_quotes(key.value) + " is in kafka.client and in kafka.client_files");
    }
  }
}

void ConfigReader::assign(const Setting& setting, const VersionSetting&, const YamlNode& node) {
  const auto value = scalar(node, setting.path);
  if (value && parse_number(*value) != kConfigVersion) {
    error(node.place, "this binary reads version 1 of the configuration, not " + in_quotes(*value));
  }
}

void ConfigReader::check_whole() {
  if (config_.input.fields.schema_id != 0 && config_.input.format != InputFormat::confluent) {
    warn(place_of("input.schema_id"), "'input.schema_id' is for 'input.format' confluent alone");
  }
  check_topics();
  check_sizes();
  check_listeners();
  check_security();
}

void ConfigReader::check_topics() {
  const TopicsConfig& topics = config_.topics;
  std::vector<std::pair<std::string, std::string>> named;  // path, topic
  for (const std::string& raw : topics.raw) named.emplace_back("topics.raw", raw);
  named.insert(named.end(), {{"topics.enriched", topics.enriched},
                             {"topics.duplicates", topics.duplicates},
                             {"topics.alerts", topics.alerts},
                             {"topics.pairs", topics.pairs},
                             {"topics.deadletter", topics.deadletter},
                             {"topics.ledger", topics.ledger}});
  for (std::size_t i = 0; i < named.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (named[i].second != named[j].second) continue;
      const bool is_here = places_.contains(named[i].first);
      const std::string roles =
          named[i].first == named[j].first
              ? " is twice in " + in_quotes(named[j].first)
              : " is both " + in_quotes(named[j].first) + " and " + in_quotes(named[i].first);
      error(place_of(is_here ? named[i].first : named[j].first),
            "topic " + in_quotes(named[i].second) + roles);
    }
  }
}

void ConfigReader::check_sizes() {
  const LimitsConfig& limits = config_.limits;
  if (limits.article_bytes_max > limits.batch_bytes_max) {
    const bool is_here = places_.contains("limits.batch_bytes_max");
    error(place_of(is_here ? "limits.batch_bytes_max" : "limits.article_bytes_max"),
          "'limits.batch_bytes_max' must hold one article: at least 'limits.article_bytes_max'");
  }
  if (limits.batch_bytes_max > limits.inflight_bytes_max) {
    const bool is_here = places_.contains("limits.inflight_bytes_max");
    error(place_of(is_here ? "limits.inflight_bytes_max" : "limits.batch_bytes_max"),
          "'limits.inflight_bytes_max' must hold one batch: at least 'limits.batch_bytes_max'");
  }
}

void ConfigReader::check_listeners() {
  const ListenAddress& page = config_.page.listen;
  const ListenAddress& admin = config_.admin.listen;
  if (!page.is_off() && !page.is_loopback() && config_.admin.token_file.empty()) {
    error(place_of("page.listen"),
          "'page.listen' off loopback asks for a token; set 'admin.token_file'");
  }
  if (!page.is_off() && page == admin && page.port != 0) {
    error(place_of("page.listen"), "'page.listen' and 'admin.listen' are the same address");
  }
  if (!config_.admin.token_file.empty()) {
    const SecretResult token = read_secret(config_.admin.token_file);
    if (!token.error.empty()) {
      error(place_of("admin.token_file"), "'admin.token_file' " + token.error);
    }
  }
}

void ConfigReader::check_security() {
  const auto protocol = config_.kafka.client.find("security.protocol");
  const std::string value = protocol == config_.kafka.client.end() ? "plaintext" : protocol->second;
  for (const std::string& broker : brokers_of(config_.kafka.brokers)) {
    const std::string scheme = scheme_of(broker);
    if (scheme.empty() || !is_protocol(scheme) || scheme == scheme_of(value + "://")) continue;
    error(place_of("kafka.brokers"), "broker " + in_quotes(broker) + " is not reached by " +
                                         in_quotes(value) +
                                         ", see kafka.client: security.protocol");
  }
  if (value != "plaintext" && value != "PLAINTEXT") return;
  for (const std::string& broker : brokers_of(config_.kafka.brokers)) {
    const std::string host = host_of(broker);
    if (host.empty() || is_loopback_host(host)) continue;
    warn(place_of("kafka.brokers"),
         "broker " + in_quotes(broker) +
             " is reached without encryption or a password; see kafka.client: security.protocol");
    return;
  }
}

}  // namespace tocsin
