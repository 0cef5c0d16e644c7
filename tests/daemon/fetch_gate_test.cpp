#include "daemon/kafka/fetch_gate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

namespace tocsin::kafka {
namespace {

// librdkafka as it fetches: the next batch as soon as its queue is empty.
class Fetcher {
 public:
  explicit Fetcher(FetchGate& gate, std::vector<int> ends) : gate_(gate), ends_(std::move(ends)) {
    thread_ = std::thread([this] { fetch_on(); });
  }
  ~Fetcher() {
    is_over_ = true;
    gate_.end();
    thread_.join();
  }
  void assign(int offset) {
    const std::scoped_lock lock(mutex_);
    queue_.clear();
    next_ = offset;
  }
  void unassign() { assign(kNowhere); }
  // The next record's offset; kNowhere when none is there.
  int take() {
    const std::scoped_lock lock(mutex_);
    if (queue_.empty()) return kNowhere;
    const int record = queue_.front();
    queue_.pop_front();
    return record;
  }
  [[nodiscard]] int fetched_to() const { return fetched_to_; }

  static constexpr int kNowhere = -1;

 private:
  void fetch_on() {
    while (!is_over_) {
      const int from = decide();
      if (from == kNowhere || !gate_.may_pass()) {
        std::this_thread::yield();
        continue;
      }
      const int to = *std::upper_bound(ends_.begin(), ends_.end(), from);
      fetched_to_ = std::max<int>(fetched_to_, to);
      const std::scoped_lock lock(mutex_);
      if (next_ != from) continue;  // it is assigned elsewhere now
      for (; next_ < to; ++next_) queue_.push_back(next_);
    }
  }
  int decide() {
    const std::scoped_lock lock(mutex_);
    return queue_.empty() ? next_ : kNowhere;
  }

  FetchGate& gate_;
  const std::vector<int> ends_;  // of the batches
  std::mutex mutex_;
  std::deque<int> queue_;
  int next_ = kNowhere;
  std::atomic<int> fetched_to_ = 0;
  std::atomic<bool> is_over_ = false;
  std::thread thread_;
};

std::vector<int> batches(std::mt19937& random) {
  std::vector<int> ends = {0};
  for (int i = 0; i < 12; ++i) ends.push_back(ends.back() + 1 + static_cast<int>(random() % 3));
  return ends;
}

// As CarefulConsumer polls.
int poll(FetchGate& gate, Fetcher& fetcher) {
  const bool is_waiting = gate.is_waiting();
  const int record = fetcher.take();
  if (record == Fetcher::kNowhere && is_waiting) gate.pass();
  return record;
}

TEST(FetchGate, NothingIsFetchedBehindWhatIsRead) {
  for (unsigned seed = 0; seed < 30; ++seed) {
    std::mt19937 random(seed);
    const std::vector<int> ends = batches(random);
    FetchGate gate;
    Fetcher fetcher(gate, ends);
    int from = 0;
    for (const std::size_t last : {3U, 4U, 8U, 11U}) {  // and again, behind the batch not read
      const int high = ends[last];
      gate.begin();
      fetcher.assign(from);
      for (int next = from; next < high;) {
        const int record = poll(gate, fetcher);
        if (record == Fetcher::kNowhere) {
          std::this_thread::yield();
          continue;
        }
        ASSERT_EQ(record, next) << seed;
        next = record + 1;
      }
      ASSERT_EQ(fetcher.fetched_to(), high) << seed;
      fetcher.unassign();
      gate.end();
      from = high;
    }
    EXPECT_EQ(fetcher.fetched_to(), ends[11]) << seed;
  }
}

TEST(FetchGate, WhoIsLetThroughWaitsNoLonger) {
  FetchGate gate;
  gate.begin();
  for (int i = 0; i < 100; ++i) {
    std::thread fetch([&] { EXPECT_TRUE(gate.may_pass()); });
    while (!gate.is_waiting()) std::this_thread::yield();
    gate.pass();
    EXPECT_FALSE(gate.is_waiting());  // though the thread may not run yet
    fetch.join();
  }
}

TEST(FetchGate, AnEndRefusesWhoWaitsAndTheFirstAfterIt) {
  FetchGate gate;
  EXPECT_FALSE(gate.may_pass());
  gate.begin();
  std::thread fetch([&] { EXPECT_FALSE(gate.may_pass()); });
  while (!gate.is_waiting()) std::this_thread::yield();
  gate.end();
  gate.begin();
  fetch.join();
  EXPECT_FALSE(gate.may_pass());
}

}  // namespace
}  // namespace tocsin::kafka
