#include "daemon/trials.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>

namespace tocsin {
namespace {

constexpr std::string_view kSpan = " span=";
constexpr std::string_view kDeaths = " deaths=";
constexpr std::string_view kFetches = " fetches=";

bool take_number(std::string_view& text, std::int64_t& number) {
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || number < 0) return false;
  text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
  return true;
}

}  // namespace

std::string encode(const Trial& trial) {
  std::string text = std::string(kCommitMark) + std::string(kSpan) + std::to_string(trial.span) +
                     std::string(kDeaths) + std::to_string(trial.deaths);
  if (trial.fetches > 0) text += std::string(kFetches) + std::to_string(trial.fetches);
  return text;
}

std::optional<Trial> decode_trial(std::string_view metadata) {
  Trial trial;
  if (!metadata.starts_with(kCommitMark)) return std::nullopt;
  metadata.remove_prefix(kCommitMark.size());
  if (!metadata.starts_with(kSpan)) return std::nullopt;
  metadata.remove_prefix(kSpan.size());
  if (!take_number(metadata, trial.span) || !metadata.starts_with(kDeaths)) return std::nullopt;
  metadata.remove_prefix(kDeaths.size());
  if (!take_number(metadata, trial.deaths)) return std::nullopt;
  if (metadata.starts_with(kFetches)) {
    metadata.remove_prefix(kFetches.size());
    if (!take_number(metadata, trial.fetches)) return std::nullopt;
  }
  if (!metadata.empty()) return std::nullopt;
  return trial;
}

void Trials::begin(const std::map<kafka::Partition, Commit>& commits) {
  suspects_.clear();
  for (const auto& [partition, commit] : commits) {
    Suspect& suspect = suspects_[partition];
    suspect.first = commit.start;
    const std::optional<Trial> trial = decode_trial(commit.metadata);
    if (!trial || trial->span == 0 || commit.offset != commit.start) continue;
    suspect.end = suspect.first + trial->span;
    suspect.step = std::max<std::int64_t>(1, trial->span / kParts);
    if (trial->span == 1) suspect.deaths = trial->deaths;
    spdlog::warn(
        "intake: these records were begun and not finished, trying fewer at once topic={} "
        "partition={} "
        "offset={} records={} next={} deaths={}",
        partition.topic, partition.number, suspect.first, trial->span, suspect.step,
        suspect.deaths);
  }
}

OffsetRanges Trials::announce_fetch(const std::map<kafka::Partition, Commit>& commits,
                                    const kafka::Offsets& next) {
  OffsetRanges ranges;
  for (const auto& [partition, offset] : next) {
    const Commit& commit = commits.at(partition);
    Trial trial;
    if (commit.offset == offset) trial = decode_trial(commit.metadata).value_or(Trial{});
    ++trial.fetches;
    ranges[partition] = {offset, offset, encode(trial)};
  }
  return ranges;
}

bool Trials::is_fetch_suspicious(const Commit& commit) {
  if (commit.offset != commit.start) return false;
  const std::optional<Trial> trial = decode_trial(commit.metadata);
  return trial && trial->fetches >= kDeathsSuspicious;
}

std::optional<std::size_t> Trials::records_max(const kafka::Partition& partition,
                                               std::int64_t offset) const {
  const auto found = suspects_.find(partition);
  if (found == suspects_.end() || offset >= found->second.end) return std::nullopt;
  return static_cast<std::size_t>(found->second.step);
}

OffsetRanges Trials::announce(const Batch& batch) {
  OffsetRanges ranges;
  for (const auto& [partition, range] : batch.offsets()) {
    const auto found = suspects_.find(partition);
    if (found == suspects_.end()) continue;
    const Suspect& suspect = found->second;
    Trial trial{range.next - range.first, 1};
    if (trial.span == 1 && range.first == suspect.first) trial.deaths = suspect.deaths + 1;
    ranges[partition] = {range.first, range.first, encode(trial)};
    // Beyond the suspicious stretch nothing is announced: a death there is found out next time.
    if (range.next >= suspect.end) suspects_.erase(found);
  }
  return ranges;
}

std::int64_t Trials::deaths(const Batch& batch) const {
  if (batch.items.size() != 1) return 0;
  const Position& position = batch.items.front().position;
  const auto found = suspects_.find({position.topic, position.partition});
  const bool is_first = found != suspects_.end() && found->second.first == position.offset;
  return is_first ? found->second.deaths : 0;
}

OffsetRanges Trials::acquit(const OffsetRanges& announced) {
  OffsetRanges ranges;
  for (const auto& [partition, range] : announced) {
    const std::optional<Trial> trial = decode_trial(range.metadata);
    if (!trial || trial->span != 1 || trial->deaths < 2) continue;
    ranges[partition] = {range.first, range.next, encode(Trial{1, 0})};
  }
  return ranges;
}

}  // namespace tocsin
