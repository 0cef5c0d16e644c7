#include "daemon/file_watch.h"

#include <xxhash.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace tocsin {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kReadBytesMax = 16 << 20;

std::vector<fs::path> files_of(const Config& config) {
  std::vector<fs::path> named = config.gazetteer;
  named.insert(named.end(), config.lexicon.begin(), config.lexicon.end());
  named.insert(named.end(), {config.file, config.sources, config.alerts.rules});
  std::vector<fs::path> files;
  for (const fs::path& path : named) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      if (!path.empty()) files.push_back(path);
      continue;
    }
    for (fs::recursive_directory_iterator entry(path, error), end; !error && entry != end;
         entry.increment(error)) {
      if (entry->is_regular_file(error)) files.push_back(entry->path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string content_of(const fs::path& file) {
  std::error_code error;
  const std::uintmax_t size = fs::file_size(file, error);
  if (error) return "";
  if (size > kReadBytesMax) {
    return std::to_string(size) + ' ' +
           std::to_string(fs::last_write_time(file, error).time_since_epoch().count());
  }
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

}  // namespace

std::uint64_t digest_of_files(const Config& config) {
  std::uint64_t digest = 0;
  for (const fs::path& file : files_of(config)) {
    const std::string name = file.string();
    const std::string content = content_of(file);
    digest = XXH3_64bits_withSeed(name.data(), name.size(), digest);
    digest = XXH3_64bits_withSeed(content.data(), content.size(), digest);
  }
  return digest;
}

bool FileWatch::has_changed(const Config& config) {
  const std::uint64_t now = digest_of_files(config);
  const bool is_settled = std::exchange(seen_, now) == now;
  return is_settled && std::exchange(read_, now) != now;
}

}  // namespace tocsin
