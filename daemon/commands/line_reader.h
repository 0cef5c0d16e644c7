// Lines of an input, read in blocks; a line over the limit is cut, not held.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/commands/input_file.h"

namespace tocsin {

class LineReader {
 public:
  // Does not own the input. Lines longer than `line_bytes_max` come back with line_bytes_max + 1
  // bytes, so that whoever checks the limit sees it broken.
  LineReader(InputFile& input, std::size_t line_bytes_max)
      : input_(input), line_bytes_max_(line_bytes_max), block_(kBlockBytes) {}

  // The next line without its line break; false at the end or on a fault of the input.
  bool next(std::string& line);
  // The first kBeginningBytes of the input, as far as they have been read.
  [[nodiscard]] const std::string& beginning() const { return beginning_; }

  static constexpr std::size_t kBeginningBytes = 512;

 private:
  static constexpr std::size_t kBlockBytes = 256 << 10;

  InputFile& input_;
  std::size_t line_bytes_max_;
  std::vector<char> block_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::string beginning_;
};

}  // namespace tocsin
