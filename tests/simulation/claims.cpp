#include "tests/simulation/claims.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "tests/simulation/articles.h"
#include "tests/simulation/client.h"

namespace tocsin::simulation {

namespace {

using Place = std::pair<std::int32_t, std::int64_t>;  // partition and offset of the raw topic

std::string show(const Place& place) {
  return std::to_string(place.first) + ":" + std::to_string(place.second);
}

// What the ledger says about a position: each judgement (a redelivery is none), and what became of
// it.
struct Judged {
  std::vector<std::pair<Hash128, Verdict>> verdicts;
  std::int64_t first_offset = -1;    // of its first sighting
  std::int64_t retract_offset = -1;  // of its first retraction
};

struct Published {
  std::string topic;
  std::string value;
};

std::map<Place, Judged> fold(const Claims& claims) {
  std::map<Place, Judged> judged;
  const Log& ledger = claims.broker.logs().at({claims.config.topics.ledger, 0});
  for (std::int64_t offset = 0; offset < ledger.end(); ++offset) {
    const Entry& entry = ledger.entries[static_cast<std::size_t>(offset)];
    if (entry.fate == Fate::marker) continue;
    const LedgerResult<LedgerRecord> record = decode_ledger_record(entry.value);
    if (!record) continue;
    const Applied applied = claims.state.apply(offset, entry.timestamp_ms, *record);
    if (const auto* retract = std::get_if<Retract>(&*record)) {
      Judged& entry_of = judged[{retract->position.partition, retract->position.offset}];
      if (entry_of.retract_offset < 0) entry_of.retract_offset = offset;
    }
    const auto* sighting = std::get_if<Sighting>(&*record);
    if (sighting == nullptr) continue;
    Judged& entry_of = judged[{sighting->position.partition, sighting->position.offset}];
    if (entry_of.first_offset < 0) entry_of.first_offset = offset;
    if (applied == Applied::redelivery) continue;
    const auto verdict = claims.state.verdict(sighting->position, sighting->raw_hash);
    if (verdict) entry_of.verdicts.emplace_back(sighting->raw_hash, *verdict);
  }
  return judged;
}

std::int64_t number_after(const std::string& text, std::string_view mark, std::size_t from) {
  const std::size_t at = text.find(mark, from);
  return at == std::string::npos ? -1 : std::atoll(text.c_str() + at + mark.size());
}

Place place_of(const Entry& entry, bool is_dead_letter) {
  if (!is_dead_letter) {
    const std::size_t at = entry.value.find("\"position\":");
    return {static_cast<std::int32_t>(number_after(entry.value, "\"partition\":", at)),
            number_after(entry.value, "\"offset\":", at)};
  }
  Place place{-1, -1};
  for (const auto& [name, value] : entry.headers) {
    if (name == "tocsin.original.partition") place.first = std::stoi(value);
    if (name == "tocsin.original.offset") place.second = std::stoll(value);
  }
  return place;
}

std::map<Place, std::vector<Published>> collect(const Claims& claims) {
  std::map<Place, std::vector<Published>> published;
  const TopicsConfig& topics = claims.config.topics;
  for (const auto& [partition, log] : claims.broker.logs()) {
    const bool is_dead_letter = partition.topic == topics.deadletter;
    if (partition.topic != topics.enriched && partition.topic != topics.duplicates &&
        !is_dead_letter) {
      continue;
    }
    for (const Entry& entry : log.entries) {
      if (entry.fate != Fate::plain && entry.fate != Fate::committed) continue;
      published[place_of(entry, is_dead_letter)].push_back({partition.topic, entry.value});
    }
  }
  return published;
}

// The record a verdict asks for.
Published expected(const Claims& claims, const Reading& reading, const Verdict& verdict) {
  const Result<Drafts> drafts = draft(claims.pipeline, reading, analyse(claims.pipeline, reading));
  tocsin::Outcome outcome = resolve(*drafts, verdict);
  return {outcome.kind == OutcomeKind::enriched ? claims.config.topics.enriched
                                                : claims.config.topics.duplicates,
          std::move(outcome.value)};
}

class Check {
 public:
  Check(const Claims& claims)
      : claims_(claims), judged_(fold(claims)), published_(collect(claims)) {}

  std::vector<std::string> run() {
    for (const auto& [partition, log] : claims_.broker.logs()) {
      if (partition.topic != claims_.config.topics.raw.front()) continue;
      for (std::int64_t offset = 0; offset < log.end(); ++offset) {
        const bool is_before = offset < start_of(partition);
        check({partition.number, offset}, log.entries[static_cast<std::size_t>(offset)],
              offset < log.start || is_before);
      }
    }
    for (const auto& [place, records] : published_) fail(place, "published from nowhere");
    return std::move(failures_);
  }

 private:
  // Where the group began, by its ledger; what came before may be passed over.
  [[nodiscard]] std::int64_t start_of(const Partition& partition) const {
    if (!claims_.state.header()) return 0;
    for (const Position& start : claims_.state.header()->starts) {
      if (start.partition == partition.number) return start.offset;
    }
    return 0;
  }

  void fail(const Place& place, const std::string& what) {
    failures_.push_back("position " + show(place) + ": " + what);
  }

  void check(const Place& place, const Entry& raw, bool may_be_lost) {
    const std::vector<Published> records = published_[place];
    published_.erase(place);
    const bool is_visible = raw.fate == Fate::plain || raw.fate == Fate::committed;
    if (!is_visible || !raw.has_value) {
      if (!records.empty()) fail(place, "published though it is no article");
      return;
    }
    if (records.empty()) {
      if (!may_be_lost) fail(place, "lost");
      return;
    }
    const bool may_repeat = claims_.config.delivery == Delivery::at_least_once;
    if (records.size() > 1 && !may_repeat) {
      fail(place, "published " + std::to_string(records.size()) + " times");
    }
    for (const Published& record : records) check_record(place, raw, record);
  }

  void check_record(const Place& place, const Entry& raw, const Published& record) {
    const Position position{claims_.config.topics.raw.front(), place.first, place.second};
    const Result<Reading> reading =
        read(claims_.pipeline, {position, raw.value, raw.timestamp_ms, PublishedAtSource::kafka});
    const bool is_unreadable = raw.value.find(Writer::kUnreadable) != raw.value.npos ||
                               raw.value.find(Writer::kBomb) != raw.value.npos;
    if (record.topic == claims_.config.topics.deadletter) {
      const bool is_deadly = raw.value.find(Writer::kDeadly) != raw.value.npos;
      if (reading && !is_deadly && !is_unreadable && !is_refused("", raw.value)) {
        fail(place, "a good article was dead-lettered");
      }
      const bool is_whole = record.value == raw.value;
      const bool is_left_out =
          record.value.empty() && (is_unreadable || is_refused("dead", raw.value));
      if (!is_whole && !is_left_out) fail(place, "a dead letter is not the original");
      return;
    }
    if (!reading) return fail(place, "rubbish was published");
    if (is_unreadable) return fail(place, "nobody can have read it");
    const Judged& judged = judged_[place];
    bool is_right = false;
    for (const auto& [hash, verdict] : judged.verdicts) {
      if (hash != reading->raw_hash) continue;
      const Published wanted = expected(claims_, *reading, verdict);
      if (wanted.topic != record.topic || wanted.value != record.value) continue;
      is_right = true;
      if (verdict.is_copy) check_chain(place, judged, verdict);
    }
    if (!is_right) fail(place, "is not what the ledger says: " + record.value);
  }

  // A copy leads to one enriched record. The known limit: what it leads to was dead-lettered after
  // this copy had been judged (ARCHITECTURE.md, "What tocsin does not promise").
  void check_chain(const Place& place, const Judged& judged, const Verdict& verdict) {
    const Place original{verdict.original_position.partition, verdict.original_position.offset};
    if (original == place) return fail(place, "a copy of itself");
    if (!enriched_) enriched_ = find_enriched();
    if (enriched_->contains(original)) return;
    const std::int64_t retracted = judged_[original].retract_offset;
    if (retracted > judged.first_offset) return;
    fail(place, "a copy of " + show(original) + ", which is not enriched");
  }

  [[nodiscard]] std::set<Place> find_enriched() const {
    std::set<Place> places;
    for (const auto& [place, records] : collect(claims_)) {
      for (const Published& record : records) {
        if (record.topic == claims_.config.topics.enriched) places.insert(place);
      }
    }
    return places;
  }

  const Claims& claims_;
  std::map<Place, Judged> judged_;
  std::map<Place, std::vector<Published>> published_;
  std::optional<std::set<Place>> enriched_;
  std::vector<std::string> failures_;
};

}  // namespace

std::vector<std::string> broken_claims(const Claims& claims) {
  return Check(claims).run();
}

}  // namespace tocsin::simulation
