#include "config/kafka_properties.h"

#include <librdkafka/rdkafka.h>

#include <array>
#include <memory>
#include <string_view>
#include <vector>

#include "config/fault.h"

namespace tocsin {

namespace {

struct Refused {
  std::string_view name;  // ends with '.' or '*': all that begin so
  std::string_view reason;
};

constexpr std::string_view kOwn = "tocsin sets it itself: exactly-once depends on it";
constexpr std::string_view kCode = "it would load or run code that a configuration must not choose";

constexpr std::array kRefused = std::to_array<Refused>({
    {"bootstrap.servers", "use kafka.brokers"},
    {"metadata.broker.list", "use kafka.brokers"},
    {"group.id", "use kafka.group"},
    {"group.*", kOwn},
    {"partition.assignment.strategy", kOwn},
    {"client.id", "use instance"},
    {"transactional.id", "it is made of kafka.group and instance"},
    {"transaction.timeout.ms", "use limits.transaction_timeout"},
    {"max.poll.interval.ms", "use limits.poll_interval_max"},
    {"enable.auto.*", kOwn},
    {"auto.commit.*", kOwn},
    {"enable.idempotence", kOwn},
    {"enable.gapless.guarantee", kOwn},
    {"enable.partition.eof", kOwn},
    {"acks", kOwn},
    {"request.required.acks", kOwn},
    {"isolation.level", kOwn},
    {"auto.offset.reset", "use input.start and input.on_gap"},
    {"allow.auto.create.topics", "use kafka.create_topics"},
    {"partitioner", "it is murmur2_random, or Java consumers could not join by key"},
    {"partitioner_cb", kOwn},
    {"plugin.library.paths", kCode},
    {"sasl.kerberos.kinit.cmd", kCode},
    {"ssl.engine.location", kCode},
    {"ssl.engine.id", kCode},
    {"ssl.providers", kCode},
    {"test.mock.*", "it would replace the brokers by a simulation"},
    {"sasl.oauthbearer.config", "it only serves tokens for tests; use method oidc"},
    {"enable.sasl.oauthbearer.unsecure.jwt", "tokens without a signature prove nothing"},
});

bool names(std::string_view pattern, std::string_view property) {
  if (!pattern.ends_with('*')) return pattern == property;
  return property.starts_with(pattern.substr(0, pattern.size() - 1));
}

struct ConfDeleter {
  void operator()(rd_kafka_conf_t* conf) const { rd_kafka_conf_destroy(conf); }
};
using Conf = std::unique_ptr<rd_kafka_conf_t, ConfDeleter>;

std::vector<std::string> known_properties(rd_kafka_conf_t* conf) {
  std::vector<std::string> known;
  std::size_t count = 0;
  const char** dump = rd_kafka_conf_dump(conf, &count);
  for (std::size_t i = 0; i + 1 < count; i += 2) known.emplace_back(dump[i]);
  rd_kafka_conf_dump_free(dump, count);
  return known;
}

}  // namespace

PropertyFault check_kafka_property(const std::string& name, const std::string& value) {
  for (const Refused& refused : kRefused) {
    if (names(refused.name, name)) {
      return {"'" + name + "' may not be set: " + std::string(refused.reason), false};
    }
  }
  const Conf conf(rd_kafka_conf_new());
  std::array<char, 512> reason{};
  switch (
      rd_kafka_conf_set(conf.get(), name.c_str(), value.c_str(), reason.data(), reason.size())) {
    case RD_KAFKA_CONF_OK:
      return {};
    case RD_KAFKA_CONF_UNKNOWN: {
      const std::string near = nearest(name, known_properties(conf.get()));
      return {"librdkafka has no property '" + name + "'" +
                  (near.empty() ? "" : " (did you mean '" + near + "'?)"),
              false};
    }
    case RD_KAFKA_CONF_INVALID:
      break;
  }
  // librdkafka repeats the value, which may be a secret: say the name alone.
  return {"librdkafka refuses this value of '" + name + "'", true};
}

}  // namespace tocsin
