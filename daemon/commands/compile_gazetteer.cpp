#include <cstdio>

#include "daemon/commands/commands.h"
#include "daemon/commands/output.h"

namespace tocsin {
ExitCode compile_gazetteer(const std::filesystem::path& config_file,
                           const std::filesystem::path& output) {
  ConfigResult config;
  if (!config_file.empty()) config = load_config(config_file);
  CompiledGazetteer compiled;
  if (!has_errors(config.faults)) compiled = compile_gazetteer(config.config);
  std::vector<Fault> faults = std::move(config.faults);
  faults.insert(faults.end(), compiled.faults.begin(), compiled.faults.end());
  std::erase_if(faults, [](const Fault& fault) { return fault.is_warning; });
  const std::string text = render(faults);
  std::fwrite(text.data(), 1, text.size(), stderr);
  if (compiled.image.empty()) return ExitCode::bad_input;
  // A service may map the file at any moment.
  const std::string fault = write_file(output, compiled.image);
  if (!fault.empty()) {
    std::fprintf(stderr, "tocsin: %s: cannot be written: %s\n", output.c_str(), fault.c_str());
    return ExitCode::failed;
  }
  std::printf("%s: %zu entities, %.1f MB\n", output.c_str(), compiled.entities,
              static_cast<double>(compiled.image.size()) / 1e6);
  return ExitCode::fine;
}

}  // namespace tocsin
