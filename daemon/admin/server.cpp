#include "daemon/admin/server.h"

#include <spdlog/spdlog.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/version.hpp>

#include <list>

#include "daemon/stop.h"

namespace tocsin {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;

constexpr std::size_t kConnectionsMax = 64;
constexpr std::size_t kHeaderBytesMax = 8 << 10;
constexpr std::size_t kBodyBytesMax = 64 << 10;
constexpr std::chrono::seconds kConnectionTimeout{5};
constexpr std::chrono::milliseconds kAcceptPause{100};  // after an error, as of no descriptors

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
      : io_(io), acceptor_(io), pause_(io), pages_(std::move(pages)) {
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
          if (error) return self->accept_later();
          if (self->sessions_.size() >= kConnectionsMax) self->sessions_.front()->close();
          std::make_shared<Session>(self, std::move(socket))->read();
          self->accept();
        });
  }

  void close() {
    beast::error_code ignored;
    acceptor_.close(ignored);
    pause_.cancel();
  }

  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  // One connection; keeps itself alive through its pending operation.
  class Session : public std::enable_shared_from_this<Session> {
   public:
    Session(std::shared_ptr<State> server, tcp::socket socket)
        : server_(std::move(server)),
          stream_(std::move(socket)),
          buffer_(kHeaderBytesMax * 2),
          place_(server_->sessions_.insert(server_->sessions_.end(), this)) {}
    ~Session() { close(); }
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    // Its pending operation ends with an error, and so does the session.
    void close() {
      if (place_ != server_->sessions_.end()) server_->sessions_.erase(place_);
      place_ = server_->sessions_.end();
      stream_.close();
    }

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
                          if (error || !self->response_.keep_alive()) return self->close();
                          // The last in the row: it has shown that it asks and reads.
                          auto& sessions = self->server_->sessions_;
                          if (self->place_ == sessions.end()) return;
                          sessions.splice(sessions.end(), sessions, self->place_);
                          self->read();
                        });
    }

    std::shared_ptr<State> server_;
    beast::tcp_stream stream_;
    beast::flat_buffer buffer_;
    std::optional<http::request_parser<http::string_body>> parser_;
    Response response_;
    std::list<Session*>::iterator place_;  // end(): it has left
  };

  void accept_later() {
    pause_.expires_after(kAcceptPause);
    pause_.async_wait([self = shared_from_this()](const beast::error_code& error) {
      if (!error) self->accept();
    });
  }

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
      const bool may_heal = error.code() != asio::error::access_denied;
      throw StopError(may_heal ? ExitCode::failed : ExitCode::bad_input,
                      "listen: " + address.host + ":" + std::to_string(address.port) + ": " +
                          error.code().message());
    }
  }

  [[nodiscard]] Response health(const Request& request, const std::string& fault) const {
    return fault.empty() ? reply(request, http::status::ok, "ok\n")
                         : reply(request, http::status::service_unavailable, fault + "\n");
  }

  [[nodiscard]] static Response not_allowed(const Request& request, const char* methods) {
    Response response =
        reply(request, http::status::method_not_allowed, std::string("allowed: ") + methods + "\n");
    response.set(http::field::allow, methods);
    return response;
  }

  [[nodiscard]] bool has_token(const Request& request) const {
    const beast::string_view given = request[http::field::authorization];
    return !token_.empty() &&
           equal_in_constant_time({given.data(), given.size()}, "Bearer " + token_);
  }

  // HEAD has the answer of GET without its body, and its length (RFC 9110, 9.3.2).
  [[nodiscard]] Response answer(const Request& request) const {
    const bool is_head = request.method() == http::verb::head;
    Response response = page(request, is_head || request.method() == http::verb::get);
    if (is_head) response.body().clear();
    return response;
  }

  [[nodiscard]] Response page(const Request& request, bool is_read) const {
    const beast::string_view target = request.target().substr(0, request.target().find('?'));
    if (target == "/-/reload") {
      if (request.method() != http::verb::post) {
        return not_allowed(request, "POST");
      }
      if (!has_token(request)) {
        return reply(request, http::status::unauthorized, "needs the token of admin.token_file\n");
      }
      pages_.reload();
      return reply(request, http::status::accepted, "reloading; see the log\n");
    }
    if (!is_read) return not_allowed(request, "GET, HEAD");
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
  asio::steady_timer pause_;
  const AdminPages pages_;
  std::string token_;
  std::list<Session*> sessions_;  // the one that has waited longest first
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
