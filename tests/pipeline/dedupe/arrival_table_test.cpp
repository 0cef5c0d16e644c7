// The table of arrivals against a list: every live arrival of a key, newest first, whatever the
// size of the table, how many share the key, and where the bits of an arrival wrap.
#include "pipeline/dedupe/arrival_table.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>

namespace tocsin::test {
namespace {

struct Arrival {
  std::uint32_t key = 0;
  std::uint64_t number = 0;
};

// What a walk finds, by the comparison that its user makes.
template <class Table>
std::vector<std::uint64_t> walked(const Table& table, const std::vector<Arrival>& arrivals,
                                  std::uint32_t key, std::uint64_t low, std::uint64_t next) {
  std::map<std::uint64_t, std::uint32_t> keys;
  for (const Arrival& arrival : arrivals) keys[arrival.number] = arrival.key;
  std::vector<std::uint64_t> found;
  table.walk(key, low, next, [&](std::uint64_t number) {
    const auto known = keys.find(number);
    if (known != keys.end() && known->second == key) found.push_back(number);
    return true;
  });
  return found;
}

template <class Table>
void expect_equals_a_list() {
  EXPECT_TRUE(rc::check("random arrivals", [] {
    const auto keys = *rc::gen::inRange<std::uint32_t>(1, 40);
    const auto window = *rc::gen::inRange<std::uint64_t>(1, 300);
    std::uint64_t next = *rc::gen::element<std::uint64_t>(1, Table::kLiveMax - 150, 1ULL << 32);
    std::uint64_t low = next;
    Table table(*rc::gen::inRange<std::uint64_t>(1, 8));
    std::vector<Arrival> arrivals;
    for (int step = 0; step < 400; ++step) {
      const auto key = *rc::gen::inRange<std::uint32_t>(0, keys);
      // Not every arrival is in every table.
      if (*rc::gen::inRange(0, 5) > 0) {
        table.insert(key, next, low);
        arrivals.push_back({key, next});
      }
      ++next;
      if (next - low > window) low = next - window;
      if (step % 7 != 0) continue;
      std::vector<std::uint64_t> expected;
      for (auto arrival = arrivals.rbegin(); arrival != arrivals.rend(); ++arrival) {
        if (arrival->key == key && arrival->number >= low) expected.push_back(arrival->number);
      }
      RC_ASSERT(walked(table, arrivals, key, low, next) == expected);
    }
  }));
}

TEST(ArrivalTable, EqualsAList) {
  expect_equals_a_list<ArrivalTable<Number24>>();
  expect_equals_a_list<ArrivalTable<Number32>>();
}

TEST(ArrivalTable, ForgetsWithoutLosingMemory) {
  ArrivalTable<Number24> table(64);
  std::uint64_t most = 0;
  for (std::uint64_t number = 1; number < 200'000; ++number) {
    const std::uint64_t low = number > 600 ? number - 600 : 1;
    table.insert(static_cast<std::uint32_t>(number * 2654435761U), number, low);
    if (number == 20'000) most = table.bytes();
  }
  EXPECT_LE(table.bytes(), most + most / 2);
}

}  // namespace
}  // namespace tocsin::test
