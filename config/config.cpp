#include "config/config.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <utility>

#include "config/config_reader.h"
#include "config/machine.h"
#include "config/scalars.h"

namespace tocsin {

namespace {

std::string host_name() {
  std::array<char, 256> buffer{};
  if (::gethostname(buffer.data(), buffer.size() - 1) != 0 || buffer[0] == '\0') return "tocsin";
  return buffer.data();
}

}  // namespace

bool ListenAddress::is_loopback() const noexcept {
  return is_loopback_host(host);
}

Epoch DedupeConfig::epoch() const {
  Epoch epoch;
  epoch.revision = revision;
  epoch.window_ms = window.count();
  epoch.jaccard_percent_min = jaccard_percent_min;
  epoch.containment_percent_min = containment_percent_min;
  epoch.band_candidates_max = band_candidates_max;
  epoch.entries_max = entries_max;
  return epoch;
}

bool DedupeConfig::agrees_with(const Epoch& other) const {
  Epoch ours = epoch();
  const bool is_chosen = entries_max != Epoch{}.entries_max;
  if (!is_chosen) ours.entries_max = other.entries_max;
  return ours == other;
}

unsigned Config::worker_count() const noexcept {
  return workers != 0 ? workers : processor_count();
}

std::string_view name(Delivery delivery) noexcept {
  return delivery == Delivery::exactly_once ? "exactly_once" : "at_least_once";
}

std::string_view name(LogLevel level) noexcept {
  constexpr std::array<std::string_view, 5> kNames = {"trace", "debug", "info", "warn", "error"};
  return kNames[static_cast<std::size_t>(level)];
}

Config default_config() {
  Config config;
  config.instance = host_name();
  return config;
}

ConfigResult parse_config(std::string_view text, const std::filesystem::path& file) {
  ConfigResult result;
  result.config.file = file;
  ConfigReader reader(text, file, process_variable, result.config, result.faults);
  reader.read();
  if (result.config.instance.empty()) result.config.instance = host_name();
  sort_faults(result.faults);
  return result;
}

ConfigResult load_config(const std::filesystem::path& file) {
  std::string text;
  std::string error = read_file(file, kConfigBytesMax, text);
  if (!error.empty()) {
    ConfigResult result;
    result.faults.push_back({file.string(), 0, 0, std::move(error), false, ""});
    return result;
  }
  return parse_config(text, file);
}

std::string read_file(const std::filesystem::path& file, std::size_t bytes_max, std::string& text) {
  std::error_code code;
  if (std::filesystem::is_directory(file, code)) return "cannot be read: it is a folder";
  std::ifstream stream(file, std::ios::binary);
  if (!stream) {
    return std::filesystem::exists(file, code) ? "cannot be read: no permission"
                                               : "cannot be read: no such file";
  }
  text.clear();
  std::array<char, 1 << 16> buffer{};
  while (stream.read(buffer.data(), buffer.size()) || stream.gcount() > 0) {
    text.append(buffer.data(), static_cast<std::size_t>(stream.gcount()));
    if (text.size() > bytes_max) return "longer than " + std::to_string(bytes_max) + " bytes";
  }
  if (stream.bad()) return "cannot be read to its end";
  return "";
}

SecretResult read_secret(const std::filesystem::path& file) {
  constexpr std::size_t kSecretBytesMax = 64 << 10;
  SecretResult result;
  result.error = read_file(file, kSecretBytesMax, result.secret);
  if (!result.error.empty()) {
    result.secret.clear();
    return result;
  }
  while (result.secret.ends_with('\n') || result.secret.ends_with('\r')) result.secret.pop_back();
  if (result.secret.empty()) result.error = "holds nothing";
  return result;
}

}  // namespace tocsin
