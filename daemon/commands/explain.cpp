#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include "config/scalars.h"
#include "daemon/commands/commands.h"
#include "daemon/commands/explanation.h"

namespace tocsin {
namespace {

constexpr std::size_t kWidthMin = 40;
constexpr std::size_t kWidthMax = 120;  // longer lines are hard to read
constexpr std::size_t kWidthOfFile = 100;

ExplanationStyle style_of_output() {
  ExplanationStyle style;
  const auto no_colour = process_variable("NO_COLOR");
  const bool is_terminal = ::isatty(STDOUT_FILENO) == 1;
  style.has_colour = is_terminal && (!no_colour || no_colour->empty());
  style.width = kWidthOfFile;
  winsize size{};
  if (is_terminal && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    style.width = std::clamp<std::size_t>(size.ws_col, kWidthMin, kWidthMax);
  }
  return style;
}

// The whole file, or standard input for "-"; one byte more than the limit when it is longer.
std::string read_input(const std::string& file, std::size_t bytes_max, std::string& text) {
  if (file != "-") return read_file(file, bytes_max, text);
  text.assign(bytes_max + 1, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), stdin));
  return std::ferror(stdin) != 0 ? "cannot be read" : "";
}

bool looks_like_json(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string::npos && text[first] == '{';
}

}  // namespace

ExitCode explain(const ExplainOptions& options) {
  // Longer than any limits.article_bytes_max may be; the limit itself is the pipeline's to check.
  constexpr std::size_t kInputBytesMax = 64 << 20;
  std::string text;
  const std::string fault = read_input(options.file, kInputBytesMax, text);
  if (!fault.empty()) {
    std::fprintf(stderr, "tocsin: %s: %s\n", options.file.c_str(), fault.c_str());
    return ExitCode::bad_input;
  }
  const InputFormat format =
      options.format.value_or(looks_like_json(text) ? InputFormat::json : InputFormat::text);
  const Setup setup = load_setup(options.config, format);
  if (!setup.pipeline) return ExitCode::bad_input;
  const Position position{options.file == "-" ? "stdin" : options.file, 0, 0};
  const RawRecord record{position, text, 0, PublishedAtSource::none};
  const Result<Reading> reading = read(*setup.pipeline, record);
  if (!reading) {
    std::fprintf(stderr, "tocsin: %s: %s: %s\n", options.file.c_str(),
                 std::string(name(reading.error().code)).c_str(), reading.error().message.c_str());
    return ExitCode::bad_input;
  }
  const std::string shown =
      explanation(*setup.pipeline, *reading, analyse(*setup.pipeline, *reading), style_of_output());
  const bool is_written = std::fwrite(shown.data(), 1, shown.size(), stdout) == shown.size() &&
                          std::fflush(stdout) == 0;
  return is_written ? ExitCode::fine : ExitCode::failed;
}

}  // namespace tocsin
