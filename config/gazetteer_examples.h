// Examples beside a gazetteer (*.examples): what its names must mean where they stand.
// Promises: every line is either run or a fault with its place; nothing here throws.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/entities/gazetteer.h"

namespace tocsin {

// One sentence and one name in it.
struct NameExample {
  std::string file;
  std::uint32_t line = 0;
  std::string rule;
  std::int64_t published_at_ms = 0;
  std::string text;
  std::string surface;
  std::string expected;  // an id, an alpha-3 code, `team`, `unknown` or `-`
};

// Appends the examples of one file: rule, date, text and SURFACE=WHAT; ... separated by tabs.
void parse_name_examples(std::string_view file, std::string_view text,
                         std::vector<NameExample>& examples, std::vector<DataFault>& faults);

// What the name means by this gazetteer, in the words of `expected`; equal to it when that fits.
[[nodiscard]] std::string meaning_of(const NameExample& example, const Languages& languages,
                                     const Gazetteer& gazetteer);

}  // namespace tocsin
