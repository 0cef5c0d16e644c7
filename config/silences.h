// The file `alerts.silences`: alerts that people on call do not want to be told of for a while.
// Promises: an entry says who, why and until when, or the file is refused with every fault.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "config/fault.h"
#include "pipeline/tension/tension.h"

namespace tocsin {

// Holds for an alert when everything it names fits.
struct Silence {
  std::vector<std::string> pair;      // two codes or ids, in any order; empty: any
  std::string actor;                  // code or id of one of the pair; empty: any
  std::string rule;                   // empty: any
  Level level_max = Level::critical;  // alerts above it are told
  std::int64_t until_ms = 0;          // epoch
  std::string by;
  std::string why;
  std::uint32_t line = 0;  // in the file

  friend bool operator==(const Silence&, const Silence&) = default;
};

struct LoadedSilences {
  std::vector<Silence> silences;  // expired ones too
  std::vector<Fault> faults;
};

// An empty path: none.
[[nodiscard]] LoadedSilences load_silences(const std::filesystem::path& file);
[[nodiscard]] LoadedSilences parse_silences(std::string_view file, std::string_view text);

// What a silence looks at of an alert.
struct AlertFacts {
  std::vector<std::string> pair;   // ids
  std::vector<std::string> codes;  // of the same, in the same order
  std::string rule;
  std::string level;  // as it is named; one that nobody knows is never silenced
};
[[nodiscard]] bool holds(const Silence& silence, const AlertFacts& alert, std::int64_t now_ms);

inline constexpr std::size_t kSilencesMax = 1'000;

}  // namespace tocsin
