#include "daemon/http/message.h"

#include <openssl/crypto.h>
#include <zlib.h>

#include <algorithm>
#include <charconv>
#include <new>

namespace tocsin {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

bool equal_but_for_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t";
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

// Takes the part up to `separator` off the front of `text`, without blanks around it.
std::string_view next_part(std::string_view& text, char separator) {
  const std::size_t end = text.find(separator);
  const std::string_view part = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  return trimmed(part);
}

// Of "q=0.5;level=1": 0.5; 1 without a q; 0 for a q that is none.
double weight_of(std::string_view parameters) {
  while (!parameters.empty()) {
    std::string_view parameter = next_part(parameters, ';');
    if (!equal_but_for_case(parameter.substr(0, 2), "q=")) continue;
    parameter.remove_prefix(2);
    double weight = 0;
    const auto [end, error] =
        std::from_chars(parameter.data(), parameter.data() + parameter.size(), weight);
    const bool is_number = error == std::errc() && end == parameter.data() + parameter.size();
    return is_number && weight >= 0 && weight <= 1 ? weight : 0;
  }
  return 1;
}

}  // namespace

std::string_view HttpRequest::header(std::string_view name) const {
  const auto found = std::ranges::find_if(
      headers, [&](const auto& header) { return equal_but_for_case(header.first, name); });
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

std::string_view HttpRequest::cookie(std::string_view name) const {
  std::string_view rest = header("Cookie");
  while (!rest.empty()) {
    std::string_view pair = next_part(rest, ';');
    if (next_part(pair, '=') == name) return pair;
  }
  return {};
}

std::optional<double> quality_of(std::string_view list, std::string_view name) {
  std::optional<double> quality;
  while (!list.empty()) {
    std::string_view item = next_part(list, ',');
    if (!equal_but_for_case(next_part(item, ';'), name)) continue;
    quality = std::max(quality.value_or(0), weight_of(item));
  }
  return quality;
}

bool accepts_gzip(const HttpRequest& request) {
  const std::string_view list = request.header("Accept-Encoding");
  const auto named = quality_of(list, "gzip");
  return named.value_or(quality_of(list, "*").value_or(0)) > 0;
}

std::string gzip(std::string_view bytes) {
  z_stream stream{};
  constexpr int kGzipFormat = 16;  // added to the window bits
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + kGzipFormat,
                   MAX_MEM_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::bad_alloc();
  }
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

bool has_bearer(const HttpRequest& request, std::string_view token) {
  return !token.empty() &&
         equal_in_constant_time(request.header("Authorization"), "Bearer " + std::string(token));
}

}  // namespace tocsin
