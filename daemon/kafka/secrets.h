// Secrets in files that are renewed while clients live: passwords are given to all of them, tokens
// are read when librdkafka asks for one and when their file changes, certificates are shown by
// connections made from then on (certificates.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/kafka/certificates.h"
#include "daemon/kafka/handles.h"

namespace tocsin::kafka {

// What a JSON Web Token says of itself, unverified: that is the broker's.
struct TokenClaims {
  std::string subject;
  std::int64_t expires_ms = 0;  // Unix
};
// nullopt: no JWT with an `exp`. Pure.
[[nodiscard]] std::optional<TokenClaims> claims_of(std::string_view token);

// Before a client is made of the handle: tokens of its file are handed over when asked for.
void serve_tokens(rd_kafka_conf_t* handle, const Conf& conf);
// From now on until forget_secrets() the client gets what its files hold. Nothing without such
// files.
void keep_secrets(rd_kafka_t* client, const Conf& conf, SSL_CTX* context);
void forget_secrets(rd_kafka_t* client);

}  // namespace tocsin::kafka
