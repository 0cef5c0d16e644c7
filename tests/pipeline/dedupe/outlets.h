// A second newsroom, of other words than the first: what outlets put above and below a story that
// is not theirs. Rules were made while looking at half of the kinds; the other half is held out:
// whoever changes a rule does not read what those fail on. Equal seeds, equal texts.
#pragma once

#include <cstddef>
#include <string>

#include "tests/pipeline/dedupe/newsroom.h"

namespace tocsin::test {

class Outlet {
 public:
  explicit Outlet(Newsroom& newsroom);

  static constexpr std::size_t kHeads = 6;
  static constexpr std::size_t kTails = 12;
  // Kinds with an odd number are held out.
  static constexpr bool is_held(std::size_t kind) { return kind % 2 == 1; }

  std::string head(std::size_t kind);
  std::string tail(std::size_t kind);
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  Newsroom& newsroom_;
  std::string town_;
  std::string name_;
  std::string host_;
};

}  // namespace tocsin::test
