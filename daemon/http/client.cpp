#include "daemon/http/client.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <charconv>
#include <concepts>

#include "daemon/log.h"
#include "daemon/stop.h"
#include "daemon/unix_time.h"
#include "pipeline/decode/decode.h"

namespace tocsin {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;
using Plain = beast::tcp_stream;
using Tls = beast::ssl_stream<beast::tcp_stream>;

constexpr std::size_t kErrorTextMax = 200;

// What a log may show of an answer.
std::string beginning_of(const std::string& text) {
  return one_line(text.substr(0, kErrorTextMax));
}

std::string authority_of(const Url& url) {
  const std::string host =
      url.host.find(':') == std::string::npos ? url.host : '[' + url.host + ']';
  return host + ':' + std::to_string(url.port);
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    unsigned value = 0;
    const char* digits = text.data() + i + 1;
    if (i + 2 >= text.size() || std::from_chars(digits, digits + 2, value, 16).ptr != digits + 2) {
      return std::nullopt;
    }
    out += static_cast<char>(value);
    i += 2;
  }
  return out;
}

std::string base64(const std::string& bytes) {
  std::string out(4 * ((bytes.size() + 2) / 3), '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                  reinterpret_cast<const unsigned char*>(bytes.data()),
                  static_cast<int>(bytes.size()));
  return out;
}

// One request from name to answer; each step starts the next. Lives on the stack of post().
template <class Stream>
class Exchange {
 public:
  Exchange(asio::io_context& io, Stream stream, http::request<http::string_body> request,
           const Proxy& proxy)
      : resolver_(io), stream_(std::move(stream)), request_(std::move(request)), proxy_(proxy) {
    parser_.body_limit(is_get() ? HttpClient::kPageBytesMax : HttpClient::kAnswerBytesMax);
  }

  void start(const Url& url) {
    if constexpr (std::is_same_v<Stream, Tls>) {
      stream_.set_verify_callback(asio::ssl::host_name_verification(url.host));
      // A server with several names needs to know which one is meant.
      if (SSL_set_tlsext_host_name(stream_.native_handle(), url.host.c_str()) != 1) {
        error_ = "TLS: no memory";
        return;
      }
    }
    place_ = authority_of(url);
    const bool is_direct = proxy_.host.empty();
    resolver_.async_resolve(
        is_direct ? url.host : proxy_.host, std::to_string(is_direct ? url.port : proxy_.port),
        step("name", [this](const tcp::resolver::results_type& found) { connect(found); }));
  }

  [[nodiscard]] HttpAnswer finish() const {
    HttpAnswer answer;
    if (!parser_.is_header_done()) {
      answer.error = error_.empty() ? "time-out" : error_;
      return answer;
    }
    const auto& response = parser_.get();
    answer.status = response.result_int();
    const beast::string_view after = response[http::field::retry_after];
    answer.retry_after = parse_retry_after({after.data(), after.size()}, unix_ms());
    if (!answer.is_success()) {
      answer.error = beginning_of(response.body());
    } else if (is_get() && !parser_.is_done()) {
      return {0, std::nullopt, error_.empty() ? "time-out" : error_, ""};
    }
    if (is_get()) answer.body = response.body();
    return answer;
  }

 private:
  // Goes on with `next`, or notes the error and lets the exchange end.
  template <class F>
  auto step(const char* what, F next) {
    return [ this, what,
             next ](const beast::error_code& error,
                    auto&&... result) requires std::invocable<const F&, decltype(result)...> {
      if (error) {
        error_ = std::string(what) + ": " + error.message();
      } else {
        next(std::forward<decltype(result)>(result)...);
      }
    };
  }

  void connect(const tcp::resolver::results_type& found) {
    beast::get_lowest_layer(stream_).async_connect(
        found, step("connect", [this](const tcp::endpoint&) {
          if constexpr (std::is_same_v<Stream, Tls>) {
            proxy_.host.empty() ? shake_hands() : ask_for_tunnel();
          } else {
            write();
          }
        }));
  }

  void shake_hands() {
    stream_.async_handshake(asio::ssl::stream_base::client, step("TLS", [this] { write(); }));
  }

  void ask_for_tunnel() {
    tunnel_request_ = {http::verb::connect, place_, 11};
    tunnel_request_.set(http::field::host, place_);
    if (!proxy_.authorization.empty()) {
      tunnel_request_.set(http::field::proxy_authorization, proxy_.authorization);
    }
    tunnel_.skip(true);  // whatever its header says, no body follows
    auto& plain = beast::get_lowest_layer(stream_);
    http::async_write(plain, tunnel_request_, step("proxy", [this, &plain](std::size_t) {
                        http::async_read_header(
                            plain, buffer_, tunnel_,
                            step("proxy", [this](std::size_t) { enter_tunnel(); }));
                      }));
  }

  void enter_tunnel() {
    const unsigned status = tunnel_.get().result_int();
    if (status < 200 || status >= 300) {
      error_ = "proxy: it answers " + std::to_string(status);
      return;
    }
    buffer_.clear();
    shake_hands();
  }

  void write() {
    http::async_write(stream_, request_, step("write", [this](std::size_t) {
                        http::async_read(stream_, buffer_, parser_,
                                         step("read", [](std::size_t) {}));
                      }));
  }

  [[nodiscard]] bool is_get() const { return request_.method() == http::verb::get; }

  tcp::resolver resolver_;
  Stream stream_;
  http::request<http::string_body> request_;
  beast::flat_buffer buffer_;
  http::response_parser<http::string_body> parser_;
  const Proxy proxy_;
  http::request<http::empty_body> tunnel_request_;
  http::response_parser<http::empty_body> tunnel_;
  std::string place_;  // "host:port"
  std::string error_;
};

template <class Stream>
HttpAnswer run(asio::io_context& io, Stream stream, http::request<http::string_body> request,
               const Url& url, const Proxy& proxy, std::chrono::milliseconds timeout) {
  Exchange<Stream> exchange(io, std::move(stream), std::move(request), proxy);
  exchange.start(url);
  io.run_for(timeout);
  return exchange.finish();
}

}  // namespace

HttpClient::HttpClient(const std::filesystem::path& ca_file, Proxy proxy)
    : tls_(asio::ssl::context::tls_client), proxy_(std::move(proxy)) {
  tls_.set_verify_mode(asio::ssl::verify_peer);
  SSL_CTX_set_min_proto_version(tls_.native_handle(), TLS1_2_VERSION);
  beast::error_code error;
  tls_.set_default_verify_paths(error);
  if (!error && !ca_file.empty()) tls_.load_verify_file(ca_file.string(), error);
  if (error) {
    throw StopError(ExitCode::bad_input,
                    "certificates: " + ca_file.string() + ": " + error.message());
  }
}

namespace {

// "host" or "host:port" of the Host header.
std::string host_of(const Url& url) {
  const std::string place = authority_of(url);
  const bool is_default_port = url.port == (url.is_tls ? 443 : 80);
  return is_default_port ? place.substr(0, place.rfind(':')) : place;
}

http::request<http::string_body> request_of(http::verb verb, const Url& url, const Proxy& proxy) {
  const bool is_relayed = !proxy.host.empty() && !url.is_tls;
  const std::string host = host_of(url);
  http::request<http::string_body> request(
      verb, is_relayed ? "http://" + host + url.target : url.target, 11);
  request.set(http::field::host, host);
  request.set(http::field::user_agent, "tocsin/" TOCSIN_VERSION);
  request.set(http::field::connection, "close");
  if (is_relayed && !proxy.authorization.empty()) {
    request.set(http::field::proxy_authorization, proxy.authorization);
  }
  return request;
}

HttpAnswer ask(const Url& url, http::request<http::string_body> request, const Proxy& proxy,
               asio::ssl::context& tls, std::chrono::milliseconds timeout) {
  request.prepare_payload();
  asio::io_context io;
  return url.is_tls ? run(io, Tls(io, tls), std::move(request), url, proxy, timeout)
                    : run(io, Plain(io), std::move(request), url, proxy, timeout);
}

}  // namespace

HttpAnswer HttpClient::post(const Url& url, const HttpHeaders& headers, const std::string& body,
                            std::chrono::milliseconds timeout) const {
  http::request<http::string_body> request = request_of(http::verb::post, url, proxy_);
  request.set(http::field::content_type, "application/json");
  for (const auto& [name, value] : headers) request.set(name, value);
  request.body() = body;
  return ask(url, std::move(request), proxy_, tls_, timeout);
}

HttpAnswer HttpClient::get(const Url& url, std::chrono::milliseconds timeout,
                           const HttpHeaders& headers) const {
  http::request<http::string_body> request = request_of(http::verb::get, url, proxy_);
  for (const auto& [name, value] : headers) request.set(name, value);
  return ask(url, std::move(request), proxy_, tls_, timeout);
}

std::string basic_authorization(const std::string& login) {
  return "Basic " + base64(login);
}

std::optional<Proxy> parse_proxy(std::string_view text) {
  constexpr std::string_view kScheme = "http://";
  if (!text.starts_with(kScheme)) return std::nullopt;
  std::string_view rest = text.substr(kScheme.size());
  Proxy proxy;
  if (const std::size_t at = rest.rfind('@'); at != std::string_view::npos) {
    const std::string_view given = rest.substr(0, at);
    const std::size_t colon = given.find(':');
    const auto user = percent_decoded(given.substr(0, colon));
    const auto password = percent_decoded(
        colon == std::string_view::npos ? std::string_view() : given.substr(colon + 1));
    if (!user || !password) return std::nullopt;
    proxy.authorization = basic_authorization(*user + ':' + *password);
    rest.remove_prefix(at + 1);
  }
  const auto url = parse_url(std::string(kScheme) + std::string(rest));
  if (!url || url->target != "/") return std::nullopt;
  proxy.host = url->host;
  proxy.port = url->port;
  return proxy;
}

std::optional<std::chrono::seconds> parse_retry_after(std::string_view text,
                                                      std::int64_t now_unix_ms) {
  if (text.empty()) return std::nullopt;
  const auto limited = [](std::int64_t seconds) {
    return std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, kRetryAfterMax.count()));
  };
  if (const auto seconds = parse_number(text)) {
    return limited(static_cast<std::int64_t>(
        std::min<std::uint64_t>(*seconds, static_cast<std::uint64_t>(kRetryAfterMax.count()))));
  }
  const auto date_ms = parse_time_ms(text);
  if (!date_ms) return std::nullopt;
  return limited((*date_ms - now_unix_ms + 999) / 1000);
}

}  // namespace tocsin
