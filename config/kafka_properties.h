// Which librdkafka properties a user may set, and whether a value is one librdkafka takes.
// Those that would break a promise of the daemon, or run code, are refused with the reason.
#pragma once

#include <string>

namespace tocsin {

// KafkaConfig::client["@file:sasl.password"] is the path of a secret that kafka.client_files names:
// it is read again when it is renewed.
inline constexpr const char* kFileMark = "@file:";
// A file of kafka.client_files that holds a token of OAUTHBEARER (a JWT): no property of
// librdkafka, which asks for a new one each time that the last is about to expire.
inline constexpr const char* kTokenProperty = "sasl.oauthbearer.token";

struct PropertyFault {
  std::string message;  // empty: fine
  bool is_in_value = false;
};

[[nodiscard]] PropertyFault check_kafka_property(const std::string& name, const std::string& value);

}  // namespace tocsin
