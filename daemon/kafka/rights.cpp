#include "daemon/kafka/rights.h"

#include <atomic>
#include <string>

#include "daemon/kafka/producer.h"
#include "daemon/stop.h"
#include "daemon/wait.h"

namespace tocsin::kafka {
namespace {

constexpr std::int64_t kOversizeMax = 16 << 20;
constexpr std::int64_t kAnswerLimitMs = 20'000;
constexpr std::chrono::milliseconds kInitLimit{15'000};

}  // namespace

std::vector<std::string> write_faults(const Config& config,
                                      const std::map<std::string, std::int64_t>& bytes_max) {
  std::map<std::string, Failure> answers;
  Producer producer(make_conf(config.kafka, {},
                              {{"acks", "all"},
                               {"enable.idempotence", "false"},
                               {"message.send.max.retries", "0"},
                               {"message.timeout.ms", "15000"},
                               {"message.max.bytes", "1000000000"},
                               {"queue.buffering.max.kbytes", "1048576"},
                               {"compression.codec", "none"}}),
                    {.on_delivery = [&](const DeliveryReport& delivery) {
                      answers[std::string(delivery.topic())] = delivery.fault();
                    }});
  const auto untold = [](const std::string& topic, const Failure& fault) {
    return "WRITE on topic " + topic +
           " cannot be told: " + (fault ? fault.text() : "a record that is too large was taken");
  };
  std::vector<std::string> faults;
  std::size_t asked = 0;
  const std::atomic<bool> never = false;
  for (const auto& [topic, limit] : bytes_max) {
    if (limit <= 0 || limit > kOversizeMax) continue;
    const std::string oversize(static_cast<std::size_t>(limit) + 1, ' ');
    const Failure fault = producer.send({topic, {}, {}, oversize, {}, nullptr}, never);
    asked += fault ? 0 : 1;
    if (fault) faults.push_back(untold(topic, fault));
  }
  const std::int64_t deadline_ms = steady_ms() + kAnswerLimitMs;
  while (answers.size() < asked && steady_ms() < deadline_ms) {
    producer.serve(std::chrono::milliseconds(100));
  }
  for (const auto& [topic, fault] : answers) {
    if (fault.is_size()) continue;
    faults.push_back(fault.is_denied() ? denied(config.kafka, "WRITE", "topic " + topic)
                                       : untold(topic, fault));
  }
  return faults;
}

void check_transactions(const Config& config) {
  const std::string id = "tocsin." + config.kafka.group + ".check";
  const std::chrono::milliseconds timeout = config.limits.transaction_timeout;
  TransactionalProducer producer(
      make_conf(config.kafka, {},
                {{"transactional.id", id},
                 {"transaction.timeout.ms", std::to_string(timeout.count())},
                 {"message.timeout.ms", std::to_string(timeout.count() * 2 / 3)}}),
      timeout);
  const Failure fault = producer.init(kInitLimit);
  if (!fault) return;
  if (fault.is_denied()) {
    throw StopError(ExitCode::failed, denied(config.kafka, "WRITE", "transactional id " + id));
  }
  const bool is_long = fault.is_transaction_timeout_refused();
  throw StopError(is_long ? ExitCode::bad_input : ExitCode::failed,
                  is_long ? "limits.transaction_timeout is more than the brokers allow (their "
                            "transaction.max.timeout.ms)"
                          : "transactions cannot be used: " + fault.text());
}

}  // namespace tocsin::kafka
