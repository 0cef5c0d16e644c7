#include "daemon/admin/server.h"

#include "daemon/stop.h"

namespace tocsin {
namespace {

std::string token_of(const AdminConfig& config) {
  if (config.token_file.empty()) return "";
  const SecretResult token = read_secret(config.token_file);
  if (!token.error.empty()) {
    throw StopError(ExitCode::bad_input, "admin.token_file: " + token.error);
  }
  return token.secret;
}

HttpResponse text_response(unsigned status, std::string text) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(text);
  return response;
}

HttpResponse health(const std::string& fault) {
  return fault.empty() ? text_response(200, "ok\n") : text_response(503, fault + "\n");
}

// The format that the Accept header prefers; text when it does not say.
Exposition exposition_for(const HttpRequest& request) {
  const std::string_view accepted = request.header("Accept");
  const double open_metrics = quality_of(accepted, "application/openmetrics-text").value_or(0);
  const double text = quality_of(accepted, "text/plain").value_or(0);
  return open_metrics > 0 && open_metrics >= text ? Exposition::open_metrics : Exposition::text;
}

}  // namespace

AdminServer::AdminServer(boost::asio::io_context& io, const AdminConfig& config, AdminPages pages)
    : token_(token_of(config)), pages_(std::move(pages)), server_(io, config.listen) {
  server_.get("/livez", [this](const HttpRequest&) { return health(pages_.not_live()); });
  server_.get("/readyz", [this](const HttpRequest& request) {
    HttpResponse response = health(pages_.not_ready());
    if (request.query == "verbose" && pages_.in_detail) response.body = pages_.in_detail();
    return response;
  });
  server_.get("/version", [](const HttpRequest&) {
    HttpResponse response;
    response.type = "application/json";
    response.body = "{\"version\":\"" TOCSIN_VERSION "\"}\n";
    return response;
  });
  server_.get("/metrics", [this](const HttpRequest& request) {
    const Exposition format = exposition_for(request);
    HttpResponse response;
    response.type = content_type(format);
    response.body = pages_.metrics(format);
    response.headers.emplace_back("Vary", "Accept");
    return response;
  });
  server_.post("/-/reload", [this](const HttpRequest& request) {
    if (!has_bearer(request, token_)) {
      HttpResponse refusal = text_response(401, "needs the token of admin.token_file\n");
      refusal.headers.emplace_back("WWW-Authenticate", "Bearer");
      return refusal;
    }
    pages_.reload();
    return text_response(202, "reloading; see the log\n");
  });
}

}  // namespace tocsin
