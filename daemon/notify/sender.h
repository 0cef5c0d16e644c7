// One webhook as something that can be asked: its address, secret and proxy read once, its form of
// an alert made for each request. Any thread.
#pragma once

#include <string>

#include "config/config.h"
#include "daemon/http/client.h"
#include "daemon/notify/webhook.h"

namespace tocsin {

class Sender {
 public:
  // `group`: names what rings, "tocsin/<group>". Reads the files of the webhook; throws StopError
  // (bad_input) when they cannot be.
  Sender(const WebhookConfig& webhook, const std::string& group);

  [[nodiscard]] HttpAnswer post(const ReceivedAlert& alert) const;
  [[nodiscard]] const WebhookConfig& webhook() const { return webhook_; }
  [[nodiscard]] const std::string& name() const { return webhook_.name; }
  // The same webhook with the same content of its files: nothing to do at a reload.
  [[nodiscard]] bool is_like(const Sender& other) const;

 private:
  const WebhookConfig webhook_;
  const std::string source_;
  std::string address_;  // as it was read; may be a secret
  std::string proxy_;
  std::string secret_;
  std::string certificates_;
  Url url_;
  HttpClient http_;
};

}  // namespace tocsin
