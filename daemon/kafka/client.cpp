#include "daemon/kafka/client.h"

#include <openssl/x509_vfy.h>
#include <spdlog/spdlog.h>

#include <array>
#include <cstdio>
#include <mutex>

#include "daemon/kafka/refusal.h"
#include "daemon/retry.h"
#include "daemon/stop.h"
#include "daemon/wait.h"

namespace tocsin::kafka {
namespace {

constexpr std::size_t kErrorTextBytes = 512;

void log_line(const rd_kafka_t* client, int level, const char* facility, const char* line) {
  // kafka.client goes to consumers and producers alike; each ignores what is the other's.
  if (std::string_view(line).find("property and will be ignored") != std::string_view::npos) return;
  const auto severity = level <= 3   ? spdlog::level::err
                        : level <= 4 ? spdlog::level::warn
                        : level <= 6 ? spdlog::level::info
                                     : spdlog::level::debug;
  // Of each attempt and client; what verify_certificate notes is said once, where it matters.
  if (std::string_view(facility) == "SSLCERTVRFY") return;
  note_if_refused(line);
  spdlog::log(severity, "kafka: client={} facility={}: {}", rd_kafka_name(client), facility, line);
}

// Asked of each certificate in a broker's chain; what OpenSSL found wrong stays wrong.
int verify_certificate(rd_kafka_t*, const char* broker, std::int32_t, int* x509_error, int,
                       const char*, std::size_t, char* reason, std::size_t reason_bytes, void*) {
  if (*x509_error == X509_V_OK) return 1;
  note_bad_certificate(broker, *x509_error);
  std::snprintf(reason, reason_bytes, "%s", X509_verify_cert_error_string(*x509_error));
  return 0;
}

void set(rd_kafka_conf_t* conf, const std::string& key, const std::string& value) {
  std::array<char, kErrorTextBytes> reason{};
  if (rd_kafka_conf_set(conf, key.c_str(), value.c_str(), reason.data(), reason.size()) !=
      RD_KAFKA_CONF_OK) {
    throw StopError(ExitCode::bad_input, "kafka.client: " + key + ": " + reason.data());
  }
}

Client make(rd_kafka_type_t type, Conf conf) {
  std::array<char, kErrorTextBytes> reason{};
  rd_kafka_t* client = rd_kafka_new(type, conf.get(), reason.data(), reason.size());
  if (client == nullptr) {
    throw StopError(ExitCode::bad_input, std::string("kafka: ") + reason.data());
  }
  static_cast<void>(conf.release());  // rd_kafka_new took it
  return Client(client);
}

}  // namespace

Conf make_conf(const KafkaConfig& config, const Settings& defaults, const Settings& fixed) {
  Conf conf(rd_kafka_conf_new());
  set(conf.get(), "socket.nagle.disable", "true");
  set(conf.get(), "client.id", "tocsin");
  for (const auto& [key, value] : defaults) set(conf.get(), key, value);
  for (const auto& [key, value] : config.client) set(conf.get(), key, value);
  set(conf.get(), "bootstrap.servers", config.brokers);
  for (const auto& [key, value] : fixed) set(conf.get(), key, value);
  rd_kafka_conf_set_log_cb(conf.get(), log_line);
  rd_kafka_conf_set_error_cb(conf.get(), log_error);
  rd_kafka_conf_set_ssl_cert_verify_cb(conf.get(), verify_certificate);
  return conf;
}

Client make_consumer(Conf conf) {
  Client client = make(RD_KAFKA_CONSUMER, std::move(conf));
  rd_kafka_poll_set_consumer(client.get());
  return client;
}

Client make_producer(Conf conf) {
  return make(RD_KAFKA_PRODUCER, std::move(conf));
}

void log_error(rd_kafka_t* client, int error, const char* reason, void*) {
  // Brokers that are away, a login that is refused: librdkafka tries, and tells, again and again.
  constexpr std::chrono::milliseconds kNoPause{0};
  static std::mutex mutex;
  static std::map<int, Retry> told;
  const std::lock_guard lock(mutex);
  const auto code = static_cast<rd_kafka_resp_err_t>(error);
  told.try_emplace(error, kNoPause, kNoPause)
      .first->second.log(std::string("kafka: client=") + rd_kafka_name(client) +
                         " error=" + rd_kafka_err2name(code) + ": " + reason);
}

void log_retry(const char* what, rd_kafka_resp_err_t error) {
  constexpr auto kPause = std::chrono::milliseconds(300);
  spdlog::warn("kafka: asking again: {}: {}", what, text(error));
  sleep_for(kPause);
}

bool is_poison(rd_kafka_resp_err_t error) {
  switch (error) {
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_MSG:
    case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
      return true;
    default:
      return false;
  }
}

bool is_size(rd_kafka_resp_err_t error) {
  return error == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE ||
         error == RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE ||
         error == RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE;
}

bool is_denied(rd_kafka_resp_err_t error) {
  return error == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
         error == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED ||
         error == RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED ||
         error == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED;
}

std::string principal(const KafkaConfig& config) {
  const auto setting = [&](const char* key) {
    const auto found = config.client.find(key);
    return found == config.client.end() ? std::string() : found->second;
  };
  if (const std::string user = setting("sasl.username"); !user.empty()) return "User:" + user;
  const bool has_certificate = !setting("ssl.certificate.location").empty() ||
                               !setting("ssl.keystore.location").empty() ||
                               !setting("ssl.certificate.pem").empty();
  return has_certificate ? "the name in our certificate" : "User:ANONYMOUS";
}

std::string denied(const KafkaConfig& config, const std::string& operation,
                   const std::string& resource) {
  return "not authorized: " + operation + " on " + resource + " for " + principal(config);
}

std::string reason(const KafkaConfig& config, rd_kafka_resp_err_t error,
                   const std::string& operation, const std::string& resource) {
  return is_denied(error) ? denied(config, operation, resource) : text(error);
}

std::string text(rd_kafka_resp_err_t error) {
  return std::string(rd_kafka_err2name(error)) + ": " + rd_kafka_err2str(error);
}

std::string text(const rd_kafka_error_t* error) {
  return std::string(rd_kafka_error_name(error)) + ": " + rd_kafka_error_string(error);
}

std::optional<std::string_view> last_header(const rd_kafka_message_t& message, const char* name) {
  rd_kafka_headers_t* headers = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  const bool is_there =
      rd_kafka_message_headers(&message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR &&
      rd_kafka_header_get_last(headers, name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
  if (!is_there) return std::nullopt;
  return std::string_view(static_cast<const char*>(value), value == nullptr ? 0 : size);
}

Headers copy_headers(const rd_kafka_message_t* message) {
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    return Headers(rd_kafka_headers_copy(headers));
  }
  return Headers(rd_kafka_headers_new(8));
}

PartitionList make_list(const std::map<Partition, std::int64_t>& offsets) {
  PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(offsets.size())));
  for (const auto& [partition, offset] : offsets) {
    rd_kafka_topic_partition_list_add(list.get(), partition.topic.c_str(), partition.number)
        ->offset = offset;
  }
  return list;
}

std::string cluster_id(rd_kafka_t* client, std::chrono::milliseconds timeout) {
  char* id = rd_kafka_clusterid(client, static_cast<int>(timeout.count()));
  if (id == nullptr) return "";
  std::string copy = id;
  rd_kafka_mem_free(client, id);
  return copy;
}

}  // namespace tocsin::kafka
