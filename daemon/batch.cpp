#include "daemon/batch.h"

#include <algorithm>

namespace tocsin {

OffsetRanges Batch::offsets() const {
  OffsetRanges ranges = announced;
  for (const Item& item : items) {
    const Position& position = item.position;
    const auto [range, is_new] = ranges.try_emplace(
        {position.topic, position.partition}, OffsetRange{position.offset, position.offset + 1});
    if (!is_new) range->second.next = std::max(range->second.next, position.offset + 1);
  }
  return ranges;
}

void BatchQueue::push(std::unique_ptr<Batch> batch) {
  const std::lock_guard lock(mutex_);
  bytes_ += batch->bytes;
  ++batches_;
  queue_.push_back(std::move(batch));
  changed_.notify_all();
}

std::unique_ptr<Batch> BatchQueue::pop(std::chrono::milliseconds wait) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, wait, [&] { return closed_ || !queue_.empty(); });
  if (queue_.empty()) return nullptr;
  std::unique_ptr<Batch> batch = std::move(queue_.front());
  queue_.pop_front();
  return batch;
}

void BatchQueue::done(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  bytes_ -= bytes;
  --batches_;
  changed_.notify_all();
}

void BatchQueue::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

bool BatchQueue::closed() const {
  const std::lock_guard lock(mutex_);
  return closed_;
}

std::size_t BatchQueue::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

std::size_t BatchQueue::batches() const {
  const std::lock_guard lock(mutex_);
  return batches_;
}

bool BatchQueue::wait_idle(std::chrono::milliseconds wait) {
  std::unique_lock lock(mutex_);
  // Once it is closed nobody finishes a batch any more.
  changed_.wait_for(lock, wait, [&] { return closed_ || batches_ == 0; });
  return batches_ == 0;
}

}  // namespace tocsin
