#include "daemon/page/query.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "daemon/page/access.h"

namespace tocsin::page {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(Query, NamesAndValuesAreDecoded) {
  const Query query("a=1&b=%41+c%2F&=x&c&a=2&d=%zz%4");
  EXPECT_EQ(query.text("a"), "2");
  EXPECT_EQ(query.text("b"), "A c/");
  EXPECT_EQ(query.text("c"), "");
  EXPECT_EQ(query.text("d"), "%zz%4");
  EXPECT_EQ(query.text("missing"), "");
}

TEST(Query, NumbersAreBounded) {
  const Query query("a=7&b=-3&c=99999&d=1e3&e=99999999999999999999999");
  EXPECT_EQ(query.number("a", 0, 1, 10), 7);
  EXPECT_EQ(query.number("b", 5, 1, 10), 1);
  EXPECT_EQ(query.number("c", 5, 1, 10), 10);
  EXPECT_EQ(query.number("d", 5, 1, 10), 5);
  EXPECT_EQ(query.number("e", 5, 1, 10), 5);
  EXPECT_EQ(query.number("missing", 5, 1, 10), 5);
}

TEST(Query, AFeedIsAskedByFacetsAndWords) {
  const FeedQuery wanted = feed_query(Query(
      "show=copies&level=high&country=RUS,UKR&event=ASSAULT&q=N%C3%9CCLEAR%20%20Test&limit=5"));
  EXPECT_EQ(wanted.show, Show::copies);
  EXPECT_EQ(wanted.level_min, 3);
  EXPECT_THAT(wanted.facets, ElementsAre("\nc:RUS\n", "\nc:UKR\n", "\ne:ASSAULT\n"));
  EXPECT_THAT(wanted.words, ElementsAre("nuclear", "test"));
  EXPECT_EQ(wanted.rows_max, 5U);
}

RC_GTEST_PROP(Query, NoBytesAreTooStrange, (const std::string& text)) {
  const FeedQuery wanted = feed_query(Query(text));
  RC_ASSERT(wanted.rows_max >= 1U && wanted.rows_max <= FeedQuery::kRowsMax);
}

// What JavaScript's encodeURIComponent does.
std::string encoded(const std::string& text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

RC_GTEST_PROP(Query, WhatABrowserEncodesIsDecoded, (const std::string& text)) {
  RC_ASSERT(percent_decoded(encoded(text)) == text);
}

constexpr std::int64_t kNow = 1'800'000'000;

TEST(Access, ACookieHoldsUntilItsEndAndForItsTokenOnly) {
  const Access access("a token of the test");
  const std::string cookie = access.cookie(kNow);
  EXPECT_TRUE(access.is_valid(cookie, kNow));
  EXPECT_TRUE(access.is_valid(cookie, kNow + Access::kSeconds - 1));
  EXPECT_FALSE(access.is_valid(cookie, kNow + Access::kSeconds));
  EXPECT_FALSE(Access("another token").is_valid(cookie, kNow));
  EXPECT_THAT(cookie, Not(HasSubstr("token")));
}

TEST(Access, AChangedCookieIsNone) {
  const Access access("a token of the test");
  const std::string cookie = access.cookie(kNow);
  for (std::size_t i = 0; i < cookie.size(); ++i) {
    std::string changed = cookie;
    changed[i] = changed[i] == '9' ? '8' : '9';
    EXPECT_NE(changed, cookie);
    EXPECT_FALSE(access.is_valid(changed, kNow)) << i;
  }
  for (const char* other : {"", ".", "1", "99999999999.", "x.y"}) {
    EXPECT_FALSE(access.is_valid(other, kNow)) << other;
  }
}

TEST(Access, WithoutATokenNothingIsAsked) {
  EXPECT_TRUE(Access("").is_open());
  EXPECT_FALSE(Access("").is_token(""));
  EXPECT_TRUE(Access("secret").is_token("secret"));
  EXPECT_FALSE(Access("secret").is_token("secre"));
}

TEST(Access, AProxyTellsWhetherTheBrowsersSideIsEncrypted) {
  const auto asked = [](std::string value) {
    HttpRequest request;
    request.headers = {{"X-Forwarded-Proto", std::move(value)}};
    return is_behind_tls(request);
  };
  EXPECT_FALSE(is_behind_tls(HttpRequest{}));
  for (const char* value : {"https", "HTTPS", "https, http", "https,https"}) {
    EXPECT_TRUE(asked(value)) << value;
  }
  for (const char* value : {"", "http", "http, https", "httpss", "ahttps"}) {
    EXPECT_FALSE(asked(value)) << value;
  }
}

TEST(Access, OnlyLoopbackNamesAreThisMachine) {
  for (const char* host : {"localhost", "localhost:9465", "127.0.0.1", "127.0.0.1:1", "[::1]:80"}) {
    EXPECT_TRUE(is_loopback_host(host)) << host;
  }
  for (const char* host : {"", "news.example", "127.evil.example:80", "localhost.evil.example",
                           "[::2]", "127.0.0.1.evil.example"}) {
    EXPECT_FALSE(is_loopback_host(host)) << host;
  }
}

}  // namespace
}  // namespace tocsin::page
