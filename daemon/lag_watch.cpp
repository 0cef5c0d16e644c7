#include "daemon/lag_watch.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "daemon/unix_time.h"

namespace tocsin {

using namespace std::chrono_literals;

namespace {

constexpr auto kInterval = 2'000ms;
constexpr int kQueryTimeoutMs = 5'000;
constexpr int kReadTimeoutMs = 1'000;  // of the oldest records, all together

std::map<kafka::Partition, std::int64_t> offsets_of(const rd_kafka_topic_partition_list_t* list) {
  std::map<kafka::Partition, std::int64_t> offsets;
  for (int i = 0; i < list->cnt; ++i) {
    const rd_kafka_topic_partition_t& entry = list->elems[i];
    if (entry.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      offsets[{entry.topic, entry.partition}] = entry.offset;
    }
  }
  return offsets;
}

}  // namespace

LagWatch::LagWatch(const Config& config, LagSink sink)
    : sink_(std::move(sink)),
      // The group is asked about, never joined. Uncommitted: the end is the high watermark, and
      // open transactions are waited for by nobody here.
      consumer_(kafka::make_consumer(kafka::make_conf(config.kafka,
                                                      {{"fetch.wait.max.ms", "100"},
                                                       {"fetch.message.max.bytes", "4096"},
                                                       {"queued.max.messages.kbytes", "4096"},
                                                       {"queued.min.messages", "1"}},
                                                      {{"group.id", config.kafka.group},
                                                       {"enable.auto.commit", "false"},
                                                       {"enable.auto.offset.store", "false"},
                                                       {"isolation.level", "read_uncommitted"},
                                                       {"auto.offset.reset", "earliest"}}))) {}

LagWatch::~LagWatch() {
  stopping_ = true;
  changed_.notify_all();
  thread_.join();
}

void LagWatch::start() {
  thread_ = Thread("lag", [this] { run(); });
}

void LagWatch::watch(std::vector<kafka::Partition> partitions) {
  {
    const std::lock_guard lock(mutex_);
    partitions_ = std::move(partitions);
    skips_.clear();
  }
  changed_.notify_all();
}

void LagWatch::skip(const kafka::Partition& partition, std::int64_t from, std::int64_t to) {
  const std::lock_guard lock(mutex_);
  skips_[partition] = {from, to};
}

void LagWatch::run() {
  while (!stopping_) {
    look();
    show();
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kInterval, [this] { return stopping_.load(); });
  }
}

bool LagWatch::ask(std::map<kafka::Partition, std::int64_t>& committed,
                   std::map<kafka::Partition, std::int64_t>& ends) {
  const kafka::PartitionList list = kafka::make_list(committed);
  if (rd_kafka_committed(consumer_.get(), list.get(), kQueryTimeoutMs) !=
      RD_KAFKA_RESP_ERR_NO_ERROR) {
    return false;
  }
  committed = offsets_of(list.get());
  // The "time" of the newest offset: one request for all partitions.
  for (int i = 0; i < list->cnt; ++i) list->elems[i].offset = RD_KAFKA_OFFSET_END;
  if (rd_kafka_offsets_for_times(consumer_.get(), list.get(), kQueryTimeoutMs) !=
      RD_KAFKA_RESP_ERR_NO_ERROR) {
    return false;
  }
  ends = offsets_of(list.get());
  return true;
}

void LagWatch::look() {
  std::map<kafka::Partition, std::int64_t> committed;
  std::map<kafka::Partition, std::int64_t> ends;
  std::map<kafka::Partition, Skip> skips;
  {
    const std::lock_guard lock(mutex_);
    for (const kafka::Partition& partition : partitions_) committed[partition] = 0;
    skips = skips_;
  }
  for (auto entry = seen_.begin(); entry != seen_.end();) {
    if (committed.contains(entry->first)) {
      ++entry;
    } else {
      sink_.forget(entry->first);
      entry = seen_.erase(entry);
    }
  }
  if (committed.empty() || !ask(committed, ends)) return;
  std::map<kafka::Partition, std::int64_t> unread;
  for (const auto& [partition, end] : ends) {
    std::int64_t next = std::max<std::int64_t>(committed[partition], 0);
    const auto skip = skips.find(partition);
    if (skip != skips.end() && next >= skip->second.from) next = std::max(next, skip->second.to);
    Seen& seen = seen_[partition];
    seen.lag = std::max<std::int64_t>(0, end - next);
    if (seen.lag == 0) seen.oldest_ms = 0;
    if (seen.lag > 0 && (seen.committed != next || seen.oldest_ms == 0)) unread[partition] = next;
    seen.committed = next;
  }
  if (!unread.empty()) read_oldest(unread);
}

// Their timestamps: one record of each partition.
void LagWatch::read_oldest(const std::map<kafka::Partition, std::int64_t>& offsets) {
  const kafka::PartitionList list = kafka::make_list(offsets);
  if (rd_kafka_assign(consumer_.get(), list.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) return;
  const std::int64_t deadline_ms = steady_ms() + kReadTimeoutMs;
  std::size_t left = offsets.size();
  std::map<kafka::Partition, bool> has_read;
  while (left > 0 && !stopping_ && steady_ms() < deadline_ms) {
    const kafka::Message message(rd_kafka_consumer_poll(consumer_.get(), 100));
    if (!message || message->err != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    const kafka::Partition partition{rd_kafka_topic_name(message->rkt), message->partition};
    if (std::exchange(has_read[partition], true)) continue;
    seen_[partition].oldest_ms = rd_kafka_message_timestamp(message.get(), nullptr);
    --left;
  }
  rd_kafka_assign(consumer_.get(), nullptr);
}

void LagWatch::show() {
  const std::int64_t now_ms = unix_ms();
  for (const auto& [partition, seen] : seen_) {
    const std::int64_t age_ms =
        seen.oldest_ms <= 0 ? 0 : std::max<std::int64_t>(0, now_ms - seen.oldest_ms);
    sink_.lag(partition, seen.lag, static_cast<double>(age_ms) / 1000.0);
  }
}

}  // namespace tocsin
