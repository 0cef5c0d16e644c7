#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include "daemon/commands/archive.h"
#include "daemon/commands/commands.h"
#include "daemon/commands/explanation.h"
#include "daemon/commands/input_file.h"
#include "daemon/commands/output.h"
#include "daemon/terminal.h"

namespace tocsin {
namespace {

constexpr std::size_t kWidthMin = 40;
constexpr std::size_t kWidthMax = 120;  // longer lines are hard to read
constexpr std::size_t kWidthOfFile = 100;

// As the pages are: coloured, whatever standard output is.
ExplanationStyle style_of_page() {
  ExplanationStyle style;
  style.has_colour = true;
  style.width = kWidthOfFile;
  return style;
}

ExplanationStyle style_of_output() {
  ExplanationStyle style;
  const bool is_terminal = ::isatty(STDOUT_FILENO) == 1;
  style.has_colour = has_colour(STDOUT_FILENO);
  style.width = kWidthOfFile;
  winsize size{};
  if (is_terminal && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    style.width = std::clamp<std::size_t>(size.ws_col, kWidthMin, kWidthMax);
  }
  return style;
}

// The whole input, one byte more than the limit when it is longer; the return value says why not.
std::string read_input(const std::string& file, std::size_t bytes_max, std::string& text) {
  InputFile input(file);
  text.assign(bytes_max + 1, '\0');
  std::size_t size = 0;
  while (const std::size_t came = input.read(text.data() + size, text.size() - size)) size += came;
  text.resize(size);
  return input.fault();
}

bool looks_like_json(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string::npos && text[first] == '{';
}

// The record alone, as `tocsin replay` prints it.
ExitCode explain_as_record(const Setup& setup, const Position& position, const std::string& text) {
  Archive archive(setup.config, setup.pipeline, 1);
  archive.on_outcomes = write_output;
  archive.open();
  return archive.add(position, text) && archive.finish() ? ExitCode::fine : ExitCode::failed;
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
  const Setup setup =
      load_setup(options.config, looks_like_json(text) ? InputFormat::json : InputFormat::text);
  if (!setup.pipeline) return ExitCode::bad_input;
  const Position position{options.file == "-" ? "stdin" : options.file, 0, 0};
  const RawRecord record{position, text, 0, PublishedAtSource::none};
  const Result<Reading> reading = read(*setup.pipeline, record);
  if (!reading) {
    std::fprintf(stderr, "tocsin: %s: %s: %s\n", options.file.c_str(),
                 std::string(name(reading.error().code)).c_str(), reading.error().message.c_str());
    return ExitCode::bad_input;
  }
  if (options.format == ExplainFormat::json) return explain_as_record(setup, position, text);
  const bool is_page = options.format == ExplainFormat::html;
  ExplanationStyle style = is_page ? style_of_page() : style_of_output();
  style.has_trees = options.has_trees;
  std::string shown =
      explanation(*setup.pipeline, *reading, analyse(*setup.pipeline, *reading), style);
  if (is_page) shown = html_page(shown);
  return write_output(shown) ? ExitCode::fine : ExitCode::failed;
}

}  // namespace tocsin
