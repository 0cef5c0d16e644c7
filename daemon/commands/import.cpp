#include <cstdio>
#include <filesystem>
#include <memory>

#include "config/import/importers.h"
#include "daemon/commands/commands.h"
#include "daemon/commands/line_reader.h"
#include "daemon/commands/output.h"
#include "daemon/commands/progress.h"

namespace tocsin {
namespace {

// Entities of Wikidata are the longest lines: some exceed 10 MB.
constexpr std::size_t kLineBytesMax = std::size_t{256} << 20;
constexpr std::uint64_t kLinesShown = 1024;

bool write(std::string& rows) {
  const bool is_written = write_output(rows);
  rows.clear();
  return is_written;
}

}  // namespace

ExitCode import(const ImportOptions& options) {
  const Setup setup = load_setup(options.config);
  if (!setup.pipeline) return ExitCode::bad_input;
  const std::unique_ptr<Importer> importer =
      make_importer(options.format, setup.pipeline->gazetteer);
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(options.file, error);
  const std::uint64_t total = error ? 0 : size;  // of a pipe no share can be told
  InputFile input(options.file);
  LineReader reader(input, kLineBytesMax);
  Progress progress("lines", total);
  std::string rows(kGazetteerHeader);
  std::string line;
  std::uint64_t lines = 0;
  bool is_written = true;
  while (is_written && reader.next(line)) {
    importer->add(line, rows);
    if (++lines % kLinesShown == 0) {
      is_written = write(rows);
      progress.show(lines, input.bytes());
    }
  }
  importer->finish(rows);
  if (!is_written || !write(rows)) return ExitCode::failed;
  if (!input.fault().empty()) {
    std::fprintf(stderr, "tocsin: %s: %s\n", options.file.c_str(), input.fault().c_str());
    return ExitCode::bad_input;
  }
  std::fprintf(stderr, "%llu rows, %llu lines without a name to take, %llu not of the format\n",
               static_cast<unsigned long long>(importer->counts.rows),
               static_cast<unsigned long long>(importer->counts.skipped),
               static_cast<unsigned long long>(importer->counts.faulty));
  return importer->counts.rows == 0 && importer->counts.faulty > 0 ? ExitCode::bad_input
                                                                   : ExitCode::fine;
}

}  // namespace tocsin
