// Records as the topics hold them: a consumed record or an event of a partition, and the headers of
// one that is sent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "daemon/kafka/failure.h"
#include "pipeline/wire_format.h"

struct rd_kafka_message_s;
struct rd_kafka_headers_s;

namespace tocsin::kafka {

// A view of a record, or of what a partition reports in a record's place (fault()). Its views live
// as long as what it is a view of.
class Record {
 public:
  explicit Record(const rd_kafka_message_s* raw) : raw_(raw) {}

  // True for a record, false for an event.
  [[nodiscard]] bool is_record() const;
  // Of an event, with its place.
  [[nodiscard]] Failure fault() const;
  // False for an event of the whole client.
  [[nodiscard]] bool has_topic() const;
  [[nodiscard]] std::string_view topic() const;
  [[nodiscard]] std::int32_t number() const;  // of the partition
  [[nodiscard]] Partition partition() const { return {std::string(topic()), number()}; }
  [[nodiscard]] std::int64_t offset() const;
  [[nodiscard]] std::int64_t timestamp_ms() const;  // -1: none
  [[nodiscard]] bool has_value() const;             // false: a tombstone
  [[nodiscard]] std::string_view value() const;
  // The value of a record of ours, without the id of a schema that may stand before it.
  [[nodiscard]] std::string_view json() const { return without_schema_id(value()); }
  [[nodiscard]] bool has_key() const;
  [[nodiscard]] std::string_view key() const;
  // Calls `each(name, value)` for every header, in their order.
  template <class F>
  void each_header(F&& each) const {
    std::string_view name;
    std::string_view value;
    for (std::size_t i = 0; header_at(i, name, value); ++i) each(name, value);
  }
  // The last header of the name: ours, when an earlier failure left one too.
  [[nodiscard]] std::optional<std::string_view> last_header(const char* name) const;

 protected:
  friend class Headers;
  [[nodiscard]] bool header_at(std::size_t index, std::string_view& name,
                               std::string_view& value) const;
  const rd_kafka_message_s* raw_;
};

// The report on a record that was sent.
class DeliveryReport : public Record {
 public:
  explicit DeliveryReport(const rd_kafka_message_s* raw) : Record(raw) {}
  [[nodiscard]] Failure fault() const;
  // What the sender gave along.
  [[nodiscard]] void* tag() const;
};

// The owner of one that was polled; false when there is none.
class Message : public Record {
 public:
  Message(std::nullptr_t = nullptr) : Record(nullptr) {}
  explicit Message(rd_kafka_message_s* raw) : Record(raw) {}
  ~Message();
  Message(Message&& other) noexcept : Record(std::exchange(other.raw_, nullptr)) {}
  Message& operator=(Message&& other) noexcept {
    std::swap(raw_, other.raw_);
    return *this;
  }
  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;
  explicit operator bool() const { return raw_ != nullptr; }
};

// Headers to send.
class Headers {
 public:
  Headers() = default;                     // none
  explicit Headers(const Record& record);  // a copy of its headers
  void add(const char* name, std::string_view value);
  void remove(const char* name);

 private:
  friend class Producer;
  struct Destroy {
    void operator()(rd_kafka_headers_s* headers) const;
  };
  std::unique_ptr<rd_kafka_headers_s, Destroy> list_;
};

}  // namespace tocsin::kafka
