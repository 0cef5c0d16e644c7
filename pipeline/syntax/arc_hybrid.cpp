#include "pipeline/syntax/arc_hybrid.h"

#include <algorithm>

#include "pipeline/text/text.h"

namespace tocsin {
namespace {

// Kinds of children that a word has once, as bits of Partial::arguments.
std::uint8_t argument_bit(Deprel relation) noexcept {
  switch (relation) {
    case Deprel::nsubj:
    case Deprel::nsubj_pass:
    case Deprel::csubj:
      return 1;
    case Deprel::obj:
    case Deprel::ccomp:
    case Deprel::xcomp:
      return 2;
    case Deprel::aux:
    case Deprel::aux_pass:
    case Deprel::cop:
      return 4;
    case Deprel::case_:
      return 8;
    case Deprel::mark:
      return 16;
    case Deprel::cc:
    case Deprel::conj:
      return 32;
    default:
      return 0;
  }
}

constexpr std::uint16_t kBreaks = before::kDash | before::kColon | before::kSemicolon |
                                  before::kParenOpen | before::kParenClose | before::kQuoteOpen |
                                  before::kQuoteClose;

}  // namespace

void ArcHybrid::start(std::size_t size) {
  nodes_.assign(size + 1, Partial{});
  stack_.clear();
  next_ = 0;
  size_ = static_cast<std::uint16_t>(size);
}

void ArcHybrid::set_marks(std::size_t node, std::uint16_t before) {
  const Partial previous = node > 0 ? nodes_[node - 1] : Partial{};
  const bool counts = node > 0;
  nodes_[node].commas =
      static_cast<std::uint16_t>(previous.commas + (counts && (before & before::kComma) != 0));
  nodes_[node].breaks =
      static_cast<std::uint16_t>(previous.breaks + (counts && (before & kBreaks) != 0));
}

bool ArcHybrid::may(ParserAction action) const noexcept {
  switch (action) {
    case ParserAction::shift:
      return next_ < size_;
    case ParserAction::left:
      return !stack_.empty() && (next_ < size_ || stack_.size() == 1);
    case ParserAction::right:
      return stack_.size() >= 2;
  }
  return false;
}

void ArcHybrid::apply(ParserAction action, Deprel relation) {
  if (action == ParserAction::shift) {
    stack_.push_back(next_++);
    return;
  }
  const std::uint16_t head = head_of(action);
  const std::uint16_t dependent = stack_.back();
  stack_.pop_back();
  attach(head, dependent, relation);
}

void ArcHybrid::attach(std::uint16_t head, std::uint16_t dependent, Deprel relation) {
  nodes_[dependent].head = head;
  nodes_[dependent].relation = relation;
  Partial& node = nodes_[head];
  node.arguments = static_cast<std::uint8_t>(node.arguments | argument_bit(relation));
  auto& side = dependent < head ? node.left : node.right;
  side[1] = side[0];
  side[0] = dependent;
  ++(dependent < head ? node.lefts : node.rights);
}

std::uint8_t ArcHybrid::between(std::uint16_t a, std::uint16_t b) const noexcept {
  if (a == kNoNode || b == kNoNode || b >= size_) return 0;
  const int commas = std::min(nodes_[b].commas - nodes_[a].commas, 2);
  return static_cast<std::uint8_t>(commas * 2 + (nodes_[b].breaks > nodes_[a].breaks ? 1 : 0));
}

void ArcHybrid::slots(std::array<std::uint16_t, kSlots>& out) const noexcept {
  const std::size_t depth = stack_.size();
  out.fill(kNoNode);
  for (std::size_t i = 0; i < 3 && i < depth; ++i) out[i] = stack_[depth - 1 - i];
  for (std::size_t i = 0; i < 2 && next_ + i <= size_; ++i) {
    out[3 + i] = static_cast<std::uint16_t>(next_ + i);
  }
  if (depth > 0) {
    const Partial& s0 = nodes_[out[0]];
    out[5] = s0.left[0];
    out[6] = s0.right[0];
    out[7] = s0.right[1];
  }
  if (depth > 1) {
    const Partial& s1 = nodes_[out[1]];
    out[8] = s1.left[0];
    out[9] = s1.right[0];
  }
  out[10] = nodes_[next_].left[0];
  out[11] = nodes_[next_].left[1];
}

StateTraits ArcHybrid::traits(const std::array<std::uint16_t, kSlots>& slots) const noexcept {
  const auto distance = [](std::uint16_t a, std::uint16_t b) {
    return a == kNoNode ? std::uint8_t{0} : static_cast<std::uint8_t>(std::clamp(b - a, 1, 8));
  };
  const auto few = [](std::uint16_t count) {
    return static_cast<std::uint8_t>(std::min<std::uint16_t>(count, 3));
  };
  static constexpr Partial kNone{};
  const std::uint16_t s0 = slots[0];
  const std::uint16_t s1 = slots[1];
  const Partial& first = s0 == kNoNode ? kNone : nodes_[s0];
  const Partial& second = s1 == kNoNode ? kNone : nodes_[s1];
  const Partial& ahead = nodes_[next_];
  StateTraits traits;
  traits.distances = {distance(s0, next_), s0 == kNoNode ? std::uint8_t{0} : distance(s1, s0)};
  traits.valencies = {few(first.lefts), few(first.rights), few(second.lefts), few(second.rights),
                      few(ahead.lefts)};
  traits.betweens = {between(s0, next_), between(s1, s0)};
  traits.arguments = {first.arguments, second.arguments, ahead.arguments};
  return traits;
}

void ArcHybrid::rows(const std::array<std::uint16_t, kSlots>& slots,
                     std::array<std::uint16_t, kStateRows>& out) const noexcept {
  std::size_t at = 0;
  const auto add = [&](std::size_t row) { out[at++] = static_cast<std::uint16_t>(row); };
  for (std::size_t i = kTopSlots; i < kSlots; ++i) {
    const std::size_t label =
        slots[i] == kNoNode ? kDeprelCount : static_cast<std::size_t>(nodes_[slots[i]].relation);
    add(state_row::kLabel + (i - kTopSlots) * (kDeprelCount + 1) + label);
  }
  const StateTraits its = traits(slots);
  for (std::size_t i = 0; i < 2; ++i) add(state_row::kDistance + 9 * i + its.distances[i]);
  for (std::size_t i = 0; i < 5; ++i) add(state_row::kValency + 4 * i + its.valencies[i]);
  for (std::size_t i = 0; i < 2; ++i) add(state_row::kBetween + 6 * i + its.betweens[i]);
  for (std::size_t i = 0; i < 3; ++i) add(state_row::kArguments + 64 * i + its.arguments[i]);
}

std::array<std::uint16_t, kStateSums> sums_of(const StateTraits& traits) noexcept {
  const auto row = [](std::size_t value) { return static_cast<std::uint16_t>(value); };
  const auto& [s0_left, s0_right, s1_left, s1_right, b0_left] = traits.valencies;
  return {row(state_sum::kDistances + traits.distances[0] * 9U + traits.distances[1]),
          row(state_sum::kFirst + (s0_left * 4U + s0_right) * 4U + b0_left),
          row(state_sum::kSecond + s1_left * 4U + s1_right),
          row(state_sum::kBetweens + traits.betweens[0] * 6U + traits.betweens[1]),
          row(state_sum::kArguments + traits.arguments[0]),
          row(state_sum::kArguments + 64U + traits.arguments[1]),
          row(state_sum::kArguments + 128U + traits.arguments[2])};
}

}  // namespace tocsin
