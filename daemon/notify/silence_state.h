// What the watch for ticks must not forget when notify is started again: kept as the metadata of
// its committed offset in the ledger.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

namespace tocsin {

struct SilenceState {
  // closing: ticks are back, and not every target has been told so.
  enum class Stage : std::uint8_t { fine, silent, closing };
  Stage stage = Stage::fine;
  std::int64_t tick_ms = 0;    // append time of the last tick, epoch; 0: none known
  std::int64_t revision = 0;   // of the alert that was opened or closed last
  std::set<std::string> told;  // targets that know of it, each as mark_of()

  friend bool operator==(const SilenceState&, const SilenceState&) = default;
};

// A target's name in 8 digits, so that some hundred have room.
[[nodiscard]] std::string mark_of(std::string_view target);

[[nodiscard]] std::string encode(const SilenceState& state);
// Anything that is not of encode() is the state of a notify that starts for the first time.
[[nodiscard]] SilenceState parse_silence_state(std::string_view metadata);

}  // namespace tocsin
