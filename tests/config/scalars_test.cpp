#include "config/scalars.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "config/fault.h"

namespace tocsin {
namespace {

TEST(Scalars, DurationsAreExactAndHaveUnits) {
  EXPECT_EQ(parse_duration("500ms"), std::chrono::milliseconds(500));
  EXPECT_EQ(parse_duration("1h30m"), std::chrono::minutes(90));
  EXPECT_EQ(parse_duration("3d"), std::chrono::hours(72));
  for (const char* bad : {"", "72", "h", "1.5h", "-1s", "1 h", "1hour", "99999999999999999999w"}) {
    EXPECT_FALSE(parse_duration(bad)) << bad;
  }
}

TEST(Scalars, FormattedValuesParseBack) {
  EXPECT_TRUE(rc::check("durations", [] {
    const auto ms = *rc::gen::inRange<std::int64_t>(0, 1'000'000'000'000);
    const std::chrono::milliseconds duration(ms);
    RC_ASSERT(parse_duration(format_duration(duration)) == duration);
  }));
  EXPECT_TRUE(rc::check("sizes", [] {
    const auto bytes = *rc::gen::inRange<std::uint64_t>(0, 1ULL << 40);
    RC_ASSERT(parse_bytes(format_bytes(bytes)) == bytes);
    RC_ASSERT(parse_bytes(format_bytes(bytes << 10)) == bytes << 10);
  }));
}

TEST(Scalars, SizesKnowBothThousands) {
  EXPECT_EQ(parse_bytes("1MiB"), 1'048'576U);
  EXPECT_EQ(parse_bytes("10MB"), 10'000'000U);
  EXPECT_EQ(parse_bytes("17"), 17U);
  for (const char* bad : {"", "MiB", "1 MiB", "1mb", "-1", "99999999999GiB"}) {
    EXPECT_FALSE(parse_bytes(bad)) << bad;
  }
}

TEST(Scalars, AddressesAreHostAndPort) {
  EXPECT_EQ(parse_listen("127.0.0.1:9464"), (ListenAddress{"127.0.0.1", 9464}));
  EXPECT_EQ(parse_listen("[::1]:1"), (ListenAddress{"::1", 1}));
  EXPECT_TRUE(parse_listen("")->is_off());
  for (const char* bad : {"127.0.0.1", ":9464", "a:65536", "::1:80", "[::1]", "[x]:1", "a b:1"}) {
    EXPECT_FALSE(parse_listen(bad)) << bad;
  }
  EXPECT_TRUE(is_loopback_host("127.8.0.1"));
  EXPECT_FALSE(is_loopback_host("127.evil.example"));
}

TEST(Nearest, TakesSwapsAndLeavesStrangers) {
  const std::vector<std::string> known = {"brokers", "group", "log"};
  EXPECT_EQ(nearest("borkers", known), "brokers");
  EXPECT_EQ(nearest("lgo", known), "log");
  EXPECT_EQ(nearest("topics", known), "");
}

TEST(Scalars, AVariableInsideAVariableIsRefused) {
  const auto environment = [](std::string_view name) {
    return name == "A" ? std::optional<std::string>("a") : std::nullopt;
  };
  for (const char* nested :
       {"${B:-${A}}", "${A:-${B}}", "x${B:-y${A}z}", "${B:?${A}}", "${${A}}", "${B:-${A"}) {
    EXPECT_NE(interpolate(nested, environment).error.find("inside"), std::string::npos) << nested;
  }
  EXPECT_EQ(interpolate("${B:-$$}${A}", environment).value, "$$a");
  EXPECT_EQ(interpolate("${B:-$x}", environment).value, "$x");
}

TEST(Scalars, Urls) {
  EXPECT_EQ(parse_url("https://h.example/a/b?c=d"), (Url{true, "h.example", 443, "/a/b?c=d"}));
  EXPECT_EQ(parse_url("http://h"), (Url{false, "h", 80, "/"}));
  EXPECT_EQ(parse_url("http://[::1]:8080?x"), (Url{false, "::1", 8080, "/?x"}));
  for (const char* wrong :
       {"", "h", "ftp://h/", "http://", "http:///x", "http://h:0/", "http://h:x/",
        "http://user:pass@h/", "http://h/a b", "http://h/#f", "http://h/\r\nX: y"}) {
    EXPECT_FALSE(parse_url(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace tocsin
