#include "config/scalars.h"

#include <unistd.h>
#include <algorithm>

#include <array>
#include <charconv>
#include <limits>
#include <utility>

namespace tocsin {

namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

// Milliseconds; the longest first, so that formatting takes the largest that divides.
constexpr std::array<Unit, 6> kTimes = {{{"w", 604'800'000},
                                         {"d", 86'400'000},
                                         {"h", 3'600'000},
                                         {"m", 60'000},
                                         {"s", 1'000},
                                         {"ms", 1}}};
constexpr std::array<Unit, 9> kSizes = {{{"GiB", 1ULL << 30},
                                         {"MiB", 1ULL << 20},
                                         {"KiB", 1ULL << 10},
                                         {"GB", 1'000'000'000},
                                         {"MB", 1'000'000},
                                         {"kB", 1'000},
                                         {"KB", 1'000},
                                         {"B", 1},
                                         {"", 1}}};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_name(char c) {
  return is_digit(c) || c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Cuts a run of characters off the front.
template <class Test>
std::string_view take(std::string_view& text, Test test) {
  std::size_t end = 0;
  while (end < text.size() && test(text[end])) ++end;
  const std::string_view taken = text.substr(0, end);
  text.remove_prefix(end);
  return taken;
}

std::optional<std::uint64_t> times(std::uint64_t number, std::uint64_t factor) {
  if (number > std::numeric_limits<std::uint64_t>::max() / factor) return std::nullopt;
  return number * factor;
}

}  // namespace

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<bool> parse_flag(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return std::nullopt;
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  constexpr std::uint64_t kTooLong = 1'000'000'000'000'000;  // keeps sums far from overflow
  std::uint64_t sum = 0;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    const auto number = parse_number(take(text, is_digit));
    const std::string_view unit = take(text, [](char c) { return !is_digit(c); });
    std::optional<std::uint64_t> part;
    for (const Unit& known : kTimes) {
      if (number && unit == known.name) part = times(*number, known.factor);
    }
    if (!part || *part > kTooLong) return std::nullopt;
    sum += *part;
    if (sum > kTooLong) return std::nullopt;
  }
  return std::chrono::milliseconds(static_cast<std::int64_t>(sum));
}

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
  const auto number = parse_number(take(text, is_digit));
  if (!number) return std::nullopt;
  for (const Unit& known : kSizes) {
    if (text == known.name) return times(*number, known.factor);
  }
  return std::nullopt;
}

std::string format_duration(std::chrono::milliseconds duration) {
  const auto ms = static_cast<std::uint64_t>(duration.count());
  // Days and weeks only when nobody would rather say hours: a window is 72h, a retention 30d.
  for (const Unit& unit : kTimes) {
    const std::uint64_t count_min = unit.name == "d" || unit.name == "w" ? 7 : 1;
    if (ms % unit.factor == 0 && ms / unit.factor >= count_min) {
      return std::to_string(ms / unit.factor) + std::string(unit.name);
    }
  }
  return "0ms";
}

std::string format_bytes(std::uint64_t bytes) {
  for (const Unit& unit : kSizes) {
    if (unit.factor > 1 && bytes >= unit.factor && bytes % unit.factor == 0) {
      return std::to_string(bytes / unit.factor) + std::string(unit.name);
    }
  }
  return std::to_string(bytes);
}

std::optional<ListenAddress> parse_listen(std::string_view text) {
  ListenAddress address;
  if (text.empty()) return address;
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t end = text.find("]:");
    if (end == std::string_view::npos) return std::nullopt;
    address.host = text.substr(1, end - 1);
    port = text.substr(end + 2);
    if (address.host.find_first_not_of("0123456789abcdefABCDEF:.%") != std::string::npos) {
      return std::nullopt;
    }
  } else {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    address.host = text.substr(0, colon);
    port = text.substr(colon + 1);
    for (const char c : address.host) {
      if (!is_name(c) && c != '.' && c != '-') return std::nullopt;
    }
  }
  const auto number = parse_number(port);
  if (address.host.empty() || !number || *number > 65'535) return std::nullopt;
  address.port = static_cast<std::uint16_t>(*number);
  return address;
}

std::optional<Url> parse_url(std::string_view text) {
  Url url;
  url.is_tls = text.starts_with("https://");
  if (!url.is_tls && !text.starts_with("http://")) return std::nullopt;
  text.remove_prefix(url.is_tls ? 8 : 7);
  const bool is_printable = std::all_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) > 0x20 && static_cast<unsigned char>(c) < 0x7F;
  });
  if (!is_printable || text.find('#') != std::string_view::npos) return std::nullopt;
  const std::size_t end = std::min(text.find_first_of("/?"), text.size());
  std::string authority(text.substr(0, end));
  url.target = text.substr(end);
  if (!url.target.starts_with('/')) url.target.insert(0, 1, '/');
  const bool has_port = authority.starts_with('[') ? authority.find("]:") != std::string::npos
                                                   : authority.find(':') != std::string::npos;
  if (!has_port) authority += url.is_tls ? ":443" : ":80";
  const auto address = parse_listen(authority);
  if (!address || address->port == 0) return std::nullopt;
  url.host = address->host;
  url.port = address->port;
  return url;
}

std::string format_listen(const ListenAddress& address) {
  if (address.is_off()) return "";
  const bool is_ipv6 = address.host.find(':') != std::string::npos;
  return (is_ipv6 ? '[' + address.host + ']' : address.host) + ':' + std::to_string(address.port);
}

bool is_loopback_host(std::string_view host) {
  return host == "localhost" || host == "::1" ||
         (host.starts_with("127.") &&
          host.find_first_not_of("0123456789.") == std::string_view::npos);
}

std::optional<std::string> process_variable(std::string_view name) {
  // Not std::getenv: it is not promised to be safe beside other threads.
  for (char** entry = ::environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view pair = *entry;
    if (pair.size() > name.size() && pair[name.size()] == '=' && pair.starts_with(name)) {
      return std::string(pair.substr(name.size() + 1));
    }
  }
  return std::nullopt;
}

namespace {

// One `${...}`, without its braces, to its value.
Interpolated replace(std::string_view inside, const Environment& environment) {
  std::string_view rest = inside;
  const std::string name(take(rest, is_name));
  if (name.empty() || is_digit(name.front())) {
    return {"", "'${" + std::string(inside) + "}' names no variable"};
  }
  const std::optional<std::string> value = environment(name);
  if (rest.empty()) {
    if (value) return {*value, ""};
    return {"", "the environment has no " + name + " (a default: ${" + name + ":-...})"};
  }
  const bool is_set = value && !value->empty();
  if (rest.starts_with(":-")) return {is_set ? *value : std::string(rest.substr(2)), ""};
  if (rest.starts_with(":?")) {
    if (is_set) return {*value, ""};
    const std::string_view message = rest.substr(2);
    return {"", name + ": " + (message.empty() ? "not set" : std::string(message))};
  }
  return {"", "'${" + std::string(inside) + "}' is none of ${VAR}, ${VAR:-default}, " +
                  "${VAR:?message}"};
}

}  // namespace

Interpolated interpolate(std::string_view text, const Environment& environment) {
  Interpolated out;
  while (true) {
    const std::size_t dollar = text.find('$');
    out.value += text.substr(0, dollar);
    if (dollar == std::string_view::npos) return out;
    text.remove_prefix(dollar + 1);
    if (text.starts_with('$')) {
      out.value += '$';
      text.remove_prefix(1);
    } else if (text.starts_with('{')) {
      const std::size_t end = text.find('}');
      if (text.substr(1, end == std::string_view::npos ? end : end - 1).find("${") !=
          std::string_view::npos) {
        return {"", "'${' inside '${...}' is not replaced; give the default as it is"};
      }
      if (end == std::string_view::npos) return {"", "'${' without '}' (a dollar is '$$')"};
      Interpolated part = replace(text.substr(1, end - 1), environment);
      if (!part.error.empty()) return part;
      out.value += part.value;
      text.remove_prefix(end + 1);
    } else {
      out.value += '$';
    }
  }
}

}  // namespace tocsin
