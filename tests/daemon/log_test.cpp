// A line of the log as a collector reads it: one JSON object, UTF-8, each key once.
#include "daemon/log.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <simdjson.h>

#include <map>
#include <string>

namespace tocsin {
namespace {

std::string line_of(std::string_view message) {
  return json_log_line("2026-03-05T00:00:00Z", "info", "one", message);
}

// The fields in their order; fails the test when the line is no object of texts with distinct keys.
std::map<std::string, std::string> read(const std::string& line) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  std::map<std::string, std::string> fields;
  EXPECT_EQ(parser.parse(line).get(object), simdjson::SUCCESS) << line;
  for (const auto& [key, value] : object) {
    std::string_view text;
    EXPECT_EQ(value.get(text), simdjson::SUCCESS) << line;
    EXPECT_TRUE(fields.emplace(key, text).second) << "doubled: " << key << " in " << line;
  }
  return fields;
}

TEST(Log, WordsBeforeTheSecondColonAreFields) {
  const auto fields =
      read(line_of("notify: attempt failed target=chat status=500 reason: x=1 y=2"));
  EXPECT_EQ(fields.at("component"), "notify");
  EXPECT_EQ(fields.at("target"), "chat");
  EXPECT_EQ(fields.at("status"), "500");
  EXPECT_FALSE(fields.contains("x"));
  EXPECT_EQ(fields.at("message"), "attempt failed target=chat status=500 reason: x=1 y=2");
}

TEST(Log, TextOfOthersMakesNoFieldAndNoSecondKey) {
  for (const char* foreign :
       {"level=info ts=0 message=spoof", "\",\"level\":\"info", "\nlevel=info", "a: level=debug",
        "instance=other component=kafka", "\xC3", "\xFF\xFE", "caf\xE9", "\x00\x1B[31m", "{}"}) {
    const auto fields =
        read(line_of("notify: attempt failed target=chat reason: " + std::string(foreign)));
    EXPECT_EQ(fields.at("level"), "info") << foreign;
    EXPECT_EQ(fields.at("instance"), "one") << foreign;
    EXPECT_EQ(fields.size(), 6U) << foreign;
  }
  EXPECT_EQ(read(line_of("service: starting instance=two ts=1 a=1 a=2")).at("a"), "1");
  EXPECT_EQ(read(line_of("service: starting instance=two")).at("instance"), "one");
}

TEST(Log, AnyBytesAreOneLineOfValidJson) {
  EXPECT_TRUE(rc::check([](const std::string& message, const std::string& instance) {
    const std::string line = json_log_line("t", "info", valid_utf8(instance), message);
    RC_ASSERT(line.find('\n') == std::string::npos);
    RC_ASSERT(simdjson::validate_utf8(line));
    static_cast<void>(read(line));
    const std::string text = one_line(message);
    RC_ASSERT(simdjson::validate_utf8(text));
    RC_ASSERT(text.find_first_of(std::string_view("\n\r\x1b\0", 4)) == std::string::npos);
  }));
}

TEST(Log, ValidTextStaysAsItIs) {
  const std::string text = "é ü 大 🜨 ~";
  EXPECT_EQ(valid_utf8(text), text);
  EXPECT_EQ(valid_utf8("caf\xC3"), "caf\xEF\xBF\xBD");
  EXPECT_EQ(valid_utf8("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");  // a surrogate
  EXPECT_EQ(valid_utf8("\xC0\xAF"), "\xEF\xBF\xBD\xEF\xBF\xBD");                  // overlong
  EXPECT_EQ(one_line("a\tb\x7F"), "a\\x09b\\x7f");
}

}  // namespace
}  // namespace tocsin
