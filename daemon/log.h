// The log: one line an event on standard error, text for a terminal, JSON otherwise. Never an
// article's text; repeats of one event class are rate-limited by their callers.
//
// A message is "component: what happened key=value key=value: text of others". Fields are read up
// to the first ": " after the component, so what others wrote (errors of brokers, answers of
// webhooks) stands behind it and cannot make fields; tests/tidy.py holds the calls to this. Each
// line is valid JSON and UTF-8, each key stands once. Under journald a line begins with its
// priority (sd-daemon(3)).
//
// Promises: a reader that stalls costs half a second, then lines (counted, told later), never more.
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>

#include "config/config.h"
#include "config/fault.h"

namespace tocsin {

void init_log(const LogConfig& config, const std::string& instance);
void set_log_level(LogLevel level);
// Faults of files, a line each.
void log_faults(std::string_view component, std::span<const Fault> faults);

// Valid UTF-8 of any bytes: each byte that belongs to no character becomes U+FFFD.
[[nodiscard]] std::string valid_utf8(std::string_view bytes);
// The same on one line: control characters as \xNN.
[[nodiscard]] std::string one_line(std::string_view bytes);

// One event as a line of JSON, without its line break.
[[nodiscard]] std::string json_log_line(std::string_view time, std::string_view level,
                                        std::string_view instance, std::string_view message);

inline constexpr std::chrono::milliseconds kLogPatience{500};

}  // namespace tocsin
