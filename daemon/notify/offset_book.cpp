#include "daemon/notify/offset_book.h"

#include <algorithm>

#include "config/scalars.h"

namespace tocsin {
namespace {

constexpr std::string_view kVersion = "v1";
constexpr std::string_view kDone = "done=";                // offsets above the committed one: 2,5-9
constexpr std::string_view kUndelivered = "undelivered=";  // a revision
constexpr std::uint64_t kDoneMax = 100'000;                // of foreign metadata

std::string_view next_word(std::string_view& text, char end) {
  const std::size_t at = text.find(end);
  const std::string_view word = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return word;
}

}  // namespace

OffsetBook::OffsetBook(std::int64_t next, std::string_view metadata) : next_(next), seen_(next) {
  if (next_word(metadata, ' ') != kVersion) return;
  while (!metadata.empty()) {
    std::string_view word = next_word(metadata, ' ');
    if (word.starts_with(kUndelivered)) {
      if (const auto revision = parse_number(word.substr(kUndelivered.size()))) {
        undelivered = static_cast<std::int64_t>(*revision);
      }
    }
    if (!word.starts_with(kDone)) continue;
    word.remove_prefix(kDone.size());
    while (!word.empty()) {
      std::string_view range = next_word(word, ',');
      const auto first = parse_number(next_word(range, '-'));
      const auto last = range.empty() ? first : parse_number(range);
      if (!first || !last || *last > kDoneMax) continue;
      for (std::uint64_t above = *first; above <= *last; ++above) {
        done_.insert(next_ + static_cast<std::int64_t>(above));
      }
    }
  }
}

bool OffsetBook::is_done(std::int64_t offset) const {
  return offset < next_ || done_.contains(offset);
}

void OffsetBook::begin(std::int64_t offset) {
  open_.insert(offset);
  seen_ = std::max(seen_, offset + 1);
}

void OffsetBook::end(std::int64_t offset) {
  open_.erase(offset);
  done_.insert(offset);
  seen_ = std::max(seen_, offset + 1);
  advance();
}

// Offsets between records (transaction markers) belong to nobody: up to the oldest that is open, or
// to the end of what was read, all is done.
void OffsetBook::advance() {
  next_ = std::max(next_, open_.empty() ? seen_ : *open_.begin());
  done_.erase(done_.begin(), done_.lower_bound(next_));
}

std::string OffsetBook::metadata() const {
  std::string text(kVersion);
  if (undelivered) text += ' ' + std::string(kUndelivered) + std::to_string(*undelivered);
  std::string ranges;
  for (auto offset = done_.begin(); offset != done_.end();) {
    const std::int64_t first = *offset;
    std::int64_t last = first;
    while (++offset != done_.end() && *offset == last + 1) ++last;
    std::string range = (ranges.empty() ? "" : ",") + std::to_string(first - next_);
    if (last > first) range += '-' + std::to_string(last - next_);
    if (text.size() + ranges.size() + range.size() + kDone.size() + 1 > kMetadataBytesMax) break;
    ranges += range;
  }
  if (!ranges.empty()) text += ' ' + std::string(kDone) + ranges;
  return text;
}

}  // namespace tocsin
