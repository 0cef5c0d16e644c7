#include "daemon/dead_letter.h"

#include <fmt/format.h>

#include <algorithm>

namespace tocsin {
namespace {

constexpr std::size_t kCutValueBytes = 64 << 10;  // of a value that is cut, the first time
constexpr std::size_t kHeaderTextMax = 1024;      // of the error's message

std::size_t header_bytes(const kafka::Record& message) {
  std::size_t bytes = 0;
  message.each_header(
      [&](std::string_view name, std::string_view value) { bytes += name.size() + value.size(); });
  return bytes;
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
  if (!reduction.has_key && item.message && item.message.has_key()) part("key");
  return parts;
}

}  // namespace

bool reduce(Reduction& reduction, const Item& item, bool is_size) {
  if (!item.message) return std::exchange(reduction.has_message, false);
  if (!is_size && reduction.has_key && !item.message.has_key()) {
    reduction.has_key = false;
    return true;
  }
  const std::size_t value = std::min(item.payload().size(), reduction.value_max);
  const std::size_t headers = reduction.has_headers ? header_bytes(item.message) : 0;
  const std::size_t key = reduction.has_key ? item.message.key().size() : 0;
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

kafka::Headers passed_on(const kafka::Record& message) {
  kafka::Headers headers(message);
  message.each_header([&](std::string_view name, std::string_view) {
    if (!name.starts_with("tocsin.") || name == "tocsin.attempt") return;
    headers.remove(std::string(name).c_str());
  });
  return headers;
}

DeadLetter make_dead_letter(const Item& item, const Error& error, const Reduction& reduction,
                            const std::string& config_hash) {
  DeadLetter letter;
  const kafka::Message& message = item.message;
  letter.value = item.payload().substr(0, reduction.value_max);
  if (message && reduction.has_key) {
    letter.key = message.key();
  } else {
    letter.key_text = default_article_id(item.position);
    letter.key = letter.key_text;
  }
  if (reduction.has_headers && message) letter.headers = passed_on(message);
  letter.headers.add("tocsin.stage", name(error.stage));
  letter.headers.add("tocsin.error.code", name(error.code));
  letter.headers.add(
      "tocsin.error.message",
      std::string_view(error.message).substr(0, reduction.has_message ? kHeaderTextMax : 0));
  letter.headers.add("tocsin.original.topic", item.position.topic);
  letter.headers.add("tocsin.original.partition", std::to_string(item.position.partition));
  letter.headers.add("tocsin.original.offset", std::to_string(item.position.offset));
  letter.headers.add("tocsin.original.timestamp",
                     std::to_string(message ? message.timestamp_ms() : -1));
  if (letter.value.size() < item.payload().size()) {
    letter.headers.add("tocsin.original.size", std::to_string(item.payload().size()));
    letter.headers.add("tocsin.original.hash",
                       fmt::format("{:016x}{:016x}", item.raw_hash.high, item.raw_hash.low));
  }
  if (const std::string parts = omitted(item, reduction); !parts.empty()) {
    letter.headers.add("tocsin.original.omitted", parts);
  }
  letter.headers.add("tocsin.config", config_hash);
  return letter;
}

void add_connect_headers(kafka::Headers& headers, const Item& item, const Error& error,
                         const Reduction& reduction, const std::string& connector) {
  const auto add = [&headers](const std::string& what, std::string_view value) {
    headers.add((kConnectHeader + what).c_str(), value);
  };
  add("topic", item.position.topic);
  add("partition", std::to_string(item.position.partition));
  add("offset", std::to_string(item.position.offset));
  add("connector.name", connector);
  add("task.id", "0");
  // Connect's names of the steps; what fails behind decoding fails at the sink.
  add("stage", error.stage == Stage::decode ? "VALUE_CONVERTER" : "TASK_PUT");
  add("class.name", "tocsin");
  add("exception.class.name", name(error.code));
  add("exception.message",
      std::string_view(error.message).substr(0, reduction.has_message ? kHeaderTextMax : 0));
}

}  // namespace tocsin
