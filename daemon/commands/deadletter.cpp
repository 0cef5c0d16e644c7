// `tocsin deadletter list|show|replay`: the inputs that could not be processed, for a person: which
// and why, their bytes, and back to the raw topic once the cause is mended.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstdio>
#include <functional>
#include <iterator>
#include <map>

#include "daemon/commands/commands.h"
#include "daemon/dead_letter.h"
#include "daemon/kafka/producer.h"
#include "daemon/kafka/reader.h"
#include "daemon/log.h"
#include "daemon/wait.h"
#include "pipeline/decode/decode.h"
#include "pipeline/encode/json_writer.h"

namespace tocsin {
namespace {

using namespace std::chrono_literals;

constexpr const char* kAttempt = "tocsin.attempt";
constexpr std::size_t kShownBytesMax = 64 << 10;
constexpr auto kFlushLimit = 60s;

// A record of the dead letter topic. The views live as long as the message.
struct DeadLetter {
  kafka::Record message;
  std::map<std::string, std::string_view> headers;  // the last of each name

  [[nodiscard]] std::string_view header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string_view{} : found->second;
  }
  [[nodiscard]] std::int64_t time_ms() const { return message.timestamp_ms(); }
  // Where it stands, as `show` and `replay` take it.
  [[nodiscard]] std::string place() const {
    return fmt::format("{}/{}", message.number(), message.offset());
  }
  [[nodiscard]] std::string original() const {
    return fmt::format("{}/{}/{}", header("tocsin.original.topic"),
                       header("tocsin.original.partition"), header("tocsin.original.offset"));
  }
  // The topic could not take the original: the value is a part of it or nothing.
  [[nodiscard]] bool is_cut() const { return !header("tocsin.original.size").empty(); }
};

DeadLetter read_letter(const kafka::Record& message) {
  DeadLetter letter{message, {}};
  message.each_header([&](std::string_view name, std::string_view value) {
    letter.headers[std::string(name)] = value;
  });
  return letter;
}

template <class Number>
std::optional<Number> number_in(std::string_view text) {
  Number number{};
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (fault != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return number;
}

// The command line lets nothing else through; an absent time is `otherwise`.
std::int64_t time_in(const std::string& text, std::int64_t otherwise) {
  return text.empty() ? otherwise : parse_time_ms(text).value_or(otherwise);
}

struct Filter {
  const DeadletterOptions& options;
  std::int64_t since_ms;
  std::int64_t until_ms;

  explicit Filter(const DeadletterOptions& given)
      : options(given),
        since_ms(time_in(given.since, std::numeric_limits<std::int64_t>::min())),
        until_ms(time_in(given.until, std::numeric_limits<std::int64_t>::max())) {}

  [[nodiscard]] bool takes(const DeadLetter& letter) const {
    if (!options.stage.empty() && letter.header("tocsin.stage") != options.stage) return false;
    if (!options.code.empty() && letter.header("tocsin.error.code") != options.code) return false;
    if (!options.places.empty() && std::find(options.places.begin(), options.places.end(),
                                             letter.place()) == options.places.end()) {
      return false;
    }
    return letter.time_ms() >= since_ms && letter.time_ms() < until_ms;
  }
};

void for_each_letter(const Config& config, const DeadletterOptions& options,
                     const std::function<void(const DeadLetter&)>& each) {
  const Filter filter(options);
  kafka::Reader reader(config, kafka::Isolation::committed);
  const auto partitions = reader.partitions({config.topics.deadletter});
  if (partitions.empty()) {
    throw StopError(ExitCode::failed, "topic " + config.topics.deadletter + " does not exist");
  }
  std::uint64_t taken = 0;
  reader.read(reader.extents(partitions), [&](const kafka::Message& message) {
    const DeadLetter letter = read_letter(message);
    if (taken == options.records_max || !filter.takes(letter)) return;
    ++taken;
    each(letter);
  });
}

// Bytes of strangers on somebody's terminal: what is no printable ASCII is written as \xNN, so no
// escape sequence, bidirectional mark or line break gets through.
std::string safe(std::string_view bytes) {
  std::string out;
  for (const char c : bytes.substr(0, kShownBytesMax)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7F && c != '\\') {
      out += c;
    } else {
      out += c == '\\' ? "\\\\" : fmt::format("\\x{:02x}", byte);
    }
  }
  if (bytes.size() > kShownBytesMax) {
    out += fmt::format(" ... {} bytes more", bytes.size() - kShownBytesMax);
  }
  return out;
}

void print(const std::string& text) {
  if (std::fputs(text.c_str(), stdout) < 0) {
    throw StopError(ExitCode::failed, "standard output cannot be written");
  }
}

std::string json_line(const DeadLetter& letter) {
  std::string out;
  JsonWriter json(out);
  json.open_object();
  json.key("place").string(letter.place());
  json.key("time").string(format_time(letter.time_ms()));
  for (const char* name : {"tocsin.stage", "tocsin.error.code", "tocsin.error.message"}) {
    json.key(std::string_view(name).substr(7)).string(safe(letter.header(name)));
  }
  json.key("original").string(safe(letter.original()));
  json.key("attempt").integer(number_in<std::int64_t>(letter.header(kAttempt)).value_or(0));
  json.key("bytes").integer(static_cast<std::int64_t>(letter.message.value().size()));
  json.key("cut").boolean(letter.is_cut());
  json.close_object();
  return out + "\n";
}

std::string text_line(const DeadLetter& letter) {
  return fmt::format("{:<10} {} {:<8} {:<16} {:>8} bytes{} {}  {}\n", letter.place(),
                     format_time(letter.time_ms()), safe(letter.header("tocsin.stage")),
                     safe(letter.header("tocsin.error.code")), letter.message.value().size(),
                     letter.is_cut() ? ", cut" : "", safe(letter.original()),
                     safe(letter.header("tocsin.error.message")));
}

ExitCode list(const Config& config, const DeadletterOptions& options) {
  std::map<std::string, std::uint64_t> counts;  // by stage and code
  for_each_letter(config, options, [&](const DeadLetter& letter) {
    ++counts[fmt::format("{} {}", safe(letter.header("tocsin.stage")),
                         safe(letter.header("tocsin.error.code")))];
    print(options.as_json ? json_line(letter) : text_line(letter));
  });
  if (!options.as_json) {
    for (const auto& [kind, count] : counts) print(fmt::format("{:>10} {}\n", count, kind));
    if (counts.empty()) print("no dead letter matches\n");
  }
  return ExitCode::fine;
}

ExitCode show(const Config& config, const DeadletterOptions& options) {
  std::uint64_t shown = 0;
  for_each_letter(config, options, [&](const DeadLetter& letter) {
    ++shown;
    print(text_line(letter));
    print(fmt::format("  key: {}\n", safe(letter.message.key())));
    for (const auto& [name, value] : letter.headers) {
      print(fmt::format("  {}: {}\n", safe(name), safe(value)));
    }
    print(fmt::format("  value: {}\n", safe(letter.message.value())));
  });
  if (shown == 0) throw StopError(ExitCode::failed, "no dead letter matches");
  return ExitCode::fine;
}

// Sends originals to the topics they came from, with a count of the attempts.
class Replayer {
 public:
  Replayer(const Config& config, const DeadletterOptions& options)
      : options_(options),
        raw_topics_(config.topics.raw),
        producer_(kafka::make_conf(
                      config.kafka,
                      {{"message.max.bytes", "1000000000"}},  // the topic's own limit decides
                      {{"enable.idempotence", "true"}, {"partitioner", "murmur2_random"}}),
                  {.on_delivery = [this](const kafka::DeliveryReport& delivery) {
                    ++(delivery.fault() ? failed_ : sent_);
                  }}) {}

  void add(const DeadLetter& letter) {
    const auto attempt = number_in<std::uint64_t>(letter.header(kAttempt)).value_or(0) + 1;
    const std::string topic(letter.header("tocsin.original.topic"));
    if (letter.is_cut()) {
      ++cut_;  // what is left of it is not the article; the original stands in the raw topic
    } else if (attempt > options_.attempts_max) {
      ++over_cap_;
    } else if (std::find(raw_topics_.begin(), raw_topics_.end(), topic) == raw_topics_.end()) {
      ++foreign_;
    } else if (options_.is_dry) {
      ++sent_;
    } else {
      send(letter, topic, attempt);
    }
  }

  ExitCode finish() {
    const auto deadline_ms = steady_ms() + std::chrono::milliseconds(kFlushLimit).count();
    while (producer_.outstanding() > 0 && steady_ms() < deadline_ms) producer_.serve(200ms);
    failed_ += producer_.outstanding();  // nobody answered
    print(
        fmt::format("{} {}, {} over {} attempts, {} cut (the original stands in the raw topic), "
                    "{} of a topic that is not read, {} failed\n",
                    sent_, options_.is_dry ? "would be sent" : "sent", over_cap_,
                    options_.attempts_max, cut_, foreign_, failed_));
    return failed_ == 0 ? ExitCode::fine : ExitCode::failed;
  }

 private:
  // Key, value and headers as they came, but for what tocsin added.
  void send(const DeadLetter& letter, const std::string& topic, std::uint64_t attempt) {
    kafka::Headers headers(letter.message);
    const bool is_marked = letter.header(std::string(kConnectHeader) + "class.name") == "tocsin";
    for (const auto& [name, value] : letter.headers) {
      if (name.starts_with("tocsin.") || (is_marked && name.starts_with(kConnectHeader))) {
        headers.remove(name.c_str());
      }
    }
    headers.add(kAttempt, std::to_string(attempt));
    const std::atomic<bool> never = false;
    const kafka::Failure fault = producer_.send(
        {topic, {}, letter.message.key(), letter.message.value(), std::move(headers), nullptr},
        never);
    if (fault) ++failed_;
    producer_.serve(0ms);
  }

  const DeadletterOptions& options_;
  const std::vector<std::string>& raw_topics_;
  std::uint64_t sent_ = 0;
  std::uint64_t over_cap_ = 0;
  std::uint64_t cut_ = 0;
  std::uint64_t foreign_ = 0;
  std::uint64_t failed_ = 0;
  kafka::Producer producer_;
};

ExitCode replay_letters(const Config& config, const DeadletterOptions& options) {
  Replayer replayer(config, options);
  for_each_letter(config, options, [&](const DeadLetter& letter) { replayer.add(letter); });
  return replayer.finish();
}

}  // namespace

ExitCode deadletter(const DeadletterOptions& options) {
  const std::optional<Config> config = read_config(options.config);
  if (!config) return ExitCode::bad_input;
  init_log(config->log, config->instance);
  try {
    const ExitCode code = options.action == DeadletterAction::list ? list(*config, options)
                          : options.action == DeadletterAction::show
                              ? show(*config, options)
                              : replay_letters(*config, options);
    if (std::fflush(stdout) != 0) {
      throw StopError(ExitCode::failed, "standard output cannot be written");
    }
    return code;
  } catch (const StopError& error) {
    std::fprintf(stderr, "tocsin: %s\n", error.what());
    return error.exit_code();
  }
}

}  // namespace tocsin
