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

std::size_t ArcHybrid::between(std::uint16_t a, std::uint16_t b) const noexcept {
  if (a == kNoNode || b == kNoNode || b >= size_) return 0;
  const auto commas = static_cast<std::size_t>(std::min(nodes_[b].commas - nodes_[a].commas, 2));
  return commas * 2 + (nodes_[b].breaks > nodes_[a].breaks ? 1 : 0);
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

void ArcHybrid::rows(const std::array<std::uint16_t, kSlots>& slots,
                     std::array<std::uint16_t, kStateRows>& out) const noexcept {
  std::size_t at = 0;
  const auto add = [&](std::size_t row) { out[at++] = static_cast<std::uint16_t>(row); };
  for (std::size_t i = kTopSlots; i < kSlots; ++i) {
    const std::size_t label =
        slots[i] == kNoNode ? kDeprelCount : static_cast<std::size_t>(nodes_[slots[i]].relation);
    add(state_row::kLabel + (i - kTopSlots) * (kDeprelCount + 1) + label);
  }
  const auto distance = [](std::uint16_t a, std::uint16_t b) -> std::size_t {
    return a == kNoNode ? 0 : static_cast<std::size_t>(std::clamp(b - a, 1, 8));
  };
  const std::uint16_t s0 = slots[0];
  const std::uint16_t s1 = slots[1];
  add(state_row::kDistance + distance(s0, next_));
  add(state_row::kDistance + 9 + (s0 == kNoNode ? 0 : distance(s1, s0)));
  std::size_t group = 0;
  const auto valency = [&](std::uint16_t node, bool right) {
    std::size_t count = 0;
    if (node != kNoNode) count = right ? nodes_[node].rights : nodes_[node].lefts;
    add(state_row::kValency + 4 * group++ + std::min<std::size_t>(count, 3));
  };
  valency(s0, false);
  valency(s0, true);
  valency(s1, false);
  valency(s1, true);
  valency(next_, false);
  add(state_row::kBetween + between(s0, next_));
  add(state_row::kBetween + 6 + between(s1, s0));
  const auto arguments = [&](std::size_t which, std::uint16_t node) {
    add(state_row::kArguments + which * 64 + (node == kNoNode ? 0 : nodes_[node].arguments));
  };
  arguments(0, s0);
  arguments(1, s1);
  arguments(2, next_);
}

}  // namespace tocsin
