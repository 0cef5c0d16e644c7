// What the verbs read and write: packed archives, inputs of another format, outputs that are full,
// closed, devices, pipes or links.
#include <sys/stat.h>
#include <zlib.h>
#include <zstd.h>

#include <thread>

#include "tests/daemon/commands/fixture.h"

namespace tocsin::commands_test {
namespace {

constexpr const char* kLine = "{\"title\": \"Iran bombed Iraq\", \"body\": \"Before dawn.\"}\n";

std::string gzip(const std::string& text) {
  z_stream stream{};
  ::deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(text.size() + 1'000, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  ::deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  ::deflateEnd(&stream);
  return out;
}

std::string zstd(const std::string& text) {
  std::string out(::ZSTD_compressBound(text.size()), '\0');
  out.resize(::ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

using Files = Commands;

TEST_F(Files, PackedArchivesAreReadAsTheirContent) {
  std::string text;
  for (int i = 0; i < 3'000; ++i) {
    text += "{\"title\": \"Item " + std::to_string(i) + "\", \"body\": \"Town " +
            std::to_string(i * 7919) + " met.\"}\n";
  }
  const std::string half = text.substr(0, text.size() / 2);
  const std::string rest = text.substr(text.size() / 2);
  write("a", text);
  const std::string plain = run("replay - <a").out;
  EXPECT_EQ(lines_of(plain).size(), 3'000U);
  for (const std::string& packed : {gzip(text), zstd(text), gzip(half) + gzip(rest),
                                    zstd(half) + zstd(rest), gzip(text) + std::string(512, '\0'),
                                    std::string("\x50\x2a\x4d\x18\0\0\0\0", 8) + zstd(text)}) {
    write("packed", packed);
    const Ran ran = run("replay - <packed");
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
    EXPECT_TRUE(ran.out == plain);
  }
}

TEST_F(Files, ADamagedArchiveIsAnErrorBehindWhatItGave) {
  std::string text;
  for (int i = 0; i < 60'000; ++i)
    text += "{\"title\": \"Item " + std::to_string(i * 7919) + "\"}\n";
  for (const std::string& packed : {gzip(text), zstd(text)}) {
    write("cut", packed.substr(0, packed.size() / 2));
    const Ran cut = run("replay cut");
    EXPECT_EQ(cut.exit_code, 2);
    EXPECT_TRUE(has(cut.err, "cut: it is cut")) << cut.err;
    std::string damaged = packed;
    for (std::size_t i = damaged.size() / 2; i < damaged.size() / 2 + 64; ++i) damaged[i] ^= 0x55;
    write("damaged", damaged);
    const Ran ran = run("replay damaged");
    EXPECT_EQ(ran.exit_code, 2);
    EXPECT_TRUE(has(ran.err, "damaged: gzip: ") || has(ran.err, "damaged: zstd: ")) << ran.err;
  }
}

TEST_F(Files, AnotherFormatIsNamedAndExitOne) {
  const std::string utf16(
      "\xff\xfe{\0\"\0t\0\"\0:\0"
      "1\0}\0\n\0",
      18);
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"[{\"title\": \"a\"}, {\"title\": \"b\"}]\n", "a JSON array"},
      {"[\n {\"title\": \"a\"},\n {\"title\": \"b\"}\n]\n", "a JSON array"},
      {"{\n \"title\": \"a\"\n}\n", "JSON over several lines"},
      {utf16, "UTF-16"},
      {std::string("\xff\xfe\0\0{\0\0\0\n\0\0\0", 12), "UTF-32"},
      {utf16.substr(2), "UTF-16"},
      {"\xfd"
       "7zXZ" +
           std::string("\0\1\2\n", 4),
       "xz"},
      {"BZh91AY&SY\n", "bzip2"},
      {"PK\x03\x04\n", "zip"},
      {"<rss><item/></rss>\n", "XML"},
      {"id,title\n1,a\n2,b\n", "no line is an article"},
      {"", "the input is empty"}};
  for (const auto& [text, name] : rows) {
    write("in", text);
    for (const char* verb : {"replay", "backtest", "test --report"}) {
      const Ran ran = run(std::string(verb) + " in");
      EXPECT_EQ(ran.exit_code, 1) << verb << ' ' << name << ran.err;
      EXPECT_TRUE(has(ran.err, "thing could be read: ") && has(ran.err, name)) << ran.err;
    }
  }
}

TEST_F(Files, LinesThatCannotBeReadAreCounted) {
  write("in", std::string(kLine) + "{broken\n" + kLine + "{\"title\": 7}\n{broken\n");
  for (const char* verb : {"replay", "backtest"}) {
    const Ran ran = run(std::string(verb) + " in");
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
    EXPECT_TRUE(
        has(ran.err, "3 of 5 lines could not be read: 2 invalid_json (first in in, line 2: "))
        << ran.err;
    EXPECT_TRUE(has(ran.err, "1 wrong_type (first in in, line 4: ")) << ran.err;
  }
  EXPECT_TRUE(has(run("backtest in").out, "3 lines not read"));
  write("fine", kLine);
  EXPECT_EQ(run("replay fine").err, "");
  write("one", "{broken\n");  // an answer to a question about one record
  EXPECT_EQ(run("replay one").exit_code, 0);
}

TEST_F(Files, AFullDiskOrClosedOutputIsExitOneWithTheReason) {
  write("in", kLine);
  write("ok.yaml", "version: 1\n");
  for (const char* verb :
       {"replay in", "explain in", "backtest in", "check --config ok.yaml", "config sample",
        "config schema", "test --report in", "--help", "--version", "replay --compare ok.yaml in",
        "explain --format json in"}) {
    for (const char* to : {" 1>/dev/full", " 1>&-"}) {
      // The fixture's own redirection stands behind this one, so a shell of its own is needed.
      const Ran ran = run(std::string("--version >/dev/null; " TOCSIN_BINARY " ") + verb +
                          " 2>err2" + to + "; echo $? >code; true");
      EXPECT_EQ(content_of(folder_ / "code"), "1\n") << verb << to << ran.err;
      EXPECT_TRUE(has(content_of(folder_ / "err2"), "standard output cannot be written: "))
          << verb << to << content_of(folder_ / "err2");
    }
  }
}

TEST_F(Files, OutputsReplaceRegularFilesOnly) {
  const Ran fresh = run("compile-gazetteer names.bin");
  ASSERT_EQ(fresh.exit_code, 0) << fresh.err;
  const std::string image = content_of(folder_ / "names.bin");
  EXPECT_GT(image.size(), 1'000'000U);

  write("old", "before");
  std::filesystem::permissions(folder_ / "old", std::filesystem::perms(0640));
  std::filesystem::create_symlink("old", folder_ / "link");
  EXPECT_EQ(run("compile-gazetteer link").exit_code, 0);
  EXPECT_TRUE(std::filesystem::is_symlink(folder_ / "link"));
  EXPECT_TRUE(content_of(folder_ / "old") == image);
  EXPECT_EQ(std::filesystem::status(folder_ / "old").permissions(), std::filesystem::perms(0640));

  ASSERT_EQ(::mkfifo((folder_ / "fifo").c_str(), 0600), 0);
  std::string came;
  std::thread reader([&] { came = content_of(folder_ / "fifo"); });
  EXPECT_EQ(run("compile-gazetteer fifo").exit_code, 0);
  reader.join();
  EXPECT_TRUE(came == image);
  EXPECT_TRUE(std::filesystem::is_fifo(folder_ / "fifo"));

  EXPECT_EQ(run("compile-gazetteer /dev/null").exit_code, 0);
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
  const Ran full = run("compile-gazetteer /dev/full");
  EXPECT_EQ(full.exit_code, 1);
  EXPECT_TRUE(has(full.err, "/dev/full: cannot be written: ")) << full.err;
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/full"));

  std::filesystem::create_symlink("gone", folder_ / "dangling");
  EXPECT_EQ(run("compile-gazetteer dangling").exit_code, 0);
  EXPECT_TRUE(std::filesystem::is_symlink(folder_ / "dangling"));
  EXPECT_TRUE(content_of(folder_ / "gone") == image);
  EXPECT_EQ(run("compile-gazetteer .").exit_code, 1);
  EXPECT_EQ(run("compile-gazetteer nowhere/names.bin").exit_code, 1);
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    EXPECT_FALSE(has(entry.path().string(), "names.bin.")) << entry.path();
  }
}

}  // namespace
}  // namespace tocsin::commands_test
