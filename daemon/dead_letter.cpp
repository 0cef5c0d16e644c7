#include "daemon/dead_letter.h"

#include <fmt/format.h>

#include <algorithm>

namespace tocsin {
namespace {

constexpr std::size_t kCutValueBytes = 64 << 10;  // of a value that is cut, the first time
constexpr std::size_t kHeaderTextMax = 1024;      // of the error's message

std::size_t header_bytes(const rd_kafka_message_t& message) {
  std::size_t bytes = 0;
  kafka::each_header(message, [&](std::string_view name, std::string_view value) {
    bytes += name.size() + value.size();
  });
  return bytes;
}

void add(rd_kafka_headers_t* headers, const char* name, std::string_view value) {
  rd_kafka_header_add(headers, name, -1, value.data(), static_cast<ssize_t>(value.size()));
}

std::string omitted(const Item& item, const Reduction& reduction) {
  if (!item.message) return "value,headers,key";  // none of it was seen
  std::string parts;
  const auto part = [&parts](std::string_view name) {
    parts += parts.empty() ? "" : ",";
    parts += name;
  };
  if (reduction.value_max < item.payload().size()) part("value");
  if (!reduction.has_headers) part("headers");
  if (!reduction.has_key && item.message && item.message->key != nullptr) part("key");
  return parts;
}

}  // namespace

bool reduce(Reduction& reduction, const Item& item, bool is_size) {
  if (!item.message) return std::exchange(reduction.has_message, false);
  if (!is_size && reduction.has_key && item.message->key == nullptr) {
    reduction.has_key = false;
    return true;
  }
  const std::size_t value = std::min(item.payload().size(), reduction.value_max);
  const std::size_t headers = reduction.has_headers ? header_bytes(*item.message) : 0;
  const std::size_t key = reduction.has_key ? item.message->key_len : 0;
  if (value > 0 && value >= std::max(headers, key)) {
    reduction.value_max = value > kCutValueBytes ? kCutValueBytes : 0;
  } else if (headers > 0 && headers >= key) {
    reduction.has_headers = false;
  } else if (key > 0) {
    reduction.has_key = false;
  } else {
    return std::exchange(reduction.has_message, false);
  }
  return true;
}

DeadLetter make_dead_letter(const Item& item, const Error& error, const Reduction& reduction,
                            const std::string& config_hash) {
  DeadLetter letter;
  const rd_kafka_message_t* message = item.message.get();
  letter.value = item.payload().substr(0, reduction.value_max);
  if (message != nullptr && reduction.has_key) {
    letter.key = {static_cast<const char*>(message->key), message->key_len};
  } else {
    letter.key_text = default_article_id(item.position);
    letter.key = letter.key_text;
  }
  letter.headers = reduction.has_headers && message != nullptr
                       ? kafka::copy_headers(message)
                       : kafka::Headers(rd_kafka_headers_new(12));
  rd_kafka_headers_t* headers = letter.headers.get();
  add(headers, "tocsin.stage", name(error.stage));
  add(headers, "tocsin.error.code", name(error.code));
  add(headers, "tocsin.error.message",
      std::string_view(error.message).substr(0, reduction.has_message ? kHeaderTextMax : 0));
  add(headers, "tocsin.original.topic", item.position.topic);
  add(headers, "tocsin.original.partition", std::to_string(item.position.partition));
  add(headers, "tocsin.original.offset", std::to_string(item.position.offset));
  add(headers, "tocsin.original.timestamp",
      std::to_string(message == nullptr ? -1 : rd_kafka_message_timestamp(message, nullptr)));
  if (letter.value.size() < item.payload().size()) {
    add(headers, "tocsin.original.size", std::to_string(item.payload().size()));
    add(headers, "tocsin.original.hash",
        fmt::format("{:016x}{:016x}", item.raw_hash.high, item.raw_hash.low));
  }
  if (const std::string parts = omitted(item, reduction); !parts.empty()) {
    add(headers, "tocsin.original.omitted", parts);
  }
  add(headers, "tocsin.config", config_hash);
  return letter;
}

}  // namespace tocsin
