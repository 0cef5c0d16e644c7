// Why a call of librdkafka or a record failed, as a value: librdkafka's code and words, and where.
#pragma once

#include <boost/system/result.hpp>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace tocsin::kafka {

// A partition of a topic; orders and keys maps.
struct Partition {
  std::string topic;
  std::int32_t number = 0;
  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 sees a null pointer in the defaulted <=>
  friend auto operator<=>(const Partition&, const Partition&) = default;
};

// Whose access is missing; none: access is not what is wrong.
enum class Denied : std::uint8_t { none, topic, group, transactional_id, cluster };

class Failure {
 public:
  Failure() = default;  // none: nothing failed
  explicit Failure(int code, std::string cause = "") : code_(code), cause_(std::move(cause)) {}
  explicit operator bool() const { return code_ != 0; }

  [[nodiscard]] static Failure time_out();

  // "MSG_SIZE_TOO_LARGE: Broker: Message size too large"
  [[nodiscard]] std::string text() const;
  // The same and where: " topic=news.raw partition=3 offset=17", as much of it as is known.
  [[nodiscard]] std::string full_text() const;

  // A record itself causes it: trying it again cannot help.
  [[nodiscard]] bool is_poison() const;
  // The same, of its size.
  [[nodiscard]] bool is_size() const;
  // The broker knows who we are and does not let us.
  [[nodiscard]] Denied denied() const;
  [[nodiscard]] bool is_denied() const { return denied() != Denied::none; }
  [[nodiscard]] bool is_time_out() const;
  // The topic or partition is not there.
  [[nodiscard]] bool is_missing() const;
  // No fault: a partition is read to its end.
  [[nodiscard]] bool is_end() const;
  // The offset to read from no longer exists.
  [[nodiscard]] bool is_offset_gone() const;
  // A batch that no client can read: it is damaged, or decompresses to more than the limit.
  [[nodiscard]] bool is_unreadable() const;
  // Who asks is no member of the group, or one of an earlier generation.
  [[nodiscard]] bool is_lost_membership() const;
  // The group has members and we are none.
  [[nodiscard]] bool has_other_members() const;
  // A producer of the same transactional id came after this one.
  [[nodiscard]] bool is_fenced() const;
  [[nodiscard]] bool is_transaction_timeout_refused() const;

  // Of transactional calls; see librdkafka's rd_kafka_error_is_fatal and its siblings.
  [[nodiscard]] bool is_fatal() const { return is_fatal_; }
  [[nodiscard]] bool is_retriable() const { return is_retriable_; }
  [[nodiscard]] bool requires_abort() const { return requires_abort_; }
  // The transaction is past its time-out: librdkafka was not asked at all.
  [[nodiscard]] bool is_overdue() const { return is_overdue_; }

  [[nodiscard]] const Partition& partition() const { return partition_; }
  [[nodiscard]] std::int64_t offset() const { return offset_; }

  Failure& at(Partition partition, std::int64_t offset);
  Failure& with_flags(bool is_fatal, bool is_retriable, bool requires_abort);
  Failure& overdue();

 private:
  int code_ = 0;
  bool is_fatal_ = false;
  bool is_retriable_ = false;
  bool requires_abort_ = false;
  bool is_overdue_ = false;
  std::string cause_;  // empty: what librdkafka says of the code
  Partition partition_{"", -1};
  std::int64_t offset_ = -1;
};

// Lets Result<T>::value() compile; reaching it is a bug of ours.
[[noreturn]] inline void throw_exception_from_error(const Failure& fault,
                                                    const boost::source_location&) {
  throw std::logic_error("kafka::Result::value() on a fault: " + fault.text());
}

template <class T>
using Result = boost::system::result<T, Failure>;

[[nodiscard]] inline const Failure& fault_of(const Failure& fault) {
  return fault;
}
template <class T>
[[nodiscard]] Failure fault_of(const Result<T>& result) {
  return result ? Failure() : result.error();
}

}  // namespace tocsin::kafka
