// What is read of a token that librdkafka is given.
#include "daemon/kafka/secrets.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace tocsin::kafka {
namespace {

// {"alg":"none"}
constexpr const char* kHead = "eyJhbGciOiJub25lIn0.";

TEST(Secrets, ATokenSaysWhoseItIsAndHowLongItHolds) {
  // {"sub":"tocsin","exp":1900000000}
  const auto claims =
      claims_of(std::string(kHead) + "eyJzdWIiOiJ0b2NzaW4iLCJleHAiOjE5MDAwMDAwMDB9.");
  ASSERT_TRUE(claims);
  EXPECT_EQ(claims->subject, "tocsin");
  EXPECT_EQ(claims->expires_ms, 1'900'000'000'000);
  // {"exp":1900000000.5}, signed
  const auto nobody = claims_of(std::string(kHead) + "eyJleHAiOjE5MDAwMDAwMDAuNX0.c2lnbmVk");
  ASSERT_TRUE(nobody);
  EXPECT_EQ(nobody->expires_ms, 1'900'000'000'500);
}

TEST(Secrets, WhatIsNoTokenHasNoClaims) {
  // {"sub":"tocsin"}, {"exp":"soon"}, {"exp":-1}, [1], not base64url
  for (const char* payload :
       {"eyJzdWIiOiJ0b2NzaW4ifQ", "eyJleHAiOiJzb29uIn0", "eyJleHAiOi0xfQ", "WzFd", "e+/=", ""}) {
    EXPECT_FALSE(claims_of(std::string(kHead) + payload + ".")) << payload;
  }
  EXPECT_FALSE(claims_of("a password"));
  EXPECT_FALSE(claims_of("one.point"));
  EXPECT_FALSE(claims_of(""));
}

TEST(Secrets, AnyBytesAreReadToTheirEnd) {
  EXPECT_TRUE(rc::check([](const std::string& head, const std::string& payload) {
    const auto claims = claims_of(head + '.' + payload + '.');
    if (claims) RC_ASSERT(claims->expires_ms > 0);
  }));
}

}  // namespace
}  // namespace tocsin::kafka
