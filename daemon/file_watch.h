// Whether the files a configuration is made of have changed: for those who swap files and cannot
// send a signal, as Kubernetes does with a mounted ConfigMap.
#pragma once

#include <cstdint>

#include "config/config.h"

namespace tocsin {

// Digest of names and contents of the configuration file and of the gazetteer, lexicon, sources and
// alert rules it names; of a file above 16 MiB its size and time stand for its content.
[[nodiscard]] std::uint64_t digest_of_files(const Config& config);

class FileWatch {
 public:
  // The files are read now: changes count from here.
  void begin(const Config& config) { read_ = seen_ = digest_of_files(config); }
  // True once for each change, when two looks in a row saw the same: nobody is in the middle of
  // writing.
  [[nodiscard]] bool has_changed(const Config& config);

 private:
  std::uint64_t read_ = 0;  // digest as of the last reload
  std::uint64_t seen_ = 0;  // as of the last look
};

}  // namespace tocsin
