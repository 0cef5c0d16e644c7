#include "daemon/http/message.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <zlib.h>

#include "daemon/process_metrics.h"

namespace tocsin {
namespace {

std::string gunzip(const std::string& bytes) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, MAX_WBITS + 16), Z_OK);
  std::string out(1 << 20, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

HttpRequest request_with(const char* name, const char* value) {
  HttpRequest request;
  request.headers.emplace_back(name, value);
  return request;
}

TEST(HttpMessage, quality_of_an_item) {
  EXPECT_EQ(quality_of("gzip, br;q=0.5", "gzip"), 1);
  EXPECT_EQ(quality_of("gzip, br;q=0.5", "BR"), 0.5);
  EXPECT_EQ(quality_of("text/plain;version=0.0.4; q=0.3 ,*/*;q=0.1", "text/plain"), 0.3);
  EXPECT_EQ(quality_of("gzip;q=0", "gzip"), 0);
  EXPECT_EQ(quality_of("gzip;q=x", "gzip"), 0);
  EXPECT_EQ(quality_of("gzip;q=7", "gzip"), 0);
  EXPECT_EQ(quality_of("xgzip", "gzip"), std::nullopt);
  EXPECT_EQ(quality_of("", "gzip"), std::nullopt);
}

TEST(HttpMessage, gzip_where_it_is_wanted) {
  EXPECT_TRUE(accepts_gzip(request_with("accept-encoding", "deflate, gzip;q=1.0, *;q=0.5")));
  EXPECT_TRUE(accepts_gzip(request_with("Accept-Encoding", "*")));
  EXPECT_FALSE(accepts_gzip(request_with("Accept-Encoding", "gzip;q=0, *")));
  EXPECT_FALSE(accepts_gzip(request_with("Accept-Encoding", "identity")));
  EXPECT_FALSE(accepts_gzip(HttpRequest{}));
  EXPECT_TRUE(rc::check("gzip and back",
                        [](const std::string& bytes) { RC_ASSERT(gunzip(gzip(bytes)) == bytes); }));
}

TEST(HttpMessage, cookies) {
  const HttpRequest request = request_with("cookie", "a=1; session=x=y ;b; c=");
  EXPECT_EQ(request.cookie("a"), "1");
  EXPECT_EQ(request.cookie("session"), "x=y");
  EXPECT_EQ(request.cookie("c"), "");
  EXPECT_EQ(request.cookie("sess"), "");
}

TEST(HttpMessage, tokens) {
  EXPECT_TRUE(has_bearer(request_with("authorization", "Bearer abc"), "abc"));
  EXPECT_FALSE(has_bearer(request_with("Authorization", "Bearer abd"), "abc"));
  EXPECT_FALSE(has_bearer(request_with("Authorization", "Bearer "), ""));
  EXPECT_FALSE(has_bearer(HttpRequest{}, "abc"));
  EXPECT_TRUE(rc::check("equal as == says", [](const std::string& a, const std::string& b) {
    RC_ASSERT(equal_in_constant_time(a, b) == (a == b));
    RC_ASSERT(equal_in_constant_time(a, a));
  }));
}

TEST(HttpMessage, nothing_a_header_says_is_out_of_bounds) {
  EXPECT_TRUE(rc::check([](const std::string& list, const std::string& name) {
    const auto quality = quality_of(list, name);
    RC_ASSERT(!quality || (*quality >= 0 && *quality <= 1));
    HttpRequest request;
    request.headers.emplace_back("Cookie", list);
    RC_ASSERT(request.cookie(name).size() <= list.size());
  }));
}

TEST(Exposition, open_metrics_differs_where_it_must) {
  using prometheus::ClientMetric;
  using prometheus::MetricType;
  ClientMetric count;
  count.counter.value = 3;
  ClientMetric spread;
  spread.histogram.sample_count = 2;
  spread.histogram.bucket = {{1, 0.5}, {2, 1}, {2, std::numeric_limits<double>::infinity()}};
  const std::string text = exposition({{"x_total", "Things", MetricType::Counter, {count}},
                                       {"y_seconds", "Time", MetricType::Histogram, {spread}}},
                                      Exposition::open_metrics);
  EXPECT_NE(text.find("# HELP x Things\n# TYPE x counter\nx_total 3\n"), std::string::npos) << text;
  EXPECT_NE(text.find("le=\"0.5\"} 1\n"), std::string::npos) << text;
  EXPECT_NE(text.find("le=\"1.0\"} 2\n"), std::string::npos) << text;
  EXPECT_NE(text.find("le=\"+Inf\"} 2\n"), std::string::npos) << text;
  EXPECT_TRUE(text.ends_with("\n# EOF\n"));
  EXPECT_EQ(text.find("\n\n"), std::string::npos);
}

}  // namespace
}  // namespace tocsin
