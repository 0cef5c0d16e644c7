// The rules of the fold written down plainly: every question is answered by a scan over all
// records. Knows nothing of tables, chains, packing or references.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "pipeline/dedupe/window.h"
#include "pipeline/ledger/dedup_state.h"

namespace tocsin::test {

class OracleDedupState {
 public:
  Applied apply(std::int64_t offset, std::int64_t append_time_ms, const LedgerRecord& record) {
    now_ = std::max(now_, append_time_ms);
    forget();
    Applied applied = Applied::tick;
    if (const auto* sighting = std::get_if<Sighting>(&record)) applied = sight(offset, *sighting);
    if (const auto* retracted = std::get_if<Retract>(&record)) {
      retract(*retracted);
      applied = Applied::retract;
    }
    if (const auto* proposed = std::get_if<Epoch>(&record)) {
      applied = Applied::adopted_epoch;
      if (!epoch_ || proposed->revision > epoch_->revision) {
        epoch_ = *proposed;
        applied = Applied::epoch;
      }
    }
    forget();
    return applied;
  }

  // `story` of the result is the founder's row number, not a hash.
  [[nodiscard]] std::optional<Verdict> verdict(const Position& position,
                                               const Hash128& raw_hash) const {
    for (auto row = rows_.rbegin(); row != rows_.rend(); ++row) {
      if (row->honoured && same(row->sighting, position, raw_hash)) return row->verdict;
    }
    return std::nullopt;
  }

  // The first row ever of the article that founded the story: one that is forgotten and sighted
  // again founds a story of the same name.
  [[nodiscard]] std::uint64_t name_of(std::uint64_t story) const {
    const Sighting& founder = rows_[story].sighting;
    const auto first = std::find_if(rows_.begin(), rows_.end(), [&](const Row& row) {
      return same(row.sighting, founder.position, founder.raw_hash);
    });
    return static_cast<std::uint64_t>(first - rows_.begin());
  }

  [[nodiscard]] bool is_sighted(const Position& position) const {
    return std::any_of(rows_.begin(), rows_.end(), [&](const Row& row) {
      return row.honoured && row.sighting.position == position;
    });
  }

  [[nodiscard]] std::optional<std::int64_t> find_copy(const Signature& signature,
                                                      std::int64_t time_ms) const {
    Sighting sighting;
    sighting.signature = signature;
    const Match match = find(sighting, time_ms, false);
    if (match.row == nullptr || match.likeness.method == Method::none) return std::nullopt;
    return match.row->offset;
  }

  [[nodiscard]] std::uint64_t residents() const {
    return static_cast<std::uint64_t>(
        std::count_if(rows_.begin(), rows_.end(), [](const Row& row) { return row.resident; }));
  }

 private:
  struct Row {
    std::int64_t offset = 0;
    std::int64_t append = 0;
    std::int64_t time = 0;
    Sighting sighting;
    Verdict verdict;
    Position original_position;  // the enriched article it is, or is a copy of
    std::string original_id;
    bool comparable = true;  // of the signature version in force when it was sighted
    bool in_window = true;   // false: the same article was in the window already
    bool resident = true;
    bool honoured = true;
    bool retracted = false;  // or a copy that leads to one that is
    bool redelivery = false;
  };
  struct Story {
    std::uint32_t size = 1;
    std::set<std::uint64_t> outlets;
  };
  struct Match {
    const Row* row = nullptr;
    Likeness likeness;
  };

  static bool same(const Sighting& sighting, const Position& position, const Hash128& raw_hash) {
    return sighting.position == position && sighting.raw_hash == raw_hash;
  }
  [[nodiscard]] Epoch parameters() const { return epoch_.value_or(Epoch{}); }

  void forget() {
    const Epoch active = parameters();
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      const std::uint64_t newer = rows_.size() - i;
      const std::int64_t age = now_ - rows_[i].append;
      if (age > active.window_ms || newer > active.entries_max) rows_[i].resident = false;
      if (!rows_[i].resident && (age > 2 * active.window_ms || newer > 4 * active.entries_max)) {
        rows_[i].honoured = false;
      }
    }
  }

  // Does the band (or hash) that the window keeps in this table agree?
  static bool meets(const Sighting& first, const Sighting& second, std::size_t table) {
    const Signature& a = first.signature;
    const Signature& b = second.signature;
    if (table < DedupeWindow::kBands) {
      return std::equal(a.sketch.begin() + static_cast<long>(4 * table),
                        a.sketch.begin() + static_cast<long>(4 * table + 4),
                        b.sketch.begin() + static_cast<long>(4 * table),
                        [](std::uint8_t x, std::uint8_t y) { return (x & 0x7f) == (y & 0x7f); });
    }
    if (table < DedupeWindow::kExactTable) {
      const std::size_t pair = 2 * (table - DedupeWindow::kBands);
      return a.lead[pair] == b.lead[pair] && a.lead[pair + 1] == b.lead[pair + 1];
    }
    return table == DedupeWindow::kExactTable ? a.exact == b.exact
                                              : first.raw_hash == second.raw_hash;
  }

  [[nodiscard]] Match find(const Sighting& sighting, std::int64_t time, bool by_raw_hash) const {
    const Epoch active = parameters();
    const LikenessLimits limits{active.jaccard_percent_min, active.containment_percent_min};
    const bool whole = sighting.signature_version == active.signature_version;
    std::set<std::size_t> candidates;
    for (std::size_t table = whole ? 0 : DedupeWindow::kExactTable; table < DedupeWindow::kTables;
         ++table) {
      if (table == DedupeWindow::kRawTable && !by_raw_hash) continue;
      std::uint32_t found = 0;
      for (std::size_t i = rows_.size(); i-- > 0 && found < active.band_candidates_max;) {
        const Row& row = rows_[i];
        if (!row.resident || !row.in_window) continue;
        if (table < DedupeWindow::kExactTable && !row.comparable) continue;
        if (!meets(row.sighting, sighting, table)) continue;
        ++found;
        candidates.insert(i);
      }
    }
    Match by_opening;
    Match by_rest;
    std::vector<Compared> compared;
    for (const std::size_t i : candidates) {
      const Row& row = rows_[i];
      if (row.retracted || std::abs(row.time - time) > active.window_ms) continue;
      Agreement agreement = agreement_of(row.sighting.signature, sighting.signature);
      const bool same_raw = by_raw_hash && row.sighting.raw_hash == sighting.raw_hash;
      agreement.same_text = agreement.same_text || same_raw;
      if (!whole || !row.comparable) agreement.matching = 0;
      compared.push_back({&row, agreement});
      const Likeness likeness = judge(agreement, limits);
      Match& best = likeness.other_opening ? by_rest : by_opening;
      if (rank(likeness) > rank(best.likeness)) best = {&row, likeness};
    }
    if (by_rest.row == nullptr || is_frame(compared, *by_rest.row)) return by_opening;
    if (by_opening.row == nullptr || rank(by_rest.likeness) > rank(by_opening.likeness)) {
      return by_rest;
    }
    const bool older =
        rank(by_rest.likeness) == rank(by_opening.likeness) && by_rest.row < by_opening.row;
    return older ? by_rest : by_opening;
  }

  struct Compared {
    const Row* row = nullptr;
    Agreement agreement;
  };

  // Does a third article share half as much and begin otherwise than both?
  static bool is_frame(const std::vector<Compared>& compared, const Row& best) {
    std::uint32_t matching = 0;
    for (const Compared& other : compared) {
      if (other.row == &best) matching = other.agreement.matching;
    }
    return std::any_of(compared.begin(), compared.end(), [&](const Compared& other) {
      const Signature& signature = other.row->sighting.signature;
      return other.row != &best && other.agreement.lead_matching < kSameOpeningMin &&
             2 * other.agreement.matching >= matching &&
             agreement_of(signature, best.sighting.signature).lead_matching < kSameOpeningMin;
    });
  }

  Applied sight(std::int64_t offset, const Sighting& sighting) {
    Row row;
    row.offset = offset;
    row.append = now_;
    row.time = std::min(sighting.time_ms, now_);
    row.sighting = sighting;
    row.comparable = sighting.signature_version == parameters().signature_version;
    const bool known = is_sighted(sighting.position);
    for (auto earlier = rows_.rbegin(); earlier != rows_.rend(); ++earlier) {
      if (!earlier->honoured || !same(earlier->sighting, sighting.position, sighting.raw_hash)) {
        continue;
      }
      row.verdict = earlier->verdict;
      row.original_position = earlier->original_position;
      row.original_id = earlier->original_id;
      row.in_window = !earlier->resident;
      row.redelivery = true;
      rows_.push_back(row);
      return Applied::redelivery;
    }
    judge_first(row);
    rows_.push_back(row);
    return known ? Applied::recreated : Applied::sighting;
  }

  void judge_first(Row& row) {
    const Sighting& sighting = row.sighting;
    Verdict& verdict = row.verdict;
    verdict.story = rows_.size();
    row.original_position = sighting.position;
    row.original_id =
        sighting.article_id.empty() ? default_article_id(sighting.position) : sighting.article_id;
    Match match;
    if (sighting.copy_of) {
      for (const Row& named : rows_) {
        if (named.offset == *sighting.copy_of && named.resident && named.in_window &&
            !named.retracted) {
          match.row = &named;
        }
      }
      verdict.early_skip_refused = match.row == nullptr;
      if (match.row == nullptr) return found_story(row);
      Agreement agreement = agreement_of(match.row->sighting.signature, sighting.signature);
      if (!row.comparable || !match.row->comparable) agreement.matching = 0;
      const Epoch active = parameters();
      match.likeness =
          judge(agreement, {active.jaccard_percent_min, active.containment_percent_min});
      match.likeness.relation = Relation::none;
      if (match.likeness.method == Method::none) match.likeness.method = Method::near;
    } else {
      match = find(sighting, row.time, true);
      if (match.row == nullptr) return found_story(row);
    }
    verdict.method = match.likeness.method;
    verdict.relation = match.likeness.relation;
    verdict.is_copy = match.likeness.method != Method::none;
    verdict.similarity_percent = match.likeness.similarity_percent;
    verdict.original_offset = match.row->offset;
    verdict.story = match.row->verdict.story;
    if (verdict.is_copy) {
      row.original_position = verdict.original_position = match.row->original_position;
      row.original_id = verdict.original_id = match.row->original_id;
    }
    Story& story = stories_[verdict.story];
    ++story.size;
    if (sighting.outlet != 0) story.outlets.insert(sighting.outlet);
    verdict.story_size = story.size;
    verdict.story_outlets =
        static_cast<std::uint32_t>(std::max<std::size_t>(1, story.outlets.size()));
  }

  void retract(const Retract& retract) {
    std::set<std::int64_t> gone;  // offsets that lead to the retracted article
    for (Row& row : rows_) {
      const Verdict& verdict = row.verdict;
      const bool itself =
          row.resident && !row.retracted && same(row.sighting, retract.position, retract.raw_hash);
      const bool orphan =
          verdict.is_copy && !row.redelivery && gone.contains(verdict.original_offset);
      if (itself || orphan) row.retracted = true;
      if (orphan || (itself && (row.redelivery || !verdict.is_copy))) gone.insert(row.offset);
    }
  }

  void found_story(const Row& row) {
    Story& story = stories_[row.verdict.story];
    if (row.sighting.outlet != 0) story.outlets.insert(row.sighting.outlet);
  }

  std::int64_t now_ = 0;
  std::optional<Epoch> epoch_;
  std::vector<Row> rows_;
  std::map<std::uint64_t, Story> stories_;
};

}  // namespace tocsin::test
