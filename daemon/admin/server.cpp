#include "daemon/admin/server.h"

#include <spdlog/spdlog.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/version.hpp>

#include "daemon/stop.h"

namespace tocsin {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;

constexpr int kConnectionsMax = 64;
constexpr std::size_t kHeaderBytesMax = 8 << 10;
constexpr std::size_t kBodyBytesMax = 64 << 10;
constexpr std::chrono::seconds kConnectionTimeout{5};

using Request = http::request<http::string_body>;
using Response = http::response<http::string_body>;

// Takes the same time wherever the first difference is.
bool equal_in_constant_time(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference |=
        static_cast<unsigned char>(a[i]) ^ static_cast<unsigned>(static_cast<unsigned char>(b[i]));
  }
  return difference == 0;
}

Response reply(const Request& request, http::status status, std::string body,
               const char* type = "text/plain; charset=utf-8") {
  Response response(status, request.version());
  response.set(http::field::content_type, type);
  response.set(http::field::cache_control, "no-store");
  response.keep_alive(request.keep_alive());
  response.body() = std::move(body);
  response.prepare_payload();
  return response;
}

}  // namespace

class AdminServer::State : public std::enable_shared_from_this<AdminServer::State> {
 public:
  State(asio::io_context& io, const AdminConfig& config, AdminPages pages)
      : io_(io), acceptor_(io), pages_(std::move(pages)) {
    if (!config.token_file.empty()) {
      const SecretResult token = read_secret(config.token_file);
      if (!token.error.empty()) {
        throw StopError(ExitCode::bad_input, "admin.token_file: " + token.error);
      }
      token_ = token.secret;
    }
    listen(config.listen);
  }

  void accept() {
    acceptor_.async_accept(
        io_, [self = shared_from_this()](beast::error_code error, tcp::socket socket) {
          if (error == asio::error::operation_aborted) return;
          if (!error && self->connections_ < kConnectionsMax) {
            std::make_shared<Session>(self, std::move(socket))->read();
          }
          self->accept();
        });
  }

  void close() {
    beast::error_code ignored;
    acceptor_.close(ignored);
  }

  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  // One connection; keeps itself alive through its pending operation.
  class Session : public std::enable_shared_from_this<Session> {
   public:
    Session(std::shared_ptr<State> server, tcp::socket socket)
        : server_(std::move(server)), stream_(std::move(socket)), buffer_(kHeaderBytesMax * 2) {
      ++server_->connections_;
    }
    ~Session() { --server_->connections_; }

    void read() {
      parser_.emplace();
      parser_->header_limit(kHeaderBytesMax);
      parser_->body_limit(kBodyBytesMax);
      stream_.expires_after(kConnectionTimeout);
      http::async_read(stream_, buffer_, *parser_,
                       [self = shared_from_this()](beast::error_code error, std::size_t) {
                         if (!error) self->write(self->server_->answer(self->parser_->get()));
                       });
    }

   private:
    void write(Response response) {
      response_ = std::move(response);
      http::async_write(stream_, response_,
                        [self = shared_from_this()](beast::error_code error, std::size_t) {
                          if (!error && self->response_.keep_alive()) {
                            self->read();
                          } else {
                            self->stream_.close();
                          }
                        });
    }

    std::shared_ptr<State> server_;
    beast::tcp_stream stream_;
    beast::flat_buffer buffer_;
    std::optional<http::request_parser<http::string_body>> parser_;
    Response response_;
  };

  void listen(const ListenAddress& address) {
    try {
      tcp::resolver resolver(io_);
      const tcp::endpoint endpoint =
          resolver.resolve(address.host, std::to_string(address.port))->endpoint();
      acceptor_.open(endpoint.protocol());
      acceptor_.set_option(asio::socket_base::reuse_address(true));
      acceptor_.bind(endpoint);
      acceptor_.listen();
    } catch (const boost::system::system_error& error) {
      throw StopError(ExitCode::bad_input, "admin.listen: " + address.host + ":" +
                                               std::to_string(address.port) + ": " +
                                               error.code().message());
    }
  }

  [[nodiscard]] Response health(const Request& request, const std::string& fault) const {
    return fault.empty() ? reply(request, http::status::ok, "ok\n")
                         : reply(request, http::status::service_unavailable, fault + "\n");
  }

  [[nodiscard]] bool has_token(const Request& request) const {
    const beast::string_view given = request[http::field::authorization];
    return !token_.empty() &&
           equal_in_constant_time({given.data(), given.size()}, "Bearer " + token_);
  }

  [[nodiscard]] Response answer(const Request& request) const {
    const beast::string_view target = request.target().substr(0, request.target().find('?'));
    if (target == "/-/reload") {
      if (request.method() != http::verb::post) {
        return reply(request, http::status::method_not_allowed, "POST only\n");
      }
      if (!has_token(request)) {
        return reply(request, http::status::unauthorized, "needs the token of admin.token_file\n");
      }
      pages_.reload();
      return reply(request, http::status::accepted, "reloading; see the log\n");
    }
    if (request.method() != http::verb::get) {
      return reply(request, http::status::method_not_allowed, "GET only\n");
    }
    if (target == "/livez") return health(request, pages_.not_live());
    if (target == "/readyz") return health(request, pages_.not_ready());
    if (target == "/metrics") {
      return reply(request, http::status::ok, pages_.metrics(),
                   "text/plain; version=0.0.4; charset=utf-8");
    }
    if (target == "/version") {
      return reply(request, http::status::ok, "{\"version\":\"" TOCSIN_VERSION "\"}\n",
                   "application/json");
    }
    return reply(request, http::status::not_found, "not found\n");
  }

  asio::io_context& io_;
  tcp::acceptor acceptor_;
  const AdminPages pages_;
  std::string token_;
  int connections_ = 0;
};

AdminServer::AdminServer(asio::io_context& io, const AdminConfig& config, AdminPages pages)
    : state_(std::make_shared<State>(io, config, std::move(pages))) {
  state_->accept();
}

AdminServer::~AdminServer() {
  state_->close();
}

std::uint16_t AdminServer::port() const {
  return state_->port();
}

}  // namespace tocsin
