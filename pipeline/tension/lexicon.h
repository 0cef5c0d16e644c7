// The acts and how to say them, for one language: built from the YAML files of config/lexicon
// (parsed by config/), frozen, then shared const between threads.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/entities/gazetteer.h"

namespace tocsin {

class Lexicon {
 public:
  Lexicon();
  ~Lexicon();
  Lexicon(Lexicon&&) noexcept;
  Lexicon& operator=(Lexicon&&) noexcept;

  // "threaten.consequences.02": Event::rule of an event.
  [[nodiscard]] std::string_view rule_id(std::uint32_t rule) const;

  struct State;
  [[nodiscard]] const State& state() const { return *state_; }

 private:
  friend class LexiconBuilder;
  std::unique_ptr<State> state_;
};

}  // namespace tocsin
