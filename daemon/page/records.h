// The records of the output topics as the live page holds them. Pure: bytes in, what is held out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tocsin::page {

// An entity as the page names it.
struct Name {
  std::string id;
  std::string name;
  std::string type;
};

// Ids to names, as the records tell them. Bounded: what comes when it is full stays unknown.
class NameBook {
 public:
  static constexpr std::size_t kNamesMax = 200'000;
  static constexpr std::uint32_t kUnknown = 0xFFFFFFFF;

  // Index of the id, added with this name when it is new; kUnknown when there is no room.
  std::uint32_t add(std::string_view id, std::string_view name, std::string_view type);
  // The name; the id itself when nobody told it.
  [[nodiscard]] std::string name_of(std::string_view id) const;
  // "country"; empty when nobody told it.
  [[nodiscard]] std::string type_of(std::string_view id) const;
  [[nodiscard]] const Name& at(std::uint32_t index) const { return names_[index]; }
  [[nodiscard]] std::size_t size() const { return names_.size(); }

 private:
  std::vector<Name> names_;
  std::unordered_map<std::string, std::uint32_t> indices_;
};

// News, or a copy of news. Times are Unix milliseconds; record_ms is the Kafka timestamp.
struct HeldArticle {
  std::uint64_t seq = 0;  // order of arrival at this page, from 1
  std::int64_t record_ms = 0;
  std::int64_t published_ms = 0;
  std::string place;  // topic/partition/offset of the raw record: names it for ever
  std::string story;
  bool is_copy = false;
  int level = 0;                     // 0 none to 4 critical
  std::vector<std::string> pairs;    // keys: "Q159|Q212"; "Q159" where the other is unknown
  std::vector<std::uint32_t> names;  // into the NameBook
  std::string facets;                // "\nc:RUS\ne:ASSAULT\nm:beat\nt:conflict\n"
  std::string search;                // folded title, names, evidence
  std::string source;                // folded name and domain of the outlet
  std::string outlet;                // its name, else its domain
  std::string summary;               // JSON of a row of the feed
  std::string raw;                   // the record
  bool is_easing = false;            // no level, but as much cooperation as would give one
  [[nodiscard]] bool is_move() const { return level > 0 || is_easing; }
  // About what it takes in memory.
  [[nodiscard]] std::size_t bytes() const;
};

struct PairPoint {
  std::int64_t hour_ms = 0;
  double level = 0;
  double baseline = 0;
  double threat = 0;
  double act = 0;
  double cooperation = 0;
  std::uint32_t articles = 0;  // of the 24 hours before
};

struct PairRecord {
  std::vector<std::string> ids;
  std::vector<std::string> codes;
  PairPoint point;
  std::optional<double> z;
  bool is_burst = false;
  double share = 0;
  std::uint32_t stories = 0;
  std::uint32_t outlets = 0;
  std::int64_t last_threat_ms = 0;  // 0: none
  bool is_realised = false;
};

struct AlertRevision {
  std::string id;
  std::int64_t revision = 0;
  std::string state;
  std::string rule;
  std::string level;
  std::string reason;  // of an update or the end
  std::vector<std::string> ids;
  std::vector<std::string> codes;
  std::vector<std::string> stories;
  std::int64_t time_ms = 0;
  std::string raw;
};

// Header name and value of a dead letter.
using RecordHeaders = std::vector<std::pair<std::string, std::string>>;

struct HeldDeadLetter {
  std::uint64_t seq = 0;
  std::int64_t record_ms = 0;
  std::string stage;
  std::string code;
  std::string message;
  std::string place;       // topic/partition/offset of the raw record
  std::uint64_t size = 0;  // bytes of the value
  std::string beginning;   // printable ASCII of its first bytes
};

// nullopt when the bytes are no record of the schema. The names of enriched records go to the book.
[[nodiscard]] std::optional<HeldArticle> read_enriched(std::string_view bytes, NameBook& names);
[[nodiscard]] std::optional<HeldArticle> read_duplicate(std::string_view bytes);
[[nodiscard]] std::optional<PairRecord> read_pair(std::string_view bytes);
[[nodiscard]] std::optional<AlertRevision> read_alert(std::string_view bytes);
[[nodiscard]] HeldDeadLetter read_dead_letter(const RecordHeaders& headers, std::string_view value);

// Case and marks folded, for search.
[[nodiscard]] std::string folded_text(std::string_view text);
// "low" is 1; 0 for what nobody knows.
[[nodiscard]] int rank_of_level(std::string_view level);
[[nodiscard]] std::string key_of(const std::vector<std::string>& ids);

}  // namespace tocsin::page
