// A YAML file as a plain tree with the place of every node, built from yaml-cpp's parser events.
// Promises: doubled keys, several documents, bombs of aliases and unbounded depth come back as
// faults; no yaml-cpp type leaves this file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/fault.h"

namespace tocsin {

struct YamlPlace {
  std::uint32_t line = 0;    // from 1
  std::uint32_t column = 0;  // from 1, in code points
};

struct YamlEntry;

struct YamlNode {
  enum class Kind : std::uint8_t { null, scalar, sequence, mapping };
  Kind kind = Kind::null;
  YamlPlace place;
  bool is_quoted = false;          // a scalar in quotes or a block: text whatever it looks like
  std::string value;               // of a scalar
  std::vector<YamlNode> items;     // of a sequence
  std::vector<YamlEntry> entries;  // of a mapping, as written

  // Value of a key; nullptr when absent or when this is no mapping.
  [[nodiscard]] const YamlNode* find(std::string_view key) const;
};

struct YamlEntry {
  YamlNode key;  // a scalar
  YamlNode value;
};

// Limits on what one file may hold.
inline constexpr std::size_t kYamlBytesMax = 8 << 20;
inline constexpr std::size_t kYamlNodesMax = 400'000;  // after aliases are expanded
inline constexpr std::size_t kYamlDepthMax = 32;

// An empty text is a null node. Faults carry their source line.
[[nodiscard]] YamlNode parse_yaml(std::string_view file, std::string_view text,
                                  std::vector<Fault>& faults);

}  // namespace tocsin
