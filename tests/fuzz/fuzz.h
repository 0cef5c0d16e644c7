// What the fuzz targets share: the entry point that libFuzzer (or replay_corpus.cpp) calls, and a
// check that stays in every build. A target promises that no input at all breaks its rules.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace tocsin::fuzz {

inline void require(bool is_so) {
  if (!is_so) std::abort();
}

inline std::string_view view_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace tocsin::fuzz
