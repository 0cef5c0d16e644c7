#include "daemon/notify/silence_state.h"

#include <xxhash.h>

#include <array>
#include <cstdio>
#include <vector>

#include "config/scalars.h"

namespace tocsin {
namespace {

constexpr std::array<std::string_view, 3> kStages = {"fine", "silent", "closing"};
constexpr std::size_t kToldMax = 300;  // brokers take 4,096 bytes

std::vector<std::string_view> split(std::string_view text, char between) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t at = text.find(between);
    parts.push_back(text.substr(0, at));
    text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  }
  return parts;
}

}  // namespace

std::string mark_of(std::string_view target) {
  std::array<char, 9> digits{};
  std::snprintf(digits.data(), digits.size(), "%08x", XXH32(target.data(), target.size(), 0));
  return digits.data();
}

std::string encode(const SilenceState& state) {
  std::string text = "v1 stage=" + std::string(kStages[static_cast<std::size_t>(state.stage)]) +
                     " tick=" + std::to_string(state.tick_ms) +
                     " revision=" + std::to_string(state.revision) + " told=";
  std::size_t count = 0;
  for (const std::string& mark : state.told) {
    if (count++ == kToldMax) break;
    text += (count == 1 ? "" : ",") + mark;
  }
  return text;
}

SilenceState parse_silence_state(std::string_view metadata) {
  const std::vector<std::string_view> words = split(metadata, ' ');
  if (words.size() != 5 || words[0] != "v1") return {};
  SilenceState state;
  for (const std::string_view word : words) {
    const std::size_t equals = word.find('=');
    const std::string_view key = word.substr(0, equals);
    const std::string_view value = equals == std::string_view::npos ? "" : word.substr(equals + 1);
    for (std::size_t i = 0; i < kStages.size(); ++i) {
      if (key == "stage" && value == kStages[i]) state.stage = static_cast<SilenceState::Stage>(i);
    }
    const auto number = static_cast<std::int64_t>(parse_number(value).value_or(0));
    if (key == "tick") state.tick_ms = number;
    if (key == "revision") state.revision = number;
    if (key == "told") {
      for (const std::string_view mark : split(value, ',')) state.told.emplace(mark);
    }
  }
  return state;
}

}  // namespace tocsin
