#include <cstdio>
#include <filesystem>
#include <fstream>

#include "daemon/commands/commands.h"

namespace tocsin {
namespace {

// All of it under its name or nothing: a service may map the file at any moment.
bool write_whole(const std::filesystem::path& path, const std::string& content) {
  const std::filesystem::path unfinished = path.string() + ".unfinished";
  std::ofstream file(unfinished, std::ios::binary | std::ios::trunc);
  file.write(content.data(), static_cast<std::streamsize>(content.size()));
  file.close();
  std::error_code error;
  if (file.good()) {
    std::filesystem::rename(unfinished, path, error);
    if (!error) return true;
  }
  std::filesystem::remove(unfinished, error);
  return false;
}

}  // namespace

ExitCode compile_gazetteer(const std::filesystem::path& config_file,
                           const std::filesystem::path& output) {
  ConfigResult config = config_file.empty() ? ConfigResult{Config{}, {}} : load_config(config_file);
  CompiledGazetteer compiled;
  if (!has_errors(config.faults)) compiled = compile_gazetteer(config.config);
  std::vector<Fault> faults = std::move(config.faults);
  faults.insert(faults.end(), compiled.faults.begin(), compiled.faults.end());
  std::erase_if(faults, [](const Fault& fault) { return fault.is_warning; });
  const std::string text = render(faults);
  std::fwrite(text.data(), 1, text.size(), stderr);
  if (compiled.image.empty()) return ExitCode::bad_input;
  if (!write_whole(output, compiled.image)) {
    std::fprintf(stderr, "%s: cannot be written\n", output.c_str());
    return ExitCode::failed;
  }
  std::printf("%s: %zu entities, %.1f MB\n", output.c_str(), compiled.entities,
              static_cast<double>(compiled.image.size()) / 1e6);
  return ExitCode::fine;
}

}  // namespace tocsin
