// What a request for a view asks for: the query of its address, decoded and bounded. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "daemon/page/model.h"

namespace tocsin::page {

// "a=1&b=%20" as names and values; of a name that comes twice the last. Values are cut at
// kValueBytesMax, names beyond kNamesMax are passed over.
class Query {
 public:
  static constexpr std::size_t kNamesMax = 32;
  static constexpr std::size_t kValueBytesMax = 512;

  explicit Query(std::string_view text);
  [[nodiscard]] std::string text(const std::string& name) const;
  // `fallback` when it is absent or no number; else within [min, max].
  [[nodiscard]] std::int64_t number(const std::string& name, std::int64_t fallback,
                                    std::int64_t min, std::int64_t max) const;

 private:
  std::map<std::string, std::string> values_;
};

// show, level, country, event, mode, topic, name, source, q, pair, after, before, limit.
[[nodiscard]] FeedQuery feed_query(const Query& query);

// "%2F+": decoded; what is no escape stays.
[[nodiscard]] std::string percent_decoded(std::string_view text);

}  // namespace tocsin::page
