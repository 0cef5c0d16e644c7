// What a text is about: ten topics, told by its words and pairs of words.
// Pure, integers only; linear in the tokens. A linear model (multinomial logistic regression) over
// features that `config/topics/train` chose and placed in a table; the number of features that
// speak is divided out by its root, so that a headline, a sentence and a page are judged alike.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "pipeline/text/text.h"

namespace tocsin {

enum class Topic : std::uint8_t {
  conflict,
  diplomacy,
  politics,
  crime,
  disaster,
  business,
  sport,
  arts,
  health,
  scitech,
};
inline constexpr std::size_t kTopics = 10;
[[nodiscard]] std::string_view name(Topic) noexcept;

// How likely each topic is, per mille. All 0: nothing is known about the text.
struct TopicShares {
  std::array<std::uint16_t, kTopics> per_mille{};

  [[nodiscard]] std::uint16_t of(Topic topic) const {
    return per_mille[static_cast<std::size_t>(topic)];
  }
  [[nodiscard]] bool is_known() const {
    unsigned any = 0;
    for (const std::uint16_t share : per_mille) any |= share;
    return any != 0;
  }
  // Sport, arts, business, health, science and technology, disasters: who acts there is no power.
  [[nodiscard]] std::uint32_t calm() const;
  friend bool operator==(const TopicShares&, const TopicShares&) = default;
};

// Where a feature may stand in the table, and what tells it from others there.
struct TopicSlot {
  std::uint32_t bucket = 0;
  std::uint8_t check = 0;  // never 0, which marks an empty place
};
[[nodiscard]] TopicSlot slot_of(std::uint64_t feature, std::uint32_t buckets) noexcept;

// Features of tokens: each word, and each pair of neighbours with no mark between them that ends
// a clause. All numbers are one word.
inline constexpr std::uint64_t kNumberFeature = 0x9e3779b97f4a7c15;
[[nodiscard]] inline std::uint64_t word_feature(const Token& token) {
  return (token.shape & shape::kNumber) != 0 ? kNumberFeature : token.hash;
}
[[nodiscard]] inline std::uint64_t pair_feature(std::uint64_t first, std::uint64_t second) {
  return (first ^ (second << 1 | second >> 63)) * 0xbf58476d1ce4e5b9;
}
inline constexpr std::uint16_t kEndsPair = before::kStop | before::kColon | before::kSemicolon |
                                           before::kDash | before::kParagraph | before::kParenOpen |
                                           before::kParenClose;

template <class F>
void each_topic_feature(std::span<const Token> tokens, F&& take) {
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const std::uint64_t word = word_feature(tokens[i]);
    take(word);
    if (i > 0 && (tokens[i].before & kEndsPair) == 0) {
      take(pair_feature(word_feature(tokens[i - 1]), word));
    }
  }
}

// What a token says of each topic: its word and the pair that it ends; then how many of the two the
// model knows; then nothing.
struct alignas(32) TokenTopics {
  std::array<std::int16_t, 16> weights{};
};

// A view of the model's bytes; they must outlive it.
//
//   magic "TOPICS1\0" | buckets u32 | unit u32 | bias i16[10] | places
//
// little-endian. A bucket is two places, a place is: check u8, weight i8[10]. A weight or bias is
// in 1/unit of a nat.
class TopicModel {
 public:
  static constexpr std::string_view kMagic{"TOPICS1\0", 8};
  static constexpr std::size_t kHeaderBytes = 8 + 4 + 4 + 2 * kTopics;
  static constexpr std::size_t kPlaceBytes = 1 + kTopics;
  static constexpr std::size_t kPlaces = 2;         // of a bucket
  static constexpr std::size_t kTokensMax = 2'000;  // later ones do not count

  TopicModel() = default;  // knows nothing
  // nullopt: not such bytes.
  [[nodiscard]] static std::optional<TopicModel> parse(std::string_view bytes);

  // The first kTokensMax of them count.
  [[nodiscard]] TopicShares shares(std::span<const Token> tokens) const;

 private:
  friend class TopicLookup;
  struct Sums;
  [[nodiscard]] const unsigned char* find(TopicSlot slot) const noexcept;
  // What the tokens [begin, end) say; `tokens` may go on to either side. `out`: room for as many.
  void weigh(std::span<const Token> tokens, TokenSpan span, TokenTopics* out) const;
  [[nodiscard]] TopicShares shares(const Sums& sums) const;

  const unsigned char* places_ = nullptr;
  std::uint32_t buckets_ = 0;
  std::uint32_t unit_ = 1;
  std::array<std::int16_t, kTopics> bias_{};
};

// The topics of parts of one article, each of whose tokens is looked up once.
class TopicLookup {
 public:
  // `memory`: of the worker; what is in it does not matter.
  TopicLookup(const TopicModel& model, std::span<const Token> tokens,
              std::vector<TokenTopics>& memory)
      : model_(model), tokens_(tokens), weighed_(memory) {}
  // As TopicModel::shares of these tokens alone.
  [[nodiscard]] TopicShares shares(TokenSpan span);

 private:
  const TopicModel& model_;
  std::span<const Token> tokens_;
  std::vector<TokenTopics>& weighed_;  // of the first `known_` tokens; it grows only
  std::uint32_t known_ = 0;
};

}  // namespace tocsin
