// A file or standard input as bytes, plain or compressed: gzip and Zstandard are unpacked, told by
// their first bytes, whatever the name. Promises: constant memory; several members in a row are one
// input; what is cut or damaged is an error, not an end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin {

class InputFile {
 public:
  // "-": standard input. See fault() for whether it could be opened.
  explicit InputFile(const std::string& name);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  // At most `size` unpacked bytes; 0 at the end and after a fault.
  [[nodiscard]] std::size_t read(char* to, std::size_t size);
  // Why it cannot be read, or not any further; empty: it can.
  [[nodiscard]] const std::string& fault() const { return fault_; }
  // Bytes taken from the file itself, packed as they are.
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

  class Decoder;  // one packed format

 private:
  void fill();

  struct Close {
    void operator()(std::FILE* file) const;
  };
  std::unique_ptr<std::FILE, Close> file_;
  std::string fault_;
  std::vector<char> packed_;
  std::size_t begin_ = 0;  // of what packed_ holds and nobody has taken
  std::size_t end_ = 0;
  bool is_at_end_ = false;
  std::uint64_t bytes_ = 0;
  std::unique_ptr<Decoder> decoder_;
};

// What the beginning of an input is when it is no JSON Lines: "a JSON array; ...", "UTF-16; ...";
// empty when nothing speaks against it. For a person whose run has read nothing.
[[nodiscard]] std::string other_format(std::string_view beginning);

}  // namespace tocsin
