// What every Kafka client of ours starts from, and how its troubles are said. librdkafka itself
// stands in daemon/kafka/ alone: consumer.h and producer.h own its handles.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "config/config.h"
#include "daemon/kafka/failure.h"
#include "daemon/kafka/record.h"

namespace tocsin::kafka {

using Settings = std::map<std::string, std::string>;
// Settings of a client in the order they are made: later ones win.
using Conf = std::vector<std::pair<std::string, std::string>>;

// What `role` clients need, under the user's `kafka.client`, under what may never be changed.
[[nodiscard]] Conf make_conf(const KafkaConfig& config, const Settings& defaults,
                             const Settings& fixed);
// Why the file that kafka.client_files names for an OAUTHBEARER token holds none; empty: it does,
// or none is named.
[[nodiscard]] std::string token_fault(const Conf& conf);

// What is known of an offset, its committed metadata included.
struct Mark {
  std::int64_t offset = -1;  // -1: none
  std::string metadata;
  Failure fault;  // in answers: why it is not known
};
using Marks = std::map<Partition, Mark>;
using Offsets = std::map<Partition, std::int64_t>;
[[nodiscard]] Marks marks_at(const Offsets& offsets);

// Offsets [low, high) that a partition holds.
struct Watermarks {
  std::int64_t low = 0;
  std::int64_t high = 0;
};

// Who the brokers take us for: "User:tocsin"; our certificate's name is theirs to know.
[[nodiscard]] std::string principal(const KafkaConfig& config);
// "not authorized: READ on topic news.pairs for User:tocsin"
[[nodiscard]] std::string denied(const KafkaConfig& config, const std::string& operation,
                                 const std::string& resource);
// The same, of a fault that may be another one.
[[nodiscard]] std::string reason(const KafkaConfig& config, const Failure& fault,
                                 const std::string& operation, const std::string& resource);

// Waits a moment, a longer one with each attempt (1, 2, ...), and logs when it takes long.
void wait_to_ask_again(const char* what, const Failure& fault, int attempt);

// A moving leader or coordinator, or a topic just created, answers with an error for a moment: asks
// again for three seconds, then gives the fault back. The question returns a Failure or a Result.
template <class F>
auto ask(const char* what, F&& question) {
  constexpr int kAttempts = 14;
  for (int attempt = 1;; ++attempt) {
    auto answer = question();
    const Failure fault = fault_of(answer);
    if (!fault || fault.is_denied() || attempt == kAttempts) return answer;
    wait_to_ask_again(what, fault, attempt);
  }
}

[[nodiscard]] std::string library_version();

}  // namespace tocsin::kafka
