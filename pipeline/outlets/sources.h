// Outlets: domain, owner and tier of a source, from config/sources.tsv. Frozen after load.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "pipeline/article.h"
#include "pipeline/entities/gazetteer.h"

namespace tocsin {

struct Source {
  std::string name;    // as the article said, else the table's, else the domain
  std::string domain;  // host of the url without "www.", else of `source` when it is a host name
  double tier =
      0.6;  // 0..1, unknown 0.6 (reference: wire 1.0, major 0.9, regional 0.8, state media 0.6)
  std::uint64_t owner = 0;  // hash of the owner (the domain's when the table has none); 0 unknown
};

class Sources {
 public:
  // TSV: domain, owner, tier, name, note. Faults are appended with their place.
  void add_tsv(std::string_view file, std::string_view text, std::vector<DataFault>& faults);
  // Longest domain suffix in the table wins: "edition.cnn.com" is "cnn.com".
  [[nodiscard]] Source resolve(const Article& article) const;

 private:
  struct Row {
    std::string owner;
    std::string name;
    double tier = 0.6;
  };
  std::unordered_map<std::string, Row> rows_;  // by domain
};

}  // namespace tocsin
