#include "daemon/kafka/record.h"

#include <librdkafka/rdkafka.h>

namespace tocsin::kafka {

bool Record::is_record() const {
  return raw_->err == RD_KAFKA_RESP_ERR_NO_ERROR;
}

Failure Record::fault() const {
  if (is_record()) return {};
  const char* cause = rd_kafka_message_errstr(raw_);
  Failure fault(raw_->err, cause == nullptr ? "" : cause);
  if (has_topic()) fault.at(partition(), raw_->offset);
  return fault;
}

bool Record::has_topic() const {
  return raw_->rkt != nullptr;
}

std::string_view Record::topic() const {
  return has_topic() ? rd_kafka_topic_name(raw_->rkt) : std::string_view{};
}

std::int32_t Record::number() const {
  return raw_->partition;
}

std::int64_t Record::offset() const {
  return raw_->offset;
}

std::int64_t Record::timestamp_ms() const {
  return rd_kafka_message_timestamp(raw_, nullptr);
}

bool Record::has_value() const {
  return raw_->payload != nullptr;
}

std::string_view Record::value() const {
  return {static_cast<const char*>(raw_->payload), raw_->payload == nullptr ? 0 : raw_->len};
}

bool Record::has_key() const {
  return raw_->key != nullptr;
}

std::string_view Record::key() const {
  return {static_cast<const char*>(raw_->key), raw_->key == nullptr ? 0 : raw_->key_len};
}

// The text of the error would be the value that was sent.
Failure DeliveryReport::fault() const {
  if (is_record()) return {};
  Failure fault(raw_->err);
  if (has_topic()) fault.at(partition(), raw_->offset);
  return fault;
}

void* DeliveryReport::tag() const {
  return raw_->_private;
}

bool Record::header_at(std::size_t index, std::string_view& name, std::string_view& value) const {
  rd_kafka_headers_t* headers = nullptr;
  const char* found = nullptr;
  const void* bytes = nullptr;
  std::size_t size = 0;
  if (rd_kafka_message_headers(raw_, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR ||
      rd_kafka_header_get_all(headers, index, &found, &bytes, &size) !=
          RD_KAFKA_RESP_ERR_NO_ERROR) {
    return false;
  }
  name = found;
  value = {static_cast<const char*>(bytes), bytes == nullptr ? 0 : size};
  return true;
}

std::optional<std::string_view> Record::last_header(const char* name) const {
  std::optional<std::string_view> last;
  each_header([&](std::string_view found, std::string_view value) {
    if (found == name) last = value;
  });
  return last;
}

Message::~Message() {
  if (raw_ != nullptr) rd_kafka_message_destroy(const_cast<rd_kafka_message_t*>(raw_));
}

void Headers::Destroy::operator()(rd_kafka_headers_s* headers) const {
  rd_kafka_headers_destroy(headers);
}

Headers::Headers(const Record& record) {
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(record.raw_, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    list_.reset(rd_kafka_headers_copy(headers));
  }
}

void Headers::add(const char* name, std::string_view value) {
  constexpr std::size_t kExpected = 12;
  if (!list_) list_.reset(rd_kafka_headers_new(kExpected));
  rd_kafka_header_add(list_.get(), name, -1, value.data(), static_cast<ssize_t>(value.size()));
}

void Headers::remove(const char* name) {
  if (list_) rd_kafka_header_remove(list_.get(), name);
}

}  // namespace tocsin::kafka
