// Takes out of a field the HTML that feeds leave in it and keeps the way back to the original.
// Promises: linear time; text that only looks like markup ("a < b", "<Seedco Inc>") stays.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "pipeline/text/text.h"

namespace tocsin {

// Appends the cleaned `raw` to `out` and its runs (original code points from 0) to `runs`.
void append_clean(std::string_view raw, std::string& out, std::vector<Text::Run>& runs);

}  // namespace tocsin
