#include "pipeline/topics/topics.h"

#include <algorithm>
#include <cstring>

#include "pipeline/integer_root.h"

namespace tocsin {
namespace {

constexpr std::int64_t kExpSteps = 64;  // of one nat
constexpr std::int64_t kExpNats = 16;   // below e^-16 nothing is left

// 2^20 * e^(-k/64). Products in one order, so every compiler makes the same table.
constexpr std::array<std::uint32_t, kExpSteps * kExpNats> make_exp_table() {
  constexpr double kStep = 0.98449643700540845;  // e^(-1/64)
  std::array<std::uint32_t, kExpSteps * kExpNats> table{};
  double value = 1 << 20;
  for (std::uint32_t& entry : table) {
    entry = static_cast<std::uint32_t>(value + 0.5);
    value *= kStep;
  }
  return table;
}
constexpr auto kExp = make_exp_table();

template <class T>
T read_little(std::string_view bytes, std::size_t at) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    value |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[at + i])) << 8 * i;
  }
  return static_cast<T>(value);
}

// Scores in 1/unit of a nat to shares that add up to about 1000.
TopicShares softmax(const std::array<std::int64_t, kTopics>& scores, std::int64_t unit) {
  const std::int64_t best = *std::max_element(scores.begin(), scores.end());
  std::array<std::uint64_t, kTopics> parts{};
  std::uint64_t sum = 0;
  for (std::size_t t = 0; t < kTopics; ++t) {
    const std::int64_t step = (best - scores[t]) * kExpSteps / unit;
    if (step < kExpSteps * kExpNats) parts[t] = kExp[static_cast<std::size_t>(step)];
    sum += parts[t];
  }
  TopicShares shares;
  for (std::size_t t = 0; t < kTopics; ++t) {
    shares.per_mille[t] = static_cast<std::uint16_t>((1000 * parts[t] + sum / 2) / sum);
  }
  return shares;
}

}  // namespace

std::string_view name(Topic topic) noexcept {
  constexpr std::array<std::string_view, kTopics> kNames = {
      "conflict", "diplomacy", "politics", "crime",  "disaster",
      "business", "sport",     "arts",     "health", "scitech"};
  return kNames[static_cast<std::size_t>(topic)];
}

std::uint32_t TopicShares::calm() const {
  return std::uint32_t{of(Topic::disaster)} + of(Topic::business) + of(Topic::sport) +
         of(Topic::arts) + of(Topic::health) + of(Topic::scitech);
}

TopicSlot slot_of(std::uint64_t feature, std::uint32_t buckets) noexcept {
  // Spread again: hashes of the words come from elsewhere.
  const std::uint64_t mixed = (feature ^ (feature >> 31)) * 0x94d049bb133111eb;
  const auto high = static_cast<std::uint64_t>(mixed >> 32);
  const auto check = static_cast<std::uint8_t>(mixed >> 8);
  return {static_cast<std::uint32_t>(high * buckets >> 32), check == 0 ? std::uint8_t{1} : check};
}

std::optional<TopicModel> TopicModel::parse(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes || !bytes.starts_with(kMagic)) return std::nullopt;
  TopicModel model;
  model.buckets_ = read_little<std::uint32_t>(bytes, 8);
  model.unit_ = read_little<std::uint32_t>(bytes, 12);
  for (std::size_t t = 0; t < kTopics; ++t) {
    model.bias_[t] = read_little<std::int16_t>(bytes, 16 + 2 * t);
  }
  const std::size_t size = std::size_t{model.buckets_} * kPlaces * kPlaceBytes;
  if (model.buckets_ == 0 || model.unit_ == 0 || bytes.size() != kHeaderBytes + size) {
    return std::nullopt;
  }
  model.places_ = reinterpret_cast<const unsigned char*>(bytes.data()) + kHeaderBytes;
  return model;
}

namespace {

// What a feature that the model does not know adds.
constexpr std::array<unsigned char, kTopics> kNothing{};

constexpr std::size_t kBlock = 64;  // tokens that are looked up at once

// Eight topics as one vector, and the other two.
void add_up(const unsigned char* word, const unsigned char* pair,
            std::array<std::int16_t, 16>& sums) {
  std::array<std::int8_t, 8> first;
  std::array<std::int8_t, 8> second;
  std::memcpy(first.data(), word, first.size());
  std::memcpy(second.data(), pair, second.size());
  for (std::size_t t = 0; t < first.size(); ++t) {
    sums[t] = static_cast<std::int16_t>(first[t] + second[t]);
  }
  for (std::size_t t = first.size(); t < kTopics; ++t) {
    sums[t] = static_cast<std::int16_t>(static_cast<std::int8_t>(word[t]) +
                                        static_cast<std::int8_t>(pair[t]));
  }
}

bool has_pair(const Token& token) {
  return (token.before & kEndsPair) == 0;
}

}  // namespace

// Of some tokens: in 1/unit of a nat, and how many features are known.
struct TopicModel::Sums {
  std::array<std::int32_t, 16> totals{};

  // In vectors of 16 bits, which the weights of kBlock tokens cannot overflow.
  void add(std::span<const TokenTopics> tokens) {
    static_assert(kBlock * 2 * 128 <= 32767);
    for (; !tokens.empty(); tokens = tokens.subspan(std::min(kBlock, tokens.size()))) {
      std::array<std::int16_t, 16> here{};
      for (const TokenTopics& token : tokens.first(std::min(kBlock, tokens.size()))) {
        for (std::size_t t = 0; t < here.size(); ++t) {
          here[t] = static_cast<std::int16_t>(here[t] + token.weights[t]);
        }
      }
      for (std::size_t t = 0; t < here.size(); ++t) totals[t] += here[t];
    }
  }
  void take_away(const unsigned char* weights) {
    for (std::size_t t = 0; t < kTopics; ++t) totals[t] -= static_cast<std::int8_t>(weights[t]);
    totals[kTopics] -= weights == kNothing.data() ? 0 : 1;
  }
};

// Without a branch that goes by what stands there: most of the time would be spent on wrong
// guesses.
const unsigned char* TopicModel::find(TopicSlot slot) const noexcept {
  static_assert(kPlaces == 2);
  const unsigned char* const first = places_ + std::size_t{slot.bucket} * kPlaces * kPlaceBytes;
  const unsigned char* const second = first + kPlaceBytes;
  const auto in_first = static_cast<unsigned>(*first == slot.check);
  const auto in_second = static_cast<unsigned>(*second == slot.check);
  const std::array<const unsigned char*, 4> weights = {kNothing.data(), second + 1, first + 1,
                                                       first + 1};
  return weights[2 * in_first + in_second];
}

void TopicModel::weigh(std::span<const Token> tokens, TokenSpan span, TokenTopics* out) const {
  std::array<TopicSlot, kBlock> words;
  std::array<TopicSlot, kBlock> pairs;
  for (std::uint32_t begin = span.begin; begin < span.end; begin += kBlock) {
    const std::uint32_t count = std::min<std::uint32_t>(span.end - begin, kBlock);
    // Their places are fetched first, many at once: the table is larger than the near caches.
    std::uint64_t last = begin > 0 ? word_feature(tokens[begin - 1]) : 0;
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::uint64_t word = word_feature(tokens[begin + i]);
      words[i] = slot_of(word, buckets_);
      pairs[i] = slot_of(pair_feature(last, word), buckets_);
      last = word;
      __builtin_prefetch(places_ + std::size_t{words[i].bucket} * kPlaces * kPlaceBytes);
      __builtin_prefetch(places_ + std::size_t{pairs[i].bucket} * kPlaces * kPlaceBytes);
    }
    for (std::uint32_t i = 0; i < count; ++i) {
      const auto is_pair =
          static_cast<unsigned>(begin + i > 0) & static_cast<unsigned>(has_pair(tokens[begin + i]));
      const unsigned char* const word = find(words[i]);
      const std::array<const unsigned char*, 2> either = {kNothing.data(), find(pairs[i])};
      const unsigned char* const pair = either[is_pair];
      std::array<std::int16_t, 16>& weights = out[begin - span.begin + i].weights;
      add_up(word, pair, weights);
      weights[kTopics] = static_cast<std::int16_t>((word != kNothing.data() ? 1 : 0) +
                                                   (pair != kNothing.data() ? 1 : 0));
    }
  }
}

TopicShares TopicModel::shares(const Sums& sums) const {
  const auto known = static_cast<std::uint64_t>(sums.totals[kTopics]);
  if (known == 0) return {};
  // 256 / sqrt(known), kept in 1/4096.
  const auto divisor = static_cast<std::int64_t>(integer_root(known << 24));
  std::array<std::int64_t, kTopics> scores{};
  for (std::size_t t = 0; t < kTopics; ++t) {
    scores[t] = std::int64_t{sums.totals[t]} * 4096 / divisor + bias_[t];
  }
  return softmax(scores, unit_);
}

TopicShares TopicModel::shares(std::span<const Token> tokens) const {
  if (buckets_ == 0) return {};
  const auto end = static_cast<std::uint32_t>(std::min(tokens.size(), kTokensMax));
  std::array<TokenTopics, kBlock> weighed;
  Sums sums;
  for (std::uint32_t begin = 0; begin < end; begin += kBlock) {
    const TokenSpan span{begin, std::min<std::uint32_t>(end, begin + kBlock)};
    weigh(tokens, span, weighed.data());
    sums.add(std::span(weighed).first(span.size()));
  }
  return shares(sums);
}

TopicShares TopicLookup::shares(TokenSpan span) {
  constexpr auto kMost = static_cast<std::uint32_t>(TopicModel::kTokensMax);
  span.end = std::min(span.end, span.begin + kMost);
  if (model_.buckets_ == 0) return {};
  if (span.end > kMost) return model_.shares(tokens_.subspan(span.begin, span.size()));
  if (known_ < span.end) {
    if (weighed_.size() < span.end) weighed_.resize(span.end);
    model_.weigh(tokens_, {known_, span.end}, &weighed_[known_]);
    known_ = span.end;
  }
  TopicModel::Sums sums;
  sums.add(std::span(weighed_).subspan(span.begin, span.size()));
  // The pair that its first token ends is not in it.
  if (span.begin > 0 && span.size() > 0 && has_pair(tokens_[span.begin])) {
    const std::uint64_t pair =
        pair_feature(word_feature(tokens_[span.begin - 1]), word_feature(tokens_[span.begin]));
    sums.take_away(model_.find(slot_of(pair, model_.buckets_)));
  }
  return model_.shares(sums);
}

}  // namespace tocsin
