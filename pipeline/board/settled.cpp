#include "pipeline/board/settled.h"

#include <algorithm>
#include <bit>

namespace tocsin {
namespace {

constexpr std::uint64_t kLoadMax = 2;  // sightings a bucket before the table doubles

}  // namespace

SettledLog::SettledLog(std::size_t buckets)
    : heads_(std::bit_ceil(std::max<std::size_t>(buckets, 2))) {}

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

std::uint32_t Originals::take_original() {
  if (free_originals_.empty()) {
    originals_.emplace_back();
    return static_cast<std::uint32_t>(originals_.size() - 1);
  }
  const std::uint32_t index = free_originals_.back();
  free_originals_.pop_back();
  return index;
}

std::uint32_t Originals::found(std::uint64_t story_id, const Position& position,
                               std::string_view article_id, std::uint32_t outlet) {
  std::uint32_t story = 0;
  if (free_stories_.empty()) {
    story = static_cast<std::uint32_t>(stories_.size());
    stories_.emplace_back();
  } else {
    story = free_stories_.back();
    free_stories_.pop_back();
  }
  stories_[story] = {story_id, 1, 1, {}};
  if (outlet != 0) stories_[story].outlets.push_back(outlet);
  heap_bytes_ += stories_[story].outlets.capacity() * sizeof(std::uint32_t);
  const std::uint32_t index = take_original();
  originals_[index] = {position, std::string(article_id), story, 1};
  heap_bytes_ += position.topic.capacity() + originals_[index].article_id.capacity();
  return index;
}

std::uint32_t Originals::join(std::uint32_t original, const Position& position,
                              std::string_view article_id) {
  const std::uint32_t index = take_original();
  const std::uint32_t story = originals_[original].story;
  originals_[index] = {position, std::string(article_id), story, 1};
  heap_bytes_ +=
      originals_[index].position.topic.capacity() + originals_[index].article_id.capacity();
  ++stories_[story].references;
  return index;
}

void Originals::count_member(std::uint32_t original, std::uint32_t outlet) {
  Story& story = stories_[originals_[original].story];
  if (story.size != ~0U) ++story.size;
  if (outlet == 0 || story.outlets.size() == kOutletsMax) return;
  if (std::find(story.outlets.begin(), story.outlets.end(), outlet) != story.outlets.end()) return;
  heap_bytes_ -= story.outlets.capacity() * sizeof(std::uint32_t);
  story.outlets.push_back(outlet);
  heap_bytes_ += story.outlets.capacity() * sizeof(std::uint32_t);
}

void Originals::add_reference(std::uint32_t original) {
  ++originals_[original].references;
}

void Originals::drop_reference(std::uint32_t original) {
  Original& entry = originals_[original];
  if (--entry.references != 0) return;
  Story& story = stories_[entry.story];
  heap_bytes_ -= entry.position.topic.capacity() + entry.article_id.capacity();
  if (--story.references == 0) {
    heap_bytes_ -= story.outlets.capacity() * sizeof(std::uint32_t);
    story = {};
    free_stories_.push_back(entry.story);
  }
  entry = {};
  free_originals_.push_back(original);
}

std::uint64_t Originals::bytes() const {
  return heap_bytes_ + originals_.capacity() * sizeof(Original) +
         stories_.capacity() * sizeof(Story) +
         (free_originals_.capacity() + free_stories_.capacity()) * sizeof(std::uint32_t);
}

std::uint32_t Origins::intern(const std::string& name) {
  if (const auto known = topic_index_.find(name); known != topic_index_.end()) {
    ++topics_[known->second].references;
    return known->second;
  }
  std::uint32_t index = static_cast<std::uint32_t>(topics_.size());
  if (free_topics_.empty()) {
    topics_.emplace_back();
  } else {
    index = free_topics_.back();
    free_topics_.pop_back();
  }
  topics_[index] = {name, 1};
  topic_index_.emplace(name, index);
  return index;
}

void Origins::push(const Position& position, std::string_view article_id, std::uint32_t outlet) {
  // Decoding bounds ids far below this (Limits::id_bytes_max).
  article_id = article_id.substr(0, 0xffff);
  Origin& origin = log_.push();
  origin.offset = position.offset;
  origin.partition = position.partition;
  origin.topic = intern(position.topic);
  origin.outlet = outlet;
  origin.id_begin = Number48(id_bytes_.next());
  origin.id_size = static_cast<std::uint16_t>(article_id.size());
  for (const char byte : article_id) id_bytes_.push() = byte;
}

void Origins::drop_below(std::uint64_t low) {
  for (std::uint64_t sequence = log_.low(); sequence < low; ++sequence) {
    const Origin& origin = log_[sequence];
    id_bytes_.drop_below(origin.id_begin.get() + origin.id_size);
    Topic& topic = topics_[origin.topic];
    if (--topic.references == 0) {
      topic_index_.erase(topic.name);
      topic = {};
      free_topics_.push_back(origin.topic);
    }
  }
  log_.drop_below(low);
}

Position Origins::position(std::uint64_t sequence) const {
  const Origin& origin = log_[sequence];
  return {topics_[origin.topic].name, origin.partition, origin.offset};
}

std::string Origins::article_id(std::uint64_t sequence) const {
  const Origin& origin = log_[sequence];
  std::string id;
  id.reserve(origin.id_size);
  for (std::uint64_t i = 0; i < origin.id_size; ++i) id += id_bytes_[origin.id_begin.get() + i];
  return id;
}

std::uint64_t Origins::bytes() const {
  std::uint64_t names = 0;
  for (const Topic& topic : topics_) names += 2 * topic.name.capacity() + 128;
  return log_.bytes() + id_bytes_.bytes() + names;
}

}  // namespace tocsin
