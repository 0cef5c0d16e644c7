#include "daemon/commands/archive.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "daemon/commands/line_reader.h"
#include "daemon/commands/progress.h"
#include "daemon/log.h"

namespace tocsin {
namespace {

// Fixed, whatever the number of threads: a batch decides which articles are looked up before they
// are analysed, and outputs must not depend on the machine.
constexpr std::size_t kBatchRecords = 256;
constexpr std::size_t kBatchBytes = 8 << 20;
// An article's date is held against those of so many that follow; they wait for the next batch.
constexpr std::size_t kLookAhead = 4;
constexpr std::int64_t kFutureMs = 3'600'000;

}  // namespace

Archive::Archive(const Config& config, std::shared_ptr<const Pipeline> pipeline, unsigned workers)
    : pipeline_(std::move(pipeline)),
      group_(config.kafka.group),
      epoch_(config.dedupe.epoch()),
      fork_join_(workers > 0 ? workers : config.worker_count()) {}

void Archive::open() {
  append(LedgerHeader{"replay", group_, {"replay"}, {}});
  append(epoch_);
}

bool Archive::add(Position position, std::string payload) {
  batch_bytes_ += payload.size();
  Replayed item;
  item.position = std::move(position);
  item.payload = std::move(payload);
  batch_.push_back(std::move(item));
  const bool is_full = batch_.size() >= kBatchRecords || batch_bytes_ >= kBatchBytes;
  if (!is_full || batch_.size() <= kLookAhead) return true;
  return process(batch_.size() - kLookAhead);
}

bool Archive::finish() {
  return process(batch_.size());
}

bool Archive::process(std::size_t count) {
  fork_join_.for_each(batch_.size(), [&](std::size_t i) { read_one(batch_[i]); });
  for (std::size_t i = 0; i < count; ++i) date(i);
  fork_join_.for_each(count, [&](std::size_t i) { analyse_one(batch_[i]); });
  std::string out;
  for (std::size_t i = 0; i < count; ++i) {
    Replayed& item = batch_[i];
    if (on_reading && item.reading) on_reading(*item.reading);
    if (!item.reading) {
      Unreadable& records = unreadable_[std::string(name(item.error->code))];
      if (records.count++ == 0) {
        records.first = item.position;
        records.message = item.error->message;
      }
    }
    out += resolve_one(item);
    out += '\n';
  }
  articles_ += count;
  batch_.erase(batch_.begin(), batch_.begin() + static_cast<std::ptrdiff_t>(count));
  batch_bytes_ = 0;
  for (const Replayed& item : batch_) batch_bytes_ += item.payload.size();
  return !on_outcomes || on_outcomes(out);
}

void Archive::read_one(Replayed& item) const {
  if (item.reading || item.error) return;
  const RawRecord record{item.position, item.payload, 0, PublishedAtSource::none};
  Result<Reading> reading = read(*pipeline_, record);
  if (reading) {
    item.reading = *std::move(reading);
  } else {
    item.error = reading.error();
  }
}

std::uint64_t Archive::unreadable() const {
  std::uint64_t count = 0;
  for (const auto& [code, records] : unreadable_) count += records.count;
  return count;
}

std::string Archive::unreadable_text() const {
  if (unreadable_.empty()) return "";
  std::string text = std::to_string(unreadable()) + " of " + std::to_string(articles_) +
                     (articles_ == 1 ? " line" : " lines") + " could not be read: ";
  std::string_view between;
  for (const auto& [code, records] : unreadable_) {
    text += between;
    text += std::to_string(records.count) + ' ' + code + " (first in " + records.first.topic +
            ", line " + std::to_string(records.first.offset + 1) + ": " + records.message + ')';
    between = ", ";
  }
  return one_line(text);
}

// A line without a time has that of the line before it; the record's time is the article's own.
void Archive::date(std::size_t index) {
  Replayed& item = batch_[index];
  if (!item.reading) return;
  Article& article = item.reading->article;
  if (article.published_at_source == PublishedAtSource::none) {
    article.published_at_ms = time_ms_;
  } else if (const std::optional<std::int64_t> latest = latest_after(index);
             latest && article.published_at_ms > *latest + kFutureMs) {
    article.published_at_ms = *latest + kFutureMs;
    article.published_at_source = PublishedAtSource::clamped;
  }
  time_ms_ = article.published_at_ms;
  item.reading->time_ms = time_ms_;
}

// Of the next few that say when; nothing after the last.
std::optional<std::int64_t> Archive::latest_after(std::size_t index) const {
  std::optional<std::int64_t> latest;
  const std::size_t end = std::min(batch_.size(), index + 1 + kLookAhead);
  for (std::size_t i = index + 1; i < end; ++i) {
    if (!batch_[i].reading) continue;
    const Article& article = batch_[i].reading->article;
    if (article.published_at_source == PublishedAtSource::none) continue;
    latest = std::max(latest.value_or(article.published_at_ms), article.published_at_ms);
  }
  return latest;
}

// The dedup state before the batch only predicts copies, to spare their analysis; the fold decides.
void Archive::analyse_one(Replayed& item) const {
  if (!item.reading) return;
  const Reading& reading = *item.reading;
  const bool is_copy = state_.find_copy(reading.signature, reading.time_ms).has_value();
  keep(item, draft(*pipeline_, reading, is_copy));
}

void Archive::keep(Replayed& item, Result<Drafts> drafts) {
  if (drafts) {
    item.drafts = *std::move(drafts);
  } else {
    item.error = drafts.error();
    item.id = item.reading->article.id;
  }
}

std::string Archive::resolve_one(Replayed& item) {
  if (item.drafts) {
    append(sight(*item.reading, std::nullopt, item.drafts->signal));
    const std::optional<Verdict> verdict = state_.verdict(item.position, item.reading->raw_hash);
    if (!verdict->is_copy && item.drafts->enriched.head.empty()) {
      keep(item, draft(*pipeline_, *item.reading, false));
    }
    if (!item.error) return resolve(*item.drafts, *verdict).value;
    append(Retract{item.position, item.reading->raw_hash});
  }
  return encode_deadletter(item.id, item.position, *item.error);
}

void Archive::append(const LedgerRecord& record) {
  if (const auto* sighting = std::get_if<Sighting>(&record)) {
    append_time_ms_ = std::max(append_time_ms_, sighting->time_ms);
  }
  state_.apply(next_offset_, append_time_ms_, record);
  if (on_record) on_record(next_offset_, append_time_ms_, record, state_);
  ++next_offset_;
}

namespace {

bool is_blank(const std::string& line) {
  return std::all_of(line.begin(), line.end(), [](char c) { return c == ' ' || c == '\t'; });
}

// Every line of one input; false when the outcomes cannot be written.
bool replay_lines(Archive& archive, LineReader& lines, const InputFile& input,
                  const std::string& topic, Progress& progress, std::uint64_t bytes_before) {
  std::string line;
  for (std::int64_t offset = 0; lines.next(line); ++offset) {
    if (is_blank(line)) continue;
    if (!archive.add({topic, 0, offset}, std::move(line))) return false;
    line.clear();
    progress.show(archive.articles(), bytes_before + input.bytes());
  }
  return true;
}

// The whole input as one article; over the limit it is cut, and the limit's check refuses it.
bool replay_whole(Archive& archive, InputFile& input, const std::string& topic,
                  std::size_t bytes_max) {
  std::string text(bytes_max + 1, '\0');
  std::size_t size = 0;
  while (const std::size_t came = input.read(text.data() + size, text.size() - size)) size += came;
  text.resize(size);
  return archive.add({topic, 0, 0}, std::move(text));
}

std::uint64_t total_bytes(const std::vector<std::string>& files) {
  std::uint64_t total = 0;
  for (const std::string& file : files) {
    std::error_code error;
    const std::uintmax_t size = std::filesystem::file_size(file, error);
    if (error) return 0;  // standard input or a pipe: no share can be told
    total += size;
  }
  return total;
}

// The outcome of a run whose outcomes were written.
ExitCode judge(const Archive& archive, const std::string& other_format) {
  const std::string unreadable = archive.unreadable_text();
  if (!unreadable.empty()) std::fprintf(stderr, "tocsin: %s\n", unreadable.c_str());
  // The last line of an array over several lines may be an object of its own.
  const bool is_other = !other_format.empty() && 2 * archive.unreadable() > archive.articles();
  if (archive.unreadable() < archive.articles() && !is_other) return ExitCode::fine;
  if (archive.articles() == 1 && other_format.empty()) return ExitCode::fine;
  const bool is_nothing = archive.unreadable() == archive.articles();
  std::fprintf(stderr, "tocsin: %s could be read: %s\n", is_nothing ? "nothing" : "hardly anything",
               !other_format.empty()     ? other_format.c_str()
               : archive.articles() == 0 ? "the input is empty"
                                         : "no line is an article");
  return ExitCode::failed;
}

}  // namespace

ExitCode replay_files(const Setup& setup, std::vector<std::string> files, Archive& archive) {
  const bool is_text = setup.config.input.format == InputFormat::text;
  const std::size_t bytes_max = setup.config.limits.article_bytes_max;
  if (files.empty()) files = {"-"};
  std::string format;  // of the first input that is none of ours
  {
    Progress progress("articles", total_bytes(files));
    std::uint64_t bytes = 0;
    archive.open();
    for (const std::string& name : files) {
      InputFile input(name);
      const std::string topic = name == "-" ? "stdin" : name;
      LineReader lines(input, bytes_max);
      const bool is_written = is_text ? replay_whole(archive, input, topic, bytes_max)
                                      : replay_lines(archive, lines, input, topic, progress, bytes);
      if (!is_written) return ExitCode::failed;
      if (!input.fault().empty()) {
        static_cast<void>(archive.finish());
        std::fprintf(stderr, "tocsin: %s: %s\n", topic.c_str(), input.fault().c_str());
        return ExitCode::bad_input;
      }
      const std::string other = other_format(lines.beginning());
      if (format.empty() && !other.empty()) format = topic + " is " + other;
      bytes += input.bytes();
    }
    if (!archive.finish()) return ExitCode::failed;
  }
  return judge(archive, format);
}

}  // namespace tocsin
