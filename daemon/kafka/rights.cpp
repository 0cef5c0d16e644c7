#include "daemon/kafka/rights.h"

#include <string>

#include "daemon/stop.h"
#include "daemon/wait.h"

namespace tocsin::kafka {
namespace {

constexpr std::int64_t kOversizeMax = 16 << 20;
constexpr std::int64_t kAnswerLimitMs = 20'000;
constexpr int kInitLimitMs = 15'000;

void note_answer(rd_kafka_t*, const rd_kafka_message_t* message, void* answers) {
  (*static_cast<std::map<std::string, rd_kafka_resp_err_t>*>(
      answers))[rd_kafka_topic_name(message->rkt)] = message->err;
}

}  // namespace

std::vector<std::string> write_faults(const Config& config,
                                      const std::map<std::string, std::int64_t>& bytes_max) {
  std::map<std::string, rd_kafka_resp_err_t> answers;
  Conf conf = make_conf(config.kafka, {},
                        {{"acks", "all"},
                         {"enable.idempotence", "false"},
                         {"message.send.max.retries", "0"},
                         {"message.timeout.ms", "15000"},
                         {"message.max.bytes", "1000000000"},
                         {"queue.buffering.max.kbytes", "1048576"},
                         {"compression.codec", "none"}});
  rd_kafka_conf_set_opaque(conf.get(), &answers);
  rd_kafka_conf_set_dr_msg_cb(conf.get(), &note_answer);
  const Client producer = make_producer(std::move(conf));
  std::vector<std::string> faults;
  std::size_t asked = 0;
  for (const auto& [topic, limit] : bytes_max) {
    if (limit <= 0 || limit > kOversizeMax) continue;
    const std::string oversize(static_cast<std::size_t>(limit) + 1, ' ');
    const rd_kafka_resp_err_t error =
        rd_kafka_producev(producer.get(), RD_KAFKA_V_TOPIC(topic.c_str()),
                          RD_KAFKA_V_VALUE(const_cast<char*>(oversize.data()), oversize.size()),
                          RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
    asked += error == RD_KAFKA_RESP_ERR_NO_ERROR ? 1 : 0;
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
      faults.push_back("WRITE on topic " + topic + " cannot be told: " + text(error));
    }
  }
  const std::int64_t deadline_ms = steady_ms() + kAnswerLimitMs;
  while (answers.size() < asked && steady_ms() < deadline_ms) rd_kafka_poll(producer.get(), 100);
  for (const auto& [topic, error] : answers) {
    if (is_size(error)) continue;
    faults.push_back(is_denied(error)
                         ? denied(config.kafka, "WRITE", "topic " + topic)
                         : "WRITE on topic " + topic + " cannot be told: " + text(error));
  }
  return faults;
}

void check_transactions(const Config& config) {
  const std::string id = "tocsin." + config.kafka.group + ".check";
  const Client producer = make_producer(make_conf(
      config.kafka, {},
      {{"transactional.id", id},
       {"transaction.timeout.ms", std::to_string(config.limits.transaction_timeout.count())},
       {"message.timeout.ms", std::to_string(config.limits.transaction_timeout.count() * 2 / 3)}}));
  const Fault error(rd_kafka_init_transactions(producer.get(), kInitLimitMs));
  if (!error) return;
  const rd_kafka_resp_err_t code = rd_kafka_error_code(error.get());
  if (is_denied(code)) {
    throw StopError(ExitCode::failed, denied(config.kafka, "WRITE", "transactional id " + id));
  }
  const bool is_long = code == RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT;
  throw StopError(is_long ? ExitCode::bad_input : ExitCode::failed,
                  is_long ? "limits.transaction_timeout is more than the brokers allow (their "
                            "transaction.max.timeout.ms)"
                          : "transactions cannot be used: " + text(error.get()));
}

}  // namespace tocsin::kafka
