// Lines of a file or of standard input, read in blocks; a line over the limit is cut, not held.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

namespace tocsin {

class LineReader {
 public:
  // Does not own the stream. Lines longer than `line_bytes_max` come back with line_bytes_max + 1
  // bytes, so that whoever checks the limit sees it broken.
  LineReader(std::FILE* stream, std::size_t line_bytes_max)
      : stream_(stream), line_bytes_max_(line_bytes_max), block_(kBlockBytes) {}

  // The next line without its line break; false at the end or on an error (see failed()).
  bool next(std::string& line);
  [[nodiscard]] bool failed() const { return std::ferror(stream_) != 0; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  static constexpr std::size_t kBlockBytes = 256 << 10;

  std::FILE* stream_;
  std::size_t line_bytes_max_;
  std::vector<char> block_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace tocsin
