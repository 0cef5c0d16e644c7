// What the live page knows: the newest of every output topic, within named limits, and the views
// that are made of it. Pure: records in, JSON out, the caller brings the clock; one lock is the
// caller's, too.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/config.h"
#include "config/silences.h"
#include "daemon/page/records.h"

namespace tocsin::page {

// Which rows of the feed; everything named must hold.
enum class Show : std::uint8_t {
  moves,        // escalations and easings
  escalations,  // a level
  easings,      // cooperation without a level
  all,          // all news
  copies,
};
struct FeedQuery {
  Show show = Show::moves;
  int level_min = 0;
  std::vector<std::string> facets;  // "\nc:RUS\n": all of them
  std::string source;               // folded; part of an outlet's name or domain
  std::vector<std::string> words;   // folded; all of them in title, names or evidence
  std::string pair;                 // key
  std::uint64_t after = 0;          // only rows that came later
  std::uint64_t before = 0;         // only rows that came earlier; 0: any
  std::size_t rows_max = kRowsMax;
  static constexpr std::size_t kRowsMax = 100;
};

// How far the group is behind, as the brokers say.
struct Lag {
  bool is_known = false;
  std::int64_t records = 0;
  std::optional<double> seconds;  // age of the oldest unread record
};

// What the page says of its own reading.
struct ReadingState {
  bool is_caught_up = false;  // the history is read
  std::string fault;          // empty: fine
};

// Counters that grow with each change: whoever has seen a number has seen all before it.
struct Version {
  std::uint64_t feed = 0;  // seq of the newest article or copy
  std::uint64_t alerts = 0;
  std::uint64_t pairs = 0;
  std::uint64_t dead = 0;
  std::uint64_t state = 0;  // reading, lag, silences
  friend bool operator==(const Version&, const Version&) = default;
};

class Model {
 public:
  static constexpr std::size_t kPairsMax = 5'000;    // the calmest leave first
  static constexpr std::size_t kPointsMax = 1'000;   // hours of a pair that something happened
  static constexpr std::size_t kAlertsMax = 2'000;   // closed ones leave first
  static constexpr std::size_t kRevisionsMax = 100;  // of one alert: the first, and the newest
  static constexpr std::size_t kDeadLettersMax = 500;
  static constexpr std::size_t kMinutesMax = 24 * 60;  // of counts
  static constexpr std::size_t kDelaysMax = 500;

  explicit Model(const PageConfig& limits = {});

  // Records as they come; false: not of the schema, counted. `record_ms`: Kafka's timestamp.
  bool add_enriched(std::int64_t record_ms, std::string_view value);
  bool add_duplicate(std::int64_t record_ms, std::string_view value);
  bool add_alert(std::string_view value);
  // An empty value: the pair is forgotten. Keys of the alert engine's own state are passed over.
  bool add_pair(std::string_view key, std::string_view value);
  void add_dead_letter(std::int64_t record_ms, const RecordHeaders& headers,
                       std::string_view value);
  // A name that records did not tell yet.
  void add_name(std::string_view id, std::string_view name, std::string_view type);
  void set_lag(const Lag& lag);
  void set_reading(ReadingState reading);
  void set_silences(std::vector<Silence> silences);

  [[nodiscard]] Version version() const { return version_; }
  // The newest time that any record told, Unix ms: "now" of the world that is read.
  [[nodiscard]] std::int64_t clock_ms() const { return clock_ms_; }

  [[nodiscard]] const ReadingState& reading() const { return reading_; }
  [[nodiscard]] const PageConfig& limits() const { return limits_; }

  // JSON objects. `now_ms` is the clock on the wall.
  [[nodiscard]] std::string status(std::int64_t now_ms) const;
  [[nodiscard]] std::string feed(const FeedQuery& query) const;
  // Pairs by falling level, with the level at `since_ms` beside that of now.
  [[nodiscard]] std::string pairs(std::int64_t since_ms) const;
  [[nodiscard]] std::string pair(const std::string& key, std::int64_t hours) const;
  [[nodiscard]] std::string alerts(std::int64_t now_ms, bool with_closed) const;
  [[nodiscard]] std::string alert(const std::string& id, std::int64_t now_ms) const;
  [[nodiscard]] std::string story(const std::string& id) const;
  // The record of an article; empty: not held.
  [[nodiscard]] std::string article(const std::string& place) const;
  [[nodiscard]] std::string names(std::int64_t hours) const;
  [[nodiscard]] std::string pipeline(std::int64_t now_ms) const;

  [[nodiscard]] std::size_t bytes() const { return calm_bytes_ + tense_bytes_; }

 private:
  struct HeldPair {
    PairRecord latest;
    std::deque<PairPoint> points;        // by hour
    std::deque<std::uint64_t> articles;  // seqs, oldest first; some may have left
  };
  struct HeldAlert {
    std::deque<AlertRevision> revisions;
    std::int64_t opened_ms = 0;
    std::uint64_t touched = 0;  // version_.alerts at its newest revision
    [[nodiscard]] bool is_open() const { return revisions.back().state != "closed"; }
  };
  struct Minute {
    std::int64_t minute = 0;  // since 1970, of the Kafka timestamp
    std::uint64_t news = 0;
    std::uint64_t tense = 0;
    std::uint64_t copies = 0;
    std::uint64_t dead = 0;
  };
  using Rows = std::vector<const HeldArticle*>;

  void hold(HeldArticle article, std::int64_t record_ms);
  void index(const HeldArticle& article);
  void evict();
  void drop(std::deque<std::uint64_t>& queue, std::size_t& bytes);
  void tick(std::int64_t time_ms);
  Minute& minute_of(std::int64_t record_ms);
  void forget_calmest_pair();
  void forget_oldest_alert();

  [[nodiscard]] const HeldArticle* find(const std::string& place) const;
  [[nodiscard]] bool is_wanted(const HeldArticle& article, const FeedQuery& query) const;
  [[nodiscard]] static double level_at(const HeldPair& pair, std::int64_t time_ms);
  [[nodiscard]] std::int64_t hour_now() const;
  void write_rows(std::string& out, const Rows& rows) const;
  void write_names(std::string& out, const std::vector<std::string>& ids) const;
  void write_alert(std::string& out, const HeldAlert& alert, std::int64_t now_ms) const;
  void write_pair(std::string& out, const std::string& key, const HeldPair& pair,
                  std::int64_t since_ms) const;

  const PageConfig limits_;
  NameBook names_;
  std::map<std::uint64_t, HeldArticle> articles_;  // by seq
  std::unordered_map<std::string, std::uint64_t> places_;
  std::unordered_map<std::string, std::set<std::uint64_t>> stories_;
  std::deque<std::uint64_t> calm_;   // seqs of what moves nothing, copies too; they leave first
  std::deque<std::uint64_t> tense_;  // seqs of the rest
  std::size_t calm_bytes_ = 0;
  std::size_t tense_bytes_ = 0;
  std::uint64_t next_seq_ = 1;
  std::int64_t newest_record_ms_ = 0;
  std::int64_t clock_ms_ = 0;

  std::map<std::string, HeldPair> pairs_;
  std::map<std::string, HeldAlert> alerts_;
  std::deque<HeldDeadLetter> dead_;
  std::deque<Minute> minutes_;
  std::deque<std::int64_t> delays_ms_;  // publication to Kafka timestamp, of the newest articles
  std::uint64_t unreadable_ = 0;

  Lag lag_;
  ReadingState reading_;
  std::vector<Silence> silences_;
  Version version_;
};

}  // namespace tocsin::page
