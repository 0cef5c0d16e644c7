#include "daemon/lag_watch.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "daemon/trials.h"
#include "daemon/unix_time.h"

namespace tocsin {

using namespace std::chrono_literals;

namespace {

constexpr auto kInterval = 2'000ms;
constexpr auto kQueryTimeout = 5'000ms;
constexpr int kReadTimeoutMs = 1'000;    // of the oldest records, all together
constexpr std::size_t kEndsMax = 4'096;  // of a partition: two hours and more of looks

kafka::Offsets known(const kafka::Marks& marks) {
  kafka::Offsets offsets;
  for (const auto& [partition, mark] : marks) {
    if (!mark.fault) offsets[partition] = mark.offset;
  }
  return offsets;
}

}  // namespace

LagWatch::LagWatch(const Config& config, LagSink sink, std::function<bool()> may_read)
    : sink_(std::move(sink)),
      may_read_(std::move(may_read)),
      ledger_{config.topics.ledger, 0},
      // The group is asked about, never joined. Uncommitted: the end is the high watermark, and
      // open transactions are waited for by nobody here.
      consumer_(kafka::make_conf(config.kafka,
                                 {{"fetch.wait.max.ms", "100"},
                                  {"fetch.message.max.bytes", "4096"},
                                  {"queued.max.messages.kbytes", "4096"},
                                  {"queued.min.messages", "1"}},
                                 {{"group.id", config.kafka.group},
                                  {"enable.auto.commit", "false"},
                                  {"enable.auto.offset.store", "false"},
                                  {"isolation.level", "read_uncommitted"},
                                  {"auto.offset.reset", "earliest"}})) {}

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

bool LagWatch::ask(kafka::Offsets& committed, kafka::Offsets& ends) {
  kafka::Offsets times = committed;
  times[ledger_] = kafka::kEnd;
  for (auto& [partition, time] : times) time = kafka::kEnd;  // one request for all partitions
  const auto newest = consumer_.offsets_for_times(times, kQueryTimeout);
  if (!newest) return false;
  ends = known(*newest);
  const auto ledger = ends.extract(ledger_);
  if (ledger && sink_.ledger_end) sink_.ledger_end(ledger.mapped());
  if (committed.empty()) return false;
  const auto answer = consumer_.committed(kafka::partitions_of(committed), kQueryTimeout);
  if (!answer) return false;
  committed = known(*answer);
  deadly_.clear();
  for (const auto& [partition, mark] : *answer) {
    const auto trial = decode_trial(mark.metadata);
    if (trial && trial->fetches > 0) deadly_.insert(partition);
  }
  return true;
}

void LagWatch::look() {
  kafka::Offsets committed;
  kafka::Offsets ends;
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
  if (!ask(committed, ends)) return;
  kafka::Offsets unread;
  for (const auto& [partition, end] : ends) {
    std::int64_t next = std::max<std::int64_t>(committed[partition], 0);
    const auto skip = skips.find(partition);
    if (skip != skips.end() && next >= skip->second.from) next = std::max(next, skip->second.to);
    Seen& seen = seen_[partition];
    seen.lag = std::max<std::int64_t>(0, end - next);
    if (seen.lag == 0) seen.oldest_ms = 0;
    const bool is_new = seen.committed != next || seen.oldest_ms == 0;
    if (!may_read_) {
      note_end(seen, next, end);
    } else if (seen.lag > 0 && is_new && !deadly_.contains(partition)) {
      unread[partition] = next;
    }
    seen.committed = next;
  }
  if (!unread.empty() && may_read_()) read_oldest(unread);
}

// The first end that is behind the oldest unread record says when it was there.
void LagWatch::note_end(Seen& seen, std::int64_t next, std::int64_t end) {
  const bool is_first = seen.committed < 0;
  std::vector<End>& ends = seen.ends;
  if (!ends.empty() && ends.back().offset > end) ends.clear();  // another topic of the name
  if (ends.empty() || ends.back().offset < end) ends.push_back({end, is_first ? 0 : unix_ms()});
  ends.erase(ends.begin(), std::find_if(ends.begin(), ends.end() - 1,
                                        [&](const End& each) { return each.offset > next; }));
  // Every second one goes: records count as seen a look later.
  if (ends.size() > kEndsMax) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < ends.size(); i += 2) ends[kept++] = ends[i];
    ends.resize(kept);
  }
  seen.oldest_ms = seen.lag > 0 ? ends.front().seen_ms : 0;
}

// Their timestamps: one record of each partition.
void LagWatch::read_oldest(const kafka::Offsets& offsets) {
  if (consumer_.assign(offsets)) return;
  const std::int64_t deadline_ms = steady_ms() + kReadTimeoutMs;
  std::size_t left = offsets.size();
  std::map<kafka::Partition, bool> has_read;
  while (left > 0 && !stopping_ && steady_ms() < deadline_ms) {
    const kafka::Message message = consumer_.poll(100ms);
    if (!message || !message.is_record()) continue;
    const kafka::Partition partition = message.partition();
    if (std::exchange(has_read[partition], true)) continue;
    seen_[partition].oldest_ms = message.timestamp_ms();
    --left;
  }
  consumer_.unassign();
}

void LagWatch::show() {
  const std::int64_t now_ms = unix_ms();
  for (const auto& [partition, seen] : seen_) {
    std::optional<double> seconds;
    if (seen.lag == 0) seconds = 0;
    if (seen.oldest_ms > 0) {
      const std::int64_t age_ms = std::max<std::int64_t>(0, now_ms - seen.oldest_ms);
      seconds = static_cast<double>(age_ms) / 1000.0;
    }
    sink_.lag(partition, seen.lag, seconds);
  }
}

}  // namespace tocsin
