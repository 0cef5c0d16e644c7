#include "daemon/kafka/client.h"

#include <openssl/x509_vfy.h>
#include <spdlog/spdlog.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <mutex>

#include "config/kafka_properties.h"
#include "daemon/heartbeat.h"
#include "daemon/kafka/handles.h"
#include "daemon/kafka/refusal.h"
#include "daemon/kafka/secrets.h"
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

}  // namespace

Conf make_conf(const KafkaConfig& config, const Settings& defaults, const Settings& fixed) {
  Conf conf = {{"socket.nagle.disable", "true"}, {"client.id", "tocsin"}};
  conf.insert(conf.end(), defaults.begin(), defaults.end());
  conf.insert(conf.end(), config.client.begin(), config.client.end());
  conf.emplace_back("bootstrap.servers", config.brokers);
  conf.insert(conf.end(), fixed.begin(), fixed.end());
  return conf;
}

ConfHandle make_handle(const Conf& conf) {
  ConfHandle handle(rd_kafka_conf_new());
  for (const auto& [key, value] : conf) {
    if (!key.starts_with(kFileMark)) set(handle.get(), key, value);
  }
  serve_tokens(handle.get(), conf);
  rd_kafka_conf_set_log_cb(handle.get(), log_line);
  rd_kafka_conf_set_error_cb(handle.get(), log_error);
  rd_kafka_conf_set_ssl_cert_verify_cb(handle.get(), verify_certificate);
  return handle;
}

void Destroy::operator()(rd_kafka_t* handle) const {
  forget_secrets(handle);
  rd_kafka_destroy(handle);
}

Client make_client(rd_kafka_type_t type, ConfHandle conf, const Conf& settings) {
  std::array<char, kErrorTextBytes> reason{};
  const CreatedTls context;
  rd_kafka_t* client = rd_kafka_new(type, conf.get(), reason.data(), reason.size());
  if (client == nullptr) {
    throw StopError(ExitCode::bad_input, std::string("kafka: ") + reason.data());
  }
  static_cast<void>(conf.release());  // rd_kafka_new took it
  if (type == RD_KAFKA_CONSUMER) rd_kafka_poll_set_consumer(client);
  keep_secrets(client, settings, context.get());
  return Client(client);
}

Marks marks_at(const Offsets& offsets) {
  Marks marks;
  for (const auto& [partition, offset] : offsets) marks[partition].offset = offset;
  return marks;
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

void wait_to_ask_again(const char* what, const Failure& fault, int attempt) {
  beat_for_this_thread();
  constexpr int kQuietAttempts = 4;  // 10, 20, 40, 80 ms: every new topic needs some
  constexpr std::chrono::milliseconds kFirst{10};
  constexpr std::chrono::milliseconds kMost{300};
  const bool is_long = attempt > kQuietAttempts;
  spdlog::log(is_long ? spdlog::level::warn : spdlog::level::debug, "kafka: asking again: {}: {}",
              what, fault.text());
  sleep_for(is_long ? kMost : kFirst * (1 << (attempt - 1)));
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

std::string reason(const KafkaConfig& config, const Failure& fault, const std::string& operation,
                   const std::string& resource) {
  return fault.is_denied() ? denied(config, operation, resource) : fault.text();
}

Failure fault_of(ErrorHandle error) {
  if (!error) return {};
  Failure fault(rd_kafka_error_code(error.get()), rd_kafka_error_string(error.get()));
  fault.with_flags(rd_kafka_error_is_fatal(error.get()) != 0,
                   rd_kafka_error_is_retriable(error.get()) != 0,
                   rd_kafka_error_txn_requires_abort(error.get()) != 0);
  return fault;
}

Failure fatal_fault(rd_kafka_t* client) {
  std::array<char, kErrorTextBytes> reason{};
  const rd_kafka_resp_err_t code = rd_kafka_fatal_error(client, reason.data(), reason.size());
  return code == RD_KAFKA_RESP_ERR_NO_ERROR ? Failure() : Failure(code, reason.data());
}

PartitionList make_list(const Marks& marks) {
  PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(marks.size())));
  for (const auto& [partition, mark] : marks) {
    rd_kafka_topic_partition_t* entry =
        rd_kafka_topic_partition_list_add(list.get(), partition.topic.c_str(), partition.number);
    entry->offset = mark.offset;
    if (mark.metadata.empty()) continue;
    entry->metadata = ::strdup(mark.metadata.c_str());  // freed with the list
    entry->metadata_size = mark.metadata.size();
  }
  return list;
}

PartitionList make_list(const Offsets& offsets) {
  return make_list(marks_at(offsets));
}

std::string cluster_id(rd_kafka_t* client, std::chrono::milliseconds timeout) {
  char* id = rd_kafka_clusterid(client, static_cast<int>(timeout.count()));
  if (id == nullptr) return "";
  std::string copy = id;
  rd_kafka_mem_free(client, id);
  return copy;
}

std::string library_version() {
  return rd_kafka_version_str();
}

}  // namespace tocsin::kafka
