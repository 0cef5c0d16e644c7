// Scalars as people write them: times, sizes, addresses, `${VAR}`. Pure but for the environment,
// which interpolate() is given; each parser says in `error` what it expected.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "config/config.h"

namespace tocsin {

// "500ms", "72h", "1h30m"; units ms, s, m, h, d, w.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
// "1048576", "64KiB", "10MB"; units B, kB, KB, MB, GB (1000) and KiB, MiB, GiB (1024).
[[nodiscard]] std::optional<std::uint64_t> parse_bytes(std::string_view text);
[[nodiscard]] std::optional<std::uint64_t> parse_number(std::string_view text);
[[nodiscard]] std::optional<bool> parse_flag(std::string_view text);
// "127.0.0.1:9464", "[::1]:9464", "localhost:0"; "" is off.
[[nodiscard]] std::optional<ListenAddress> parse_listen(std::string_view text);

// An http or https address: its parts as a request needs them.
struct Url {
  bool is_tls = false;
  std::string host;  // without brackets
  std::uint16_t port = 0;
  std::string target;  // path and query, at least "/"
  friend bool operator==(const Url&, const Url&) = default;
};
// No user, no fragment, no spaces or control characters.
[[nodiscard]] std::optional<Url> parse_url(std::string_view text);

// The shortest form that parses back: "72h", "1MiB".
[[nodiscard]] std::string format_duration(std::chrono::milliseconds duration);
[[nodiscard]] std::string format_bytes(std::uint64_t bytes);
[[nodiscard]] std::string format_listen(const ListenAddress& address);

// True for 127.0.0.0/8, ::1 and localhost.
[[nodiscard]] bool is_loopback_host(std::string_view host);

using Environment = std::function<std::optional<std::string>(std::string_view name)>;
// The variables of this process.
[[nodiscard]] std::optional<std::string> process_variable(std::string_view name);

struct Interpolated {
  std::string value;
  std::string error;  // empty: fine
};
// `${VAR}`, `${VAR:-default}` (also when empty), `${VAR:?message}`, `$$`; any other dollar stays.
[[nodiscard]] Interpolated interpolate(std::string_view text, const Environment& environment);

}  // namespace tocsin
