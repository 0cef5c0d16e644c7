// `tocsin top`: metrics of instances, pairs and alerts, on a terminal page or as plain text.
#include <fmt/format.h>
#include <poll.h>
#include <simdjson.h>
#include <spdlog/spdlog.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <map>
#include <optional>
#include <utility>

#include "config/scalars.h"
#include "daemon/commands/commands.h"
#include "daemon/commands/output.h"
#include "daemon/commands/top_page.h"
#include "daemon/http/client.h"
#include "daemon/kafka/reader.h"
#include "daemon/log.h"
#include "daemon/stop.h"
#include "daemon/terminal.h"
#include "daemon/unix_time.h"
#include "daemon/wait.h"
#include "pipeline/decode/decode.h"

namespace tocsin {
namespace {

using namespace std::chrono_literals;

constexpr auto kSampleTimeout = 2s;
constexpr std::size_t kPairsMax = 20'000;  // kept in memory, those that changed last
constexpr std::size_t kPairsShown = 20;    // without a terminal
constexpr std::size_t kPlainColumns = 200;

volatile std::sig_atomic_t is_ended = 0;

// The alternate screen and keys without Enter, until the end of this object.
class Screen {
 public:
  Screen() {
    ::tcgetattr(STDIN_FILENO, &before_);
    termios raw = before_;
    raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    ::tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    static_cast<void>(write_output("\x1b[?1049h\x1b[?25l"));
  }
  ~Screen() {
    static_cast<void>(write_output("\x1b[?25h\x1b[?1049l"));
    ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
  }
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  static winsize size() {
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0) {
      size.ws_row = 24;
      size.ws_col = 80;
    }
    return size;
  }

  [[nodiscard]] static bool draw(const std::vector<std::string>& lines) {
    std::string out = "\x1b[H";
    for (std::size_t i = 0; i < lines.size(); ++i) {
      out += (i == 0 ? "" : "\r\n") + lines[i] + "\x1b[K";
    }
    return write_output(out + "\x1b[J");
  }

 private:
  termios before_{};
};

// Waits; true when 'q' was typed or a signal came.
bool waits_for_end(std::chrono::milliseconds wait, bool has_keys) {
  const std::int64_t end_ms = steady_ms() + wait.count();
  while (is_ended == 0 && steady_ms() < end_ms) {
    pollfd keys{has_keys ? STDIN_FILENO : -1, POLLIN, 0};
    const auto left = std::min<std::int64_t>(end_ms - steady_ms(), 200);
    if (::poll(&keys, 1, static_cast<int>(std::max<std::int64_t>(left, 0))) <= 0) continue;
    char key = 0;
    if (::read(STDIN_FILENO, &key, 1) == 1 && key == 'q') return true;
  }
  return is_ended != 0;
}

// The newest record of each pair and alert, read from the topics' beginnings and then on.
class Board {
 public:
  explicit Board(const Config& config)
      : config_(config),
        consumer_(kafka::make_conf(config.kafka, {{"fetch.wait.max.ms", "100"}},
                                   {{"group.id", config.kafka.group + ".top"},
                                    {"enable.auto.commit", "false"},
                                    {"isolation.level", "read_committed"},
                                    {"auto.offset.reset", "earliest"},
                                    {"enable.partition.eof", "true"}})) {
    kafka::Reader reader(config, kafka::Isolation::committed);
    const auto partitions = reader.partitions({config.topics.pairs, config.topics.alerts});
    std::map<kafka::Partition, std::int64_t> from;
    for (const auto& [partition, marks] : reader.extents(partitions)) from[partition] = marks.low;
    unread_ = from.size();
    consumer_.assign(from);
  }

  // What has come, for at most so long; at first until the topics are read to their ends.
  void follow(std::chrono::milliseconds wait) {
    const std::int64_t end_ms = steady_ms() + wait.count();
    while (steady_ms() < end_ms && is_ended == 0) {
      const kafka::Message message = consumer_.poll(std::chrono::milliseconds(20));
      if (!message && unread_ == 0) return;
      if (!message) continue;
      if (message.fault().is_end() && unread_ > 0) --unread_;
      if (message.is_record()) take(message);
    }
  }

  void show(TopView& view) const {
    for (const auto& [key, pair] : pairs_) view.pairs.push_back(pair);
    for (const auto& [id, alert] : alerts_) view.alerts.push_back(alert);
  }

 private:
  void take(const kafka::Record& message) {
    const std::string key(message.key());
    const bool is_alert = config_.topics.alerts == message.topic();
    simdjson::dom::element record;
    const bool is_read = message.has_value() &&
                         parser_.parse(message.json().data(), message.json().size()).get(record) ==
                             simdjson::SUCCESS;
    if (!is_read) {
      pairs_.erase(key);  // a tombstone, or a state of the alert engine without anything to show
      return;
    }
    const auto text = [&](const char* pointer) {
      std::string_view found;
      return record.at_pointer(pointer).get(found) == simdjson::SUCCESS ? std::string(found) : "";
    };
    const auto number = [&](const char* pointer) {
      double found = 0;
      return record.at_pointer(pointer).get(found) == simdjson::SUCCESS ? found : 0.0;
    };
    if (is_alert && text("/state") == "closed") {
      alerts_.erase(key);
    } else if (is_alert) {
      alerts_[key] = {text("/level"), text("/sentence"), text("/last_seen")};
    } else if (text("/schema") == "tocsin.pair/1") {
      const std::string second = text("/codes/1");
      pairs_[key] = {text("/codes/0") + (second.empty() ? "" : "-" + second), number("/level"),
                     number("/baseline"), static_cast<std::int64_t>(number("/articles")),
                     text("/hour")};
      if (pairs_.size() > kPairsMax) pairs_.erase(pairs_.begin());
    }
  }

  const Config& config_;
  kafka::Consumer consumer_;
  simdjson::dom::parser parser_;
  std::size_t unread_ = 0;  // partitions whose ends were not reached yet
  std::map<std::string, TopPair> pairs_;
  std::map<std::string, TopAlert> alerts_;
};

class Top {
 public:
  Top(const Config& config, const TopOptions& options)
      : config_(config), http_(std::filesystem::path()) {
    std::vector<std::string> names = options.instances;
    if (names.empty()) names.push_back(format_listen(config.admin.listen));
    for (const std::string& name : names) {
      if (!parse_url("http://" + name + "/metrics")) {
        throw StopError(ExitCode::bad_input, "'" + name + "' is no host:port");
      }
      view_.instances.push_back({name, "", {}, {}, 0});
    }
  }

  // Of the instances all at once: one that does not answer costs its time-out each.
  void sample() {
    const std::int64_t now_ms = steady_ms();
    for (TopInstance& instance : view_.instances) {
      const HttpAnswer answer =
          http_.get(*parse_url("http://" + instance.name + "/metrics"), kSampleTimeout);
      instance.error = answer.is_success() ? "" : answer.error;
      if (!answer.is_success()) instance.now.clear();
      if (!answer.is_success()) continue;
      instance.before = std::exchange(instance.now, parse_metrics(answer.body));
      instance.seconds = static_cast<double>(now_ms - sampled_ms_) / 1000;
    }
    sampled_ms_ = now_ms;
  }

  [[nodiscard]] const TopView& view(std::chrono::milliseconds patience) {
    view_.time = format_time(unix_ms());
    view_.pairs.clear();
    view_.alerts.clear();
    view_.trouble.clear();
    try {
      if (!board_) board_.emplace(config_);
      board_->follow(patience);
      board_->show(view_);
    } catch (const StopError& error) {
      view_.trouble = error.what();
    }
    return view_;
  }

 private:
  const Config& config_;
  const HttpClient http_;
  TopView view_;
  std::optional<Board> board_;
  std::int64_t sampled_ms_ = 0;
};

ExitCode run(Top& top, const TopOptions& options) {
  const bool is_page =
      !options.is_once && is_capable_terminal(STDOUT_FILENO) && ::isatty(STDIN_FILENO) == 1;
  std::optional<Screen> screen;
  if (is_page) screen.emplace();
  const auto interval = std::chrono::seconds(options.interval_seconds);
  top.sample();
  if (options.is_once && waits_for_end(interval, false)) return ExitCode::fine;
  if (options.is_once) top.sample();
  while (is_ended == 0) {
    const TopView& view = top.view(options.is_once ? 10s : 1s);
    if (is_page) {
      const winsize size = Screen::size();
      if (!Screen::draw(top_page(view, size.ws_row, size.ws_col))) return ExitCode::failed;
    } else {
      const std::size_t rows = 10 + view.instances.size() + view.alerts.size() + kPairsShown;
      std::string text;
      for (const std::string& line : top_page(view, rows, kPlainColumns)) text += line + '\n';
      if (!write_output(text + (options.is_once ? "" : "\n"))) return ExitCode::failed;
    }
    if (options.is_once || waits_for_end(interval, is_page)) break;
    top.sample();
  }
  return ExitCode::fine;
}

}  // namespace

ExitCode top(const TopOptions& options) {
  const std::optional<Config> config = read_config(options.config);
  if (!config) return ExitCode::bad_input;
  init_log(config->log, config->instance);
  spdlog::set_level(spdlog::level::off);  // lines of librdkafka would tear the page; see trouble
  is_ended = 0;
  std::signal(SIGINT, [](int) { is_ended = 1; });
  std::signal(SIGTERM, [](int) { is_ended = 1; });
  try {
    Top top(*config, options);
    return run(top, options);
  } catch (const StopError& error) {
    std::fprintf(stderr, "tocsin: %s\n", error.what());
    return error.exit_code();
  }
}

}  // namespace tocsin
