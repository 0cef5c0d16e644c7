// Small raw articles with copies among them, invented word by word.
#pragma once

#include <string>
#include <vector>

#include "tests/simulation/broker.h"
#include "tests/simulation/random.h"

namespace tocsin::simulation {

class Writer {
 public:
  explicit Writer(Random& random);
  // A story, a copy of an earlier one (perhaps edited), now and then rubbish or a null value.
  [[nodiscard]] Record write(std::int64_t now_ms, std::int64_t window_ms);

  static constexpr const char* kTooLong = "plugh";              // in what no topic takes whole
  static constexpr const char* kDeadly = "tocsin.test.deadly";  // who analyses it dies
  static constexpr const char* kUnreadable = "tocsin.test.unreadable";  // no client can read it
  static constexpr const char* kBomb = "tocsin.test.bomb";              // who fetches it dies
  static constexpr const char* kRefused = "xyzzy";  // in the title of what the broker refuses

 private:
  [[nodiscard]] std::string words(std::int64_t count);

  Random& random_;
  std::vector<std::vector<std::string>> stories_;
  std::int64_t refused_per_mille_ = 0;
  bool has_deadly_ = false;  // one record; the same of the next two
  bool has_unreadable_ = false;
  bool has_bomb_ = false;
};

}  // namespace tocsin::simulation
