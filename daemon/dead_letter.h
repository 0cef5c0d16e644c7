// The record a dead letter becomes: the original as it came, or as much of it as its topic takes.
#pragma once

#include <string>
#include <string_view>

#include "daemon/batch.h"

namespace tocsin {

// What a dead letter leaves out of its original: nothing at first, more with each refusal.
struct Reduction {
  std::size_t value_max = std::string_view::npos;  // bytes of the value that stay
  bool has_headers = true;                         // the original's
  bool has_key = true;                             // the original's; else its position stands in
  bool has_message = true;                         // the error's, of our own headers
};

// Takes away the largest part that is left; false when nothing is. `is_size`: the broker named the
// size; where it did not, a missing key is what a compacted topic refuses.
[[nodiscard]] bool reduce(Reduction& reduction, const Item& item, bool is_size);

// The input's headers, as every output has them: but for those that tocsin gives itself, which a
// dead letter that another tool sent back brings along (`tocsin.`; `tocsin.attempt` stays).
[[nodiscard]] kafka::Headers passed_on(const kafka::Record& message);

struct DeadLetter {
  std::string key_text;  // stands in for the original's
  std::string_view key;
  std::string_view value;
  kafka::Headers headers;
};

// Views into the item. Where the value is cut or left out, `tocsin.original.size` and
// `tocsin.original.hash` (XXH3-128, hex) say of what; `tocsin.original.omitted` names the parts.
[[nodiscard]] DeadLetter make_dead_letter(const Item& item, const Error& error,
                                          const Reduction& reduction,
                                          const std::string& config_hash);

inline constexpr const char* kConnectHeader = "__connect.errors.";
// The headers that Kafka Connect gives its own dead letters, for tools that read those: the names
// of its DeadLetterQueueReporter. `connector`: what stands for the connector's name.
void add_connect_headers(kafka::Headers& headers, const Item& item, const Error& error,
                         const Reduction& reduction, const std::string& connector);

}  // namespace tocsin
