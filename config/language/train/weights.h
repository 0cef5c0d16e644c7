// A matrix of floats that Adam trains. Only elementwise loops and sums in a fixed order: the result
// does not depend on the width of the machine's vectors.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace tocsin {

// splitmix64 (Steele, Lea and Flood 2014).
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t bits() {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15ULL;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }
  std::size_t below(std::size_t limit) { return bits() % limit; }
  float unit() { return static_cast<float>(bits() >> 40) * 0x1p-24F; }

 private:
  std::uint64_t state_;
};

// e^x for x <= 0, by our own arithmetic: libraries differ in the last bit.
inline float exponential(float x) {
  if (x < -60.0F) return 0.0F;
  const float scaled = x * 1.44269504F;
  const float whole = std::floor(scaled);
  const float f = scaled - whole;
  const float power =
      1.0F +
      f * (0.693147180F +
           f * (0.240226507F + f * (0.0555041087F + f * (0.00961812911F + f * 0.00133335581F))));
  return power *
         std::bit_cast<float>(static_cast<std::uint32_t>(static_cast<int>(whole) + 127) << 23);
}

inline void add_scaled(float* to, const float* from, float factor, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) to[i] += factor * from[i];
}

inline void add_all(float* to, const float* from, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) to[i] += from[i];
}

// Sixteen partial sums, in an order of our own. `size`: a multiple of 16.
inline float inner(const float* a, const float* b, std::size_t size) {
  std::array<float, 16> sums{};
  for (std::size_t i = 0; i < size; i += 16) {
    for (std::size_t j = 0; j < 16; ++j) sums[j] += a[i + j] * b[i + j];
  }
  for (std::size_t half = 8; half > 0; half /= 2) {
    for (std::size_t j = 0; j < half; ++j) sums[j] += sums[j + half];
  }
  return sums[0];
}

// In place: scores -> probabilities.
inline void softmax(float* scores, std::size_t size) {
  float best = scores[0];
  for (std::size_t i = 1; i < size; ++i) best = std::max(best, scores[i]);
  float sum = 0;
  for (std::size_t i = 0; i < size; ++i) sum += scores[i] = exponential(scores[i] - best);
  for (std::size_t i = 0; i < size; ++i) scores[i] /= sum;
}

class Weights {
 public:
  Weights() = default;
  // Uniform in +-range.
  Weights(std::size_t rows, std::size_t columns, float range, Random& random)
      : columns_(columns),
        value_(rows * columns),
        gradient_(rows * columns),
        mean_(rows * columns),
        square_(rows * columns),
        is_touched_(rows) {
    for (float& value : value_) value = range * (2 * random.unit() - 1);
  }

  [[nodiscard]] const float* row(std::size_t i) const { return &value_[i * columns_]; }
  // Of a row that the next step will change.
  float* gradient(std::size_t i) {
    if (!is_touched_[i]) {
      is_touched_[i] = true;
      touched_.push_back(static_cast<std::uint32_t>(i));
    }
    return &gradient_[i * columns_];
  }
  [[nodiscard]] std::size_t columns() const { return columns_; }
  [[nodiscard]] std::size_t rows() const { return is_touched_.size(); }
  [[nodiscard]] const std::vector<float>& values() const { return value_; }

  // Adam (Kingma and Ba 2015) on the rows touched since the last step.
  void step(float rate, float mean_left, float square_left) {
    constexpr float kMean = 0.9F;
    constexpr float kSquare = 0.999F;
    const float size = rate / mean_left;
    const float scale = 1 / square_left;
    for (const std::uint32_t row : touched_) {
      is_touched_[row] = false;
      float* value = &value_[row * columns_];
      float* gradient = &gradient_[row * columns_];
      float* mean = &mean_[row * columns_];
      float* square = &square_[row * columns_];
      for (std::size_t i = 0; i < columns_; ++i) {
        const float g = gradient[i];
        mean[i] = kMean * mean[i] + (1 - kMean) * g;
        square[i] = kSquare * square[i] + (1 - kSquare) * g * g;
        value[i] -= size * mean[i] / (std::sqrt(square[i] * scale) + 1e-7F);
        gradient[i] = 0;
      }
    }
    touched_.clear();
  }

 private:
  std::size_t columns_ = 0;
  std::vector<float> value_, gradient_, mean_, square_;
  std::vector<bool> is_touched_;
  std::vector<std::uint32_t> touched_;
};

// Counts the steps and lowers the rate to zero.
class Schedule {
 public:
  Schedule(float rate, std::size_t steps) : rate_(rate), steps_(steps) {}
  template <class Network>
  void step(Network& network) {
    mean_power_ *= 0.9F;
    square_power_ *= 0.999F;
    const float rate =
        rate_ * std::max(0.0F, 1.0F - static_cast<float>(done_) / static_cast<float>(steps_));
    ++done_;
    network.each([&](Weights& weights) { weights.step(rate, 1 - mean_power_, 1 - square_power_); });
  }
  [[nodiscard]] float progress() const {
    return static_cast<float>(done_) / static_cast<float>(steps_);
  }

 private:
  float rate_;
  std::size_t steps_;
  std::size_t done_ = 0;
  float mean_power_ = 1;
  float square_power_ = 1;
};

}  // namespace tocsin
