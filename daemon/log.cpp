#include "daemon/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <chrono>

#include "pipeline/decode/decode.h"

namespace tocsin {
namespace {

void append_json_string(std::string_view text, spdlog::memory_buf_t& out) {
  constexpr const char* kHex = "0123456789abcdef";
  out.push_back('"');
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (byte < 0x20) {
      for (const char escape : {'\\', 'u', '0', '0', kHex[byte >> 4], kHex[byte & 15]}) {
        out.push_back(escape);
      }
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

void append_field(std::string_view key, std::string_view value, spdlog::memory_buf_t& out) {
  out.push_back(',');
  append_json_string(key, out);
  out.push_back(':');
  append_json_string(value, out);
}

bool is_key(std::string_view text) {
  if (text.empty()) return false;
  for (const char c : text) {
    if (!(c >= 'a' && c <= 'z') && c != '_') return false;
  }
  return true;
}

// {"ts":...,"level":...,"instance":...,"component":...,"message":...} and every key=value of the
// message as a field of its own.
class JsonFormatter final : public spdlog::formatter {
 public:
  explicit JsonFormatter(std::string instance) : instance_(std::move(instance)) {}

  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    const std::int64_t unix_ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(message.time.time_since_epoch())
            .count();
    std::string_view text(message.payload.data(), message.payload.size());
    const std::size_t colon = text.find(": ");
    out.push_back('{');
    append_json_string("ts", out);
    out.push_back(':');
    append_json_string(format_time(unix_ms), out);
    const spdlog::string_view_t level = spdlog::level::to_string_view(message.level);
    append_field("level", {level.data(), level.size()}, out);
    append_field("instance", instance_, out);
    if (colon != std::string_view::npos && is_key(text.substr(0, colon))) {
      append_field("component", text.substr(0, colon), out);
      text.remove_prefix(colon + 2);
    }
    append_field("message", text, out);
    append_fields(text, out);
    out.push_back('}');
    out.push_back('\n');
  }

  [[nodiscard]] std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<JsonFormatter>(instance_);
  }

 private:
  static void append_fields(std::string_view text, spdlog::memory_buf_t& out) {
    while (!text.empty()) {
      const std::size_t space = text.find(' ');
      const std::string_view word = text.substr(0, space);
      const std::size_t equals = word.find('=');
      if (equals != std::string_view::npos && is_key(word.substr(0, equals))) {
        append_field(word.substr(0, equals), word.substr(equals + 1), out);
      }
      text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
    }
  }

  const std::string instance_;
};

spdlog::level::level_enum level_of(LogLevel level) {
  switch (level) {
    case LogLevel::trace:
      return spdlog::level::trace;
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warn:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

}  // namespace

void init_log(const LogConfig& config, const std::string& instance) {
  const bool is_text = config.format == LogFormat::text ||
                       (config.format == LogFormat::automatic && ::isatty(STDERR_FILENO) == 1);
  auto logger = std::make_shared<spdlog::logger>(
      "tocsin", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
  if (is_text) {
    logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %^%-5l%$ %v", spdlog::pattern_time_type::utc);
  } else {
    logger->set_formatter(std::make_unique<JsonFormatter>(instance));
  }
  logger->set_level(level_of(config.level));
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
}

}  // namespace tocsin
