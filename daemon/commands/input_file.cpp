#include "daemon/commands/input_file.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace tocsin {
namespace {

constexpr std::size_t kBlockBytes = 256 << 10;
constexpr int kZstdWindowLogMax = 27;  // 128 MiB, as the zstd tool takes without being asked

std::string reason_of(int error) {
  return std::error_code(error, std::generic_category()).message();
}

}  // namespace

// Takes packed bytes from [in, in_end), gives unpacked ones to [out, out_end); moves both
// beginnings.
class InputFile::Decoder {
 public:
  virtual ~Decoder() = default;
  // Empty, or why it cannot go on.
  virtual std::string step(const char*& in, const char* in_end, char*& out, char* out_end) = 0;
  // Between two members, where an input may end.
  [[nodiscard]] virtual bool is_between() const = 0;
};

namespace {

class Gzip final : public InputFile::Decoder {
 public:
  Gzip() { ::inflateInit2(&stream_, 15 + 16); }  // 16: with gzip's header
  ~Gzip() override { ::inflateEnd(&stream_); }
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;

  std::string step(const char*& in, const char* in_end, char*& out, char* out_end) override {
    if (is_between_) {
      if (*in == '\0') {  // tar and tape drives pad with zeros
        ++in;
        return "";
      }
      ::inflateReset(&stream_);
      is_between_ = false;
    }
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in));
    stream_.avail_in = static_cast<uInt>(in_end - in);
    stream_.next_out = reinterpret_cast<Bytef*>(out);
    stream_.avail_out = static_cast<uInt>(out_end - out);
    const int result = ::inflate(&stream_, Z_NO_FLUSH);
    in = reinterpret_cast<const char*>(stream_.next_in);
    out = reinterpret_cast<char*>(stream_.next_out);
    is_between_ = result == Z_STREAM_END;
    if (result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR) return "";
    return std::string("gzip: ") + (stream_.msg != nullptr ? stream_.msg : "damaged");
  }
  [[nodiscard]] bool is_between() const override { return is_between_; }

 private:
  z_stream stream_{};
  bool is_between_ = false;
};

class Zstandard final : public InputFile::Decoder {
 public:
  Zstandard() : stream_(::ZSTD_createDStream()) {
    ::ZSTD_DCtx_setParameter(stream_, ZSTD_d_windowLogMax, kZstdWindowLogMax);
  }
  ~Zstandard() override { ::ZSTD_freeDStream(stream_); }
  Zstandard(const Zstandard&) = delete;
  Zstandard& operator=(const Zstandard&) = delete;

  std::string step(const char*& in, const char* in_end, char*& out, char* out_end) override {
    ZSTD_inBuffer from{in, static_cast<std::size_t>(in_end - in), 0};
    ZSTD_outBuffer to{out, static_cast<std::size_t>(out_end - out), 0};
    const std::size_t left = ::ZSTD_decompressStream(stream_, &to, &from);
    in += from.pos;
    out += to.pos;
    if (::ZSTD_isError(left) != 0) return std::string("zstd: ") + ::ZSTD_getErrorName(left);
    is_between_ = left == 0;
    return "";
  }
  [[nodiscard]] bool is_between() const override { return is_between_; }

 private:
  ZSTD_DStream* stream_;
  bool is_between_ = false;
};

bool begins_with(std::string_view text, std::string_view magic) {
  return text.substr(0, magic.size()) == magic;
}

using namespace std::string_view_literals;

}  // namespace

void InputFile::Close::operator()(std::FILE* file) const {
  if (file != stdin) std::fclose(file);
}

InputFile::InputFile(const std::string& name)
    : file_(name == "-" ? stdin : std::fopen(name.c_str(), "rb")), packed_(kBlockBytes) {
  if (!file_) {
    fault_ = reason_of(errno);
    return;
  }
  fill();
  const std::string_view beginning(packed_.data(), end_);
  if (begins_with(beginning, "\x1f\x8b"sv)) decoder_ = std::make_unique<Gzip>();
  // A frame, or one that is skipped (RFC 8878, 3.1).
  const bool is_skippable = end_ >= 4 && (static_cast<unsigned char>(packed_[0]) & 0xF0U) == 0x50 &&
                            beginning.substr(1, 3) == "\x2a\x4d\x18"sv;
  if (begins_with(beginning, "\x28\xb5\x2f\xfd"sv) || is_skippable) {
    decoder_ = std::make_unique<Zstandard>();
  }
}

InputFile::~InputFile() = default;

void InputFile::fill() {
  errno = 0;
  begin_ = 0;
  end_ = std::fread(packed_.data(), 1, packed_.size(), file_.get());
  bytes_ += end_;
  is_at_end_ = end_ == 0;
  if (std::ferror(file_.get()) != 0 && fault_.empty()) {
    fault_ = errno == 0 ? "cannot be read" : reason_of(errno);
  }
}

std::size_t InputFile::read(char* to, std::size_t size) {
  if (!file_ || size == 0) return 0;
  char* out = to;
  while (out == to && fault_.empty()) {
    if (begin_ == end_ && !is_at_end_) fill();
    if (begin_ == end_ && !decoder_) return 0;
    if (!decoder_) {
      const std::size_t taken = std::min(size, end_ - begin_);
      std::copy_n(packed_.data() + begin_, taken, to);
      begin_ += taken;
      return taken;
    }
    if (begin_ == end_) {
      // What it holds back comes out without more input; then the end must be between two members.
      const char* none = packed_.data();
      const bool was_between = decoder_->is_between();
      if (!was_between) fault_ = decoder_->step(none, none, out, to + size);
      if (out == to && fault_.empty()) {
        if (!was_between) fault_ = "it is cut: packed data end in the middle";
        return 0;
      }
      break;
    }
    const char* in = packed_.data() + begin_;
    fault_ = decoder_->step(in, packed_.data() + end_, out, to + size);
    begin_ = static_cast<std::size_t>(in - packed_.data());
  }
  return static_cast<std::size_t>(out - to);
}

std::string other_format(std::string_view beginning) {
  static constexpr std::array<std::pair<std::string_view, const char*>, 12> kMagic = {{
      {"\xff\xfe\0\0"sv, "UTF-32; convert it: iconv -f UTF-32 -t UTF-8"},
      {"\0\0\xfe\xff"sv, "UTF-32; convert it: iconv -f UTF-32 -t UTF-8"},
      {"\x1f\x8b"sv, "packed twice; unpack it once: gzip -dc"},
      {"\xff\xfe"sv, "UTF-16; convert it: iconv -f UTF-16 -t UTF-8"},
      {"\xfe\xff"sv, "UTF-16; convert it: iconv -f UTF-16 -t UTF-8"},
      {"\xfd"
       "7zXZ\0"sv,
       "packed with xz; unpack it: xz -dc"},
      {"BZh"sv, "packed with bzip2; unpack it: bzip2 -dc"},
      {"\x04\x22\x4d\x18"sv, "packed with lz4; unpack it: lz4 -dc"},
      {"PK\x03\x04"sv, "a zip archive; unpack it: unzip -p"},
      {"PAR1"sv, "Parquet, not JSON Lines"},
      {"Obj\x01"sv, "Avro, not JSON Lines"},
      {"SQLite format 3"sv, "an SQLite database, not JSON Lines"},
  }};
  for (const auto& [magic, name] : kMagic) {
    if (begins_with(beginning, magic)) return name;
  }
  // ASCII in two bytes a character, without a mark.
  const auto is_wide = [&](std::size_t high, std::size_t low) {
    return beginning[high] == '\0' && beginning[high + 2] == '\0' && beginning[low] != '\0' &&
           beginning[low + 2] != '\0';
  };
  if (beginning.size() >= 4 && (is_wide(0, 1) || is_wide(1, 0))) {
    return "UTF-16; convert it: iconv -f UTF-16LE (or UTF-16BE) -t UTF-8";
  }
  if (begins_with(beginning, "\xef\xbb\xbf"sv)) beginning.remove_prefix(3);
  const std::size_t first = beginning.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return "";
  if (beginning[first] == '[')
    return "a JSON array, not one object a line; convert it: jq -c '.[]'";
  if (beginning[first] == '<') return "XML or HTML, not JSON Lines";
  if (beginning[first] == '{') {
    const std::size_t next = beginning.find_first_not_of(" \t\r", first + 1);
    if (next != std::string_view::npos && beginning[next] == '\n') {
      return "JSON over several lines, not one object a line; convert it: jq -c .";
    }
  }
  return "";
}

}  // namespace tocsin
