#include "daemon/kafka/failure.h"

#include <librdkafka/rdkafka.h>

namespace tocsin::kafka {
namespace {

rd_kafka_resp_err_t code_of(int code) {
  return static_cast<rd_kafka_resp_err_t>(code);
}

}  // namespace

Failure Failure::time_out() {
  return Failure(RD_KAFKA_RESP_ERR__TIMED_OUT);
}

std::string Failure::text() const {
  const rd_kafka_resp_err_t code = code_of(code_);
  return std::string(rd_kafka_err2name(code)) + ": " +
         (cause_.empty() ? rd_kafka_err2str(code) : cause_);
}

std::string Failure::full_text() const {
  std::string all = text();
  if (!partition_.topic.empty()) all += " topic=" + partition_.topic;
  if (partition_.number >= 0) all += " partition=" + std::to_string(partition_.number);
  if (offset_ >= 0) all += " offset=" + std::to_string(offset_);
  return all;
}

bool Failure::is_poison() const {
  switch (code_of(code_)) {
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

bool Failure::is_size() const {
  return code_ == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE ||
         code_ == RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE ||
         code_ == RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE;
}

Denied Failure::denied() const {
  switch (code_of(code_)) {
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      return Denied::topic;
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
      return Denied::group;
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
      return Denied::transactional_id;
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
      return Denied::cluster;
    default:
      return Denied::none;
  }
}

bool Failure::is_time_out() const {
  return code_ == RD_KAFKA_RESP_ERR__TIMED_OUT;
}

bool Failure::is_missing() const {
  return code_ == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
         code_ == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC || code_ == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
}

bool Failure::is_end() const {
  return code_ == RD_KAFKA_RESP_ERR__PARTITION_EOF;
}

bool Failure::is_offset_gone() const {
  return code_ == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET;
}

bool Failure::is_unreadable() const {
  return offset_ >= 0 &&
         (code_ == RD_KAFKA_RESP_ERR__BAD_COMPRESSION || code_ == RD_KAFKA_RESP_ERR__BAD_MSG ||
          code_ == RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED ||
          code_ == RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE);
}

bool Failure::is_lost_membership() const {
  return code_ == RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION ||
         code_ == RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID ||
         code_ == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID ||
         code_ == RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS;
}

bool Failure::has_other_members() const {
  return code_ == RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID;
}

bool Failure::is_fenced() const {
  return code_ == RD_KAFKA_RESP_ERR__FENCED || code_ == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
         code_ == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;
}

bool Failure::is_transaction_timeout_refused() const {
  return code_ == RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT;
}

Failure& Failure::at(Partition partition, std::int64_t offset) {
  partition_ = std::move(partition);
  offset_ = offset;
  return *this;
}

Failure& Failure::with_flags(bool is_fatal, bool is_retriable, bool requires_abort) {
  is_fatal_ = is_fatal;
  is_retriable_ = is_retriable;
  requires_abort_ = requires_abort;
  return *this;
}

Failure& Failure::overdue() {
  is_overdue_ = true;
  return *this;
}

}  // namespace tocsin::kafka
