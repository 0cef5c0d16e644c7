// `tocsin health`: what a container without a shell or curl is asked by its engine.
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <cstdio>
#include <optional>
#include <string>

#include "daemon/commands/commands.h"

namespace tocsin {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

constexpr std::chrono::seconds kTimeout{5};
constexpr std::size_t kBodyBytesMax = 64 << 10;

// Where a process on the same host reaches a listener: one on all addresses is on loopback, too.
std::string reached_at(const std::string& host) {
  if (host == "0.0.0.0") return "127.0.0.1";
  return host == "::" ? "::1" : host;
}

// Status and body of one GET, or the error's text alone.
struct Answer {
  std::optional<unsigned> status;
  std::string text;
};

Answer get(const ListenAddress& address, const std::string& path) {
  asio::io_context io;
  beast::tcp_stream stream(io);
  beast::flat_buffer buffer(kBodyBytesMax);
  http::response_parser<http::string_body> parser;
  parser.body_limit(kBodyBytesMax);
  http::request<http::empty_body> request(http::verb::get, path, 11);
  request.set(http::field::host, address.host);
  request.keep_alive(false);
  Answer answer;
  const auto failed = [&](beast::error_code error) {
    if (error) answer.text = error.message();
    return bool{error};
  };
  beast::error_code error;
  const auto found = asio::ip::tcp::resolver(io).resolve(reached_at(address.host),
                                                         std::to_string(address.port), error);
  if (failed(error)) return answer;
  stream.expires_after(kTimeout);
  stream.async_connect(found, [&](beast::error_code unreached, const auto&) {
    if (failed(unreached)) return;
    http::async_write(stream, request, [&](beast::error_code unsent, std::size_t) {
      if (failed(unsent)) return;
      http::async_read(stream, buffer, parser, [&](beast::error_code unread, std::size_t) {
        if (failed(unread)) return;
        answer = {parser.get().result_int(), parser.get().body()};
      });
    });
  });
  io.run();
  return answer;
}

}  // namespace

ExitCode health(const std::filesystem::path& config_file, bool asks_ready) {
  const std::optional<Config> config = read_config(config_file);
  if (!config) return ExitCode::bad_input;
  const ListenAddress& address = config->admin.listen;
  if (address.is_off()) {
    std::fputs("tocsin health: admin.listen is off\n", stderr);
    return ExitCode::bad_input;
  }
  const Answer answer = get(address, asks_ready ? "/readyz" : "/livez");
  const bool is_fine = answer.status == 200U;
  std::fputs(answer.text.c_str(), is_fine ? stdout : stderr);
  if (!answer.text.ends_with('\n')) std::fputc('\n', is_fine ? stdout : stderr);
  return is_fine ? ExitCode::fine : ExitCode::failed;
}

}  // namespace tocsin
