#include "daemon/page/server.h"

#include <spdlog/spdlog.h>

#include <boost/asio/post.hpp>
#include <chrono>
#include <random>
#include <utility>

#include "config/embedded.h"
#include "daemon/page/files.h"
#include "daemon/unix_time.h"
#include "pipeline/encode/json_writer.h"

namespace tocsin::page {

using namespace std::chrono_literals;

namespace {

constexpr auto kNoticeInterval = 100ms;
constexpr std::int64_t kHeartbeatMs = 10'000;
constexpr std::size_t kRefusedMax = 20;  // wrong tokens a minute
constexpr std::int64_t kHoursMax = 366 * 24;

std::string random_name() {
  std::random_device device;
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string name;
  for (int i = 0; i < 16; ++i) name += kDigits[device() & 15];
  return name;
}

// Nothing from elsewhere, no inline script, in nobody's frame.
const HttpHeaders& security_headers() {
  static const HttpHeaders kHeaders = {
      {"Content-Security-Policy",
       "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src "
       "'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"},
      {"Referrer-Policy", "no-referrer"},
      {"Cross-Origin-Opener-Policy", "same-origin"},
      {"Cross-Origin-Resource-Policy", "same-origin"}};
  return kHeaders;
}

HttpResponse secured(HttpResponse response) {
  response.headers.insert(response.headers.end(), security_headers().begin(),
                          security_headers().end());
  return response;
}

HttpResponse answer(unsigned status, std::string type, std::string body) {
  HttpResponse response;
  response.status = status;
  response.type = std::move(type);
  response.body = std::move(body);
  return secured(std::move(response));
}

HttpResponse json(unsigned status, std::string body) {
  return answer(status, "application/json", std::move(body));
}

std::string_view file(std::string_view name) {
  for (const EmbeddedFile& one : page_files()) {
    if (one.name == name) return one.content;
  }
  return {};
}

std::string type_of(std::string_view name) {
  if (name.ends_with(".js")) return "text/javascript; charset=utf-8";
  if (name.ends_with(".css")) return "text/css; charset=utf-8";
  return name.ends_with(".svg") ? "image/svg+xml" : "text/html; charset=utf-8";
}

HttpResponse see_other(std::string cookie) {
  HttpResponse response = answer(303, "text/plain; charset=utf-8", "");
  response.headers.emplace_back("Location", "/");
  response.headers.emplace_back("Set-Cookie", std::move(cookie));
  return response;
}

std::string cookie_line(std::string_view value, std::int64_t seconds, bool is_secure) {
  return std::string(Access::kCookie) + '=' + std::string(value) +
         "; Path=/; HttpOnly; SameSite=Strict; Max-Age=" + std::to_string(seconds) +
         (is_secure ? "; Secure" : "");
}

}  // namespace

Server::Server(boost::asio::io_context& io, const ListenAddress& address, Access access,
               SharedModel& shared)
    : io_(io),
      address_(address),
      access_(std::move(access)),
      boot_(random_name()),
      shared_(shared),
      http_(io, address),
      timer_(io) {
  serve_files();
  serve_views();
  serve_trees();
  serve_login();
  http_.get("/events", [this](const HttpRequest& request) { return events(request); });
  http_.get("/livez",
            [](const HttpRequest&) { return answer(200, "text/plain; charset=utf-8", "ok\n"); });
  http_.get("/readyz", [this](const HttpRequest&) {
    const std::lock_guard lock(shared_.mutex);
    const ReadingState& reading = shared_.model.reading();
    if (!reading.fault.empty())
      return answer(503, "text/plain; charset=utf-8", reading.fault + "\n");
    return reading.is_caught_up ? answer(200, "text/plain; charset=utf-8", "ok\n")
                                : answer(503, "text/plain; charset=utf-8", "reads the history\n");
  });
  broadcast();
}

// A page elsewhere whose name was bound to 127.0.0.1 sends its own name for a host: then the token
// is asked for on loopback, too.
bool Server::may(const HttpRequest& request) const {
  if (address_.is_loopback() && is_loopback_host(request.header("host"))) return true;
  if (access_.is_open()) return false;
  return access_.is_valid(request.cookie(Access::kCookie), unix_seconds()) ||
         access_.has_bearer(request);
}

void Server::serve_files() {
  for (const EmbeddedFile& one : page_files()) {
    const bool is_page = one.name == "index.html";
    const std::string path = '/' + std::string(is_page ? "" : one.name);
    http_.get(path, [this, one, is_page](const HttpRequest& request) {
      const bool asks_token = is_page && !may(request);
      const std::string_view content = asks_token ? file("login.html") : one.content;
      HttpResponse response = answer(200, type_of(one.name), std::string(content));
      response.headers.emplace_back("Cache-Control", is_page ? "no-store" : "no-cache");
      return response;
    });
  }
}

void Server::view(const std::string& path, View make) {
  http_.get(path, [this, make = std::move(make)](const HttpRequest& request) {
    if (!may(request)) return json(401, R"({"error":"the token is asked for"})");
    std::string body;
    {
      const std::lock_guard lock(shared_.mutex);
      body = make(shared_.model, Query(request.query));
    }
    return body.empty() ? json(404, R"({"error":"not held"})") : json(200, std::move(body));
  });
}

void Server::serve_views() {
  constexpr std::int64_t kWeek = 7 * 24;
  view("/api/status", [](const Model& model, const Query&) { return model.status(unix_ms()); });
  view("/api/feed",
       [](const Model& model, const Query& query) { return model.feed(feed_query(query)); });
  view("/api/article",
       [](const Model& model, const Query& query) { return model.article(query.text("place")); });
  view("/api/story",
       [](const Model& model, const Query& query) { return model.story(query.text("id")); });
  view("/api/pairs", [](const Model& model, const Query& query) {
    const std::int64_t day_before = model.clock_ms() - 86'400'000;
    return model.pairs(query.number("since", day_before, 0, model.clock_ms()));
  });
  view("/api/pair", [](const Model& model, const Query& query) {
    return model.pair(query.text("key"), query.number("hours", kWeek, 1, kHoursMax));
  });
  view("/api/alerts", [](const Model& model, const Query& query) {
    return model.alerts(unix_ms(), query.text("state") == "all");
  });
  view("/api/alert", [](const Model& model, const Query& query) {
    return model.alert(query.text("id"), unix_ms());
  });
  view("/api/names", [](const Model& model, const Query& query) {
    return model.names(query.number("hours", 24, 1, kHoursMax));
  });
  view("/api/pipeline", [](const Model& model, const Query&) { return model.pipeline(unix_ms()); });
}

// The answer is read from Kafka first, so it is given as a stream: nobody waits for it here.
void Server::serve_trees() {
  http_.get("/api/trees", [this](const HttpRequest& request) {
    if (!may(request)) return json(401, R"({"error":"the token is asked for"})");
    HttpResponse response = json(200, "");
    const std::string place = Query(request.query).text("place");
    response.stream = [this, place](std::shared_ptr<HttpStream> stream) {
      on_trees_wanted(place, [this, stream = std::move(stream)](std::string told) {
        boost::asio::post(io_, [stream, told = std::move(told)] {
          stream->send(told);
          stream->end();
        });
      });
    };
    return response;
  });
}

// ---- token for cookie

void Server::serve_login() {
  http_.post("/login", [this](const HttpRequest& request) { return log_in(request); });
  http_.post("/logout", [](const HttpRequest& request) {
    return see_other(cookie_line("", 0, is_behind_tls(request)));
  });
}

HttpResponse Server::log_in(const HttpRequest& request) {
  const std::int64_t now_s = unix_seconds();
  while (!refused_s_.empty() && refused_s_.front() <= now_s - 60) refused_s_.pop_front();
  if (refused_s_.size() >= kRefusedMax) {
    return answer(429, "text/plain; charset=utf-8", "too many wrong tokens; wait a minute\n");
  }
  if (access_.is_token(Query(request.body).text("token"))) {
    const bool is_secure = is_behind_tls(request);
    if (!is_secure && !request.is_loopback && !std::exchange(warned_, true)) {
      spdlog::warn("page: a token came unencrypted from={}; put a proxy with TLS before the page",
                   request.remote);
    }
    return see_other(cookie_line(access_.cookie(now_s), Access::kSeconds, is_secure));
  }
  refused_s_.push_back(now_s);
  return answer(401, "text/html; charset=utf-8", std::string(file("refused.html")));
}

// ---- events

std::string Server::notice(const Version& version) const {
  std::string id = boot_;
  std::string body;
  JsonWriter json(body);
  json.open_object();
  json.key("boot").string(boot_);
  for (const auto& [name, value] : {std::pair{"feed", version.feed},
                                    {"alerts", version.alerts},
                                    {"pairs", version.pairs},
                                    {"dead", version.dead},
                                    {"state", version.state}}) {
    json.key(name).integer(static_cast<std::int64_t>(value));
    id += '-' + std::to_string(value);
  }
  json.close_object();
  return "id: " + id + "\ndata: " + body + "\n\n";
}

HttpResponse Server::events(const HttpRequest& request) {
  if (!may(request)) return json(401, R"({"error":"the token is asked for"})");
  HttpResponse response = answer(200, "text/event-stream", "retry: 2000\n\n");
  const std::string seen = "id: " + std::string(request.header("last-event-id")) + "\n";
  const std::string now = notice(told_);
  // Whoever has seen all of it hears nothing until something changes.
  if (!now.starts_with(seen)) response.body += now;
  response.stream = [this](std::shared_ptr<HttpStream> stream) {
    streams_.push_back(std::move(stream));
  };
  return response;
}

void Server::broadcast() {
  Version version;
  {
    const std::lock_guard lock(shared_.mutex);
    version = shared_.model.version();
  }
  const bool is_beat = steady_ms() - beat_ms_ >= kHeartbeatMs;
  if (!(version == told_) || is_beat) {
    const std::string bytes = version == told_ ? "event: beat\ndata: 1\n\n" : notice(version);
    told_ = version;
    beat_ms_ = steady_ms();
    streams_.remove_if([&](const auto& stream) { return !stream->send(bytes); });
  }
  timer_.expires_after(kNoticeInterval);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) broadcast();
  });
}

}  // namespace tocsin::page
