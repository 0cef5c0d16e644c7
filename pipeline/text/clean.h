// Takes out of a field what feeds leave in it (HTML, also escaped; entities, also encoded twice;
// UTF-8 that was read as Windows-1252; words broken at line ends or by signs without a width) and
// keeps the way back to the original. Promises: linear time; text that only looks like markup ("a <
// b", "<Seedco Inc>") stays.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "pipeline/text/text.h"

namespace tocsin {

// Appends the cleaned `raw` to `out` and its runs (original code points from 0) to `runs`.
// `languages` tell a word that a sign without a width breaks from two that it parts.
void append_clean(std::string_view raw, const Languages& languages, std::string& out,
                  std::vector<Text::Run>& runs);

// How many characters of `raw` were mojibake and are repaired.
[[nodiscard]] std::uint32_t count_repaired(std::string_view raw);

}  // namespace tocsin
