#include "daemon/notify/http_client.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <concepts>

#include "daemon/stop.h"
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

std::int64_t unix_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// What a log may show of an answer.
std::string one_line(std::string text) {
  text.resize(std::min(text.size(), kErrorTextMax));
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return text;
}

// One request from name to answer; each step starts the next. Lives on the stack of post().
template <class Stream>
class Exchange {
 public:
  Exchange(asio::io_context& io, Stream stream, http::request<http::string_body> request)
      : resolver_(io), stream_(std::move(stream)), request_(std::move(request)) {
    parser_.body_limit(HttpClient::kAnswerBytesMax);
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
    resolver_.async_resolve(
        url.host, std::to_string(url.port),
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
    if (!answer.is_success()) answer.error = one_line(response.body());
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
            stream_.async_handshake(asio::ssl::stream_base::client,
                                    step("TLS", [this] { write(); }));
          } else {
            write();
          }
        }));
  }

  void write() {
    http::async_write(stream_, request_, step("write", [this](std::size_t) {
                        http::async_read(stream_, buffer_, parser_,
                                         step("read", [](std::size_t) {}));
                      }));
  }

  tcp::resolver resolver_;
  Stream stream_;
  http::request<http::string_body> request_;
  beast::flat_buffer buffer_;
  http::response_parser<http::string_body> parser_;
  std::string error_;
};

template <class Stream>
HttpAnswer run(asio::io_context& io, Stream stream, http::request<http::string_body> request,
               const Url& url, std::chrono::milliseconds timeout) {
  Exchange<Stream> exchange(io, std::move(stream), std::move(request));
  exchange.start(url);
  io.run_for(timeout);
  return exchange.finish();
}

}  // namespace

HttpClient::HttpClient(const std::filesystem::path& ca_file)
    : tls_(asio::ssl::context::tls_client) {
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

HttpAnswer HttpClient::post(const Url& url, const HttpHeaders& headers, const std::string& body,
                            std::chrono::milliseconds timeout) {
  http::request<http::string_body> request(http::verb::post, url.target, 11);
  const bool is_default_port = url.port == (url.is_tls ? 443 : 80);
  const std::string host =
      url.host.find(':') == std::string::npos ? url.host : '[' + url.host + ']';
  request.set(http::field::host, is_default_port ? host : host + ':' + std::to_string(url.port));
  request.set(http::field::user_agent, "tocsin/" TOCSIN_VERSION);
  request.set(http::field::content_type, "application/json");
  request.set(http::field::connection, "close");
  for (const auto& [name, value] : headers) request.set(name, value);
  request.body() = body;
  request.prepare_payload();
  asio::io_context io;
  return url.is_tls ? run(io, Tls(io, tls_), std::move(request), url, timeout)
                    : run(io, Plain(io), std::move(request), url, timeout);
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
