#include "daemon/page/access.h"

#include <algorithm>
#include <charconv>

#include "daemon/hmac.h"

namespace tocsin::page {

std::string Access::signature(std::string_view end) const {
  return hmac_sha256_hex(token_, "tocsin page until " + std::string(end));
}

bool Access::is_token(std::string_view given) const {
  return !token_.empty() && equal_in_constant_time(given, token_);
}

bool Access::has_bearer(const HttpRequest& request) const {
  return tocsin::has_bearer(request, token_);
}

std::string Access::cookie(std::int64_t now_s) const {
  const std::string end = std::to_string(now_s + kSeconds);
  return end + '.' + signature(end);
}

bool Access::is_valid(std::string_view cookie, std::int64_t now_s) const {
  if (token_.empty()) return true;
  const std::size_t point = cookie.find('.');
  if (point == std::string_view::npos) return false;
  const std::string_view end = cookie.substr(0, point);
  std::int64_t end_s = 0;
  const auto [stop, error] = std::from_chars(end.data(), end.data() + end.size(), end_s);
  if (error != std::errc() || stop != end.data() + end.size()) return false;
  return equal_in_constant_time(cookie.substr(point + 1), signature(end)) && now_s < end_s;
}

bool is_behind_tls(const HttpRequest& request) {
  // The first of several is what the browser spoke.
  const std::string_view all = request.header("x-forwarded-proto");
  std::string first(all.substr(0, all.find_first_of(", ")));
  std::transform(first.begin(), first.end(), first.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return first == "https";
}

bool is_loopback_host(std::string_view host) {
  if (host.starts_with('[')) return host.substr(0, host.find(']') + 1) == "[::1]";
  const std::string_view name = host.substr(0, host.find(':'));
  return name == "localhost" ||
         (name.starts_with("127.") && name.find_first_not_of("0123456789.") == name.npos);
}

}  // namespace tocsin::page
