// The server over real sockets: bytes in, bytes out.
#include "daemon/http/server.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <future>
#include <thread>

namespace tocsin {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using namespace std::chrono_literals;

HttpResponse text(std::string body) {
  HttpResponse response;
  response.body = std::move(body);
  return response;
}

class Client {
 public:
  explicit Client(std::uint16_t port) : socket_(io_) {
    socket_.connect(tcp::endpoint(asio::ip::address_v4::loopback(), port));
  }
  void send(std::string_view bytes) {
    boost::system::error_code gone;
    asio::write(socket_, asio::buffer(bytes), gone);
  }
  // All until the other side closes.
  std::string rest() {
    std::string all;
    boost::system::error_code end;
    asio::read(socket_, asio::dynamic_buffer(all), end);
    return all;
  }
  std::string until(std::string_view mark) {
    std::string all;
    std::array<char, 1> c{};
    boost::system::error_code end;
    while (!end && all.find(mark) == std::string::npos) {
      if (asio::read(socket_, asio::buffer(c), end) == 1) all += c[0];
    }
    return all;
  }

 private:
  asio::io_context io_;
  tcp::socket socket_;
};

class HttpServerTest : public testing::Test {
 protected:
  HttpServerTest() {
    HttpLimits limits;
    limits.connections_max = 8;
    limits.streams_max = 2;
    limits.stream_bytes_max = 64 << 10;
    limits.request_timeout = 2s;
    limits.write_timeout = 2s;
    server_ = std::make_unique<HttpServer>(io_, ListenAddress{"127.0.0.1", 0}, limits);
    server_->get("/short", [](const HttpRequest& request) { return text("q=" + request.query); });
    server_->get("/long", [](const HttpRequest&) { return text(std::string(5000, 'a')); });
    server_->get_under("/tree/", [](const HttpRequest& request) { return text(request.path); });
    server_->get_under("/tree/deep/", [](const HttpRequest&) { return text("deep"); });
    server_->get("/tree/deep/leaf", [](const HttpRequest&) { return text("leaf"); });
    server_->get("/throws",
                 [](const HttpRequest&) -> HttpResponse { throw std::runtime_error("x"); });
    server_->post("/post", [](const HttpRequest& request) { return text(request.body); });
    server_->get("/stream", [this](const HttpRequest&) {
      HttpResponse response = text("first\n");
      response.type = "text/event-stream";
      response.stream = [this](std::shared_ptr<HttpStream> stream) {
        stream->on_close = [this] { ++closed_; };
        streams_.push_back(std::move(stream));
      };
      return response;
    });
    thread_ = std::thread([this] { io_.run(); });
  }
  ~HttpServerTest() override {
    io_.stop();
    thread_.join();
    streams_.clear();
  }

  // One request on a connection of its own, to the end of the connection.
  std::string ask(const std::string& request) {
    Client client(server_->port());
    client.send(request);
    return client.rest();
  }
  std::string get(const std::string& path, const std::string& headers = "") {
    return ask("GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + headers + "\r\n");
  }
  // Runs it on the io thread and waits for it.
  template <class F>
  auto on_io(F f) {
    std::packaged_task<decltype(f())()> task(f);
    auto result = task.get_future();
    asio::post(io_, [&] { task(); });
    return result.get();
  }
  template <class F>
  bool becomes(F condition) {
    for (int i = 0; i < 1000; ++i) {
      if (on_io(condition)) return true;
      std::this_thread::sleep_for(5ms);
    }
    return false;
  }

  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  std::unique_ptr<HttpServer> server_;
  std::vector<std::shared_ptr<HttpStream>> streams_;
  int closed_ = 0;
  std::thread thread_;
};

TEST_F(HttpServerTest, routes) {
  EXPECT_NE(get("/short?a=b").find("\r\n\r\nq=a=b"), std::string::npos);
  EXPECT_NE(get("/tree/x").find("/tree/x"), std::string::npos);
  EXPECT_NE(get("/tree/deep/x").find("deep"), std::string::npos);
  EXPECT_NE(get("/tree/deep/leaf").find("leaf"), std::string::npos);
  const std::string missing = get("/<script>");
  EXPECT_TRUE(missing.starts_with("HTTP/1.1 404 Not Found\r\n"));
  EXPECT_EQ(missing.find("script"), std::string::npos);
  EXPECT_TRUE(get("/throws").starts_with("HTTP/1.1 500 "));
}

TEST_F(HttpServerTest, methods) {
  const std::string refused = ask("PUT /short HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(refused.starts_with("HTTP/1.1 405 "));
  EXPECT_NE(refused.find("Allow: GET, HEAD\r\n"), std::string::npos);
  EXPECT_NE(get("/post").find("Allow: POST\r\n"), std::string::npos);
  EXPECT_TRUE(ask("POST /post HTTP/1.1\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc")
                  .ends_with("\r\n\r\nabc"));
  const std::string head = ask("HEAD /long HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_NE(head.find("Content-Length: 5000\r\n"), std::string::npos);
  EXPECT_TRUE(head.ends_with("\r\n\r\n"));
}

TEST_F(HttpServerTest, gzip_where_it_pays) {
  const std::string packed = get("/long", "Accept-Encoding: gzip\r\n");
  EXPECT_NE(packed.find("Content-Encoding: gzip\r\n"), std::string::npos);
  EXPECT_LT(packed.size(), 500);
  EXPECT_EQ(get("/short", "Accept-Encoding: gzip\r\n").find("Content-Encoding"), std::string::npos);
  EXPECT_EQ(get("/long").find("Content-Encoding"), std::string::npos);
}

TEST_F(HttpServerTest, keep_alive_and_pipelining) {
  Client client(server_->port());
  client.send("GET /short?1 HTTP/1.1\r\n\r\nGET /short?2 HTTP/1.1\r\n\r\n");
  EXPECT_NE(client.until("q=1").find("200 OK"), std::string::npos);
  EXPECT_NE(client.until("q=2").find("200 OK"), std::string::npos);
  client.send("GET /short?3 HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(client.rest().ends_with("q=3"));
}

TEST_F(HttpServerTest, what_is_no_request_is_answered) {
  EXPECT_TRUE(ask("\x16\x03\x01 hello\r\n\r\n").starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(ask("GET / HTTP/9.9\r\n\r\n").starts_with("HTTP/1.1 505 "));
  EXPECT_TRUE(ask("GET / HTTP/1.1\r\nA: " + std::string(9000, 'a')).starts_with("HTTP/1.1 431 "));
  EXPECT_TRUE(
      ask("POST /post HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n").starts_with("HTTP/1.1 413 "));
}

TEST_F(HttpServerTest, any_bytes_end_and_others_are_served) {
  EXPECT_TRUE(rc::check("any bytes", [this](const std::string& bytes) {
    ask(bytes + "\r\n\r\n");
    RC_ASSERT(get("/short").starts_with("HTTP/1.1 200 "));
  }));
}

TEST_F(HttpServerTest, slow_clients_make_room) {
  std::vector<std::unique_ptr<Client>> slow;
  for (int i = 0; i < 50; ++i) {
    slow.push_back(std::make_unique<Client>(server_->port()));
    slow.back()->send("GET /sh");
  }
  EXPECT_TRUE(get("/short").starts_with("HTTP/1.1 200 "));
  EXPECT_EQ(slow.back()->rest(), "");  // after its time
}

TEST_F(HttpServerTest, a_crowd_leaves_time_to_ask) {
  Client asks(server_->port());
  std::vector<std::unique_ptr<Client>> crowd;
  for (int i = 0; i < 50; ++i) crowd.push_back(std::make_unique<Client>(server_->port()));
  asks.send("GET /short HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(asks.rest().starts_with("HTTP/1.1 200 "));
}

TEST_F(HttpServerTest, streams_go_on_until_either_side_ends) {
  Client client(server_->port());
  client.send("GET /stream HTTP/1.1\r\n\r\n");
  const std::string begin = client.until("first\n");
  EXPECT_NE(begin.find("Transfer-Encoding: chunked\r\n"), std::string::npos);
  std::this_thread::sleep_for(2500ms);  // longer than a request may take
  ASSERT_TRUE(on_io([this] { return streams_.at(0)->send("second\n"); }));
  EXPECT_NE(client.until("second\n").find("7\r\n"), std::string::npos);
  on_io([this] {
    streams_[0]->send("last\n");
    streams_[0]->end();
    return 0;
  });
  EXPECT_EQ(client.rest(), "\r\n5\r\nlast\n\r\n0\r\n\r\n");
  EXPECT_TRUE(becomes([this] { return closed_ == 1; }));
  {
    Client leaves(server_->port());
    leaves.send("GET /stream HTTP/1.0\r\n\r\n");
    EXPECT_TRUE(leaves.until("first\n").ends_with("\r\n\r\nfirst\n"));
  }
  EXPECT_TRUE(becomes([this] { return closed_ == 2; }));
  EXPECT_FALSE(on_io([this] { return streams_.at(1)->send("x"); }));
}

TEST_F(HttpServerTest, streams_are_counted_and_their_queues_bounded) {
  Client a(server_->port());
  Client b(server_->port());
  for (Client* client : {&a, &b}) {
    client->send("GET /stream HTTP/1.1\r\n\r\n");
    client->until("first\n");
  }
  EXPECT_TRUE(get("/stream").starts_with("HTTP/1.1 503 "));
  EXPECT_TRUE(get("/short").starts_with("HTTP/1.1 200 "));
  const std::string block(32 << 10, 'x');
  std::size_t sent = 0;
  while (on_io([&] { return streams_.at(0)->send(block); })) {
    ASSERT_LT(sent += block.size(), std::size_t{64} << 20);  // nobody reads: it must end
  }
  EXPECT_TRUE(becomes([this] { return closed_ == 1; }));
  EXPECT_TRUE(on_io([this] { return streams_.at(1)->is_open(); }));
}

}  // namespace
}  // namespace tocsin
