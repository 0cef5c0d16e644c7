#include "daemon/commands/output.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

namespace tocsin {
namespace {

std::string reason_of(int error) {
  return std::error_code(error, std::generic_category()).message();
}

bool is_told = false;  // by the main thread alone, as all of this

bool tell(int error) {
  if (!is_told) {
    std::fprintf(stderr, "tocsin: standard output cannot be written: %s\n",
                 error == 0 ? "it is closed or full" : reason_of(error).c_str());
  }
  is_told = true;
  return false;
}

// Empty when all of it was written and, if it is a file, is on its disk.
std::string write_all(int descriptor, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(descriptor, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return reason_of(errno);
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(descriptor) != 0 && errno != EINVAL && errno != EROFS) return reason_of(errno);
  return "";
}

std::string write_and_close(int descriptor, std::string_view content) {
  if (descriptor < 0) return reason_of(errno);
  std::string fault = write_all(descriptor, content);
  if (::close(descriptor) != 0 && fault.empty()) fault = reason_of(errno);
  return fault;
}

}  // namespace

bool write_output(std::string_view text) {
  errno = 0;
  const bool is_written =
      std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  return is_written || tell(errno);
}

bool flush_output() {
  errno = 0;
  const bool failed_before = std::ferror(stdout) != 0;
  const bool is_flushed = std::fflush(stdout) == 0;
  return (is_flushed && !failed_before) || tell(errno);
}

std::string printable(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    // U+0080 to U+009F are C2 80 to C2 9F; U+202A to U+202E turn the direction of a line.
    const bool is_c1 =
        byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    const bool is_turn = text.substr(i).starts_with("\xE2\x80") && i + 2 < text.size() &&
                         static_cast<unsigned char>(text[i + 2]) >= 0xAA &&
                         static_cast<unsigned char>(text[i + 2]) <= 0xAE;
    if (byte < 0x20 || byte == 0x7F || is_c1 || is_turn) {
      out += "·";
      i += is_c1 ? 1 : is_turn ? 2 : 0;
    } else {
      out += text[i];
    }
  }
  return out;
}

void occupy_standard_streams() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(descriptor, F_GETFD) >= 0 || errno != EBADF) continue;
    // The lowest free one is the one that is closed. Opened the wrong way round, so that reading
    // and writing fail as they would on the closed one; the log may go nowhere.
    const int flags = descriptor == STDOUT_FILENO ? O_RDONLY : O_WRONLY;
    static_cast<void>(::open("/dev/null", flags));
  }
}

std::string write_file(const std::filesystem::path& path, std::string_view content) {
  std::error_code error;
  std::filesystem::path target = path;
  if (std::filesystem::is_symlink(std::filesystem::symlink_status(path, error))) {
    target = std::filesystem::weakly_canonical(path, error);
    if (error) return error.message();
    // It leads to what is not there yet.
    if (std::filesystem::is_symlink(std::filesystem::symlink_status(target, error))) {
      return write_and_close(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666), content);
    }
  }
  const std::filesystem::file_status status = std::filesystem::status(target, error);
  if (std::filesystem::is_directory(status)) return "it is a folder";
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    return write_and_close(::open(target.c_str(), O_WRONLY | O_CLOEXEC), content);
  }
  std::string unfinished = target.string() + ".XXXXXX";
  const int descriptor = ::mkostemp(unfinished.data(), O_CLOEXEC);
  if (descriptor < 0) return reason_of(errno);
  // As it was; a new one as any program would make it.
  const mode_t mask = ::umask(0);
  ::umask(mask);
  const mode_t mode = std::filesystem::exists(status) ? static_cast<mode_t>(status.permissions())
                                                      : static_cast<mode_t>(0666U & ~mask);
  ::fchmod(descriptor, mode);
  std::string fault = write_and_close(descriptor, content);
  if (fault.empty()) {
    std::filesystem::rename(unfinished, target, error);
    if (error) fault = error.message();
  }
  if (!fault.empty()) ::unlink(unfinished.c_str());
  return fault;
}

}  // namespace tocsin
