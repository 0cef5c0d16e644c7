// The log: one line an event on standard error, text for a terminal, JSON otherwise.
// Never an article's text; repeats of one event class are rate-limited by their callers.
#pragma once

#include "config/config.h"

namespace tocsin {

void init_log(const LogConfig& config, const std::string& instance);

}  // namespace tocsin
