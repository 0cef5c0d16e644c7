#include <cstdio>
#include <filesystem>
#include <memory>

#include "config/import/importers.h"
#include "daemon/commands/commands.h"
#include "daemon/commands/line_reader.h"
#include "daemon/commands/progress.h"

namespace tocsin {
namespace {

// Entities of Wikidata are the longest lines: some exceed 10 MB.
constexpr std::size_t kLineBytesMax = std::size_t{256} << 20;
constexpr std::uint64_t kLinesShown = 1024;

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

bool write(std::string& rows) {
  const bool is_written = std::fwrite(rows.data(), 1, rows.size(), stdout) == rows.size();
  rows.clear();
  return is_written;
}

}  // namespace

ExitCode import(const ImportOptions& options) {
  const Setup setup = load_setup(options.config);
  if (!setup.pipeline) return ExitCode::bad_input;
  const std::unique_ptr<Importer> importer =
      make_importer(options.format, setup.pipeline->gazetteer);
  std::unique_ptr<std::FILE, CloseFile> owned;
  std::FILE* stream = stdin;
  std::uint64_t total = 0;
  if (options.file != "-") {
    owned.reset(std::fopen(options.file.c_str(), "rb"));
    if (!owned) {
      std::fprintf(stderr, "%s: cannot be read\n", options.file.c_str());
      return ExitCode::bad_input;
    }
    stream = owned.get();
    std::error_code error;
    total = std::filesystem::file_size(options.file, error);
    if (error) total = 0;
  }
  LineReader reader(stream, kLineBytesMax);
  Progress progress("lines", total);
  std::string rows(kGazetteerHeader);
  std::string line;
  std::uint64_t lines = 0;
  bool is_written = true;
  while (is_written && reader.next(line)) {
    importer->add(line, rows);
    if (++lines % kLinesShown == 0) {
      is_written = write(rows);
      progress.show(lines, reader.bytes());
    }
  }
  importer->finish(rows);
  is_written = is_written && write(rows) && std::fflush(stdout) == 0;
  if (!is_written || reader.failed()) {
    std::fprintf(stderr, "tocsin: %s\n",
                 is_written ? "the input cannot be read" : "the output cannot be written");
    return ExitCode::failed;
  }
  std::fprintf(stderr, "%llu rows, %llu lines without a name to take, %llu not of the format\n",
               static_cast<unsigned long long>(importer->counts.rows),
               static_cast<unsigned long long>(importer->counts.skipped),
               static_cast<unsigned long long>(importer->counts.faulty));
  return importer->counts.rows == 0 && importer->counts.faulty > 0 ? ExitCode::bad_input
                                                                   : ExitCode::fine;
}

}  // namespace tocsin
