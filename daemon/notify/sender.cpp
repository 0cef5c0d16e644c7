#include "daemon/notify/sender.h"

#include <chrono>

#include "daemon/stop.h"
#include "daemon/unix_time.h"

namespace tocsin {
namespace {

std::string read_required(const std::filesystem::path& file, const std::string& name) {
  if (file.empty()) return "";
  SecretResult content = read_secret(file);
  if (!content.error.empty()) {
    throw StopError(ExitCode::bad_input,
                    "webhook " + name + ": " + file.string() + " " + content.error);
  }
  return std::move(content.secret);
}

std::string address_of(const WebhookConfig& webhook) {
  if (!webhook.url_file.empty()) return read_required(webhook.url_file, webhook.name);
  return webhook.url.empty() ? kPagerDutyUrl : webhook.url;
}

Url url_of(const WebhookConfig& webhook, const std::string& address) {
  const auto url = parse_url(address);
  if (url) return *url;
  throw StopError(ExitCode::bad_input, "webhook " + webhook.name + ": " +
                                           webhook.url_file.string() +
                                           " holds no http:// or https:// address");
}

std::string proxy_text(const WebhookConfig& webhook) {
  return webhook.proxy_file.empty() ? webhook.proxy
                                    : read_required(webhook.proxy_file, webhook.name);
}

Proxy proxy_of(const WebhookConfig& webhook, const std::string& text) {
  if (text.empty()) return {};
  auto proxy = parse_proxy(text);
  if (proxy) return *std::move(proxy);
  throw StopError(ExitCode::bad_input,
                  "webhook " + webhook.name + ": its proxy is no http://[user:password@]host:port");
}

}  // namespace

Sender::Sender(const WebhookConfig& webhook, const std::string& group)
    : webhook_(webhook),
      source_("tocsin/" + group),
      address_(address_of(webhook)),
      proxy_(proxy_text(webhook)),
      secret_(read_required(webhook.secret_file, webhook.name)),
      certificates_(read_required(webhook.ca_file, webhook.name)),
      url_(url_of(webhook, address_)),
      http_(webhook.ca_file, proxy_of(webhook, proxy_)) {}

HttpAnswer Sender::post(const ReceivedAlert& alert) const {
  const WebhookRequest request =
      webhook_request(webhook_.kind, alert, secret_, source_, unix_seconds());
  return http_.post(url_, request.headers, request.body, webhook_.timeout);
}

bool Sender::is_like(const Sender& other) const {
  return webhook_ == other.webhook_ && address_ == other.address_ && proxy_ == other.proxy_ &&
         secret_ == other.secret_ && certificates_ == other.certificates_;
}

}  // namespace tocsin
