#include "pipeline/ledger/verdict_log.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

namespace tocsin {
namespace {

constexpr std::size_t kIdBytesMax = 0xffff;  // decoding bounds ids far below: Limits::id_bytes_max

}  // namespace

VerdictLog::VerdictLog(std::uint64_t expected)
    : by_position_(expected / ArrivalTable<Number32>::kLoadMax + 2) {}

LoggedVerdict& VerdictLog::push(const LoggedVerdict& verdict) {
  const std::uint64_t sequence = log_.next();
  LoggedVerdict& pushed = log_.push(verdict);
  if (by_position_.is_full(log_.size())) {
    grow();  // inserts the new one too
  } else {
    by_position_.insert(table_key(verdict.position_key.get()), sequence, log_.low());
  }
  return pushed;
}

void VerdictLog::grow() {
  constexpr std::uint64_t kAhead = 16;
  by_position_ = by_position_.grown();
  const auto key = [&](std::uint64_t held) { return table_key(log_[held].position_key.get()); };
  for (std::uint64_t held = log_.low(); held < log_.next(); ++held) {
    if (held + kAhead < log_.next()) by_position_.prefetch(key(held + kAhead));
    by_position_.insert(key(held), held, log_.low());
  }
}

std::uint64_t VerdictLog::newest_at(std::uint64_t position_key) const {
  std::uint64_t newest = 0;
  each_at(position_key, [&](std::uint64_t sequence) {
    newest = sequence;
    return false;
  });
  return newest;
}

std::uint64_t VerdictLog::newest_of(std::uint64_t position_key, std::uint64_t identity) const {
  std::uint64_t newest = 0;
  each_at(position_key, [&](std::uint64_t sequence) {
    if (log_[sequence].identity.get() != identity) return true;
    newest = sequence;
    return false;
  });
  return newest;
}

std::uint64_t VerdictLog::at_offset(std::uint64_t offset, std::uint64_t low) const {
  std::uint64_t first = std::max(low, log_.low());
  std::uint64_t last = log_.next();
  while (first < last) {
    const std::uint64_t middle = first + (last - first) / 2;
    if (log_[middle].offset.get() < offset) {
      first = middle + 1;
    } else {
      last = middle;
    }
  }
  return first < log_.next() && log_[first].offset.get() == offset ? first : 0;
}

std::uint64_t VerdictLog::bytes() const {
  return log_.bytes() + by_position_.bytes();
}

std::uint32_t Partitions::add_reference(const Position& position) {
  if (newest_ < partitions_.size()) {
    Partition& newest = partitions_[newest_];
    if (newest.references > 0 && newest.number == position.partition &&
        newest.topic == position.topic) {
      ++newest.references;
      return newest_;
    }
  }
  const auto [known, is_new] = index_.try_emplace({position.topic, position.partition}, 0);
  if (is_new) {
    if (free_.empty()) {
      known->second = static_cast<std::uint32_t>(partitions_.size());
      partitions_.emplace_back();
    } else {
      known->second = free_.back();
      free_.pop_back();
    }
    partitions_[known->second] = {position.topic, position.partition, 0};
  }
  newest_ = known->second;
  ++partitions_[newest_].references;
  return newest_;
}

void Partitions::drop_reference(std::uint32_t index) {
  Partition& partition = partitions_[index];
  if (--partition.references != 0) return;
  index_.erase({partition.topic, partition.number});
  partition = {};
  free_.push_back(index);
}

Position Partitions::position(std::uint32_t index, Number48 offset) const {
  const Partition& partition = partitions_[index];
  return {partition.topic, partition.number, static_cast<std::int64_t>(offset.get())};
}

std::uint64_t Partitions::bytes() const {
  std::uint64_t bytes = 0;
  for (const Partition& partition : partitions_) bytes += 2 * partition.topic.capacity() + 160;
  return bytes;
}

namespace {

Number48 number_of(std::int64_t offset) {
  return Number48(static_cast<std::uint64_t>(std::max<std::int64_t>(offset, 0)));
}

// A free place of `items`, or a new one.
template <class Items>
std::uint32_t take(Items& items, std::vector<std::uint32_t>& free) {
  if (free.empty()) {
    items.emplace_back();
    return static_cast<std::uint32_t>(items.size() - 1);
  }
  const std::uint32_t index = free.back();
  free.pop_back();
  return index;
}

// What the heap takes for a block of so many bytes (glibc).
std::uint64_t heap_bytes(std::uint64_t bytes) {
  return bytes == 0 ? 0 : std::max<std::uint64_t>(32, (bytes + 8 + 15) / 16 * 16);
}

std::uint64_t bytes_of(const std::unique_ptr<std::vector<std::uint32_t>>& outlets) {
  if (!outlets) return 0;
  return heap_bytes(sizeof *outlets) + heap_bytes(outlets->capacity() * sizeof(std::uint32_t));
}

}  // namespace

std::uint32_t Originals::add(std::uint32_t story, const Position& position,
                             const PackedId& article_id) {
  const std::uint32_t index = take(originals_, free_originals_);
  Original& original = originals_[index];
  original.partition = partitions_.add_reference(position);
  original.offset = number_of(position.offset);
  original.story = story;
  original.references = 1;
  const std::string_view id = article_id.bytes().substr(0, kIdBytesMax);
  original.id_size = static_cast<std::uint16_t>(id.size());
  if (!id.empty()) original.id_bytes = std::make_unique<char[]>(id.size());
  std::copy(id.begin(), id.end(), original.id_bytes.get());
  heap_bytes_ += heap_bytes(id.size());
  return index;
}

std::uint32_t Originals::found(std::uint64_t story_id, const Position& position,
                               const PackedId& article_id, std::uint32_t outlet) {
  const std::uint32_t index = take(stories_, free_stories_);
  Story& story = stories_[index];
  story.id = story_id;
  story.size = 1;
  story.references = 1;
  story.outlets[0] = outlet;
  return add(index, position, article_id);
}

std::uint32_t Originals::join(std::uint32_t original, const Position& position,
                              const PackedId& article_id) {
  const std::uint32_t story = originals_[original].story;
  ++stories_[story].references;
  return add(story, position, article_id);
}

void Originals::count_member(std::uint32_t original, std::uint32_t outlet) {
  Story& story = stories_[originals_[original].story];
  if (story.size != ~0U) ++story.size;
  if (outlet == 0) return;
  for (std::uint32_t& known : story.outlets) {
    if (known == 0) known = outlet;
    if (known == outlet) return;
  }
  heap_bytes_ -= bytes_of(story.other_outlets);
  if (!story.other_outlets) story.other_outlets = std::make_unique<std::vector<std::uint32_t>>();
  std::vector<std::uint32_t>& others = *story.other_outlets;
  const bool known = std::find(others.begin(), others.end(), outlet) != others.end();
  if (!known && others.size() + std::size(story.outlets) < kOutletsMax) others.push_back(outlet);
  heap_bytes_ += bytes_of(story.other_outlets);
}

void Originals::add_reference(std::uint32_t original) {
  ++originals_[original].references;
}

void Originals::drop_reference(std::uint32_t index) {
  Original& original = originals_[index];
  if (--original.references != 0) return;
  Story& story = stories_[original.story];
  if (--story.references == 0) {
    heap_bytes_ -= bytes_of(story.other_outlets);
    free_stories_.push_back(original.story);
    story = {};
  }
  heap_bytes_ -= heap_bytes(original.id_size);
  partitions_.drop_reference(original.partition);
  original = {};
  free_originals_.push_back(index);
}

Position Originals::position(std::uint32_t index) const {
  const Original& original = originals_[index];
  return partitions_.position(original.partition, original.offset);
}

PackedId Originals::article_id(std::uint32_t index) const {
  const Original& original = originals_[index];
  return PackedId::of_bytes(std::string(original.id_bytes.get(), original.id_size));
}

std::size_t Originals::story_outlets(std::uint32_t original) const {
  const Story& story = story_of(original);
  const auto known =
      static_cast<std::size_t>(std::count_if(std::begin(story.outlets), std::end(story.outlets),
                                             [](std::uint32_t outlet) { return outlet != 0; }));
  return std::max<std::size_t>(1, known + (story.other_outlets ? story.other_outlets->size() : 0));
}

std::uint64_t Originals::bytes() const {
  return heap_bytes_ + originals_.size() * sizeof(Original) + stories_.size() * sizeof(Story) +
         (free_originals_.capacity() + free_stories_.capacity()) * sizeof(std::uint32_t) +
         partitions_.bytes();
}

void Origins::push(const Position& position, const PackedId& article_id, std::uint32_t outlet) {
  const std::string_view id = article_id.bytes().substr(0, kIdBytesMax);
  Origin origin;
  origin.offset = number_of(position.offset);
  origin.partition = partitions_.add_reference(position);
  origin.outlet = outlet;
  origin.id_begin = Number48(id_bytes_.next());
  origin.id_size = static_cast<std::uint16_t>(id.size());
  id_bytes_.push_all(id);
  log_.push(origin);
}

void Origins::drop_below(std::uint64_t low) {
  for (std::uint64_t sequence = log_.low(); sequence < low; ++sequence) {
    const Origin& origin = log_[sequence];
    id_bytes_.drop_below(origin.id_begin.get() + origin.id_size);
    partitions_.drop_reference(origin.partition);
  }
  log_.drop_below(low);
}

Position Origins::position(std::uint64_t sequence) const {
  const Origin& origin = log_[sequence];
  return partitions_.position(origin.partition, origin.offset);
}

PackedId Origins::article_id(std::uint64_t sequence) const {
  const Origin& origin = log_[sequence];
  std::string id;
  id.reserve(origin.id_size);
  const std::uint64_t begin = origin.id_begin.get();
  for (std::uint64_t i = 0; i < origin.id_size; ++i) id += id_bytes_[begin + i];
  return PackedId::of_bytes(std::move(id));
}

std::uint64_t Origins::bytes() const {
  return log_.bytes() + id_bytes_.bytes() + partitions_.bytes();
}

}  // namespace tocsin
