#include "pipeline/board/settled.h"

#include <algorithm>
#include <bit>
#include <string_view>
#include <utility>

namespace tocsin {
namespace {

constexpr std::uint64_t kLoadMax = 2;        // sightings a bucket before the table doubles
constexpr std::size_t kIdBytesMax = 0xffff;  // decoding bounds ids far below: Limits::id_bytes_max

}  // namespace

SettledLog::SettledLog(std::uint64_t expected)
    : heads_(std::bit_ceil(std::max<std::uint64_t>(expected / kLoadMax, 2))) {}

std::uint64_t SettledLog::resolve(std::uint32_t link, std::uint64_t later) const {
  const std::uint32_t distance = static_cast<std::uint32_t>(later) - link;
  if (distance == 0 || distance > later || later - distance < log_.low()) return 0;
  return later - distance;
}

void SettledLog::link(std::uint64_t sequence) {
  Settled& settled = log_[sequence];
  std::uint32_t& head = heads_[settled.position_key & (heads_.size() - 1)];
  settled.previous = head;
  head = static_cast<std::uint32_t>(sequence);
}

Settled& SettledLog::push(const Settled& settled) {
  const std::uint64_t sequence = log_.next();
  log_.push() = settled;
  if (log_.size() > kLoadMax * heads_.size()) {
    grow();  // links the new one too
  } else {
    link(sequence);
  }
  return log_[sequence];
}

void SettledLog::grow() {
  const std::size_t doubled = heads_.size() * 2;
  heads_ = {};
  heads_.resize(doubled);
  for (std::uint64_t sequence = log_.low(); sequence < log_.next(); ++sequence) link(sequence);
}

std::uint64_t SettledLog::newest_at(std::uint64_t position_key) const {
  std::uint64_t sequence = resolve(heads_[position_key & (heads_.size() - 1)], log_.next());
  while (sequence != 0 && log_[sequence].position_key != position_key) {
    sequence = resolve(log_[sequence].previous, sequence);
  }
  return sequence;
}

std::uint64_t SettledLog::older_at(std::uint64_t sequence) const {
  const std::uint64_t position_key = log_[sequence].position_key;
  do {
    sequence = resolve(log_[sequence].previous, sequence);
  } while (sequence != 0 && log_[sequence].position_key != position_key);
  return sequence;
}

std::uint64_t SettledLog::newest_of(std::uint64_t position_key, std::uint64_t identity) const {
  std::uint64_t sequence = newest_at(position_key);
  while (sequence != 0 && log_[sequence].identity != identity) sequence = older_at(sequence);
  return sequence;
}

std::uint64_t SettledLog::at_offset(std::uint64_t offset, std::uint64_t low) const {
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

std::uint64_t SettledLog::bytes() const {
  return log_.bytes() + heads_.capacity() * sizeof(std::uint32_t);
}

std::uint32_t TopicNames::add_reference(const std::string& name) {
  if (const auto known = index_.find(name); known != index_.end()) {
    ++topics_[known->second].references;
    return known->second;
  }
  std::uint32_t index = static_cast<std::uint32_t>(topics_.size());
  if (free_.empty()) {
    topics_.emplace_back();
  } else {
    index = free_.back();
    free_.pop_back();
  }
  topics_[index] = {name, 1};
  index_.emplace(name, index);
  return index;
}

void TopicNames::drop_reference(std::uint32_t index) {
  Topic& topic = topics_[index];
  if (--topic.references != 0) return;
  index_.erase(topic.name);
  topic = {};
  free_.push_back(index);
}

std::uint64_t TopicNames::bytes() const {
  std::uint64_t bytes = 0;
  for (const Topic& topic : topics_) bytes += 2 * topic.name.capacity() + 128;
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
  original.topic = topics_.add_reference(position.topic);
  original.partition = position.partition;
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
  story.outlet = outlet;
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
  if (outlet == 0 || outlet == story.outlet) return;
  if (story.outlet == 0) {
    story.outlet = outlet;
    return;
  }
  heap_bytes_ -= bytes_of(story.other_outlets);
  if (!story.other_outlets) story.other_outlets = std::make_unique<std::vector<std::uint32_t>>();
  std::vector<std::uint32_t>& others = *story.other_outlets;
  const bool known = std::find(others.begin(), others.end(), outlet) != others.end();
  if (!known && others.size() + 1 < kOutletsMax) others.push_back(outlet);
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
  topics_.drop_reference(original.topic);
  original = {};
  free_originals_.push_back(index);
}

Position Originals::position(std::uint32_t index) const {
  const Original& original = originals_[index];
  return {topics_[original.topic], original.partition,
          static_cast<std::int64_t>(original.offset.get())};
}

PackedId Originals::article_id(std::uint32_t index) const {
  const Original& original = originals_[index];
  return PackedId::of_bytes(std::string(original.id_bytes.get(), original.id_size));
}

std::size_t Originals::story_outlets(std::uint32_t original) const {
  const Story& story = story_of(original);
  return 1 + (story.other_outlets ? story.other_outlets->size() : 0);
}

std::uint64_t Originals::bytes() const {
  return heap_bytes_ + originals_.size() * sizeof(Original) + stories_.size() * sizeof(Story) +
         (free_originals_.capacity() + free_stories_.capacity()) * sizeof(std::uint32_t) +
         topics_.bytes();
}

void Origins::push(const Position& position, const PackedId& article_id, std::uint32_t outlet) {
  const std::string_view id = article_id.bytes().substr(0, kIdBytesMax);
  Origin& origin = log_.push();
  origin.offset = number_of(position.offset);
  origin.partition = position.partition;
  origin.topic = topics_.add_reference(position.topic);
  origin.outlet = outlet;
  origin.id_begin = Number48(id_bytes_.next());
  origin.id_size = static_cast<std::uint16_t>(id.size());
  for (const char byte : id) id_bytes_.push() = byte;
}

void Origins::drop_below(std::uint64_t low) {
  for (std::uint64_t sequence = log_.low(); sequence < low; ++sequence) {
    const Origin& origin = log_[sequence];
    id_bytes_.drop_below(origin.id_begin.get() + origin.id_size);
    topics_.drop_reference(origin.topic);
  }
  log_.drop_below(low);
}

Position Origins::position(std::uint64_t sequence) const {
  const Origin& origin = log_[sequence];
  return {topics_[origin.topic], origin.partition, static_cast<std::int64_t>(origin.offset.get())};
}

PackedId Origins::article_id(std::uint64_t sequence) const {
  const Origin& origin = log_[sequence];
  std::string id;
  id.reserve(origin.id_size);
  for (std::uint64_t i = 0; i < origin.id_size; ++i) id += id_bytes_[origin.id_begin.get() + i];
  return PackedId::of_bytes(std::move(id));
}

std::uint64_t Origins::bytes() const {
  return log_.bytes() + id_bytes_.bytes() + topics_.bytes();
}

}  // namespace tocsin
