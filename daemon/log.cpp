#include "daemon/log.h"

#include <poll.h>
#include <spdlog/sinks/sink.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <mutex>
#include <set>

#include "config/scalars.h"
#include "daemon/terminal.h"
#include "pipeline/decode/decode.h"
#include "pipeline/encode/json_writer.h"

namespace tocsin {
namespace {

using Level = spdlog::level::level_enum;

bool is_key(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
}

// How many bytes the valid sequence at the beginning has (RFC 3629); 0: there is none.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const auto is_tail = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return is_tail(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool is_short = first == 0xE0 && byte(1) < 0xA0;
    const bool is_surrogate = first == 0xED && byte(1) > 0x9F;
    return is_tail(1) && is_tail(2) && !is_short && !is_surrogate ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool is_short = first == 0xF0 && byte(1) < 0x90;
    const bool is_beyond = first == 0xF4 && byte(1) > 0x8F;
    return is_tail(1) && is_tail(2) && is_tail(3) && !is_short && !is_beyond ? 4 : 0;
  }
  return 0;
}

// The fields of one line, each key once.
class Fields {
 public:
  explicit Fields(std::string& out) : json_(out) { json_.open_object(); }

  void add(std::string_view key, std::string_view value) {
    if (!seen_.emplace(key).second) return;
    json_.key(key).string(value);
  }
  // Every key=value of the words before the first ": ".
  void add_all(std::string_view text) {
    text = text.substr(0, text.find(": "));
    while (!text.empty()) {
      const std::size_t space = text.find(' ');
      const std::string_view word = text.substr(0, space);
      const std::size_t equals = word.find('=');
      if (equals != std::string_view::npos && is_key(word.substr(0, equals))) {
        add(word.substr(0, equals), word.substr(equals + 1));
      }
      text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
    }
  }
  void close() { json_.close_object(); }

 private:
  JsonWriter json_;
  std::set<std::string, std::less<>> seen_;
};

// syslog's priorities, as sd-daemon(3) wants them before a line.
char priority_of(Level level) {
  switch (level) {
    case spdlog::level::critical:
      return '2';
    case spdlog::level::err:
      return '3';
    case spdlog::level::warn:
      return '4';
    case spdlog::level::info:
      return '6';
    default:
      return '7';
  }
}

// Whether standard error is the journal's own stream: $JOURNAL_STREAM names its device and inode.
bool is_journal() {
  const auto stream = process_variable("JOURNAL_STREAM");
  struct stat status {};
  if (!stream || ::fstat(STDERR_FILENO, &status) != 0) return false;
  return *stream == std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
}

std::string_view colour_of(Level level) {
  if (level >= spdlog::level::err) return "\x1b[31m";
  if (level == spdlog::level::warn) return "\x1b[33m";
  return level == spdlog::level::info ? "\x1b[32m" : "\x1b[2m";
}

std::string text_line(const std::string& time, Level level, std::string_view message,
                      bool has_colour) {
  const spdlog::string_view_t name = spdlog::level::to_string_view(level);
  std::string padded(name.data(), name.size());
  padded.resize(std::max<std::size_t>(padded.size(), 5), ' ');
  if (has_colour) padded = std::string(colour_of(level)) + padded + "\x1b[0m";
  return time + ' ' + padded + ' ' + one_line(message);
}

// Standard error, written so that a reader who does not read cannot hold us up: only when poll(2)
// says that there is room, and at most PIPE_BUF bytes at a time.
class StandardError {
 public:
  // False: not now; what was begun of a line is finished before the next one.
  bool write(std::string_view line) {
    if (!finish()) return false;
    rest_ = line;
    if (finish()) return true;
    if (rest_.size() < line.size()) return !rest_.empty();
    rest_.clear();
    return false;
  }

 private:
  bool finish() {
    while (!rest_.empty()) {
      pollfd place{STDERR_FILENO, POLLOUT, 0};
      const int patience = is_stalled_ ? 0 : static_cast<int>(kLogPatience.count());
      const int found = ::poll(&place, 1, patience);
      if (found < 0 && errno == EINTR) continue;
      is_stalled_ = found == 0;
      if (found <= 0) return false;
      const ssize_t written =
          ::write(STDERR_FILENO, rest_.data(), std::min<std::size_t>(rest_.size(), PIPE_BUF));
      if (written < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      if (written <= 0) {  // nobody will ever read it: a closed pipe, a full disk
        rest_.clear();
        return false;
      }
      rest_.erase(0, static_cast<std::size_t>(written));
    }
    return true;
  }

  std::string rest_;
  bool is_stalled_ = false;
};

class LogSink final : public spdlog::sinks::sink {
 public:
  LogSink(bool is_text, std::string instance)
      : instance_(std::move(instance)),
        is_text_(is_text),
        is_journal_(is_journal()),
        has_colour_(is_text && has_colour(STDERR_FILENO)) {}

  void log(const spdlog::details::log_msg& message) override {
    const std::unique_lock lock(mutex_, kLogPatience);
    if (!lock.owns_lock()) return;
    const std::int64_t unix_ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(message.time.time_since_epoch())
            .count();
    const std::string time = format_time(unix_ms);
    if (lost_ > 0 &&
        write(time, spdlog::level::warn,
              "log: lines were not read and are lost lines=" + std::to_string(lost_))) {
      lost_ = 0;
    }
    if (lost_ > 0 ||
        !write(time, message.level, {message.payload.data(), message.payload.size()})) {
      ++lost_;
    }
  }
  void flush() override {}
  void set_pattern(const std::string&) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter>) override {}

 private:
  bool write(const std::string& time, Level level, std::string_view text) {
    const spdlog::string_view_t name = spdlog::level::to_string_view(level);
    std::string line;
    if (is_journal_) line = {'<', priority_of(level), '>'};
    line += is_text_ ? text_line(time, level, text, has_colour_)
                     : json_log_line(time, {name.data(), name.size()}, instance_, text);
    line += '\n';
    return out_.write(line);
  }

  const std::string instance_;
  const bool is_text_;
  const bool is_journal_;
  const bool has_colour_;
  std::timed_mutex mutex_;
  StandardError out_;
  std::uint64_t lost_ = 0;
};

Level level_of(LogLevel level) {
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

std::string valid_utf8(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    const std::size_t length = sequence_length(bytes);
    if (length == 0) {
      out += "\xEF\xBF\xBD";
      bytes.remove_prefix(1);
      continue;
    }
    out += bytes.substr(0, length);
    bytes.remove_prefix(length);
  }
  return out;
}

std::string one_line(std::string_view bytes) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out;
  for (const char c : valid_utf8(bytes)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7F) {
      out += c;
    } else {
      out += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return out;
}

std::string json_log_line(std::string_view time, std::string_view level, std::string_view instance,
                          std::string_view message) {
  std::string text = valid_utf8(message);
  std::string out;
  Fields fields(out);
  fields.add("ts", time);
  fields.add("level", level);
  fields.add("instance", instance);
  std::string_view rest = text;
  const std::size_t colon = rest.find(": ");
  if (colon != std::string_view::npos && is_key(rest.substr(0, colon))) {
    fields.add("component", rest.substr(0, colon));
    rest.remove_prefix(colon + 2);
  }
  fields.add("message", rest);
  fields.add_all(rest);
  fields.close();
  return out;
}

void init_log(const LogConfig& config, const std::string& instance) {
  const bool is_text = config.format == LogFormat::text ||
                       (config.format == LogFormat::automatic && ::isatty(STDERR_FILENO) == 1);
  auto logger =
      std::make_shared<spdlog::logger>("tocsin", std::make_shared<LogSink>(is_text, instance));
  spdlog::set_default_logger(std::move(logger));
  set_log_level(config.level);
}

void set_log_level(LogLevel level) {
  spdlog::default_logger_raw()->set_level(level_of(level));
}

void log_faults(std::string_view component, std::span<const Fault> faults) {
  for (const Fault& fault : faults) {
    std::string place = fault.file;
    if (fault.line > 0) place += ':' + std::to_string(fault.line);
    if (fault.line > 0 && fault.column > 0) place += ':' + std::to_string(fault.column);
    spdlog::log(fault.is_warning ? spdlog::level::warn : spdlog::level::err, "{}: fault: {}: {}",
                component, place, fault.message);
  }
}

}  // namespace tocsin
