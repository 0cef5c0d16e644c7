#include "daemon/http/server.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <list>
#include <optional>

#include "daemon/stop.h"
#include "daemon/wait.h"

namespace tocsin {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;
using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kAcceptPause{100};  // after an error, as of no descriptors
constexpr std::size_t kGzipBytesMin = 1024;             // below that it costs more than it saves

using Parser = http::request_parser<http::string_body>;
using Message = http::response<http::string_body>;

std::string text_of(beast::string_view view) {
  return {view.data(), view.size()};
}

HttpRequest request_of(const Parser::value_type& message, const tcp::socket& socket) {
  HttpRequest request;
  request.method = text_of(message.method_string());
  const std::string target = text_of(message.target());
  const std::size_t mark = target.find('?');
  request.path = target.substr(0, mark);
  if (mark != std::string::npos) request.query = target.substr(mark + 1);
  for (const auto& field : message) {
    request.headers.emplace_back(text_of(field.name_string()), text_of(field.value()));
  }
  request.body = message.body();
  beast::error_code gone;
  const tcp::endpoint remote = socket.remote_endpoint(gone);
  if (!gone) {
    request.remote = remote.address().to_string();
    request.is_loopback = remote.address().is_loopback();
  }
  return request;
}

HttpResponse text_response(unsigned status, std::string text) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(text);
  return response;
}

bool has_header(const HttpResponse& response, http::field field) {
  return std::ranges::any_of(response.headers, [&](const auto& header) {
    return http::string_to_field(header.first) == field;
  });
}

bool is_worth_compressing(const HttpResponse& response) {
  const std::string& type = response.type;
  const bool is_text = type.starts_with("text/") || type.starts_with("image/svg") ||
                       type.starts_with("application/json") ||
                       type.starts_with("application/openmetrics-text");
  return is_text && response.body.size() >= kGzipBytesMin && !response.stream &&
         !has_header(response, http::field::content_encoding);
}

// What goes over the connection, but for its keep-alive and its body's end.
Message message_of(HttpResponse response, unsigned version) {
  Message message(http::int_to_status(response.status), version);
  message.set(http::field::content_type, response.type);
  message.set("X-Content-Type-Options", "nosniff");
  if (!has_header(response, http::field::cache_control)) {
    message.set(http::field::cache_control, "no-store");
  }
  for (const auto& [name, value] : response.headers) message.insert(name, value);
  message.body() = std::move(response.body);
  return message;
}

// The status for what is no request; 0: nobody waits for an answer.
unsigned status_of(const beast::error_code& error) {
  if (error == http::error::end_of_stream || error == http::error::partial_message) return 0;
  if (error == http::error::header_limit || error == http::error::buffer_overflow) return 431;
  if (error == http::error::body_limit) return 413;
  if (error == http::error::bad_version) return 505;
  return error.category() == make_error_code(http::error::bad_method).category() ? 400 : 0;
}

}  // namespace

class HttpServer::State : public std::enable_shared_from_this<HttpServer::State> {
 public:
  State(asio::io_context& io, const ListenAddress& address, HttpLimits limits)
      : io_(io), acceptor_(io), pause_(io), limits_(limits) {
    listen(address);
  }

  void accept();

  void close() {
    beast::error_code ignored;
    acceptor_.close(ignored);
    pause_.cancel();
  }

  void add(std::string method, std::string path, bool is_prefix, HttpHandler handler) {
    routes_.push_back({std::move(method), std::move(path), is_prefix, std::move(handler)});
  }

  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  class Session;

  struct Route {
    std::string method;
    std::string path;
    bool is_prefix;
    HttpHandler handler;

    [[nodiscard]] bool covers(std::string_view asked) const {
      return is_prefix ? asked.starts_with(path) : asked == path;
    }
    // An exact path over all prefixes, a longer prefix over a shorter one.
    [[nodiscard]] std::size_t rank() const { return is_prefix ? path.size() : std::string::npos; }
  };

  void accept_later(std::chrono::milliseconds pause) {
    pause_.expires_after(pause);
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

  [[nodiscard]] HttpResponse answer(const HttpRequest& request) const {
    const std::string method = request.method == "HEAD" ? "GET" : request.method;
    const Route* best = nullptr;
    std::string allowed;
    for (const Route& route : routes_) {
      if (!route.covers(request.path)) continue;
      const std::string name = route.method == "GET" ? "GET, HEAD" : route.method;
      if (allowed.find(name) == std::string::npos) allowed += (allowed.empty() ? "" : ", ") + name;
      if (route.method == method && (best == nullptr || route.rank() > best->rank())) {
        best = &route;
      }
    }
    if (allowed.empty()) return text_response(404, "not found\n");
    if (best == nullptr) {
      HttpResponse refusal = text_response(405, "allowed: " + allowed + "\n");
      refusal.headers.emplace_back("Allow", allowed);
      return refusal;
    }
    try {
      return best->handler(request);
    } catch (const std::exception& error) {
      spdlog::error("http: a page failed: {}", error.what());
      return text_response(500, "internal error\n");
    }
  }

  asio::io_context& io_;
  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  const HttpLimits limits_;
  std::vector<Route> routes_;
  std::list<Session*> waiting_;  // not the streams; the one that has waited longest first
  std::size_t streams_ = 0;
};

// One connection; keeps itself alive through its pending operation, as a stream also through
// whoever sends on it.
class HttpServer::State::Session : public HttpStream, public std::enable_shared_from_this<Session> {
 public:
  Session(std::shared_ptr<State> server, tcp::socket socket)
      : server_(std::move(server)),
        stream_(std::move(socket)),
        buffer_(server_->limits_.header_bytes_max * 2),
        place_(server_->waiting_.insert(server_->waiting_.end(), this)) {}
  ~Session() override { close(); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Since it began to wait for a request.
  [[nodiscard]] std::chrono::milliseconds age() const {
    return std::chrono::milliseconds(steady_ms() - since_ms_);
  }

  // Its pending operations end with an error, and so does the session.
  void close() {
    leave_row();
    stream_.close();
    if (!std::exchange(is_stream_, false)) return;
    --server_->streams_;
    if (on_close) asio::post(server_->io_, std::exchange(on_close, nullptr));
  }

  void read() {
    since_ms_ = steady_ms();
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(server_->limits_.header_bytes_max));
    parser_->body_limit(server_->limits_.body_bytes_max);
    stream_.expires_after(server_->limits_.request_timeout);
    http::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this()](beast::error_code error, std::size_t) {
                       error ? self->refuse(error) : self->respond();
                     });
  }

  bool send(std::string_view bytes) override {
    if (!is_stream_ || is_ending_) return false;
    if (queue_.size() + bytes.size() > server_->limits_.stream_bytes_max) {
      close();
      return false;
    }
    queue_ += bytes;
    if (!is_writing_) write_chunk();
    return true;
  }

  void end() override {
    if (!is_stream_ || std::exchange(is_ending_, true)) return;
    if (!is_writing_) write_chunk();
  }

  [[nodiscard]] bool is_open() const override { return is_stream_ && !is_ending_; }

 private:
  void leave_row() {
    if (place_ != server_->waiting_.end()) server_->waiting_.erase(place_);
    place_ = server_->waiting_.end();
  }

  void refuse(const beast::error_code& error) {
    const unsigned status = status_of(error);
    if (status == 0) return close();
    message_ = message_of(
        text_response(status,
                      std::string(http::obsolete_reason(http::int_to_status(status))) + "\n"),
        11);
    message_.keep_alive(false);
    message_.prepare_payload();
    write();
  }

  void respond() {
    const auto& asked = parser_->get();
    const HttpRequest request = request_of(asked, stream_.socket());
    const bool is_head = asked.method() == http::verb::head;
    HttpResponse response = server_->answer(request);
    if (response.stream && !is_head) {
      if (server_->streams_ < server_->limits_.streams_max) {
        return begin_stream(std::move(response), asked.version());
      }
      response = text_response(503, "too many streams\n");
      response.headers.emplace_back("Retry-After", "5");
    }
    if (is_worth_compressing(response)) {
      response.headers.emplace_back("Vary", "Accept-Encoding");
      if (accepts_gzip(request)) {
        response.headers.emplace_back("Content-Encoding", "gzip");
        response.body = gzip(response.body);
      }
    }
    message_ = message_of(std::move(response), asked.version());
    message_.keep_alive(asked.keep_alive());
    message_.prepare_payload();
    // HEAD has the answer of GET without its body, and its length (RFC 9110, 9.3.2).
    if (is_head) message_.body().clear();
    write();
  }

  void write() {
    stream_.expires_after(server_->limits_.write_timeout);
    http::async_write(stream_, message_,
                      [self = shared_from_this()](beast::error_code error, std::size_t) {
                        if (error || !self->message_.keep_alive()) return self->finish();
                        // The last in the row: it has shown that it asks and reads.
                        auto& row = self->server_->waiting_;
                        if (self->place_ == row.end()) return;
                        row.splice(row.end(), row, self->place_);
                        self->read();
                      });
  }

  void finish() {
    beast::error_code ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
    close();
  }

  void begin_stream(HttpResponse response, unsigned version) {
    leave_row();
    is_stream_ = true;
    ++server_->streams_;
    is_chunked_ = version >= 11;
    auto handler = std::move(response.stream);
    queue_ = std::move(response.body);
    response.body.clear();
    message_ = message_of(std::move(response), version);
    message_.keep_alive(false);
    if (is_chunked_) message_.chunked(true);
    serializer_.emplace(message_);
    is_writing_ = true;
    stream_.expires_after(server_->limits_.write_timeout);
    http::async_write_header(stream_, *serializer_,
                             [self = shared_from_this(), handler = std::move(handler)](
                                 beast::error_code error, std::size_t) {
                               self->is_writing_ = false;
                               if (error) return self->close();
                               self->watch_for_end();
                               try {
                                 handler(self);
                               } catch (const std::exception& failure) {
                                 spdlog::error("http: a stream failed: {}", failure.what());
                                 return self->close();
                               }
                               if (!self->is_writing_ && !self->queue_.empty()) self->write_chunk();
                             });
  }

  // Whoever reads a stream has nothing to say: bytes or their end mean that it is over.
  void watch_for_end() {
    stream_.expires_never();
    stream_.async_read_some(
        asio::buffer(unwanted_),
        [self = shared_from_this()](beast::error_code, std::size_t) { self->close(); });
  }

  void write_chunk() {
    is_writing_ = true;
    writing_ = std::exchange(queue_, {});
    stream_.expires_after(server_->limits_.write_timeout);
    const auto written = [self = shared_from_this()](beast::error_code error, std::size_t) {
      self->is_writing_ = false;
      if (error) return self->close();
      if (!self->queue_.empty()) return self->write_chunk();
      if (self->is_ending_) self->writing_.empty() ? self->finish() : self->write_chunk();
    };
    if (!is_chunked_) {
      asio::async_write(stream_, asio::buffer(writing_), written);
    } else if (writing_.empty()) {
      asio::async_write(stream_, http::make_chunk_last(), written);
    } else {
      asio::async_write(stream_, http::make_chunk(asio::buffer(writing_)), written);
    }
  }

  const std::shared_ptr<State> server_;
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  Message message_;
  std::list<Session*>::iterator place_;  // end(): it is in no row
  std::int64_t since_ms_ = steady_ms();
  // A stream's own.
  std::optional<http::response_serializer<http::string_body>> serializer_;
  std::string queue_;
  std::string writing_;
  std::array<char, 1> unwanted_{};
  bool is_stream_ = false;
  bool is_chunked_ = false;
  bool is_writing_ = false;
  bool is_ending_ = false;
};

void HttpServer::State::accept() {
  const bool is_full = waiting_.size() >= limits_.connections_max;
  const auto missing = is_full ? limits_.asking_time - waiting_.front()->age() : 0ms;
  if (missing > 0ms) return accept_later(missing);
  acceptor_.async_accept(io_,
                         [self = shared_from_this()](beast::error_code error, tcp::socket socket) {
                           if (error == asio::error::operation_aborted) return;
                           if (error) return self->accept_later(kAcceptPause);
                           if (self->waiting_.size() >= self->limits_.connections_max)
                             self->waiting_.front()->close();
                           std::make_shared<Session>(self, std::move(socket))->read();
                           self->accept();
                         });
}

HttpServer::HttpServer(asio::io_context& io, const ListenAddress& address, HttpLimits limits)
    : state_(std::make_shared<State>(io, address, limits)) {
  state_->accept();
}

HttpServer::~HttpServer() {
  state_->close();
}

void HttpServer::get(std::string path, HttpHandler handler) {
  state_->add("GET", std::move(path), false, std::move(handler));
}

void HttpServer::get_under(std::string prefix, HttpHandler handler) {
  state_->add("GET", std::move(prefix), true, std::move(handler));
}

void HttpServer::post(std::string path, HttpHandler handler) {
  state_->add("POST", std::move(path), false, std::move(handler));
}

std::uint16_t HttpServer::port() const {
  return state_->port();
}

}  // namespace tocsin
