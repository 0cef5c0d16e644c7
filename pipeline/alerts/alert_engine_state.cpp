// The state of pairs and alerts as bytes: version u8 | fields | XXH3-64 of all before.
#include "pipeline/alerts/alert_engine.h"
#include "pipeline/ledger/byte_codec.h"

namespace tocsin {
namespace {

// 2: scores of the topic model; alerts remember what they told. 3: assaults told on the side count
// more. Alerts of all versions are read; pairs of earlier ones begin anew.
constexpr std::uint8_t kVersion = 3;
constexpr std::uint8_t kEarlierVersion = 1;  // whose alerts have other fields

// Writes or reads the fields of T in one order: one list for both ways.
struct Writing {
  ByteWriter& bytes;
  template <class T>
  void integer(const T& value) {
    bytes.integer(value);
  }
  void flag(const bool& value) { bytes.integer(static_cast<std::uint8_t>(value ? 1 : 0)); }
  template <class E>
  void enumeration(const E& value) {
    bytes.integer(static_cast<std::uint8_t>(value));
  }
  void text(const std::string& value) { bytes.text(value); }
  template <class C, class F>
  void each(const C& values, F&& field) {
    bytes.length(values.size());
    for (const auto& value : values) field(value);
  }
};

struct Parsing {
  ByteReader& bytes;
  template <class T>
  void integer(T& value) {
    value = bytes.integer<T>();
  }
  void flag(bool& value) { value = bytes.integer<std::uint8_t>() != 0; }
  template <class E>
  void enumeration(E& value) {
    value = static_cast<E>(bytes.integer<std::uint8_t>());
  }
  void text(std::string& value) { value = bytes.text(); }
  template <class C, class F>
  void each(C& values, F&& field) {
    for (std::size_t left = bytes.length(); left > 0 && bytes.ok(); --left) {
      field(values.emplace_back());
    }
  }
};

template <class Way, class Name>
void name_fields(Way way, Name& name) {
  way.text(name.first);
  way.text(name.second);
  way.text(name.first_code);
  way.text(name.second_code);
  way.text(name.first_name);
  way.text(name.second_name);
}

template <class Way, class Story>
void story_fields(Way way, Story& story) {
  way.integer(story.id);
  way.integer(story.hour);
  way.integer(story.hostile);
  way.integer(story.threat);
  way.integer(story.act);
  way.integer(story.cooperation);
  way.integer(story.outlets);
}

template <class Way, class A>
void told_fields(Way way, A& alert) {
  way.flag(alert.witnessed);
  for (auto* number : {&alert.kinds, &alert.published_kinds, &alert.toll, &alert.published_toll}) {
    way.integer(*number);
  }
  way.integer(alert.published_articles);
  way.integer(alert.assault_ms);
  way.integer(alert.calmed_ms);
  way.text(alert.calm_title);
  way.enumeration(alert.last_level);
  way.integer(alert.last_closed_ms);
}

template <class Way, class A>
void alert_fields(Way way, A& alert, std::uint8_t version) {
  way.text(alert.rule);
  name_fields(way, alert.pair);
  way.enumeration(alert.state);
  way.integer(alert.id);
  way.integer(alert.revision);
  way.enumeration(alert.level);
  way.integer(alert.peak);
  for (auto* time : {&alert.peak_ms, &alert.since_ms, &alert.published_ms, &alert.first_seen_ms,
                     &alert.last_seen_ms, &alert.hostile_ms}) {
    way.integer(*time);
  }
  way.integer(alert.articles);
  way.integer(alert.published_outlets);
  way.integer(alert.tier);
  way.flag(alert.attacked);
  if (version == kEarlierVersion) {
    bool calmed = false;
    way.flag(calmed);
  }
  way.flag(alert.realised);
  for (auto* list : {&alert.outlets, &alert.stories}) {
    way.each(*list, [&](auto& value) { way.integer(value); });
  }
  if (version == kEarlierVersion) {
    std::vector<std::uint64_t> calm_stories;
    way.each(calm_stories, [&](auto& value) { way.integer(value); });
  } else {
    told_fields(way, alert);
  }
  way.each(alert.evidence, [&](auto& evidence) {
    way.integer(evidence.score);
    way.integer(evidence.published_at_ms);
    way.text(evidence.title);
    way.text(evidence.url);
    way.text(evidence.text);
    way.text(evidence.rule);
    way.text(evidence.article_id);
  });
  for (auto& until_ms : alert.silent_until_ms) way.integer(until_ms);
}

}  // namespace

std::string encode_state(const PairSeries& series) {
  ByteWriter writer;
  const Writing way{writer};
  writer.integer(kVersion);
  name_fields(way, series.name);
  writer.integer(series.last_threat_ms);
  writer.integer(series.threat_realised_ms);
  writer.length(series.hours.size());
  for (const auto& [hour, bucket] : series.hours) {
    writer.integer(hour);
    writer.integer(bucket.articles);
    writer.integer(bucket.stories);
    for (const std::uint64_t sum :
         {bucket.hostile, bucket.threat, bucket.act, bucket.cooperation}) {
      writer.integer(sum);
    }
  }
  writer.length(series.stories.size());
  for (const PairStory& story : series.stories) story_fields(way, story);
  return writer.take_with_checksum();
}

std::optional<PairSeries> decode_series(std::string_view bytes) {
  ByteReader reader(without_checksum(bytes));
  if (reader.integer<std::uint8_t>() != kVersion) return std::nullopt;
  const Parsing way{reader};
  PairSeries series;
  name_fields(way, series.name);
  series.last_threat_ms = reader.integer<std::int64_t>();
  series.threat_realised_ms = reader.integer<std::int64_t>();
  for (std::size_t left = reader.length(); left > 0 && reader.ok(); --left) {
    HourBucket& bucket = series.hours[reader.integer<Hour>()];
    bucket.articles = reader.integer<std::uint32_t>();
    bucket.stories = reader.integer<std::uint32_t>();
    for (std::uint64_t* sum : {&bucket.hostile, &bucket.threat, &bucket.act, &bucket.cooperation}) {
      *sum = reader.integer<std::uint64_t>();
    }
  }
  for (std::size_t left = reader.length(); left > 0 && reader.ok(); --left) {
    story_fields(way, series.stories.emplace_back());
  }
  if (!reader.ok() || !reader.at_end()) return std::nullopt;
  return series;
}

bool is_earlier_series(std::string_view bytes) {
  ByteReader reader(without_checksum(bytes));
  const auto version = reader.integer<std::uint8_t>();
  return version >= kEarlierVersion && version < kVersion && reader.ok();
}

std::string encode_state(const Alert& alert) {
  ByteWriter writer;
  writer.integer(kVersion);
  alert_fields(Writing{writer}, alert, kVersion);
  return writer.take_with_checksum();
}

std::optional<Alert> decode_alert(std::string_view bytes) {
  ByteReader reader(without_checksum(bytes));
  const auto version = reader.integer<std::uint8_t>();
  if (version < kEarlierVersion || version > kVersion) return std::nullopt;
  Alert alert;
  alert_fields(Parsing{reader}, alert, version);
  if (version == kEarlierVersion) {
    alert.published_articles = alert.articles;
    alert.assault_ms = alert.attacked ? alert.hostile_ms : 0;
  }
  if (!reader.ok() || !reader.at_end()) return std::nullopt;
  return alert;
}

}  // namespace tocsin
