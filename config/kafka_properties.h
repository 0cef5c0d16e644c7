// Which librdkafka properties a user may set, and whether a value is one librdkafka takes.
// Those that would break a promise of the daemon, or run code, are refused with the reason.
#pragma once

#include <string>

namespace tocsin {

struct PropertyFault {
  std::string message;  // empty: fine
  bool is_in_value = false;
};

[[nodiscard]] PropertyFault check_kafka_property(const std::string& name, const std::string& value);

}  // namespace tocsin
