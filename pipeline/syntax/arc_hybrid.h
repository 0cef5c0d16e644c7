// The arc-hybrid transition system (Kuhlmann, Gómez-Rodríguez and Satta 2011) with one root, and
// what of its state the network sees. The same for the trainer and for the reader.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "pipeline/syntax/tree.h"

namespace tocsin {

// shift: the next token goes on the stack. left: the next token heads the top of the stack.
// right: the second of the stack heads the top.
enum class ParserAction : std::uint8_t { shift, left, right };
inline constexpr std::size_t kActionCount = 3;

// Words of a state that the network looks at: s0 s1 s2, b0 b1, and children of s0, s1, b0.
inline constexpr std::size_t kSlots = 12;
inline constexpr std::size_t kTopSlots = 5;  // those that are no children
inline constexpr std::size_t kChildSlots = kSlots - kTopSlots;
inline constexpr std::uint16_t kNoNode = 0xFFFF;

// Rows that depend on the state alone, in the order of the table.
namespace state_row {
inline constexpr std::size_t kLabel = 0;  // of the children, kDeprelCount: no child
inline constexpr std::size_t kLabels = (kSlots - kTopSlots) * (kDeprelCount + 1);
inline constexpr std::size_t kDistance = kLabel + kLabels;
inline constexpr std::size_t kDistances = std::size_t{2} * 9;
inline constexpr std::size_t kValency = kDistance + kDistances;
inline constexpr std::size_t kValencies = std::size_t{5} * 4;
inline constexpr std::size_t kBetween = kValency + kValencies;
inline constexpr std::size_t kBetweens = std::size_t{2} * 6;
inline constexpr std::size_t kArguments = kBetween + kBetweens;
inline constexpr std::size_t kArgumentSets = std::size_t{3} * 64;
inline constexpr std::size_t kCount = kArguments + kArgumentSets;
}  // namespace state_row
inline constexpr std::size_t kStateRows = kChildSlots + 2 + 5 + 2 + 3;

// What a state is like besides its words.
struct StateTraits {
  std::array<std::uint8_t, 2> distances{};  // tokens from s0 to b0, s1 to s0: to 8; 0: no word
  std::array<std::uint8_t, 5> valencies{};  // children of s0 left, right; s1 left, right; b0: to 3
  std::array<std::uint8_t, 2> betweens{};   // commas, to 2, and whether breaks: as the distances
  std::array<std::uint8_t, 3> arguments{};  // kinds of children of s0, s1, b0
};

// Rows that have few values together, in the order of a table of their sums; the bias is in the
// first.
namespace state_sum {
inline constexpr std::size_t kDistances = 0;
inline constexpr std::size_t kFirst = kDistances + std::size_t{9} * 9;   // children of s0 and b0
inline constexpr std::size_t kSecond = kFirst + std::size_t{4} * 4 * 4;  // of s1
inline constexpr std::size_t kBetweens = kSecond + std::size_t{4} * 4;
inline constexpr std::size_t kArguments = kBetweens + std::size_t{6} * 6;  // one by one
inline constexpr std::size_t kCount = kArguments + std::size_t{3} * 64;
}  // namespace state_sum
inline constexpr std::size_t kStateSums = 4 + 3;
[[nodiscard]] std::array<std::uint16_t, kStateSums> sums_of(const StateTraits& traits) noexcept;

class ArcHybrid {
 public:
  // `marks`: Token::before of the tokens; node `size` is the root, behind the last token.
  void start(std::size_t size);
  void set_marks(std::size_t node, std::uint16_t before);

  [[nodiscard]] bool done() const noexcept { return next_ == size_ && stack_.empty(); }
  [[nodiscard]] bool may(ParserAction action) const noexcept;
  void apply(ParserAction action, Deprel relation);

  // Head and dependent of the arc that left or right would make.
  [[nodiscard]] std::uint16_t head_of(ParserAction action) const noexcept {
    return action == ParserAction::left ? next_ : stack_[stack_.size() - 2];
  }
  [[nodiscard]] std::uint16_t top() const noexcept { return stack_.back(); }
  [[nodiscard]] std::uint16_t next() const noexcept { return next_; }
  [[nodiscard]] const std::vector<std::uint16_t>& stack() const noexcept { return stack_; }
  [[nodiscard]] std::uint16_t head(std::size_t node) const noexcept { return nodes_[node].head; }
  [[nodiscard]] Deprel relation(std::size_t node) const noexcept { return nodes_[node].relation; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  // kNoNode where a slot is empty.
  void slots(std::array<std::uint16_t, kSlots>& out) const noexcept;
  [[nodiscard]] StateTraits traits(const std::array<std::uint16_t, kSlots>& slots) const noexcept;
  void rows(const std::array<std::uint16_t, kSlots>& slots,
            std::array<std::uint16_t, kStateRows>& out) const noexcept;

 private:
  struct Partial {
    std::uint16_t head = kNoNode;
    Deprel relation = Deprel::root;
    std::uint8_t arguments = 0;                              // kinds of children it has
    std::array<std::uint16_t, 2> left = {kNoNode, kNoNode};  // outermost first
    std::array<std::uint16_t, 2> right = {kNoNode, kNoNode};
    std::uint16_t lefts = 0;
    std::uint16_t rights = 0;
    std::uint16_t commas = 0;  // before this node, in the sentence
    std::uint16_t breaks = 0;  // dashes, colons, semicolons, parentheses
  };
  [[nodiscard]] std::uint8_t between(std::uint16_t a, std::uint16_t b) const noexcept;
  void attach(std::uint16_t head, std::uint16_t dependent, Deprel relation);

  std::vector<Partial> nodes_;
  std::vector<std::uint16_t> stack_;
  std::uint16_t next_ = 0;
  std::uint16_t size_ = 0;
};

}  // namespace tocsin
