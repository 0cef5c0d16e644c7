// A file's bytes in memory, read-only, without reading them: pages come when they are touched.
// Promises: the bytes live as long as the object; aligned to a page.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

namespace tocsin {

class MappedFile {
 public:
  // nullptr when the file cannot be mapped; `fault` then says why.
  [[nodiscard]] static std::shared_ptr<const MappedFile> open(const std::filesystem::path& path,
                                                              std::string& fault);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return bytes_; }

 private:
  explicit MappedFile(std::span<const std::byte> bytes) noexcept : bytes_(bytes) {}

  const std::span<const std::byte> bytes_;
};

}  // namespace tocsin
