#include "config/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace tocsin {

std::shared_ptr<const MappedFile> MappedFile::open(const std::filesystem::path& path,
                                                   std::string& fault) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat status = {};
  void* start = MAP_FAILED;
  if (file >= 0 && ::fstat(file, &status) == 0 && status.st_size > 0) {
    start =
        ::mmap(nullptr, static_cast<std::size_t>(status.st_size), PROT_READ, MAP_PRIVATE, file, 0);
  }
  const int error = errno;
  if (file >= 0) ::close(file);
  if (start == MAP_FAILED) {
    fault = file >= 0 && status.st_size == 0 ? "is empty" : std::generic_category().message(error);
    return nullptr;
  }
  return std::shared_ptr<const MappedFile>(new MappedFile(
      {static_cast<const std::byte*>(start), static_cast<std::size_t>(status.st_size)}));
}

MappedFile::~MappedFile() {
  ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

}  // namespace tocsin
