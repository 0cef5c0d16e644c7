// `tocsin tap`: what is published, as it is published, filtered, for a person or a pipe.
#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <set>

#include "daemon/commands/commands.h"
#include "daemon/commands/output.h"
#include "daemon/kafka/reader.h"
#include "daemon/log.h"
#include "pipeline/decode/decode.h"
#include "pipeline/encode/json_writer.h"

namespace tocsin {
namespace {

constexpr std::chrono::milliseconds kPollWait{200};

volatile std::sig_atomic_t is_stopped = 0;

int rank_of(std::string_view level) {
  constexpr std::array<std::string_view, 5> kLevels = {"none", "low", "medium", "high", "critical"};
  const auto found = std::find(kLevels.begin(), kLevels.end(), level);
  return found == kLevels.end() ? 0 : static_cast<int>(found - kLevels.begin());
}

std::string_view text_at(const simdjson::dom::element& record, const char* pointer) {
  std::string_view text;
  return record.at_pointer(pointer).get(text) == simdjson::SUCCESS ? text : std::string_view{};
}

double number_at(const simdjson::dom::element& record, const char* pointer) {
  double number = 0;
  return record.at_pointer(pointer).get(number) == simdjson::SUCCESS ? number : 0.0;
}

// "RUS-UKR"; of an alert its pair, of an article its first.
std::string codes_at(const simdjson::dom::element& codes) {
  std::string out;
  simdjson::dom::array list;
  if (codes.get(list) != simdjson::SUCCESS) return out;
  for (const simdjson::dom::element code : list) {
    std::string_view text;
    if (code.get(text) == simdjson::SUCCESS) out += (out.empty() ? "" : "-") + std::string(text);
  }
  return out;
}

// What a line shows of an enriched record or an alert.
struct Shown {
  std::string time;
  std::string level;
  double score = 0;
  std::vector<std::string> pairs;  // "RUS-UKR"
  std::set<std::string> topics;
  std::string title;
  std::string source;
  std::string state;  // of an alert: opened, updated, closed
};

Shown shown_of(const simdjson::dom::element& record, bool is_alert) {
  Shown shown;
  simdjson::dom::element found;
  if (is_alert) {
    shown.time = text_at(record, "/last_seen");
    shown.level = text_at(record, "/level");
    shown.score = number_at(record, "/score");
    shown.title = text_at(record, "/sentence");
    shown.state = text_at(record, "/state");
    if (record.at_pointer("/dyad/codes").get(found) == simdjson::SUCCESS) {
      shown.pairs.push_back(codes_at(found));
    }
    return shown;
  }
  shown.time = text_at(record, "/published_at");
  shown.level = text_at(record, "/tension/level");
  shown.score = number_at(record, "/tension/score");
  shown.title = text_at(record, "/title");
  shown.source = text_at(record, "/source/name");
  simdjson::dom::array dyads;
  if (record["dyads"].get(dyads) == simdjson::SUCCESS) {
    for (const simdjson::dom::element dyad : dyads) {
      if (dyad["codes"].get(found) == simdjson::SUCCESS) shown.pairs.push_back(codes_at(found));
    }
  }
  simdjson::dom::object topics;
  if (record["topics"].get(topics) == simdjson::SUCCESS) {
    for (const auto& [name, share] : topics) shown.topics.emplace(name);
  }
  return shown;
}

// "RUS,UKR" in either order: both must be in the pair.
bool is_about(const Shown& shown, const std::vector<std::string>& codes) {
  return codes.empty() ||
         std::any_of(shown.pairs.begin(), shown.pairs.end(), [&](const std::string& pair) {
           return std::all_of(codes.begin(), codes.end(), [&](const std::string& code) {
             return ("-" + pair + "-").find("-" + code + "-") != std::string::npos;
           });
         });
}

// RFC 4180; a leading sign that a spreadsheet would run is quoted away by a space.
std::string csv_field(std::string_view text) {
  std::string out = "\"";
  if (!text.empty() && std::string_view("=+-@").find(text.front()) != std::string_view::npos) {
    out += ' ';
  }
  for (const char c : text) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + "\"";
}

std::string line_of(const Shown& shown, TapFormat format) {
  const std::string pair = shown.pairs.empty() ? "" : shown.pairs.front();
  const std::string title = printable(shown.title);
  const std::string source = printable(shown.source);
  if (format == TapFormat::csv) {
    return fmt::format("{},{},{:.1f},{},{},{},{}\n", shown.time, shown.level, shown.score,
                       csv_field(pair), shown.state, csv_field(source), csv_field(title));
  }
  return fmt::format("{} {:>5.1f} {:<8} {:<9} {}{}{}\n", shown.time, shown.score, shown.level, pair,
                     shown.state.empty() ? "" : shown.state + ": ", title,
                     source.empty() ? "" : "  (" + source + ")");
}

class Tap {
 public:
  Tap(const Config& config, const TapOptions& options)
      : config_(config),
        options_(options),
        consumer_(kafka::make_conf(
            config.kafka, {{"fetch.wait.max.ms", "100"}},
            {{"group.id", options.group.empty() ? config.kafka.group + ".tap" : options.group},
             {"enable.auto.commit", "false"},
             {"enable.auto.offset.store", "false"},
             {"isolation.level", "read_committed"},
             {"auto.offset.reset", "earliest"},
             {"enable.partition.eof", "true"}})) {}

  void run() {
    const std::string& topic = options_.of_alerts ? config_.topics.alerts : config_.topics.enriched;
    begin(topic);
    if (options_.format == TapFormat::csv) {
      write("time,level,score,pair,state,source,title\n");
    }
    while (is_stopped == 0 && shown_ < options_.records_max &&
           !(options_.until_end && ended_.size() == partitions_)) {
      const kafka::Message message = consumer_.poll(kPollWait);
      if (!message) continue;
      const kafka::Failure fault = message.fault();
      if (fault.is_end()) {
        ended_.insert(message.number());
        if (std::fflush(stdout) != 0) write("");
        continue;
      }
      if (fault) throw StopError(ExitCode::failed, "tap: " + fault.full_text());
      show(message);
      next_[message.partition()] = message.offset() + 1;
    }
    if (std::fflush(stdout) != 0) write("");
    commit();
  }

 private:
  // Where each partition is read from: the group's offsets, a time, or now.
  void begin(const std::string& topic) {
    kafka::Reader reader(config_, kafka::Isolation::committed);
    const auto partitions = reader.partitions({topic});
    if (partitions.empty()) throw StopError(ExitCode::failed, "topic " + topic + " does not exist");
    partitions_ = partitions.size();
    std::map<kafka::Partition, std::int64_t> from;
    for (const auto& [partition, marks] : reader.extents(partitions)) {
      from[partition] = marks.high;
    }
    if (!options_.since.empty()) from = offsets_at(from);
    if (!options_.group.empty()) go_on_from_group(from);
    if (const kafka::Failure fault = consumer_.assign(from)) {
      throw StopError(ExitCode::failed, "tap: cannot read: " + fault.text());
    }
  }

  std::map<kafka::Partition, std::int64_t> offsets_at(
      std::map<kafka::Partition, std::int64_t> ends) {
    // The command line lets nothing else through.
    const std::int64_t since_ms = parse_time_ms(options_.since).value_or(0);
    std::map<kafka::Partition, std::int64_t> times;
    for (const auto& [partition, end] : ends) times[partition] = since_ms;
    const auto found =
        kafka::ask("offsets of a time", [&] { return consumer_.offsets_for_times(times); });
    if (!found) {
      throw StopError(ExitCode::failed, "tap: offsets of a time: " + found.error().text());
    }
    for (const auto& [partition, mark] : *found) {
      if (mark.offset >= 0) ends[partition] = mark.offset;
    }
    return ends;
  }

  void go_on_from_group(std::map<kafka::Partition, std::int64_t>& from) {
    const auto found = kafka::ask("committed offsets",
                                  [&] { return consumer_.committed(kafka::partitions_of(from)); });
    if (!found) {
      throw StopError(ExitCode::failed,
                      "tap: offsets of group " + options_.group + ": " + found.error().text());
    }
    for (const auto& [partition, mark] : *found) {
      if (mark.offset >= 0) from[partition] = mark.offset;
    }
  }

  void show(const kafka::Record& message) {
    const std::string_view value = message.json();
    simdjson::dom::element record;
    if (parser_.parse(value.data(), value.size()).get(record) != simdjson::SUCCESS) return;
    const Shown shown = shown_of(record, options_.of_alerts);
    if (rank_of(shown.level) < rank_of(options_.level) || !is_about(shown, options_.codes) ||
        (!options_.topic.empty() && !shown.topics.contains(options_.topic))) {
      return;
    }
    ++shown_;
    write(options_.format == TapFormat::json ? std::string(value) + "\n"
                                             : line_of(shown, options_.format));
  }

  static void write(const std::string& text) {
    if (std::fputs(text.c_str(), stdout) < 0 || std::ferror(stdout) != 0) {
      throw StopError(ExitCode::failed, "standard output cannot be written");
    }
  }

  // With a group the next tap goes on behind what this one showed.
  void commit() {
    if (options_.group.empty() || next_.empty()) return;
    if (const kafka::Failure fault = consumer_.commit(kafka::marks_at(next_))) {
      throw StopError(ExitCode::failed, "tap: offsets of group " + options_.group +
                                            " cannot be committed: " + fault.text());
    }
  }

  const Config& config_;
  const TapOptions& options_;
  kafka::Consumer consumer_;
  simdjson::dom::parser parser_;
  std::map<kafka::Partition, std::int64_t> next_;
  std::size_t partitions_ = 0;
  std::set<std::int32_t> ended_;  // read to what was their end
  std::uint64_t shown_ = 0;
};

}  // namespace

ExitCode tap(const TapOptions& options) {
  const std::optional<Config> config = read_config(options.config);
  if (!config) return ExitCode::bad_input;
  init_log(config->log, config->instance);
  is_stopped = 0;
  std::signal(SIGINT, [](int) { is_stopped = 1; });
  std::signal(SIGTERM, [](int) { is_stopped = 1; });
  try {
    Tap(*config, options).run();
    return ExitCode::fine;
  } catch (const StopError& error) {
    std::fprintf(stderr, "tocsin: %s\n", error.what());
    return error.exit_code();
  }
}

}  // namespace tocsin
