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

}  // namespace

// Without a branch that goes by what stands there: most of the time would be spent on wrong
// guesses.
const unsigned char* TopicModel::find(std::uint64_t feature) const {
  static_assert(kPlaces == 2);
  const TopicSlot slot = slot_of(feature, buckets_);
  const unsigned char* const first = places_ + std::size_t{slot.bucket} * kPlaces * kPlaceBytes;
  const unsigned char* const second = first + kPlaceBytes;
  const auto in_first = static_cast<unsigned>(*first == slot.check);
  const auto in_second = static_cast<unsigned>(*second == slot.check);
  const std::array<const unsigned char*, 4> weights = {kNothing.data(), second + 1, first + 1,
                                                       first + 1};
  return weights[2 * in_first + in_second];
}

TopicShares TopicModel::shares(std::span<const Token> tokens) const {
  if (buckets_ == 0) return {};
  std::array<std::int64_t, kTopics> sums{};
  std::uint64_t known = 0;
  std::array<std::uint64_t, 64> features;
  std::size_t waiting = 0;
  // Eight topics as one vector of 16 bits, which so few weights cannot overflow, and the other two.
  const auto add_up = [&] {
    std::array<std::int16_t, 8> first{};
    std::array<std::int32_t, kTopics - first.size()> rest{};
    for (std::size_t i = 0; i < waiting; ++i) {
      const unsigned char* const weights = find(features[i]);
      known += weights != kNothing.data() ? 1U : 0U;
      std::array<std::int8_t, first.size()> here;
      std::memcpy(here.data(), weights, here.size());
      for (std::size_t t = 0; t < first.size(); ++t) {
        first[t] = static_cast<std::int16_t>(first[t] + here[t]);
      }
      for (std::size_t t = 0; t < rest.size(); ++t) {
        rest[t] += static_cast<std::int8_t>(weights[first.size() + t]);
      }
    }
    for (std::size_t t = 0; t < first.size(); ++t) sums[t] += first[t];
    for (std::size_t t = 0; t < rest.size(); ++t) sums[first.size() + t] += rest[t];
    waiting = 0;
  };
  // Their places are fetched first, many at once: the table is larger than the near caches.
  each_topic_feature(tokens.first(std::min(tokens.size(), kTokensMax)), [&](std::uint64_t feature) {
    const std::size_t bucket = slot_of(feature, buckets_).bucket;
    __builtin_prefetch(places_ + bucket * kPlaces * kPlaceBytes);
    features[waiting++] = feature;
    if (waiting == features.size()) add_up();
  });
  add_up();
  if (known == 0) return {};
  // 256 / sqrt(known), kept in 1/4096.
  const auto divisor = static_cast<std::int64_t>(integer_root(known << 24));
  for (std::size_t t = 0; t < kTopics; ++t) sums[t] = sums[t] * 4096 / divisor + bias_[t];
  return softmax(sums, unit_);
}

}  // namespace tocsin
