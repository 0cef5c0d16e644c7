// The data files that ship inside the binary, so that replay, explain and test work from anywhere.
// Promises: the bytes of the files listed in config/CMakeLists.txt, unchanged.
#pragma once

#include <span>
#include <string_view>

namespace tocsin {

struct EmbeddedFile {
  std::string_view name;  // relative to config/: "gazetteer/countries.tsv"
  std::string_view content;
};

[[nodiscard]] std::span<const EmbeddedFile> embedded_files();

}  // namespace tocsin
